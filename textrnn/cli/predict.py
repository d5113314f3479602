"""Take the texts that a person named through a classifier to the result, some at a time."""

import os
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import click

from textrnn.cli.output import Output, Problems, Progress
from textrnn.cli.prediction_writers import ResultForm, VerdictWriter
from textrnn.data.inputs import (
    TABLES,
    InputForm,
    Item,
    check_same_columns,
    kind_of,
    read_items,
    text_item,
)
from textrnn.data.tables import form_of
from textrnn.engine.classification import Judge
from textrnn.engine.explanation import explain
from textrnn.errors import ConfigError

# Judged together: the first few soon, then enough for good batches, never too many for memory.
FEWEST, MOST, MOST_EXPLAINED = 64, 4096, 16
MOST_CHARACTERS = 4_000_000
# That a text may wait for others where they come slowly; looked at only when the next one comes.
MOST_SECONDS = 1.0


@dataclass(frozen=True)
class Task:
    """What to judge, and where to and how to write it."""

    files: Sequence[str]
    texts: Sequence[str]
    form: InputForm | None
    column: str
    encoding: str
    result: ResultForm | None
    output: Path | None
    explain: bool

    @property
    def kinds(self) -> set[str]:
        """What the inputs are, a text given on the command line too."""
        return {kind_of(file, self.form) for file in self.files} | (
            {"text"} if self.texts else set()
        )

    @property
    def tables(self) -> bool:
        """Whether all inputs are tables."""
        return self.kinds <= set(TABLES)

    @property
    def result_form(self) -> ResultForm:
        """As asked for, or as the suffix of the output tells, or as the inputs are."""
        by_suffix = {".json": "json", ".txt": "text"}
        suffix = self.output and (form_of(self.output) or by_suffix.get(self.output.suffix.lower()))
        own = next(iter(self.kinds)) if self.tables and len(self.kinds) == 1 else "text"
        return self.result or suffix or own  # type: ignore[return-value]

    def items(self) -> Iterator[Item]:
        """Everything to judge."""
        given = (text_item("--text", _as_utf8(text)) for text in self.texts)
        read = read_items(self.files, form=self.form, column=self.column, encoding=self.encoding)
        return chain(given, read)

    def check(self) -> None:
        """ConfigError when inputs and result do not go together."""
        mixed = len(self.kinds) > 1 and not self.kinds.isdisjoint(TABLES)
        table = self.result_form in ("csv", "tsv")
        if mixed and (self.result is None or (table and not self.tables)):
            raise ConfigError(
                f"the inputs are of several kinds ({', '.join(sorted(self.kinds))}); judge each "
                f"by itself, or choose one result for all with --format jsonl"
            )
        if table:
            check_same_columns(self.files, form=self.form, encoding=self.encoding)
        if self.output:
            self._check_output(self.output)

    def _check_output(self, output: Path) -> None:
        part = Output(output).part
        for file in self.files:
            if part and _same(Path(file), part):
                raise ConfigError(
                    f"{file} would be overwritten while it is read; rename it, or choose another -o"
                )
        keeps = part and self.tables and self.result_form in TABLES
        if self.replaces_input and not keeps:
            raise ConfigError(
                f"-o {output} is one of the files to judge, and the result does not hold what it "
                f"holds; choose another -o"
            )

    @property
    def replaces_input(self) -> bool:
        """Whether the output is one of the inputs."""
        return bool(self.output) and any(_same(Path(file), self.output) for file in self.files)  # type: ignore[arg-type]


