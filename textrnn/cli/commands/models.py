"""`textrnn models`: list the bundled models and show any model."""

import shlex

import click

from textrnn.cli.groups import HintingGroup, model_hint
from textrnn.cli.kinds import load
from textrnn.cli.tables import facts, wrapped
from textrnn.errors import ArtifactError

LISTED = "{:<16} {:<10} {:>12} {:>9}"


def _hint(name: str) -> str:
    return model_hint(name) and f"type: textrnn models show {shlex.quote(name)}"


@click.group(cls=HintingGroup, hint=_hint, invoke_without_command=True)
@click.pass_context
def models(ctx: click.Context) -> None:
    """List the bundled models, or show a model.

    \b
    textrnn models
    textrnn models show shakespeare
    textrnn models show my-model
    """
    if ctx.invoked_subcommand is None:
        ctx.invoke(list_models)


@models.command("list")
def list_models() -> None:
    """List the bundled models with their size and score."""
    from textrnn.artifacts import registry
    from textrnn.artifacts.kinds import KINDS

    click.echo(LISTED.format("name", "kind", "parameters", "size"))
    for name, folder in registry.bundled().items():
        model = registry.load(name)
        size = sum(path.stat().st_size for path in folder.iterdir()) / 1e6
        click.echo(LISTED.format(name, model.kind, f"{model.parameters:,}", f"{size:.1f} MB"))
        click.echo(wrapped(KINDS[model.kind].scores_of(model.metadata), "    "))


@models.command()
@click.argument("model")
@click.option("--card", is_flag=True, help="Print the whole model card, MODEL's README.md.")
def show(model: str, card: bool) -> None:
    """Show the facts about MODEL, a bundled name or a folder.

    Its kind, size, network, training data, scores, the settings that differ from the defaults,
    licence and checksums.
    """
    loaded = load(model)
    if not card:
        from textrnn.cli.model_facts import facts_of

        click.echo(facts(facts_of(loaded), anywhere=("alphabet",)))
    elif loaded.card:
        click.echo(loaded.card)
    else:
        raise ArtifactError(f"{model} has no card, for it has no README.md; leave out --card")
