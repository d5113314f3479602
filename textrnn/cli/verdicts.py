"""Show verdicts: a line each for people, or rows and objects for programs."""

import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self, TextIO

import click

from textrnn.errors import ConfigError, TextRNNError
from textrnn.inputs import Item
from textrnn.tables import RowWriter

if TYPE_CHECKING:
    from textrnn.classification import Verdict
    from textrnn.explanation import Explanation

ResultForm = Literal["text", "json", "jsonl", "csv", "tsv"]


class Output:
    """Where results go: standard output, or a file that gets its name when all is written.

    Stopped half-way, what there is stays as FILE.part.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self._beside = path.with_name(path.name + ".part") if path else None
        self.stream: TextIO = sys.stdout

    def __enter__(self) -> Self:
        if self._beside:
            try:
                self.stream = self._beside.open("w", encoding="utf-8", newline="\n")
            except OSError as error:
                raise _unwritable(self.path, error) from error
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if not self._beside or not self.path:
            return
        try:
            self.stream.close()
            if kind is None:
                os.replace(self._beside, self.path)
            elif not issubclass(kind, KeyboardInterrupt):
                self._beside.unlink(missing_ok=True)
        except OSError as failure:
            raise _unwritable(self.path, failure) from failure
        if kind and issubclass(kind, KeyboardInterrupt):
            click.echo(f"Stopped; what was judged so far is in {self._beside}", err=True)


def _unwritable(path: Path | None, error: OSError) -> TextRNNError:
    return TextRNNError(
        f"cannot write {path}: {error.strerror or error}; name a file in a folder that exists, "
        f"has room and can be written to"
    )


class VerdictWriter:
    """Writes one result after another in one of the forms.

    `columns` are those of a table's rows, which are kept; a text gets its source and its line.
    ConfigError when a column has the name of one to be added.
    """

    def __init__(
        self,
        stream: TextIO,
        form: ResultForm,
        classes: Sequence[str],
        columns: Sequence[str] | None,
        explained: bool,
    ) -> None:
        self.stream, self.form, self.classes, self.table = stream, form, classes, bool(columns)
        self.count = 0
        added = ["prediction", "probability", *(f"p_{name}" for name in classes)]
        if explained:
            added.append("explanation")
        if clash := set(columns or ()) & set(added):
            raise ConfigError(
                f"the table already has a column {', '.join(sorted(clash))}, which the result "
                f"needs; rename it there first"
            )
        own = list(columns) if columns else ["source", "line"]
        if form in ("csv", "tsv", "jsonl"):
            self._rows = RowWriter(stream, form, [*own, *added])  # type: ignore[arg-type]

    def write(self, item: Item, verdict: "Verdict", explanation: "Explanation | None") -> None:
        """Write what was judged of one item."""
        try:
            if self.form == "text":
                self.stream.write(_line(item, verdict) + "\n")
                if explanation:
                    self.stream.write(_explained(item.text, explanation) + "\n")
            elif self.form == "json":
                self.stream.write("[\n " if not self.count else ",\n ")
                json.dump(self._values(item, verdict, explanation), self.stream, ensure_ascii=False)
            else:
                self._rows.write(self._values(item, verdict, explanation))
        except BrokenPipeError:
            raise
        except OSError as error:
            raise TextRNNError(f"cannot write the result: {error.strerror or error}") from error
        self.count += 1

    def close(self) -> None:
        """Write what comes after the last."""
        if self.form == "json":
            self.stream.write("\n]\n" if self.count else "[]\n")
        self.stream.flush()

    def _values(
        self, item: Item, verdict: "Verdict", explanation: "Explanation | None"
    ) -> dict[str, Any]:
        own: Mapping[str, Any] = item.row
        if not self.table:
            own = {"source": item.source}
            if item.line is not None or self.form in ("csv", "tsv"):
                own = {**own, "line": item.line}
        chances = zip(self.classes, verdict.probabilities, strict=True)
        values = {
            **own,
            "prediction": verdict.prediction,
            "probability": _rounded(verdict.probability),
            **{f"p_{name}": _rounded(chance) for name, chance in chances},
        }
        if explanation:
            values["explanation"] = {
                "words": list(map(_effect, explanation.words)),
                **(
                    {"sentences": list(map(_effect, explanation.sentences))}
                    if explanation.sentences
                    else {}
                ),
            }
        return values


def _rounded(chance: float | None) -> float | None:
    return None if chance is None else round(chance, 6)


def _effect(effect: Any) -> dict[str, Any]:
    return {
        "text": effect.text,
        "start": effect.start,
        "end": effect.end,
        "effect": round(effect.effect, 4),
    }


COLOURS = {"positive": "green", "negative": "red", "unsure": "yellow"}


def _line(item: Item, verdict: "Verdict") -> str:
    assert verdict.prediction is not None and verdict.probability is not None
    shown = click.style(verdict.prediction, fg=COLOURS.get(verdict.prediction), bold=True)
    # Rounded down: nothing short of certain may look certain.
    percent = int(verdict.probability * 1000) / 10
    how = ""
    if verdict.windows > 1:
        how = f"  (read in {verdict.windows} windows)"
    elif verdict.cut:
        how = "  (read in part)"
    return f"{shown}  {percent:.1f} %  {item.place}{how}"


def _explained(text: str, explanation: "Explanation") -> str:
    """The text, each word coloured by what it did; the strongest ones listed below."""
    effects = explanation.words
    strongest = max((abs(effect.effect) for effect in effects), default=0) or 1
    parts, end = [], 0
    for effect in effects:
        parts.append(text[end : effect.start] if end else "")
        share = effect.effect / strongest
        colour = "green" if share > 0 else "red"
        plain = abs(share) < 0.15
        parts.append(
            effect.text if plain else click.style(effect.text, fg=colour, bold=abs(share) > 0.5)
        )
        end = effect.end
    lines = ["  " + " ".join("".join(parts).split())]
    ranked = sorted(effects, key=lambda effect: -abs(effect.effect))[:8]
    if explanation.sentences:
        by_sentence = sorted(explanation.sentences, key=lambda effect: -abs(effect.effect))
        lines = [
            f"  {effect.effect:+.2f}  {' '.join(effect.text.split())[:100]}"
            for effect in by_sentence[:3]
        ] + lines
    lines.append(
        f"  for {explanation.prediction}: "
        + ", ".join(f"{effect.text} {effect.effect:+.2f}" for effect in ranked)
    )
    return "\n".join(lines)
