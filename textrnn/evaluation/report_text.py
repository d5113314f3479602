"""Show a classifier's report: as text in a terminal, as Markdown in a model card.

Both show "-" where a score is undefined (None).
"""

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from textrnn.evaluation.columns import columns, one_line

WIDTH = 96


def as_text(report: Mapping[str, Any]) -> str:
    """A report for a terminal."""
    lines = [_title(report), *(f"note: {one_line(note)}" for note in report["notes"])]
    for table in _tables(report):
        lines += ["", *_aligned(table)]
    if report["abstain"]:
        lines += ["", _abstain_sentence(report["abstain"])]
    if report["worst"]:
        lines += ["", "worst mistakes, counted from 0"]
    for mistake in report["worst"]:
        truth, prediction = one_line(mistake["truth"]), one_line(mistake["prediction"])
        sure = _percent(mistake["probability"])
        lines.append(f"  {mistake['index']}: truth {truth}, judged {prediction} at {sure}")
        lines += textwrap.wrap(
            one_line(mistake["text"]), WIDTH, initial_indent="    ", subsequent_indent="    "
        )
    return "\n".join(lines)


def as_markdown(report: Mapping[str, Any]) -> str:
    """A report for a model card, in GitHub's Markdown; texts are shown as they are written."""
    parts = [f"## {_escaped(_title(report))}"]
    if report["notes"]:
        parts.append("\n".join(f"- {_escaped(note)}" for note in report["notes"]))
    for table in _tables(report):
        parts += [f"### {_escaped(table.title)}", _markdown_table(table)]
    if report["abstain"]:
        parts += ["### not sure", _escaped(_abstain_sentence(report["abstain"]))]
    if report["worst"]:
        header = ("index", "truth", "prediction", "probability", "text")
        rows = [
            [
                _percent(mistake[name]) if name == "probability" else str(mistake[name])
                for name in header
            ]
            for mistake in report["worst"]
        ]
        table = Table("worst mistakes, counted from 0", header, rows, left=(1, 2, 4))
        parts += [f"### {table.title}", _markdown_table(table)]
    return "\n\n".join(parts) + "\n"


class Table(NamedTuple):
    """Cells as they are shown; the columns `left` are aligned to the left, the others right."""

    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    left: tuple[int, ...] = (0,)


def _tables(report: Mapping[str, Any]) -> list[Table]:
    found, classes = report["scores"], report["classes"]
    scored = [("all", found), *report["subsets"].items()]
    return [
        Table(
            "scores (accuracy with its 95 % interval, log loss in nats)",
            ("examples of", "count", "accuracy", "macro F1", "AUC", "log loss", "ECE"),
            [_scores_row(name, row) for name, row in scored],
        ),
        Table(
            "classes",
            ("class", "precision", "recall", "F1", "examples"),
            [_class_row(name, row) for name, row in found["per_class"].items()],
        ),
        Table(
            "truth (rows) and prediction (columns)",
            ("truth", *classes),
            [
                (name, *(f"{count:,}" for count in row))
                for name, row in zip(classes, found["confusion"], strict=True)
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
            "how sure, and how often right",
            ("probability", "examples", "mean", "right"),
            [_bin_row(row) for row in report["reliability"] if row["count"]],
        ),
    ]


def _scores_row(name: str, found: Mapping[str, Any] | None) -> tuple[str, ...]:
    if found is None:
        return (name, "0", *"-----")
    return (
        name,
        f"{found['examples']:,}",
        _accuracy(found),
        _percent(found["macro_f1"]),
        "-" if found["auc"] is None else f"{found['auc']:.4f}",
        f"{found['log_loss']:.4f}",
        _percent(found["ece"]),
    )


def _class_row(name: str, found: Mapping[str, Any]) -> tuple[str, ...]:
    shares = (_percent(found[of]) for of in ("precision", "recall", "f1"))
    return (name, *shares, f"{found['support']:,}")


def _bin_row(found: Mapping[str, Any]) -> tuple[str, ...]:
    sure = f"{100 * found['low']:.1f}-{100 * found['high']:.1f} %"
    shares = (_percent(found[of]) for of in ("confidence", "accuracy"))
    return (sure, f"{found['count']:,}", *shares)


def _title(report: Mapping[str, Any]) -> str:
    return f"{one_line(report['model'])}, {report['scores']['examples']:,} examples"


def _abstain_sentence(found: Mapping[str, Any]) -> str:
    return (
        f"judged only where sure by {100 * found['threshold']:g} % or more: {found['judged']:,} "
        f"examples, {_percent(found['share'])} of all; accuracy among those {_accuracy(found)}"
    )


def _words(low: int, high: int | None) -> str:
    if high is None:
        return f"{low:,} and more"
    return f"{low:,}-{high:,}" if low else f"up to {high:,}"


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.2f} %"


def _accuracy(found: Mapping[str, Any]) -> str:
    """90.12 % (89.74-90.48): a share and its 95 % interval."""
    if found["accuracy"] is None:
        return "-"
    low, high = found["interval"]["low"], found["interval"]["high"]
    return f"{_percent(found['accuracy'])} ({100 * low:.2f}-{100 * high:.2f})"


def _aligned(table: Table) -> list[str]:
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
    rows = [[_escaped(cell) for cell in row] for row in (table.header, *table.rows)]
    return "\n".join(f"| {' | '.join(row)} |" for row in (rows[0], marks, *rows[1:]))


# What means something inside a line: HTML, emphasis, code, links, cells, and GitHub's formulas.
_MARKS = {ord(mark): f"\\{mark}" for mark in "\\`*_[]~|$"}
_MARKS |= {ord("&"): "&amp;", ord("<"): "&lt;", ord(">"): "&gt;"}


def _escaped(text: str) -> str:
    return one_line(text).translate(_MARKS)
