"""What `classify` is asked for: the texts, the form of the result, and its place."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from textrnn.cli.prediction_writers import ResultForm
from textrnn.config.limits import EXPLAIN_LIMIT, TEXT_LIMIT, check_limit
from textrnn.data.encodings import Encoding
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
from textrnn.errors import ConfigError
from textrnn.files import is_direct


@dataclass(frozen=True)
class Task:
    """The texts to classify, and the form and place of the result."""

    files: Sequence[str]
    texts: Sequence[str]
    form: InputForm | None
    column: str
    encoding: Encoding
    result: ResultForm | None
    output: Path | None
    explain: bool
    safe_csv: bool = False
    text_limit: int = TEXT_LIMIT
    explain_limit: int = EXPLAIN_LIMIT

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
        check_limit("--text-limit", self.text_limit)
        check_limit("--explain-limit", self.explain_limit)
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
