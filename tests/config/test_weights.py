"""Each cell and each pooling is a table row, and no other module depends on its name."""

import ast
from pathlib import Path
from typing import get_args

import pytest
from support.sources import nodes_of, parsed

import textrnn
from textrnn.config.classifier import ClassifierConfig
from textrnn.config.classifier import weight_shapes as classifier_shapes
from textrnn.config.generator import GeneratorConfig, weight_shapes
from textrnn.config.network import POOLINGS, Pooling, RecurrentConfig
from textrnn.config.weights import CELLS, MOST_LAYERS, Cell, cell_names, stack_shapes
from textrnn.errors import ConfigError

PACKAGE = Path(textrnn.__file__).parent
# The modules to change for a new cell or a new pooling.
OF_CELLS = {"config/weights.py", "engine/cells.py", "models/layers/cells.py"}
OF_POOLINGS = {"config/network.py", "engine/pooling.py", "models/layers/masked.py"}
PARTS = {part for each in POOLINGS.values() for part in each.parts}


def test_the_cell_names_are_the_rows_of_the_table():
    assert get_args(Cell) == tuple(CELLS)


def test_the_pooling_names_are_the_rows_of_the_table():
    assert get_args(Pooling) == tuple(POOLINGS)


@pytest.mark.parametrize("kind", [GeneratorConfig, ClassifierConfig])
def test_every_network_has_the_shared_settings_with_its_own_defaults(kind):
    assert issubclass(kind, RecurrentConfig)
    own = RecurrentConfig.field_types().keys()
    assert own <= kind.field_types().keys()
    assert all(hasattr(kind, name) for name in own - {"vocab_size"})
    assert not any(hasattr(RecurrentConfig, name) for name in own)


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("cell", CELLS)
def test_the_input_size_of_each_layer_is_the_output_size_of_the_layer_below(cell, bidirectional):
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
def test_only_cells_with_a_recurrent_product_have_a_recurrent_kernel(cell):
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
    """Places where a module compares with one of `names`, or has a table of two or more."""
    found = []
    for node in nodes_of(path):
        keys: set[str] = set()
        if isinstance(node, ast.Dict):
            keys = {key.value for key in node.keys if isinstance(key, ast.Constant)} & names
        if (isinstance(node, ast.Compare | ast.MatchValue) and strings_in(node) & names) or (
            len(keys) > 1
        ):
            found.append(f"{path.relative_to(PACKAGE)}:{node.lineno}")
    return found


def test_no_other_module_depends_on_the_name_of_a_cell():
    """Only defaults and presets, in textrnn.config, choose a cell by name."""
    for path in modules(OF_CELLS):
        assert not dispatches(path, set(CELLS))
        if path.relative_to(PACKAGE).parts[0] != "config":
            assert not strings_in(parsed(path)) & set(CELLS), path


def pooling_modules() -> list[Path]:
    # Only modules that compute a pooling: `last` and `max` are values of other settings too.
    return [
        path
        for path in modules(OF_POOLINGS)
        if path.relative_to(PACKAGE).parts[0] in ("engine", "models")
        or path.name in ("classifier.py", "weights.py")
    ]


def test_no_other_module_depends_on_the_name_of_a_pooling():
    for path in pooling_modules():
        assert not dispatches(path, {*POOLINGS, *PARTS})


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"layers": MOST_LAYERS + 1}, "layers must be 64 or less"),
        ({"layers": 2_000_000_000}, "layers must be 64 or less"),
        ({"units": 2**53}, "units must be 9,007,199,254,740,991 or less"),
        ({"units": 2**20}, "the network would have .* weights"),
        ({"vocab_size": 2**30, "embedding_dim": 2}, "the network would have .* weights"),
    ],
)
def test_a_network_that_is_too_large_is_refused_before_anything_is_built(settings, message):
    with pytest.raises(ConfigError, match=message):
        GeneratorConfig(**{"vocab_size": 9, **settings})
    with pytest.raises(ConfigError, match=message):
        ClassifierConfig(**{"vocab_size": 9, "classes": 2, **settings})


def test_the_largest_number_of_layers_is_accepted():
    config = GeneratorConfig(vocab_size=9, layers=MOST_LAYERS, units=2, embedding_dim=2)
    assert len(weight_shapes(config)) == 1 + 3 * MOST_LAYERS + 2
