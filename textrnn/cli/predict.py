"""Classify the input texts in chunks and write the predictions."""

import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import chain

import click

from textrnn.cli.output import Output, Problems, Progress
from textrnn.cli.prediction_task import Task
from textrnn.cli.prediction_writers import PredictionWriter
from textrnn.cli.signals import handled_by, ignore
from textrnn.data.inputs import Item
from textrnn.engine.classification import OnProgress, Predictor
from textrnn.engine.explanation import explain

# Texts per chunk: few at first for an early result, then enough for full batches in memory.
FEWEST, MOST, MOST_EXPLAINED = 64, 4096, 16
MOST_CHARACTERS = 4_000_000
CELL_CHARACTERS = 10  # that a cell takes beside its own
LONG = 20_000  # characters of a text whose own progress is shown
# Longest wait of a text for others in a slow stream; checked only when the next text arrives.
MOST_SECONDS = 1.0


def classify_all(task: Task, predictor: Predictor, *, quiet: bool) -> None:
    """Classify all texts of `task` and write the predictions.

    Texts that cannot be classified are reported on stderr, and the exit code is 1 after all others
    are classified; TextRNNError if there are no others. On Ctrl-C the predictions so far are
    kept; the KeyboardInterrupt then says where. SIGTERM and SIGHUP act as Ctrl-C.
    """
    live = "-" in task.files and sys.stdin.isatty()
    if live and not quiet:
        ways = "one per line; end with" if task.form == "lines" else "then type"
        click.echo(f"Type the texts to classify, {ways} Ctrl-D on an empty line.", err=True)
    shown = sys.stderr.isatty() and not quiet and bool(task.output or not sys.stdout.isatty())
    progress, parts = Progress(shown), Progress(sys.stderr.isatty() and not quiet)
    problems = Problems(progress)
    chunks = _chunks(task.items(), most=1 if live else MOST_EXPLAINED if task.explain else MOST)
    # The first texts are read before the output is opened: wrong names leave nothing behind.
    first = next(chunks, [])
    with Output(task.output) as output:
        writer = PredictionWriter(
            output.stream, task.result_form, predictor,
            tables=task.tables, explained=task.explain, safe=task.safe_csv,
        )  # fmt: skip
        try:
            for chunk in chain([first], chunks):
                _classify_chunk(chunk, predictor, writer, problems, task, parts)
                if not task.output:
                    writer.flush()
                progress.show(writer.classified)
        except KeyboardInterrupt as stop:
            with handled_by(ignore):
                writer.close()
                kept = output.set_aside() if writer.written else None
            stop.args = (f"; the predictions so far are in {kept}" if kept else "",)
            raise
        problems.close(anything=writer.written)
        writer.close()
        if task.replaces_input and problems.lost:
            output.set_aside()
    progress.clear()
    if not quiet:
        _sum_up(task, writer, output, problems)
    if problems.count:
        whole = writer.classified + problems.count
        click.echo(f"{problems.count:,} of {whole:,} texts could not be classified.", err=True)
        sys.exit(1)


def _classify_chunk(
    chunk: Sequence[Item],
    predictor: Predictor,
    writer: PredictionWriter,
    problems: Problems,
    task: Task,
    progress: Progress,
) -> None:
    writer.expect(chunk)
    reasons = [item.reason or writer.objection(item) for item in chunk]
    pairs = list(zip(chunk, reasons, strict=True))
    texts = [item.text for item, reason in pairs if not reason]
    predictions = iter(predictor.predict(texts, _shown(progress, "classifying", texts)))
    for item, reason in pairs:
        prediction = None if reason else next(predictions)
        if prediction and prediction.predicted:
            problems.release()
            explanation = None
            if task.explain:
                shown = _shown(progress, "explaining", [item.text])
                explanation = explain(
                    predictor, item.text, limit=task.explain_limit, on_progress=shown
                )
            progress.clear_part()
            writer.write(item, prediction, explanation)
            continue
        progress.clear_part()
        kept = not writer.objection(item) and writer.keep(item)
        problems.add(item.problem(prediction.reason if prediction else reason), lost=not kept)


def _shown(progress: Progress, what: str, texts: Sequence[str]) -> OnProgress | None:
    """Show what is done of a long text; None if each is done at once."""
    if max(map(len, texts), default=0) < LONG:
        return None
    return partial(progress.show_part, what)


def _chunks(items: Iterable[Item], *, most: int) -> Iterator[list[Item]]:
    size = min(FEWEST, most)
    chunk: list[Item] = []
    characters, since = 0, time.monotonic()
    for item in items:
        chunk.append(item)
        characters += item.size + CELL_CHARACTERS * len(item.row)
        waited = time.monotonic() - since
        if len(chunk) >= size or characters >= MOST_CHARACTERS or waited >= MOST_SECONDS:
            yield chunk
            size = min(4 * size, most)
            chunk, characters, since = [], 0, time.monotonic()
    if chunk:
        yield chunk


def _sum_up(task: Task, writer: PredictionWriter, output: Output, problems: Problems) -> None:
    if writer.long == 1:
        click.echo(f"1 text exceeds the model's limit: used {writer.first_long}.", err=True)
    elif writer.long:
        click.echo(
            f"{writer.long:,} texts exceed the model's limit; of the first, used "
            f"{writer.first_long}.",
            err=True,
        )
    if writer.mostly_unknown:
        texts = (
            "1 text consists"
            if writer.mostly_unknown == 1
            else f"{writer.mostly_unknown:,} texts consist"
        )
        click.echo(
            f"{texts} mostly of out-of-vocabulary words: predictions are unreliable.",
            err=True,
        )
    if writer.excerpts:
        texts = "1 text is" if writer.excerpts == 1 else f"{writer.excerpts:,} texts are"
        click.echo(
            f"{texts} explained by the first {task.explain_limit:,} words; raise that with "
            f"--explain-limit.",
            err=True,
        )
    if output.aside:
        click.echo(
            f"{problems.lost:,} rows cannot be kept, so {output.path} is unchanged; the result "
            f"is in {output.aside}.",
            err=True,
        )
    elif output.path:
        counts = ", ".join(f"{count:,} {name}" for name, count in writer.counts.most_common())
        click.echo(
            f"{writer.classified:,} classified ({counts}); written to {output.path}.", err=True
        )
