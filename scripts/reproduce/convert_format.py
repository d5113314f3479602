#!/usr/bin/env python
"""Write model folders anew in the present format; weights and tokenizers stay byte by byte.

    scripts/reproduce/convert_format.py textrnn/pretrained/*

Models of older formats are read without it: this is for those that are given away.
"""

import sys
from pathlib import Path

import click

from textrnn.artifacts import registry
from textrnn.errors import TextRNNError


@click.command(help=__doc__)
@click.argument("folders", nargs=-1, required=True, type=click.Path(path_type=Path))
def main(folders: tuple[Path, ...]) -> None:
    for folder in folders:
        model = registry.convert(folder)
        click.echo(f"{folder}: a {model.kind.replace('_', ' ')}, {model.parameters:,} parameters")


if __name__ == "__main__":
    try:
        main()
    except TextRNNError as error:
        sys.exit(f"Error: {error}")
