"""The command line: the `textrnn` group, and the one place that turns errors into exit codes.

Modules here import only what `--help` needs; a command imports the rest when it runs.
"""

import io
import sys

import click

from textrnn import __version__
from textrnn.cli.commands.classify import classify
from textrnn.cli.commands.corpora import corpora
from textrnn.cli.commands.evaluate import evaluate
from textrnn.cli.commands.export import export
from textrnn.cli.commands.generate import generate
from textrnn.cli.commands.models import models
from textrnn.cli.commands.train import finetune, train
from textrnn.errors import TextRNNError


class Group(click.Group):
    """Shows a TextRNNError as one sentence and exits with 1."""

    def invoke(self, ctx: click.Context) -> object:
        """Run a command; a TextRNNError becomes a ClickException (exit code 1)."""
        try:
            return super().invoke(ctx)
        except TextRNNError as error:
            raise click.ClickException(str(error)) from error


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="textrnn")
def main() -> None:
    """Recurrent networks on text: generate and classify text, train models on your own files.

    \b
    textrnn generate --prime "ROMEO" --temperature 0.5     generate text with the bundled model
    textrnn classify review.txt                            classify a text with the bundled model
    textrnn train generator my.txt -o my-model             train a generator on your text
    textrnn train classifier my.csv -o my-classifier       train a classifier on labelled texts
    textrnn generate --model my-model                      generate text with your model
    textrnn evaluate my-model other.txt                    evaluate your model on another text
    """
    for stream in (sys.stdout, sys.stderr):
        # On a terminal that cannot show a character, print its code instead of a traceback.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


for command in (generate, classify, train, finetune, evaluate, export, models, corpora):
    main.add_command(command)
