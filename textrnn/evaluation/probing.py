"""Turn a classifier's predictions on probing texts into two tables.

The first gives the accuracy per group of texts. The second gives the sensitivity of the predictions
to a change of only a name, a pronoun or a nationality. It is a probe, not a proof: it holds for its
templates and fillers. A dimension of many groups shows more shift than one of two, because the
range of more numbers is larger.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from textrnn.data.tables import BadRow, form_of, read_rows
from textrnn.data.text_files import open_text
from textrnn.errors import CorpusError
from textrnn.evaluation.columns import one_line

ALL = "all"  # name of the last row, over all groups
EXTREMES = 3  # fillers to list at each end

Ranked = tuple[tuple[str, float], ...]  # (name, mean probability), ascending


# ---- groups -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class GroupScore:
    """Correct predictions and texts of a group, and the mean probability of the true label."""

    group: str
    right: int
    count: int
    mean: float


def read_groups(path: str | Path) -> list[str]:
    """The column `group` of a table, row by row; CorpusError when a row has no group."""
    with open_text(path) as file:
        return list(_groups(read_rows(file, form_of(path) or "csv", str(path)), path))


def _groups(rows: Iterator[Any], path: str | Path) -> Iterator[str]:
    for row in rows:
        if isinstance(row, BadRow):
            raise CorpusError(f"{path}, line {row.line:,}: {row.reason}; correct or delete it")
        if "group" not in row.values:
            raise CorpusError(
                f"{path} has no column 'group'; its columns are "
                f"{', '.join(map(repr, row.values))}: add one that names each text's group"
            )
        group = row.values["group"]
        if not isinstance(group, str) or not group.strip():
            raise CorpusError(f"{path}, line {row.line:,}: its group is empty; name one")
        yield group.strip()


def score_groups(
    groups: Sequence[str], right: Sequence[bool], truths: Sequence[float]
) -> list[GroupScore]:
    """Score each group, in order of first appearance, and then all texts together.

    groups  the group of each text
    right   whether the prediction for each text is correct
    truths  the predicted probability of the true label of each text
    """
    if not len(groups) == len(right) == len(truths):
        raise ValueError(f"{len(groups)} groups, {len(right)} predictions, {len(truths)} truths")
    if not groups:
        raise CorpusError("there is no text to score; name a table with texts")
    names = np.array(groups, dtype=object)
    hits, chances = np.asarray(right, dtype=bool), np.asarray(truths, dtype=np.float64)
    masks = [(name, names == name) for name in dict.fromkeys(groups)]
    return [
        GroupScore(name, int(hits[mask].sum()), int(mask.sum()), float(chances[mask].mean()))
        for name, mask in [*masks, (ALL, np.ones(len(names), dtype=bool))]
    ]


# ---- bias ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Filler:
    """The words for the slots of a template, and the group that they represent."""

    group: str
    name: str
    slots: Mapping[str, str]

    def fill(self, template: str) -> str:
        """The filled template, with its first letter capitalised."""
        text = template.format_map(self.slots)
        return text[:1].upper() + text[1:]


@dataclass(frozen=True)
class Dimension:
    """An attribute that should not matter: templates, and fillers that change only it."""

    name: str
    templates: tuple[str, ...]
    fillers: tuple[Filler, ...]

    def texts(self) -> list[str]:
        """Each template with each filler, template by template."""
        return [filler.fill(template) for template in self.templates for filler in self.fillers]


def dimensions(data: Mapping[str, Any]) -> list[Dimension]:
    """The dimensions of `scripts/reproduce/bias_templates.json`.

    `data["templates"]` maps names to lists of templates. `data["dimensions"]` gives for each
    dimension the name of its `templates` and its `groups`: name -> fillers, or a list in which each
    filler is its own group. A filler is a word, or a dictionary of slot -> word.
    """
    found = []
    for name, entry in data["dimensions"].items():
        groups = entry["groups"]
        if not isinstance(groups, Mapping):
            groups = {word: [word] for word in groups}
        fillers = tuple(_filler(group, word) for group, words in groups.items() for word in words)
        found.append(Dimension(name, tuple(data["templates"][entry["templates"]]), fillers))
    return found


def _filler(group: str, word: str | Mapping[str, str]) -> Filler:
    if not isinstance(word, str):
        return Filler(group, group, word)
    # Slots are named after the pronoun of their case; a name changes only in the genitive.
    slots = {"they": word, "them": word, "their": f"{word}'s", "nationality": word}
    return Filler(group, word, slots)


@dataclass(frozen=True)
class Shift:
    """The effect of a dimension on the probability of a class, from 0 to 1.

    The shift of a template is the range of the mean probabilities of its groups; `mean` and
    `largest` are over the templates. `flips` counts the templates for which the fillers get
    different predictions. `groups` has all groups, and `lowest` and `highest` the extreme fillers,
    each with its mean over the templates, ascending.
    """

    dimension: str
    templates: int
    fillers: int
    mean: float
    largest: float
    flips: int
    groups: Ranked
    lowest: Ranked
    highest: Ranked


def shift(dimension: Dimension, chances: npt.ArrayLike, predictions: npt.ArrayLike) -> Shift:
    """Measure a dimension by the predictions for its `texts()`.

    chances      (templates * fillers,) probabilities of the watched class
    predictions  (templates * fillers,) integers, indices of the predicted classes
    """
    shape = len(dimension.templates), len(dimension.fillers)
    table = np.asarray(chances, dtype=np.float64).reshape(shape)
    predicted = np.asarray(predictions, dtype=np.int64).reshape(shape)
    member = np.array([filler.group for filler in dimension.fillers], dtype=object)
    names = list(dict.fromkeys(member.tolist()))
    means = np.stack([table[:, member == name].mean(axis=1) for name in names], axis=1)
    ranges = means.max(axis=1) - means.min(axis=1)
    fillers = _rank([filler.name for filler in dimension.fillers], table.mean(axis=0))
    return Shift(
        dimension.name,
        *shape,
        float(ranges.mean()),
        float(ranges.max()),
        int((predicted != predicted[:, :1]).any(axis=1).sum()),
        _rank(names, means.mean(axis=0)),
        fillers[:EXTREMES],
        fillers[-EXTREMES:],
    )


def _rank(names: Sequence[str], means: npt.NDArray[np.float64]) -> Ranked:
    order = means.argsort(kind="stable").tolist()
    return tuple((names[place], float(means[place])) for place in order)


# ---- Markdown -----------------------------------------------------------------------------------


def groups_markdown(scores: Sequence[GroupScore]) -> str:
    """The group scores as a Markdown table."""
    rows = [
        (row.group, str(row.right), str(row.count), f"{100 * row.right / row.count:.1f} %",
         f"{row.mean:.3f}")
        for row in scores
    ]  # fmt: skip
    return _markdown(("group", "right", "of", "accuracy", "mean P(right label)"), rows)


def shifts_markdown(shifts: Sequence[Shift], watched: str) -> str:
    """The shifts of P(`watched`) as a Markdown table, one row per dimension."""
    header = (
        "attribute", "texts", "mean shift", "largest", "predictions flip", "groups",
        f"lowest mean P({watched})", f"highest mean P({watched})",
    )  # fmt: skip
    rows = [
        (
            row.dimension,
            f"{row.templates} x {row.fillers}",
            f"{row.mean:.3f}",
            f"{row.largest:.3f}",
            f"{row.flips} of {row.templates} ({100 * row.flips / row.templates:.0f} %)",
            f"{_list(row.groups[:1])} to {_list(row.groups[-1:])}",
            _list(row.lowest),
            _list(row.highest),
        )
        for row in shifts
    ]
    return _markdown(header, rows, left=(0, 5, 6, 7))


def _list(ranked: Ranked) -> str:
    return ", ".join(f"{name} {mean:.3f}" for name, mean in ranked)


def _markdown(
    header: Sequence[str], rows: Sequence[Sequence[str]], left: Sequence[int] = (0,)
) -> str:
    marks = [":--" if place in left else "--:" for place in range(len(header))]
    cells = [[one_line(cell).replace("|", "\\|") for cell in row] for row in (header, *rows)]
    return "\n".join(f"| {' | '.join(row)} |" for row in (cells[0], marks, *cells[1:]))
