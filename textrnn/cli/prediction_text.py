"""Turn verdicts and explanations into lines for people.

On a terminal a class has a colour, and the words of an explanation have that of the class they
speak for. Text from outside is shown without its control characters.
"""

import string
from collections.abc import Iterable, Sequence
from itertools import cycle

import click

from textrnn.data.inputs import Item
from textrnn.engine.classification import UNSURE, Judge, Verdict
from textrnn.engine.explanation import Effect, Explanation
from textrnn.evaluation.columns import columns, one_line, plain

COLOURS = {"positive": "green", "negative": "red", UNSURE: "yellow"}
OTHER_COLOURS = ("cyan", "magenta", "blue", "bright_cyan", "bright_magenta", "bright_blue")
SNIPPET = 60  # columns of a text where there is no terminal to tell
INDENT = "  "
LISTED = 6  # words for a verdict, and as many against it
FAINT = 0.15  # of the strongest effect: a word below it is shown plain
LEAST = 0.005  # nats: less is 0.00 when it is shown
STRONG = 0.5  # and one above it bold
UNREAD = 80  # characters between two words: more were not read


class VerdictLines:
    """A line a verdict, in columns, and an explanation below it where there is one.

    `width` is that of the terminal, None where there is none.
    """

    def __init__(self, judge: Judge, *, width: int | None) -> None:
        self.judge, self.width = judge, width
        classes = judge.model.classes
        others = cycle(OTHER_COLOURS)
        self._colours = {
            name: COLOURS[name] if name in COLOURS else next(others) for name in (*classes, UNSURE)
        }
        shown = [*classes, UNSURE] if judge.abstain else classes
        self._widest = max(columns(one_line(name)) for name in shown)

    def lines(self, item: Item, verdict: Verdict, explanation: Explanation | None) -> list[str]:
        """What to show of one text."""
        assert verdict.prediction is not None and verdict.probability is not None
        label = one_line(verdict.prediction)
        percent = f"{rounded_down(verdict.probability):5.1f} %"
        where = one_line(item.place)
        notes = "; ".join(self._notes(item, verdict))
        notes = f"  ({notes})" if notes else ""
        used = self._widest + len(percent) + columns(where) + columns(notes) + 6
        room = (self.width - used) if self.width else SNIPPET
        if item.source == "--text":  # shown below where it is explained
            where = "" if explanation else f'"{shortened(item.text, room + columns(where) - 2)}"'
        elif explanation is None and item.line is not None and room >= 10:
            where = f"{where}  {shortened(item.text, room)}"
        gap = " " * (self._widest - columns(label))
        shown = click.style(label, fg=self._colours[verdict.prediction], bold=True)
        place = f"  {click.style(where, dim=True)}" if where else ""
        line = f"{shown}{gap}  {percent}{place}{notes}"
        return [line, *(self._explained(item.text, explanation) if explanation else ())]

    def _notes(self, item: Item, verdict: Verdict) -> Iterable[str]:
        if verdict.prediction == UNSURE:
            best = max(range(len(verdict.probabilities)), key=verdict.probabilities.__getitem__)
            yield f"likeliest: {one_line(self.judge.model.classes[best])}"
        if how := how_read(self.judge, item.text, verdict):
            yield f"read {how}"
        if strange := unknown_words(verdict):
            yield strange

    def _explained(self, text: str, explanation: Explanation) -> list[str]:
        """The text with its words coloured, or its weightiest sentences, and what weighed most."""
        words = explanation.words
        most = max((abs(word.effect) for word in words), default=0.0) or 1.0
        lines = []
        if explanation.sentences:
            shown = f"of {len(explanation.sentences):,} sentences the weightiest:"
            lines.append(f"{INDENT}{click.style(shown, dim=True)}")
            for part in explanation.sentences:
                inside = [word for word in words if part.start <= word.start < part.end]
                if inside and abs(part.effect) >= LEAST:
                    lines += self._wrapped(
                        self._coloured(text, part.start, part.end, inside, explanation, most),
                        f"{INDENT}{signed(part.effect)}  ",
                    )
        else:
            coloured = self._coloured(text, 0, len(text), words, explanation, most)
            lines += self._wrapped(coloured, INDENT)
        ranked = sorted(_strongest_of_each(words), key=lambda word: -abs(word.effect))
        verdict = one_line(explanation.prediction)
        for side, title in ((1, f"for {verdict}"), (-1, f"against {verdict}")):
            chosen = [word for word in ranked if word.effect * side >= LEAST][:LISTED]
            if chosen:
                told = (
                    f"{self._styled(_named(word.text), word, explanation, most)} "
                    f"{signed(word.effect)}"
                    for word in chosen
                )
                title = title.ljust(len(f"against {verdict}"))
                lines += self._wrapped(", ".join(told), f"{INDENT}{click.style(title, dim=True)}  ")
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
        """text[start:end] as one line with `words`, all inside it, in their colours."""
        parts = []
        for word in words:
            parts.append(_between(text, start, max(start, word.start)))
            # A piece of SentencePiece's may begin with a space, or be a part of a character.
            seen = plain(text[max(start, word.start) : word.end])
            bare = seen.strip()
            parts.append(seen.replace(bare, self._styled(bare, word, explanation, most), 1))
            start = max(start, word.end)
        return "".join([*parts, _between(text, start, end)])

    def _styled(self, shown: str, word: Effect, explanation: Explanation, most: float) -> str:
        share = word.effect / most
        if abs(share) < FAINT or not shown:
            return shown
        classes, bold = self.judge.model.classes, abs(share) > STRONG
        if share > 0:
            return click.style(shown, fg=self._colours[explanation.prediction], bold=bold)
        if len(classes) > 2:  # against one class, and for none in particular
            return click.style(shown, underline=True, bold=bold)
        (other,) = (name for name in classes if name != explanation.prediction)
        return click.style(shown, fg=self._colours[other], bold=bold)

    def _wrapped(self, styled: str, start: str) -> list[str]:
        """`styled`, its runs of white space single spaces, in lines that fit the terminal."""
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


