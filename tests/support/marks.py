"""Which tests import TensorFlow or start processes, read from their source.

    tensorflow   the module imports TensorFlow, itself or through textrnn; or the test imports it
                 in its body, or trains, or names a helper or fixture of its module that does
    subprocess   the test, or a helper or fixture of its module that it names, starts a process

Nothing is imported to find that out: a test that -m leaves out must cost nothing. What cannot be
seen, as a command line that trains, is marked by hand; tests/conftest.py tells what was forgotten.
"""

import ast
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import textrnn
from support.paths import ROOT
from support.sources import parsed

TENSORFLOW = {"tensorflow", "keras", "tensorflow_datasets", "tensorflow_hub"}
# Functions of textrnn and methods of a model.
TRAINING = {"finetune"} | {name for name in textrnn.__all__ if name.startswith("train_")}
PROCESSES = {"subprocess", "multiprocessing", "fork"}
FOLDERS = (ROOT, ROOT / "tests", ROOT / "scripts" / "reproduce")  # where modules are imported from
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


class Marks(NamedTuple):
    """Of a test module: the marks of all of it, and those of each of its functions."""

    module: frozenset[str]
    functions: dict[str, frozenset[str]]


@cache
def marks_of(path: Path) -> Marks:
    """The marks of the test module `path`."""
    tree = parsed(path)
    module = frozenset({"tensorflow"} if _loads_tensorflow(_imports(tree.body)) else ())
    functions = {node.name: node for node in tree.body if isinstance(node, FUNCTIONS)}
    own = {name: _marks_of_body(node) for name, node in functions.items()}
    names = {name: _names_in(node) & functions.keys() for name, node in functions.items()}
    return Marks(module, {name: _reached(name, own, names) for name in functions})


def leaves_out(expression: str, marks: Iterable[str]) -> bool:
    """Whether `expression`, as of -m, selects no test that has all the `marks`.

    Only terms joined by `and` are understood; of anything else this is False.
    """
    terms = [term.strip() for term in re.split(r"\band\b", expression)]
    return not re.search(r"\bor\b|\(", expression) and any(f"not {mark}" in terms for mark in marks)


def _imports(body: Iterable[ast.stmt]) -> Iterator[str]:
    """The modules, or names in modules, that are imported when `body` is run."""
    for node in body:
        if isinstance(node, FUNCTIONS):
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif not (isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)):
            for part in ("body", "orelse", "finalbody", "handlers"):
                yield from _imports(getattr(node, part, ()))


def _loads_tensorflow(names: Iterable[str]) -> bool:
    """Whether importing `names` imports TensorFlow, by itself or through modules of ours."""
    seen: set[Path] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name.split(".")[0] in TENSORFLOW:
            return True
        for path in _files(name):
            if path not in seen:
                seen.add(path)
                waiting += _imports_of(path)
    return False


@cache
def _imports_of(path: Path) -> tuple[str, ...]:
    return tuple(_imports(parsed(path).body))


@cache
def _files(name: str) -> tuple[Path, ...]:
    """The files of ours that importing `name`, a.b.c, runs: of a, a.b and a.b.c."""
    parts = name.split(".")
    for folder in FOLDERS:
        found = []
        for end in range(1, len(parts) + 1):
            place = folder.joinpath(*parts[:end])
            found += [each for each in (place.with_suffix(".py"), place / "__init__.py")
                      if each.is_file()]  # fmt: skip
        if found:
            return tuple(found)
    return ()


def _marks_of_body(function: ast.AST) -> frozenset[str]:
    """The marks that a function deserves for what stands in it."""
    found, imported = set(), []
    for node in ast.walk(function):
        if isinstance(node, ast.Import | ast.ImportFrom):
            imported += _imports([node])
        elif isinstance(node, ast.Constant) and str(node.value).startswith("textrnn."):
            imported.append(str(node.value))  # monkeypatch imports what its target names
    names = _names_in(function)
    if names & PROCESSES:
        found.add("subprocess")
    if names & TRAINING or _loads_tensorflow(imported):
        found.add("tensorflow")
    return frozenset(found)


@cache
def _names_in(function: ast.AST) -> frozenset[str]:
    """The names that a function uses; those of its parameters are names of fixtures."""
    found = set()
    for node in ast.walk(function):
        if isinstance(node, ast.Name):
            found.add(node.id)
        elif isinstance(node, ast.Attribute):
            found.add(node.attr)
        elif isinstance(node, ast.arg):
            found.add(node.arg)
    return frozenset(found)


def _reached(
    name: str, own: dict[str, frozenset[str]], names: dict[str, set[str]]
) -> frozenset[str]:
    """The marks of a function and of all that it names, directly or not."""
    seen: set[str] = set()
    waiting = {name}
    while waiting:
        each = waiting.pop()
        seen.add(each)
        waiting |= names[each] - seen
    return frozenset().union(*(own[each] for each in seen))
