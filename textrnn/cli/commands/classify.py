"""`textrnn classify`: judge texts with a trained classifier."""

import sys
from pathlib import Path

import click

from textrnn.cli.kinds import tell_notices
from textrnn.errors import ConfigError

FORMS = ("text", "json", "jsonl", "csv", "tsv")


@click.command()
@click.argument("files", nargs=-1, metavar="[FILE...|-]")
@click.option("--text", "texts", multiple=True, help="Judge this text; may be repeated.")
@click.option(
    "-m",
    "--model",
    default="imdb",
    show_default=True,
    metavar="NAME|DIR",
    help="A bundled classifier (`textrnn models` lists them) or a folder that `train` made.",
)
@click.option(
    "--input-format",
    "form",
    type=click.Choice(["text", "lines", "csv", "tsv", "jsonl"]),
    help="What the files are.  [default: by suffix; one text if it tells nothing]",
)
@click.option("--lines", is_flag=True, help="One text a line; the same as --input-format lines.")
@click.option("--column", default="text", show_default=True, help="A table's column of texts.")
@click.option(
    "--format",
    "result",
    type=click.Choice(FORMS),
    help="Of the result.  [default: by the suffix of -o; a table's own form; else text]",
)
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the result there instead of on the screen.",
)
@click.option(
    "--abstain",
    default=0.0,
    show_default=True,
    metavar="P",
    help="Say `unsure` where the likeliest class is less likely than P.",
)
@click.option(
    "--threshold",
    type=float,
    metavar="P",
    help="Of two classes, judge the second from this probability on.  [default: 0.5]",
)
@click.option("--explain", is_flag=True, help="Show what each word did to the verdict.")
@click.option("--encoding", default="utf-8", show_default=True, help="What the files are in.")
@click.option("-q", "--quiet", is_flag=True, help="Say nothing on stderr but what goes wrong.")
def classify(
    files: tuple[str, ...],
    texts: tuple[str, ...],
    model: str,
    form: str | None,
    lines: bool,
    column: str,
    result: str | None,
    output: Path | None,
    abstain: float,
    threshold: float | None,
    explain: bool,
    encoding: str,
    quiet: bool,
) -> None:
    """Judge texts: a class each, and a calibrated probability.

    FILE is a text, a folder of .txt files, a table (.csv, .tsv, .jsonl) or - for standard input.
    A table keeps its columns and gains prediction, probability and p_CLASS. What cannot be judged
    is named on stderr, and the exit code is then 1.

    \b
    textrnn classify review.txt
    textrnn classify --text "Not bad at all." --explain
    textrnn classify reviews.csv --column review -o judged.csv
    cat tweets.txt | textrnn classify - --lines --format jsonl
    """
    if not files and not texts:
        raise click.UsageError("name a FILE, - for standard input, or give --text TEXT")
    if files.count("-") > 1:
        raise click.UsageError("- stands for standard input, which can be read once; name it once")
    if lines and form not in (None, "lines"):
        raise ConfigError(f"--lines and --input-format {form} contradict each other; use one")
    form = "lines" if lines else form
    from textrnn.artifacts import registry
    from textrnn.cli.predict import Task, judge_all
    from textrnn.cli.tensorflow import prepare
    from textrnn.engine.classification import Judge

    task = Task(files, texts, form, column, encoding, result, output, explain)  # type: ignore[arg-type]
    task.check()
    loaded = registry.load_classifier(model)
    tell_notices(loaded)
    prepare(loaded)
    try:
        judge_all(task, Judge(loaded, abstain=abstain, threshold=threshold), quiet=quiet)
    except KeyboardInterrupt as stop:
        click.echo(f"\nStopped{stop}.", err=True)
        sys.exit(130)
