"""`textrnn evaluate`: evaluate a model on texts that it was not trained on."""

from typing import Any

import click

from textrnn.cli.data_options import data_options
from textrnn.cli.kinds import choose, load
from textrnn.cli.options import input_options, setting, trust_hub_option
from textrnn.config.sampling import SamplingConfig


@click.command()
@click.argument("model")
@click.argument("corpus", nargs=-1, required=True)
@click.option(
    "--part",
    default="all",
    show_default=True,
    metavar="all|validation|START:END",
    help="Part of CORPUS to evaluate; values up to 1 are fractions, larger ones characters. "
    "validation: the part held out in training.",
)
@click.option(
    "--streamed/--no-streamed",
    default=True,
    help="Also evaluate one stateful pass over the text (slower).  [default: on]",
)
@click.option("--baseline", metavar="CORPUS", help="Compare with a 5-gram model of this text.")
@click.option(
    "--copied",
    metavar="CORPUS",
    help="Report how much of the generated text is copied from this text.",
)
@click.option(
    "--sample-length",
    default=100_000,
    show_default=True,
    help="Characters to generate for --copied.",
)
@setting(SamplingConfig, "temperature", "Sampling temperature for --copied.")
@click.option("--seed", default=1, show_default=True, help="Random seed for --copied.")
@click.option(
    "--unknown",
    type=click.Choice(["error", "skip"]),
    default="error",
    show_default=True,
    help="Characters outside the model's alphabet: refuse the text, or skip and count them.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "markdown"]),
    default="text",
    show_default=True,
    help="Output format; markdown for classifiers only.",
)
@input_options
@click.option(
    "--split",
    type=click.Choice(["train", "test"]),
    default="test",
    show_default=True,
    help="Classifier: which split of CORPUS to use, if it has both.",
)
@data_options
@click.option(
    "--worst", default=10, show_default=True, help="Classifier: number of worst mistakes to show."
)
@click.option(
    "--abstain",
    type=float,
    metavar="P",
    help="Classifier: also report accuracy on predictions with confidence P or more.",
)
@trust_hub_option
def evaluate(model: str, corpus: tuple[str, ...], form: str, **options: Any) -> None:
    """Evaluate MODEL on CORPUS.

    A generator: loss in nats per character, bits per character, perplexity and accuracy; of words
    and subwords also the perplexity per word or subword, and unknown words are charged for their
    spelling. `cold` evaluates stateless windows of 256
    characters; `streamed` carries the state through the whole text. A classifier: accuracy, F1,
    AUC, log loss, calibration and worst mistakes on labelled texts (CORPUS as for `train
    classifier`). A language model: loss, perplexity and accuracy per word on unlabelled texts
    (CORPUS as for --pretrain).

    \b
    textrnn evaluate shakespeare my-play.txt
    textrnn evaluate my-model my.txt --part validation --baseline my.txt
    textrnn evaluate imdb reviews.csv --column review --label-column stars
    """
    loaded = load(model, trust_hub=options["trust_hub"])
    choose("EVALUATE", loaded, model)(loaded, corpus, form, **options)