def judge_all(task: Task, judge: Judge, *, quiet: bool) -> None:
    """Judge all of `task`, and write each verdict where it is to go.

    What cannot be judged is told on stderr and ends the program with 1, once all else is judged;
    TextRNNError when there is nothing else. KeyboardInterrupt once what was judged is kept; it
    says where.
    """
    live = "-" in task.files and sys.stdin.isatty()
    if live and not quiet:
        ways = "a line each; Ctrl-D ends" if task.form == "lines" else "then Ctrl-D on a line of it"
        click.echo(f"Write what to judge, {ways}.", err=True)
    shown = sys.stderr.isatty() and not quiet and bool(task.output or not sys.stdout.isatty())
    progress = Progress(shown)
    problems = Problems(progress)
    chunks = _chunks(task.items(), most=1 if live else MOST_EXPLAINED if task.explain else MOST)
    # The first texts are read before the output is opened: wrong names leave nothing behind.
    first = next(chunks, [])
    with Output(task.output) as output:
        writer = VerdictWriter(
            output.stream, task.result_form, judge, tables=task.tables, explained=task.explain
        )
        try:
            for chunk in chain([first], chunks):
                _judge_some(chunk, judge, writer, problems, explained=task.explain)
                if not task.output:
                    writer.flush()
                progress.show(writer.judged)
        except KeyboardInterrupt:
            output.keep = writer.written
            writer.close()
            kept = f"; what was judged is in {output.part}" if output.keep and output.part else ""
            raise KeyboardInterrupt(kept) from None
        problems.close(anything=writer.written)
        writer.close()
        output.hold = task.replaces_input and problems.lost > 0
    progress.clear()
    if not quiet:
        _sum_up(writer, output, problems)
    if problems.count:
        whole = writer.judged + problems.count
        click.echo(f"{problems.count:,} of {whole:,} could not be judged.", err=True)
        sys.exit(1)


def _judge_some(
    chunk: Sequence[Item],
    judge: Judge,
    writer: VerdictWriter,
    problems: Problems,
    *,
    explained: bool,
) -> None:
    writer.expect(chunk)
    reasons = [item.reason or writer.objection(item) for item in chunk]
    pairs = list(zip(chunk, reasons, strict=True))
    verdicts = iter(judge.judge([item.text for item, reason in pairs if not reason]))
    for item, reason in pairs:
        verdict = None if reason else next(verdicts)
        if verdict and verdict.judged:
            problems.release()
            writer.write(item, verdict, explain(judge, item.text) if explained else None)
            continue
        kept = not writer.objection(item) and writer.keep(item)
        problems.add(item.problem(verdict.reason if verdict else reason), lost=not kept)


def _chunks(items: Iterable[Item], *, most: int) -> Iterator[list[Item]]:
    size = min(FEWEST, most)
    chunk: list[Item] = []
    characters, since = 0, time.monotonic()
    for item in items:
        chunk.append(item)
        characters += len(item.text)
        waited = time.monotonic() - since
        if len(chunk) >= size or characters >= MOST_CHARACTERS or waited >= MOST_SECONDS:
            yield chunk
            size = min(4 * size, most)
            chunk, characters, since = [], 0, time.monotonic()
    if chunk:
        yield chunk


def _sum_up(writer: VerdictWriter, output: Output, problems: Problems) -> None:
    if writer.long == 1:
        click.echo(f"1 text is too long to be read at once: read {writer.first_long}.", err=True)
    elif writer.long:
        click.echo(
            f"{writer.long:,} texts are too long to be read at once; the first: read "
            f"{writer.first_long}.",
            err=True,
        )
    if writer.strange:
        texts = "1 text consists" if writer.strange == 1 else f"{writer.strange:,} texts consist"
        click.echo(f"{texts} mostly of words that the model never saw: judged blindly.", err=True)
    if output.hold:
        click.echo(
            f"{problems.lost:,} rows cannot be kept, so {output.path} stays as it was; the result "
            f"is in {output.part}.",
            err=True,
        )
    elif output.path:
        counts = ", ".join(f"{count:,} {name}" for name, count in writer.counts.most_common())
        click.echo(f"{writer.judged:,} judged ({counts}); written to {output.path}.", err=True)


def _as_utf8(typed: str) -> str:
    """A text from the command line, which Python takes apart where the locale is plain C."""
    try:
        return os.fsencode(typed).decode("utf-8")
    except UnicodeError:
        return typed


def _same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:  # there is no such file
        return False
