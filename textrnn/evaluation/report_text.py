"""Render a classifier's report as text for a terminal, or as Markdown for a model card.

Both show "-" for an undefined score (None).
"""

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from textrnn.evaluation.columns import columns, one_line

WIDTH = 96


def as_text(report: Mapping[str, Any]) -> str:
    """The report as aligned tables for a terminal."""
    lines = [_title(report), *(f"note: {one_line(note)}" for note in report["notes"])]
    for table in _tables(report):
        lines += ["", *_align(table)]
    if report["abstain"]:
        lines += ["", _abstain_sentence(report["abstain"])]
    if report["worst"]:
        lines += ["", "worst mistakes (index from 0)"]
    for mistake in report["worst"]:
        truth, prediction = one_line(mistake["truth"]), one_line(mistake["prediction"])
        probability = _percent(mistake["probability"])
        lines.append(
            f"  {mistake['index']}: truth {truth}, predicted {prediction} at {probability}"
        )
        lines += textwrap.wrap(
            one_line(mistake["text"]), WIDTH, initial_indent="    ", subsequent_indent="    "
        )
    return "\n".join(lines)


def as_markdown(report: Mapping[str, Any]) -> str:
    """The report in GitHub Markdown for a model card; texts are escaped."""
    parts = [f"## {_escape(_title(report))}"]
    if report["notes"]:
        parts.append("\n".join(f"- {_escape(note)}" for note in report["notes"]))
    for table in _tables(report):
        parts += [f"### {_escape(table.title)}", _markdown_table(table)]
    if report["abstain"]:
        parts += ["### abstention", _escape(_abstain_sentence(report["abstain"]))]
    if report["worst"]:
        header = ("index", "truth", "prediction", "probability", "text")
        rows = [
            [
                _percent(mistake[name]) if name == "probability" else str(mistake[name])
                for name in header
            ]
            for mistake in report["worst"]
        ]
        table = Table("worst mistakes (index from 0)", header, rows, left=(1, 2, 4))
        parts += [f"### {table.title}", _markdown_table(table)]
    return "\n\n".join(parts) + "\n"


class Table(NamedTuple):
    """Formatted cells; the columns in `left` are left-aligned, the others right-aligned."""

    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    left: tuple[int, ...] = (0,)


def _tables(report: Mapping[str, Any]) -> list[Table]:
    scores, classes = report["scores"], report["classes"]
    subsets = [("all", scores), *report["subsets"].items()]
    return [
        Table(
            "scores (accuracy with its 95 % interval, log loss in nats)",
            ("examples of", "count", "accuracy", "macro F1", "AUC", "log loss", "ECE"),
            [_scores_row(name, row) for name, row in subsets],
        ),
        Table(
            "classes",
            ("class", "precision", "recall", "F1", "examples"),
            [_class_row(name, row) for name, row in scores["per_class"].items()],
        ),
        Table(
            "truth (rows) and prediction (columns)",
            ("truth", *classes),
            [
                (name, *(f"{count:,}" for count in row))
                for name, row in zip(classes, scores["confusion"], strict=True)
            ],
        ),
        Table(
            "by length",
            ("words", "examples", "accuracy"),
            [
                (_words(row["low"], row["high"]), f"{row['count']:,}", _accuracy(row))
                for row in report["by_length"]
            ],
        ),
        Table(
            "calibration",
            ("probability", "examples", "mean", "right"),
            [_bin_row(row) for row in report["reliability"] if row["count"]],
        ),
    ]


def _scores_row(name: str, scores: Mapping[str, Any] | None) -> tuple[str, ...]:
    if scores is None:
        return (name, "0", *"-----")
    return (
        name,
        f"{scores['examples']:,}",
        _accuracy(scores),
        _percent(scores["macro_f1"]),
        "-" if scores["auc"] is None else f"{scores['auc']:.4f}",
        f"{scores['log_loss']:.4f}",
        _percent(scores["ece"]),
    )


def _class_row(name: str, scores: Mapping[str, Any]) -> tuple[str, ...]:
    fractions = (_percent(scores[key]) for key in ("precision", "recall", "f1"))
    return (name, *fractions, f"{scores['support']:,}")


def _bin_row(scores: Mapping[str, Any]) -> tuple[str, ...]:
    interval = f"{100 * scores['low']:.1f}-{100 * scores['high']:.1f} %"
    fractions = (_percent(scores[key]) for key in ("confidence", "accuracy"))
    return (interval, f"{scores['count']:,}", *fractions)


def _title(report: Mapping[str, Any]) -> str:
    return f"{one_line(report['model'])}, {report['scores']['examples']:,} examples"


def _abstain_sentence(scores: Mapping[str, Any]) -> str:
    return (
        f"predictions with a confidence of {100 * scores['threshold']:g} % or more: "
        f"{scores['predicted']:,} examples, {_percent(scores['share'])} of all; "
        f"accuracy among those {_accuracy(scores)}"
    )


def _words(low: int, high: int | None) -> str:
    if high is None:
        return f"{low:,} and more"
    return f"{low:,}-{high:,}" if low else f"up to {high:,}"


def _percent(fraction: float | None) -> str:
    return "-" if fraction is None else f"{100 * fraction:.2f} %"


def _accuracy(scores: Mapping[str, Any]) -> str:
    """90.12 % (89.74-90.48): an accuracy and its 95 % interval."""
    if scores["accuracy"] is None:
        return "-"
    low, high = scores["interval"]["low"], scores["interval"]["high"]
    return f"{_percent(scores['accuracy'])} ({100 * low:.2f}-{100 * high:.2f})"


def _align(table: Table) -> list[str]:
    cells = [[one_line(cell) for cell in row] for row in (table.header, *table.rows)]
    widths = [max(map(columns, column)) for column in zip(*cells, strict=True)]
    lines = [table.title]
    for row in cells:
        padded = [
            cell + " " * (width - columns(cell))
            if index in table.left
            else " " * (width - columns(cell)) + cell
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  " + "  ".join(padded).rstrip())
    return lines


def _markdown_table(table: Table) -> str:
    marks = [":--" if index in table.left else "--:" for index in range(len(table.header))]
    rows = [[_escape(cell) for cell in row] for row in (table.header, *table.rows)]
    return "\n".join(f"| {' | '.join(row)} |" for row in (rows[0], marks, *rows[1:]))


# Characters with a meaning inside a line: HTML, emphasis, code, links, cells, GitHub formulas.
_MARKS = {ord(mark): f"\\{mark}" for mark in "\\`*_[]~|$"}
_MARKS |= {ord("&"): "&amp;", ord("<"): "&lt;", ord(">"): "&gt;"}


def _escape(text: str) -> str:
    return one_line(text).translate(_MARKS)
