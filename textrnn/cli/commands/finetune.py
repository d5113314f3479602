"""`textrnn finetune`: continue training a model on other texts."""

from typing import Any

import click

from textrnn.cli.data_options import data_options
from textrnn.cli.kinds import choose, load
from textrnn.cli.options import trust_hub_option
from textrnn.cli.settings import output_option
from textrnn.cli.training_options import generator_options, unlabelled_option

# Defaults of fine-tuning, as help shows them; those of a generator first. A test compares them
# with the FINE_TUNING of textrnn.training.transfer, which `--help` must not import.
FINE_TUNING_DEFAULTS = {
    "dropout": "MODEL's",
    "lower": "MODEL's",
    "epochs": "10; classifier: as many as make 2,400 steps, from 4 to 40",
    "learning_rate": "0.001; classifier: 0.002",
    "patience": "3; classifier: 4",
    "batch_size": "16; classifier: 32",
}


@click.command()
@click.argument("model")
@click.argument("corpus", nargs=-1, required=True)
@output_option
@generator_options(**FINE_TUNING_DEFAULTS)
@unlabelled_option
@data_options
@trust_hub_option
def finetune(model: str, corpus: tuple[str, ...], **options: Any) -> None:
    """Fine-tune MODEL, a bundled name or a folder, on CORPUS.

    A generator takes CORPUS as `train generator` does. Its shape is fixed; a character model adds
    new characters to its vocabulary and lists them. A classifier takes CORPUS as `train
    classifier` does; it adds frequent new words, and its classes may differ from MODEL's.

    The defaults below are those of fine-tuning; some differ from `train`'s. So do two settings of a
    classifier for --set: layer_decay=0.7 and unfreeze_epochs=1.

    \b
    textrnn finetune shakespeare my-play.txt -o my-model
    textrnn finetune imdb restaurants.csv -o my-classifier
    """
    base = load(model, trust_hub=options["trust_hub"])
    choose("FINETUNE", base, model)(corpus, base, **options)
