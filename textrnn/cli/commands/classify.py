"""`textrnn classify`: classify texts with a trained classifier."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from textrnn.cli.encodings import encoding_option
from textrnn.cli.kinds import print_notices
from textrnn.cli.options import output_options, trust_hub_option
from textrnn.cli.targets import check_new
from textrnn.config.limits import EXPLAIN_LIMIT, TEXT_LIMIT
from textrnn.errors import ConfigError

if TYPE_CHECKING:
    from textrnn.data.encodings import Encodings

FORMS = ("text", "json", "jsonl", "csv", "tsv")


@click.command()
@click.argument("files", nargs=-1, metavar="[FILE...|-]")
@click.option("--text", "texts", multiple=True, help="A text to classify; may be repeated.")
@click.option(
    "-m",
    "--model",
    default="imdb",
    show_default=True,
    metavar="NAME|DIR",
    help="A bundled classifier (`textrnn models` lists them) or a folder written by `train`.",
)
@click.option(
    "--input-format",
    "form",
    type=click.Choice(["text", "lines", "csv", "tsv", "jsonl"]),
    help="Format of the input files.  [default: by suffix; one text per file otherwise]",
)
@click.option("--lines", is_flag=True, help="One text per line; same as --input-format lines.")
@click.option(
    "--column", default="text", show_default=True, help="Column of a table that holds the texts."
)
@click.option(
    "--format",
    "result",
    type=click.Choice(FORMS),
    help="Output format.  [default: by suffix of -o; else the input table's; else text]",
)
@output_options
@click.option(
    "--abstain",
    default=0.0,
    show_default=True,
    metavar="P",
    help="Predict `unsure` if the best class has a probability below P.",
)
@click.option(
    "--threshold",
    type=float,
    metavar="P",
    help="With two classes: predict the second if its probability is at least P.  [default: 0.5]",
)
@click.option(
    "--safe-csv",
    is_flag=True,
    help="Result in CSV or TSV: write ' before texts that a spreadsheet would run as a formula.",
)
@click.option("--explain", is_flag=True, help="Show the effect of each word on the prediction.")
@click.option(
    "--explain-limit",
    default=EXPLAIN_LIMIT,
    show_default=True,
    metavar="N",
    help="With --explain: explain only the first N words of a longer text.",
)
@encoding_option
@trust_hub_option
@click.option(
    "--text-limit",
    default=TEXT_LIMIT,
    show_default=True,
    metavar="N",
    help="Refuse a file's text, a line, or a row of a table, of more than N characters.",
)
@click.option("-q", "--quiet", is_flag=True, help="Print only errors on stderr.")
def classify(
    files: tuple[str, ...],
    texts: tuple[str, ...],
    model: str,
    form: str | None,
    lines: bool,
    column: str,
    result: str | None,
    output: Path | None,
    overwrite: bool,
    abstain: float,
    threshold: float | None,
    safe_csv: bool,
    explain: bool,
    explain_limit: int,
    encoding: "Encodings",
    trust_hub: bool,
    text_limit: int,
    quiet: bool,
) -> None:
    """Classify texts, each with a calibrated probability.

    FILE is a text file, a folder of .txt files, a table (.csv, .tsv, .jsonl) or - for standard
    input. The output of a table keeps its columns and adds prediction, probability and p_CLASS
    (one per class). Texts that cannot be classified are listed on stderr; the exit code is then 1.

    \b
    textrnn classify review.txt
    textrnn classify --text "Not bad at all." --explain
    textrnn classify reviews.csv --column review -o predictions.csv
    cat tweets.txt | textrnn classify - --lines --format jsonl
    """
    if not files and not texts:
        raise click.UsageError("name a FILE, - for standard input, or give --text TEXT")
    if files.count("-") > 1:
        raise click.UsageError("standard input can be read only once; give - once")
    if lines and form not in (None, "lines"):
        raise ConfigError(
            f"--lines and --input-format {form} contradict each other; use one of them"
        )
    form = "lines" if lines else form
    from textrnn.artifacts import registry
    from textrnn.artifacts.classifier import ClassifierArtifact
    from textrnn.cli.predict import classify_all
    from textrnn.cli.prediction_task import Task
    from textrnn.cli.tensorflow import prepare
    from textrnn.engine.classification import Predictor

    task = Task(
        files=files, texts=texts, form=form, column=column, encoding=encoding, result=result,  # type: ignore[arg-type]
        output=output, explain=explain, safe_csv=safe_csv, text_limit=text_limit,
        explain_limit=explain_limit,
    )  # fmt: skip
    task.check()
    check_new(output, overwrite)
    loaded = registry.load_as(ClassifierArtifact, model, trust_hub=trust_hub)
    print_notices(loaded)
    prepare(loaded, quiet=quiet)
    classify_all(task, Predictor(loaded, abstain=abstain, threshold=threshold), quiet=quiet)
