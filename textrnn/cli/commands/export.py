"""`textrnn export`: write what a model learnt in a form that others read."""

import shlex
from pathlib import Path

import click

from textrnn.cli.kinds import load
from textrnn.errors import ConfigError


@click.group()
def export() -> None:
    """Write what a model learnt in a form that others read."""


@export.command()
@click.argument("model", required=False)
@click.option(
    "-o",
    "--output",
    required=True,
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="The module's folder; there must be none of that name.",
)
@click.option(
    "--vectors", metavar="FILE", help="Instead of a MODEL: a file of GloVe or word2vec vectors."
)
def embedding(model: str | None, output: Path, vectors: str | None) -> None:
    """Write the embedding of MODEL, a bundled name or a folder, as a TF-Hub module for text.

    The module is a TensorFlow 2 SavedModel that gives a vector for each text: the sum of its
    words' vectors (of a generator: its characters'), divided by the square root of their number.
    It splits a text by MODEL's own rule, which the README.md in it states. `train classifier --hub
    DIR` starts from it, and so does any program that loads modules of TF-Hub.

    \b
    textrnn export embedding my-model -o my-words
    textrnn train classifier other.csv -o other-model --hub my-words
    textrnn export embedding --vectors glove.txt -o glove-module
    """
    if (model is None) == (vectors is None):
        raise ConfigError("name a MODEL or a file of --vectors, one of the two")
    if output.exists():
        raise ConfigError(f"{output} is there already; choose another -o, or move that one away")
    loaded = load(model) if model else None
    from textrnn.cli.tensorflow import import_tensorflow

    import_tensorflow("export")
    from textrnn.models.export import tfhub

    found = tfhub.embedding_of(loaded) if loaded else tfhub.embedding_from(str(vectors))
    tfhub.save(found, output, source=Path(str(model or vectors)).name)
    click.echo(
        f"{len(found.tokens):,} tokens of {found.vectors.shape[1]} values are in {output}. Start "
        f"from them: textrnn train classifier DATA -o MODEL --hub {shlex.quote(str(output))}",
        err=True,
    )
