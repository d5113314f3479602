"""Write verdicts: lines for people, rows and objects for programs."""

import json
import os
import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Literal, TextIO

import click

from textrnn.cli.prediction_text import VerdictLines, how_read, unknown_words
from textrnn.data.inputs import Item
from textrnn.data.tables import RowWriter
from textrnn.engine.classification import Judge, Verdict
from textrnn.engine.explanation import Effect, Explanation
from textrnn.errors import ConfigError, TextRNNError

ResultForm = Literal["text", "json", "jsonl", "csv", "tsv"]


class VerdictWriter:
    """Writes one result after another in one of the forms.

    A table's row keeps its columns; a text gets its source and its line. Counts what was judged,
    and what is worth a remark at the end.
    """

    def __init__(
        self,
        stream: TextIO,
        form: ResultForm,
        judge: Judge,
        *,
        tables: bool,
        explained: bool,
    ) -> None:
        self.stream, self.form, self.judge, self.tables = stream, form, judge, tables
        self.counts: Counter[str] = Counter()
        self.long = self.strange = self._pieces = 0
        self.first_long = ""
        self._added = ["prediction", "probability", *(f"p_{name}" for name in judge.model.classes)]
        if explained:
            self._added.append("explanation")
        self._columns: list[str] | None = None if tables else ["source", "line"]
        self._rows: RowWriter | None = None
        terminal = stream.isatty()
        self._coloured = terminal and not os.environ.get("NO_COLOR")
        self._lines = VerdictLines(
            judge, width=shutil.get_terminal_size().columns if terminal else None
        )

    @property
    def judged(self) -> int:
        """How many verdicts are written."""
        return self.counts.total()

    @property
    def written(self) -> bool:
        """Whether there is anything in the result."""
        return self._pieces > 0

    def expect(self, items: Sequence[Item]) -> None:
        """Take the columns from the first rows, before anything is written.

        ConfigError when one has a name that the result needs.
        """
        columns = list(dict.fromkeys(name for item in items for name in item.row))
        if self._columns is not None or not columns or self.form == "text":
            return
        if clash := set(columns) & set(self._added):
            raise ConfigError(
                f"the table has {', '.join(map(repr, sorted(clash)))} already, which the result "
                f"is to add; rename that in the table first"
            )
        self._columns = columns

    def objection(self, item: Item) -> str:
        """Why a row's columns have no place in the result, or ""."""
        if clash := item.row.keys() & set(self._added):
            return f"it has a {sorted(clash)[0]!r} already, which the result is to add"
        columns = self._columns or ()
        extra = [name for name in item.row if name not in columns]
        if extra and self.form in ("csv", "tsv"):
            return (
                f"it has a column {extra[0]!r} that the rows before lack; --format jsonl takes "
                f"rows of any columns"
            )
        return ""

    def write(self, item: Item, verdict: Verdict, explanation: Explanation | None) -> None:
        """Write what was judged of one item."""
        self.counts[str(verdict.prediction)] += 1
        if self.form == "text":
            lines = self._lines.lines(item, verdict, explanation)
            self._pieces += 1
            self._write("".join(f"{line}\n" for line in lines))
            return
        how = how_read(self.judge, item.text, verdict)
        self.long += bool(how)
        self.first_long = self.first_long or how
        self.strange += bool(unknown_words(verdict))
        values: dict[str, Any] = {
            "prediction": verdict.prediction,
            "probability": _rounded(verdict.probability),
            **{
                f"p_{name}": _rounded(chance)
                for name, chance in zip(
                    self.judge.model.classes, verdict.probabilities, strict=True
                )
            },
        }
        if explanation:
            values["explanation"] = _explained(explanation)
        if not item.row and self.form in ("json", "jsonl"):
            values |= {"words": verdict.words, "read": how or "whole"}
        self._put(item, values)

    def keep(self, item: Item) -> bool:
        """Write a table's row of which nothing was judged, if it can be; whether it was."""
        if not item.row or self.form == "text":
            return False
        self._put(item, dict.fromkeys(self._added))
        return True

    def close(self) -> None:
        """Write what comes after the last."""
        if self.form == "json":
            self._write("\n]\n" if self._pieces else "[]\n")
        self.flush()

    def flush(self) -> None:
        """Let what is written be seen."""
        try:
            self.stream.flush()
        except OSError as error:
            raise _not_written(error) from error

    def _put(self, item: Item, values: Mapping[str, Any]) -> None:
        """Write the values of an item, after its own columns or its place."""
        own = item.row or {"source": item.source, "line": item.line}
        values = {**own, **values}
        self._pieces += 1
        if self.form == "json":
            start = ",\n " if self._pieces > 1 else "[\n "
            self._write(start + json.dumps(values, ensure_ascii=False))
            return
        try:
            if self._rows is None:
                columns = [*(self._columns or ()), *self._added]
                self._rows = RowWriter(self.stream, self.form, columns)  # type: ignore[arg-type]
            self._rows.write(values)
        except OSError as error:
            raise _not_written(error) from error

    def _write(self, text: str) -> None:
        # In one piece: whatever stops the run, there is no half of one.
        try:
            click.echo(text, file=self.stream, nl=False, color=self._coloured)
        except OSError as error:
            raise _not_written(error) from error


def _not_written(error: OSError) -> Exception:
    if isinstance(error, BrokenPipeError):  # whoever reads has enough
        return error
    return TextRNNError(f"cannot write the result: {error.strerror or error}; make room for it")


def _rounded(chance: float | None) -> float | None:
    return None if chance is None else round(chance, 6)


def _explained(explanation: Explanation) -> dict[str, Any]:
    parts = {"sentences": explanation.sentences} if explanation.sentences else {}
    return {
        "class": explanation.prediction,
        **{
            name: [_effect(effect) for effect in effects]
            for name, effects in {"words": explanation.words, **parts}.items()
        },
    }


def _effect(effect: Effect) -> dict[str, Any]:
    return {
        "text": effect.text,
        "start": effect.start,
        "end": effect.end,
        "effect": round(effect.effect, 4),
    }