def how_read(judge: Judge, text: str, verdict: Verdict) -> str:
    """How a text that is longer than the model reads was read; "" of one read whole."""
    reading = judge.model.text
    what = judge.model.tokenizer.unit
    parts, limit = [], reading.max_characters
    if verdict.cut and limit and text[limit:].strip():
        parts.append(f"the first {limit:,} characters")
    if verdict.windows > 1:
        parts.append(f"all {verdict.words:,} {what} in {verdict.windows:,} windows")
    elif verdict.cut and verdict.words > reading.max_words:
        end = {"first": "beginning", "last": "end", "both": "beginning and end"}[reading.keep]
        parts.append(f"{reading.max_words:,} of {verdict.words:,} {what}, its {end}")
    return ", of these ".join(parts)


def unknown_words(verdict: Verdict) -> str:
    """A remark on a text most of whose words the model never saw; else ""."""
    if 2 * verdict.unknown <= verdict.words:
        return ""
    return f"knows {verdict.words - verdict.unknown:,} of its {verdict.words:,} words"


def rounded_down(chance: float) -> float:
    """A probability in percent with one decimal: nothing short of certain may look certain."""
    return int(chance * 1000) / 10


def signed(effect: float) -> str:
    """An effect with its sign, a real minus."""
    return f"{effect:+.2f}".replace("-", "\N{MINUS SIGN}")


def shortened(text: str, room: int) -> str:
    """The beginning of `text` as one line of at most `room` columns."""
    line = one_line(text[: 4 * max(room, 1)])
    if columns(line) <= room and len(text) <= 4 * max(room, 1):
        return line
    while line and columns(line) > room - 1:
        line = line[:-1]
    return line.rstrip() + "\N{HORIZONTAL ELLIPSIS}"


def _named(word: str) -> str:
    """A word in a list of words: punctuation in quotes."""
    word = one_line(word)
    return f'"{word}"' if set(word) <= set(string.punctuation) else word


def _between(text: str, start: int, end: int) -> str:
    """text[start:end], between two words; what the model did not read is left out."""
    if end - start > UNREAD:
        return " \N{HORIZONTAL ELLIPSIS} "
    return plain(text[start:end])


def _strongest_of_each(words: Iterable[Effect]) -> Iterable[Effect]:
    """Each word once, where it weighed most."""
    found: dict[str, Effect] = {}
    for word in words:
        key = word.text.strip().lower()
        if key and (key not in found or abs(word.effect) > abs(found[key].effect)):
            found[key] = word
    return found.values()
