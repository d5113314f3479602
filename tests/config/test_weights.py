"""A cell and a pooling are a row each, and nothing else asks for them by name."""

import ast
from pathlib import Path
from typing import get_args

import pytest

import textrnn
from textrnn.config.classifier import ClassifierConfig
from textrnn.config.classifier import weight_shapes as classifier_shapes
from textrnn.config.generator import GeneratorConfig, weight_shapes
from textrnn.config.network import POOLINGS, Pooling, RecurrentConfig
from textrnn.config.weights import CELLS, Cell, cell_names, stack_shapes

PACKAGE = Path(textrnn.__file__).parent
# What a new cell, and a new pooling, has to touch.
OF_CELLS = {"config/weights.py", "engine/cells.py", "models/layers/cells.py"}
OF_POOLINGS = {"config/network.py", "engine/pooling.py", "models/layers/masked.py"}
PARTS = {part for each in POOLINGS.values() for part in each.parts}


def test_every_cell_that_can_be_named_has_a_row_and_every_row_a_name():
    assert get_args(Cell) == tuple(CELLS)


def test_every_pooling_that_can_be_named_has_a_row_and_every_row_a_name():
    assert get_args(Pooling) == tuple(POOLINGS)


@pytest.mark.parametrize("kind", [GeneratorConfig, ClassifierConfig])
def test_every_network_has_the_shared_settings_and_defaults_of_its_own(kind):
    assert issubclass(kind, RecurrentConfig)
    own = RecurrentConfig.field_types().keys()
    assert own <= kind.field_types().keys()
    assert all(hasattr(kind, name) for name in own - {"vocab_size"})
    assert not any(hasattr(RecurrentConfig, name) for name in own)


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("cell", CELLS)
def test_each_layer_reads_what_the_one_below_gives(cell, bidirectional):
    config = ClassifierConfig(
        vocab_size=9, classes=2, cell=cell, layers=3, units=5, bidirectional=bidirectional
    )
    shapes, features = stack_shapes(config, 4)
    assert features == 5 * config.directions
    for index, inputs in ((1, 4), (2, features), (3, features)):
        names = cell_names(config, index)
        assert len(names) == config.directions
        for name in names:
            assert shapes[f"{name}/kernel"] == (inputs, 5 * CELLS[cell].gates)
    assert (
        shapes.items()
        <= classifier_shapes(ClassifierConfig(**{**config.to_dict(), "embedding_dim": 4})).items()
    )


@pytest.mark.parametrize("cell", CELLS)
def test_a_recurrent_kernel_is_there_where_the_cell_has_such_a_product(cell):
    shapes = weight_shapes(GeneratorConfig(vocab_size=9, cell=cell))
    assert any("recurrent_kernel" in name for name in shapes) == CELLS[cell].recurrent


# ---- structure ----------------------------------------------------------------------------------


def modules(but: set[str]) -> list[Path]:
    paths = sorted(PACKAGE.rglob("*.py"))
    return [path for path in paths if str(path.relative_to(PACKAGE)) not in but]


def strings_in(node: ast.AST) -> set[str]:
    return {
        each.value
        for each in ast.walk(node)
        if isinstance(each, ast.Constant) and isinstance(each.value, str)
    }


def dispatches(path: Path, names: set[str]) -> list[str]:
    """Where a module compares with one of `names`, or has a table of two or more of them."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        keys: set[str] = set()
        if isinstance(node, ast.Dict):
            keys = {key.value for key in node.keys if isinstance(key, ast.Constant)} & names
        if (isinstance(node, ast.Compare | ast.MatchValue) and strings_in(node) & names) or (
            len(keys) > 1
        ):
            found.append(f"{path.relative_to(PACKAGE)}:{node.lineno}")
    return found


@pytest.mark.parametrize("path", modules(OF_CELLS), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_other_module_asks_for_a_cell_by_name(path):
    """Defaults and presets, in the room of settings, choose among cells; nothing else names one."""
    assert not dispatches(path, set(CELLS))
    if path.relative_to(PACKAGE).parts[0] != "config":
        assert not strings_in(ast.parse(path.read_text(encoding="utf-8"))) & set(CELLS)


def pooling_modules() -> list[Path]:
    # `last` and `max` are words of other settings too: of the rooms that compute a pooling only.
    return [
        path
        for path in modules(OF_POOLINGS)
        if path.relative_to(PACKAGE).parts[0] in ("engine", "models")
        or path.name in ("classifier.py", "weights.py")
    ]


@pytest.mark.parametrize("path", pooling_modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_other_module_asks_for_a_pooling_by_name(path):
    assert not dispatches(path, {*POOLINGS, *PARTS})
