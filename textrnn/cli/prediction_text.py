"""Format predictions and explanations for the terminal.

On a terminal each class has a colour; the words of an explanation have the colour of the class
that they support. Characters of the texts that steer a terminal are shown as escapes.
"""

import string
from collections.abc import Iterable, Sequence
from itertools import cycle

import click

from textrnn.data.inputs import Item
from textrnn.engine.classification import UNSURE, Prediction, Predictor
from textrnn.engine.explanation import Effect, Explanation
from textrnn.evaluation.columns import columns, one_line, plain

COLOURS = {"positive": "green", "negative": "red", UNSURE: "yellow"}
OTHER_COLOURS = ("cyan", "magenta", "blue", "bright_cyan", "bright_magenta", "bright_blue")
SNIPPET = 60  # columns of a text if there is no terminal
INDENT = "  "
LISTED = 6  # most words listed for, and against, a prediction
FAINT = 0.15  # fraction of the strongest effect below which a word is shown plain
LEAST = 0.005  # nats; smaller effects would be shown as 0.00
STRONG = 0.5  # fraction of the strongest effect above which a word is bold
UNREAD = 80  # a longer gap between two words, in characters, was not used by the model


class PredictionLines:
    """One line per prediction, in columns, with the explanation below it if there is one.

    `width`: columns of the terminal; None without a terminal.
    """

    def __init__(self, predictor: Predictor, *, width: int | None) -> None:
        self.predictor, self.width = predictor, width
        classes = predictor.model.classes
        others = cycle(OTHER_COLOURS)
        self._colours = {
            name: COLOURS[name] if name in COLOURS else next(others) for name in (*classes, UNSURE)
        }
        shown = [*classes, UNSURE] if predictor.abstain else classes
        self._widest = max(columns(one_line(name)) for name in shown)

    def lines(
        self, item: Item, prediction: Prediction, explanation: Explanation | None
    ) -> list[str]:
        """The lines for one text."""
        assert prediction.label is not None and prediction.probability is not None
        label = one_line(prediction.label)
        percent = f"{floor_percent(prediction.probability):5.1f} %"
        where = one_line(item.place)
        notes = "; ".join(self._notes(item, prediction))
        notes = f"  ({notes})" if notes else ""
        used = self._widest + len(percent) + columns(where) + columns(notes) + 6
        room = (self.width - used) if self.width else SNIPPET
        if item.source == "--text":  # an explanation shows the text itself
            where = "" if explanation else f'"{shorten(item.text, room + columns(where) - 2)}"'
        elif explanation is None and item.line is not None and room >= 10:
            where = f"{where}  {shorten(item.text, room)}"
        gap = " " * (self._widest - columns(label))
        shown = click.style(label, fg=self._colours[prediction.label], bold=True)
        place = f"  {click.style(where, dim=True)}" if where else ""
        line = f"{shown}{gap}  {percent}{place}{notes}"
        return [line, *(self._explained(item.text, explanation) if explanation else ())]

    def _notes(self, item: Item, prediction: Prediction) -> Iterable[str]:
        if prediction.label == UNSURE:
            best = max(
                range(len(prediction.probabilities)), key=prediction.probabilities.__getitem__
            )
            yield f"most likely: {one_line(self.predictor.model.classes[best])}"
        if how := read_extent(self.predictor, item.text, prediction):
            yield f"used {how}"
        if strange := unknown_words(prediction):
            yield strange

    def _explained(self, text: str, explanation: Explanation) -> list[str]:
        """The coloured text (a long one: its sentences by effect), and the strongest words."""
        words = explanation.words
        most = max((abs(word.effect) for word in words), default=0.0) or 1.0
        lines = []
        if explanation.excerpt:
            unit = self.predictor.model.tokenizer.unit
            shown = f"explained by the first {explanation.excerpt:,} {unit}:"
            lines.append(f"{INDENT}{click.style(shown, dim=True)}")
        if explanation.sentences:
            shown = f"most important of {len(explanation.sentences):,} sentences:"
            lines.append(f"{INDENT}{click.style(shown, dim=True)}")
            for part in explanation.sentences:
                inside = [word for word in words if part.start <= word.start < part.end]
                if inside and abs(part.effect) >= LEAST:
                    lines += self._wrapped(
                        self._coloured(text, part.start, part.end, inside, explanation, most),
                        f"{INDENT}{format_effect(part.effect)}  ",
                    )
        else:
            coloured = self._coloured(text, 0, len(text), words, explanation, most)
            lines += self._wrapped(coloured, INDENT)
        ranked = sorted(_strongest_of_each(words), key=lambda word: -abs(word.effect))
        label = one_line(explanation.label)
        for side, title in ((1, f"for {label}"), (-1, f"against {label}")):
            chosen = [word for word in ranked if word.effect * side >= LEAST][:LISTED]
            if chosen:
                parts = (
                    f"{self._styled(_named(word.text), word, explanation, most)} "
                    f"{format_effect(word.effect)}"
                    for word in chosen
                )
                title = title.ljust(len(f"against {label}"))
                lines += self._wrapped(
                    ", ".join(parts), f"{INDENT}{click.style(title, dim=True)}  "
                )
        return lines

    def _coloured(
        self,
        text: str,
        start: int,
        end: int,
        words: Sequence[Effect],
        explanation: Explanation,
        most: float,
    ) -> str:
        """text[start:end] as one line with `words`, all inside the range, in their colours."""
        parts = []
        for word in words:
            parts.append(_between(text, start, max(start, word.start)))
            # A SentencePiece subword may begin with a space, or be part of a character.
            seen = plain(text[max(start, word.start) : word.end])
            bare = seen.strip()
            parts.append(seen.replace(bare, self._styled(bare, word, explanation, most), 1))
            start = max(start, word.end)
        return "".join([*parts, _between(text, start, end)])

    def _styled(self, shown: str, word: Effect, explanation: Explanation, most: float) -> str:
        strength = word.effect / most
        if abs(strength) < FAINT or not shown:
            return shown
        classes, bold = self.predictor.model.classes, abs(strength) > STRONG
        if strength > 0:
            return click.style(shown, fg=self._colours[explanation.label], bold=bold)
        if len(classes) > 2:  # evidence against one class supports no particular other class
            return click.style(shown, underline=True, bold=bold)
        (other,) = (name for name in classes if name != explanation.label)
        return click.style(shown, fg=self._colours[other], bold=bold)

    def _wrapped(self, styled: str, start: str) -> list[str]:
        """Wrap `styled` to the terminal's width, with single spaces between words."""
        indent = " " * columns(click.unstyle(start))
        lines, line, used = [], start, len(indent)
        for word in styled.split():
            size = columns(click.unstyle(word))
            if self.width and used + 1 + size > self.width and used > len(indent):
                lines.append(line)
                line, used = indent, len(indent)
            first = used == len(indent)
            line += word if first else f" {word}"
            used += size if first else size + 1
        return [*lines, line]


