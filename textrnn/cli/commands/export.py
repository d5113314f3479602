"""`textrnn export`: export trained weights to formats of other programs."""

import shlex
from pathlib import Path

import click

from textrnn.cli.groups import HintingGroup
from textrnn.cli.kinds import load
from textrnn.cli.targets import output_folder
from textrnn.errors import ConfigError


@click.group(cls=HintingGroup)
def export() -> None:
    """Export parts of a model to formats that other programs load."""


@export.command()
@click.argument("model", required=False)
@click.option(
    "-o",
    "--output",
    required=True,
    metavar="DIR",
    type=output_folder,
    help="Folder of the module; must not exist yet.",
)
@click.option(
    "--vectors",
    metavar="FILE",
    help="Export these GloVe or word2vec vectors (text format) instead of a MODEL.",
)
def embedding(model: str | None, output: Path, vectors: str | None) -> None:
    """Export the embedding of MODEL as a TF-Hub text module.

    MODEL is a bundled name or a folder. The module is a TensorFlow 2 SavedModel that maps each
    text to a vector: the sum of its token vectors (words, or a generator's characters) divided by
    the square root of their number. It splits texts as MODEL does; its README.md describes how.
    Use it with `train classifier --hub DIR` or in any program that loads TF-Hub modules.

    \b
    textrnn export embedding my-model -o my-words
    textrnn train classifier other.csv -o other-model --hub my-words
    textrnn export embedding --vectors glove.txt -o glove-module
    """
    if (model is None) == (vectors is None):
        raise ConfigError("give either a MODEL or --vectors FILE")
    if output.exists():
        raise ConfigError(f"{output} already exists; choose another -o, or move it away")
    loaded = load(model) if model else None
    from textrnn.cli.tensorflow import import_tensorflow

    import_tensorflow("export")
    from textrnn.models.export import tfhub

    found = tfhub.embedding_of(loaded) if loaded else tfhub.embedding_from(str(vectors))
    tfhub.save(found, output, source=Path(str(model or vectors)).name)
    click.echo(
        f"{len(found.tokens):,} vectors of {found.vectors.shape[1]} dimensions are in {output}. "
        f"Use them: textrnn train classifier DATA -o MODEL --hub {shlex.quote(str(output))}",
        err=True,
    )
