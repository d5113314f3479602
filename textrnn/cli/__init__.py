"""The command line: the `textrnn` group, and the one place that turns errors into exit codes.

Modules here import only what `--help` needs; a command imports the rest when it runs.
"""

import sys
from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType
from typing import Any

import click

from textrnn import __version__
from textrnn.cli import groups, signals, streams, terminal
from textrnn.cli.groups import HintingGroup
from textrnn.errors import TextRNNError
from textrnn.evaluation.columns import sentence

# Command -> its module in textrnn.cli.commands. A command imports nothing of the others.
COMMANDS: Mapping[str, str] = MappingProxyType(
    {
        "generate": "generate", "classify": "classify", "train": "train", "finetune": "finetune",
        "evaluate": "evaluate", "export": "export", "models": "models", "corpora": "corpora",
    }
)  # fmt: skip


class Group(HintingGroup):
    """Imports a command when it is used, and shows a TextRNNError as one sentence, exit code 1."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of all commands."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """The command `name`; None if there is none."""
        if name not in COMMANDS:
            return None
        command: click.Command = getattr(
            import_module(f"textrnn.cli.commands.{COMMANDS[name]}"), name
        )
        return command

    def main(self, *args: Any, **extra: Any) -> Any:
        """Run the command line, with all that it shows on a terminal made harmless.

        Until a command runs, a signal ends the process at once.
        """
        with streams.guarded(), terminal.Guards(), signals.handled_by(signals.leave):
            return super().main(*args, **extra)

    def invoke(self, ctx: click.Context) -> object:
        """Run a command; a TextRNNError becomes a ClickException, a signal its exit code."""
        try:
            with signals.interruptible():
                result = super().invoke(ctx)
                sys.stdout.flush()
                return result
        except TextRNNError as error:
            raise click.ClickException(sentence(str(error))) from error
        except KeyboardInterrupt as stop:
            click.echo(f"\nStopped{stop}.", err=True)
            sys.exit(signals.exit_code(stop))


def _hint(name: str) -> str:
    found = groups.command_hint(name, main)
    return found or groups.model_hint(name) or groups.training_hint(name)


# color: Click must not strip escape sequences from a result that goes to a file or a pipe.
@click.group(
    cls=Group, hint=_hint, context_settings={"help_option_names": ["-h", "--help"], "color": True}
)
@click.version_option(__version__, prog_name="textrnn")
def main() -> None:
    """Recurrent networks on text: generate and classify text, train models on your own files.

    \b
    textrnn generate --prime "ROMEO"             generate text (bundled model)
    textrnn classify review.txt                  classify a text (bundled model)
    textrnn train generator my.txt -o my-model   train on your text
    textrnn train classifier my.csv -o my-model  train on labelled texts
    textrnn generate --model my-model            generate text with your model
    textrnn evaluate my-model other.txt          evaluate your model
    """