def read_extent(predictor: Predictor, text: str, prediction: Prediction) -> str:
    """Which part of a text the model used, if it is over the limits; "" if all of it."""
    config = predictor.model.text
    what = predictor.model.tokenizer.unit
    parts, limit = [], config.max_characters
    if prediction.cut and limit and text[limit:].strip():
        parts.append(f"the first {limit:,} characters")
    if prediction.windows > 1:
        parts.append(f"all {prediction.words:,} {what} in {prediction.windows:,} windows")
    elif prediction.cut and prediction.words > config.max_tokens:
        end = {"head": "beginning", "tail": "end", "both": "beginning and end"}[config.truncation]
        parts.append(f"{config.max_tokens:,} of {prediction.words:,} {what}, its {end}")
    return ", of these ".join(parts)


def unknown_words(prediction: Prediction) -> str:
    """A note for a text of mostly out-of-vocabulary words; else ""."""
    if 2 * prediction.unknown <= prediction.words:
        return ""
    return f"knows {prediction.words - prediction.unknown:,} of its {prediction.words:,} words"


def floor_percent(chance: float) -> float:
    """A probability as a percentage, rounded down to one decimal, so that only 1 is 100.0."""
    return int(chance * 1000) / 10


def format_effect(effect: float) -> str:
    """An effect in nats with its sign; minus as U+2212."""
    return f"{effect:+.2f}".replace("-", "\N{MINUS SIGN}")


def shorten(text: str, room: int) -> str:
    """Shorten `text` to one line of at most `room` columns."""
    line = one_line(text[: 4 * max(room, 1)])
    if columns(line) <= room and len(text) <= 4 * max(room, 1):
        return line
    while line and columns(line) > room - 1:
        line = line[:-1]
    return line.rstrip() + "\N{HORIZONTAL ELLIPSIS}"


def _named(word: str) -> str:
    """A word for a list of words; punctuation is quoted."""
    word = one_line(word)
    return f'"{word}"' if set(word) <= set(string.punctuation) else word


def _between(text: str, start: int, end: int) -> str:
    """The text between two words; a part that the model did not use becomes an ellipsis."""
    if end - start > UNREAD:
        return " \N{HORIZONTAL ELLIPSIS} "
    return plain(text[start:end])


def _strongest_of_each(words: Iterable[Effect]) -> Iterable[Effect]:
    """Each distinct word once, with its largest effect."""
    found: dict[str, Effect] = {}
    for word in words:
        key = word.text.strip().lower()
        if key and (key not in found or abs(word.effect) > abs(found[key].effect)):
            found[key] = word
    return found.values()
