"""The command line: the group, and the one place that turns our errors into exit codes.

Modules here import only what `--help` needs; a command imports its machinery when it runs.
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
    """Shows an error that a user caused as one sentence, and exits with 1."""

    def invoke(self, ctx: click.Context) -> object:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except TextRNNError as error:
            raise click.ClickException(str(error)) from error


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="textrnn")
def main() -> None:
    """Recurrent networks on text: let one write or judge, teach one on files of your own.

    \b
    textrnn generate --prime "ROMEO" --temperature 0.5     write with the bundled model
    textrnn classify review.txt                            judge a text with the bundled one
    textrnn train generator my.txt -o my-model             learn to write like a text of yours
    textrnn train classifier my.csv -o my-judge            learn to judge from labelled texts
    textrnn generate --model my-model                      write with that
    textrnn evaluate my-model other.txt                    how well it foretells a text
    """
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show a character gets its code, not a traceback.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


for command in (generate, classify, train, finetune, evaluate, export, models, corpora):
    main.add_command(command)
