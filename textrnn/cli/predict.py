"""Classify the input texts in chunks and write the predictions."""

import os
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import click

from textrnn.cli.output import Output, Problems, Progress
from textrnn.cli.prediction_writers import PredictionWriter, ResultForm
from textrnn.cli.signals import handled_by, ignore
from textrnn.data.inputs import (
    TABLES,
    InputForm,
    Item,
    check_same_columns,
    kind_of,
    read_items,
    text_item,
)
from textrnn.data.limits import TEXT_LIMIT, check_limit
from textrnn.data.tables import form_of
from textrnn.engine.classification import Predictor
from textrnn.engine.explanation import explain
from textrnn.errors import ConfigError
from textrnn.files import is_direct

# Texts per chunk: few at first for an early result, then enough for full batches in memory.
FEWEST, MOST, MOST_EXPLAINED = 64, 4096, 16
MOST_CHARACTERS = 4_000_000
# Longest wait of a text for others in a slow stream; checked only when the next text arrives.
MOST_SECONDS = 1.0


@dataclass(frozen=True)
class Task:
    """The texts to classify, and the form and place of the result."""

    files: Sequence[str]
    texts: Sequence[str]
    form: InputForm | None
    column: str
    encoding: str
    result: ResultForm | None
    output: Path | None
    explain: bool
    safe_csv: bool
    text_limit: int = TEXT_LIMIT

    @property
    def kinds(self) -> set[str]:
        """The kinds of the inputs; `--text` counts as text."""
        return {kind_of(file, self.form) for file in self.files} | (
            {"text"} if self.texts else set()
        )

    @property
    def tables(self) -> bool:
        """Whether all inputs are tables."""
        return self.kinds <= set(TABLES)

    @property
    def result_form(self) -> ResultForm:
        """The form as requested, else by the suffix of the output, else that of the inputs."""
        by_suffix = {".json": "json", ".txt": "text"}
        suffix = self.output and (form_of(self.output) or by_suffix.get(self.output.suffix.lower()))
        own = next(iter(self.kinds)) if self.tables and len(self.kinds) == 1 else "text"
        return self.result or suffix or own  # type: ignore[return-value]

    def items(self) -> Iterator[Item]:
        """All texts to classify: those of --text first, then the files."""
        given = (text_item("--text", _as_utf8(text)) for text in self.texts)
        read = read_items(
            self.files,
            form=self.form,
            column=self.column,
            encoding=self.encoding,
            limit=self.text_limit,
        )
        return chain(given, read)

    def check(self) -> None:
        """ConfigError if the result cannot hold the inputs, or would overwrite them."""
        check_limit(self.text_limit)
        mixed = len(self.kinds) > 1 and not self.kinds.isdisjoint(TABLES)
        table = self.result_form in ("csv", "tsv")
        if mixed and (self.result is None or (table and not self.tables)):
            raise ConfigError(
                f"the inputs are of several kinds ({', '.join(sorted(self.kinds))}); classify "
                f"each kind separately, or choose one result for all with --format jsonl"
            )
        if self.safe_csv and not table:
            raise ConfigError(
                f"--safe-csv is for results in CSV or TSV, and this one is {self.result_form}; "
                f"choose --format csv, or leave it out"
            )
        if table:
            check_same_columns(self.files, form=self.form, encoding=self.encoding)
        if self.output:
            self._check_output(self.output)

    def _check_output(self, output: Path) -> None:
        keeps = not is_direct(output) and self.tables and self.result_form in TABLES
        if self.replaces_input and not keeps:
            raise ConfigError(
                f"-o {output} is one of the input files, and the result would lose its contents; "
                f"choose another -o"
            )

    @property
    def replaces_input(self) -> bool:
        """Whether the output is one of the inputs."""
        return bool(self.output) and any(_same(Path(file), self.output) for file in self.files)  # type: ignore[arg-type]


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
    progress = Progress(shown)
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
                _classify_chunk(chunk, predictor, writer, problems, explained=task.explain)
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
        _sum_up(writer, output, problems)
    if problems.count:
        whole = writer.classified + problems.count
        click.echo(f"{problems.count:,} of {whole:,} texts could not be classified.", err=True)
        sys.exit(1)


def _classify_chunk(
    chunk: Sequence[Item],
    predictor: Predictor,
    writer: PredictionWriter,
    problems: Problems,
    *,
    explained: bool,
) -> None:
    writer.expect(chunk)
    reasons = [item.reason or writer.objection(item) for item in chunk]
    pairs = list(zip(chunk, reasons, strict=True))
    predictions = iter(predictor.predict([item.text for item, reason in pairs if not reason]))
    for item, reason in pairs:
        prediction = None if reason else next(predictions)
        if prediction and prediction.predicted:
            problems.release()
            writer.write(item, prediction, explain(predictor, item.text) if explained else None)
            continue
        kept = not writer.objection(item) and writer.keep(item)
        problems.add(item.problem(prediction.reason if prediction else reason), lost=not kept)


def _chunks(items: Iterable[Item], *, most: int) -> Iterator[list[Item]]:
    size = min(FEWEST, most)
    chunk: list[Item] = []
    characters, since = 0, time.monotonic()
    for item in items:
        chunk.append(item)
        characters += item.size
        waited = time.monotonic() - since
        if len(chunk) >= size or characters >= MOST_CHARACTERS or waited >= MOST_SECONDS:
            yield chunk
            size = min(4 * size, most)
            chunk, characters, since = [], 0, time.monotonic()
    if chunk:
        yield chunk


def _sum_up(writer: PredictionWriter, output: Output, problems: Problems) -> None:
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


def _as_utf8(typed: str) -> str:
    """A command-line text as UTF-8; in the C locale Python leaves its bytes as surrogates."""
    try:
        return os.fsencode(typed).decode("utf-8")
    except UnicodeError:
        return typed


def _same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:  # no such file
        return False
