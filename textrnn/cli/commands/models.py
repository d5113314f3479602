"""`textrnn models`: list the bundled models and show any model."""

import click

from textrnn.cli.kinds import load

LISTED = "{:<16} {:<10} {:>12} {:>9}  {}"


@click.group(invoke_without_command=True)
@click.pass_context
def models(ctx: click.Context) -> None:
    """List the bundled models, or show a bundled model or a folder written by `train`."""
    if ctx.invoked_subcommand is None:
        ctx.invoke(list_models)


@models.command("list")
def list_models() -> None:
    """List the bundled models with their size and score."""
    from textrnn.artifacts import registry
    from textrnn.artifacts.kinds import KINDS

    click.echo(LISTED.format("name", "kind", "parameters", "size", "score"))
    for name, folder in registry.bundled().items():
        model = registry.load(name)
        size = sum(path.stat().st_size for path in folder.iterdir()) / 1e6
        click.echo(
            LISTED.format(
                name,
                model.kind,
                f"{model.parameters:,}",
                f"{size:.1f} MB",
                KINDS[model.kind].scores_of(model.metadata),
            )
        )


@models.command()
@click.argument("model")
def show(model: str) -> None:
    """Show the shape, scores, licence, training data and checksums of MODEL, a name or a folder."""
    from textrnn.artifacts.kinds import KINDS

    loaded = load(model)
    click.echo(loaded.card or f"# {model}\n\n(no README.md)")
    click.echo(f"parameters  {loaded.parameters:,}")
    for line in KINDS[loaded.kind].summary(loaded):
        click.echo(line)
    for name, checksum in loaded.checksums.items():
        click.echo(f"sha256      {checksum}  {name}")
