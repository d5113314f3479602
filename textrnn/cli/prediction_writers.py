"""Write predictions as text lines, JSON or tables."""

import json
import os
import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Literal, TextIO

from textrnn.cli import terminal
from textrnn.cli.prediction_text import PredictionLines, read_extent, unknown_words
from textrnn.data.bounded import quoted
from textrnn.data.inputs import Item
from textrnn.data.table_writer import RowWriter
from textrnn.engine.classification import Prediction, Predictor
from textrnn.engine.explanation import Effect, Explanation
from textrnn.errors import ConfigError, TextRNNError, cannot_write

ResultForm = Literal["text", "json", "jsonl", "csv", "tsv"]


class PredictionWriter:
    """Writes predictions one by one in one of the result forms.

    A row of a table keeps its columns; a text gets its source and line. Counts the predictions per
    class, the texts over the length limits and the texts of mostly unknown words.
    """

    def __init__(
        self,
        stream: TextIO,
        form: ResultForm,
        predictor: Predictor,
        *,
        tables: bool,
        explained: bool,
        safe: bool = False,
    ) -> None:
        self._safe = safe
        self.stream, self.form, self.predictor, self.tables = stream, form, predictor, tables
        self.counts: Counter[str] = Counter()
        self.long = self.mostly_unknown = self.excerpts = self._records = 0
        self.first_long = ""
        self._added = [
            "prediction",
            "probability",
            *(f"p_{name}" for name in predictor.model.classes),
        ]
        if explained:
            self._added.append("explanation")
        self._columns: list[str] | None = None if tables else ["source", "line"]
        self._known = set(self._columns or ())
        self._rows: RowWriter | None = None
        is_terminal = stream.isatty()
        self._coloured = is_terminal and not os.environ.get("NO_COLOR")
        self._lines = PredictionLines(
            predictor, width=shutil.get_terminal_size().columns if is_terminal else None
        )

    @property
    def classified(self) -> int:
        """Number of predictions written."""
        return self.counts.total()

    @property
    def written(self) -> bool:
        """Whether the result holds anything."""
        return self._records > 0

    def expect(self, items: Sequence[Item]) -> None:
        """Take the columns of the result from the first rows; call before the first write.

        ConfigError if a column has a name that the result adds.
        """
        columns = list(dict.fromkeys(name for item in items for name in item.row))
        if self._columns is not None or not columns or self.form == "text":
            return
        if clash := set(columns) & set(self._added):
            raise ConfigError(
                f"the table already has {', '.join(map(repr, sorted(clash)))}, which the result "
                f"adds; rename it in the table first"
            )
        self._columns, self._known = columns, set(columns)

    def objection(self, item: Item) -> str:
        """The reason why the result cannot hold a row, or ""."""
        if clash := item.row.keys() & set(self._added):
            return f"it already has a {sorted(clash)[0]!r}, which the result adds"
        if self.form in ("csv", "tsv") and (extra := item.row.keys() - self._known):
            first = next(name for name in item.row if name in extra)
            return (
                f"it has a column {quoted(first)} that earlier rows lack; use --format jsonl for "
                f"rows of different columns"
            )
        return ""

    def write(self, item: Item, prediction: Prediction, explanation: Explanation | None) -> None:
        """Write the prediction for one item."""
        self.counts[str(prediction.label)] += 1
        self.excerpts += bool(explanation and explanation.excerpt)
        if self.form == "text":
            lines = self._lines.lines(item, prediction, explanation)
            self._records += 1
            self._write("".join(f"{line}\n" for line in lines), styled=True)
            return
        how = read_extent(self.predictor, item.text, prediction)
        self.long += bool(how)
        self.first_long = self.first_long or how
        self.mostly_unknown += bool(unknown_words(prediction))
        values: dict[str, Any] = {
            "prediction": prediction.label,
            "probability": _rounded(prediction.probability),
            **{
                f"p_{name}": _rounded(chance)
                for name, chance in zip(
                    self.predictor.model.classes, prediction.probabilities, strict=True
                )
            },
        }
        if explanation:
            values["explanation"] = _explained(explanation)
        if not item.row and self.form in ("json", "jsonl"):
            values |= {"words": prediction.words, "read": how or "whole"}
        self._put(item, values)

    def keep(self, item: Item) -> bool:
        """Write a table's row without a prediction; False if the form cannot hold it."""
        if not item.row or self.form == "text":
            return False
        self._put(item, dict.fromkeys(self._added))
        return True

    def close(self) -> None:
        """End the result, and flush it."""
        if self.form == "json":
            self._write("\n]\n" if self._records else "[]\n")
        self.flush()

    def flush(self) -> None:
        """Flush the stream."""
        try:
            self.stream.flush()
        except OSError as error:
            raise _not_written(error) from error

    def _put(self, item: Item, values: Mapping[str, Any]) -> None:
        """Write a record: the item's own columns, or its source and line, then `values`."""
        own = item.row or {"source": item.source, "line": item.line}
        values = {**own, **values}
        self._records += 1
        if self.form == "json":
            start = ",\n " if self._records > 1 else "[\n "
            self._write(start + json.dumps(values, ensure_ascii=False))
            return
        try:
            if self._rows is None:
                columns = [*(self._columns or ()), *self._added]
                form: Any = self.form
                self._rows = RowWriter(self.stream, form, columns, safe=self._safe)
            self._rows.write(values)
        except OSError as error:
            raise _not_written(error) from error

    def _write(self, text: str, *, styled: bool = False) -> None:
        # One write per record, so that an interrupted run leaves no partial record.
        try:
            if styled:
                terminal.write_styled(text, self.stream, coloured=self._coloured)
            else:
                self.stream.write(text)
                self.stream.flush()
        except OSError as error:
            raise _not_written(error) from error


def _not_written(error: OSError) -> TextRNNError:
    return TextRNNError(cannot_write("the result", error))


def _rounded(chance: float | None) -> float | None:
    return None if chance is None else round(chance, 6)


def _explained(explanation: Explanation) -> dict[str, Any]:
    parts = {"sentences": explanation.sentences} if explanation.sentences else {}
    return {
        "class": explanation.label,
        **({"excerpt": explanation.excerpt} if explanation.excerpt else {}),
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
