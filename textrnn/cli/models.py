"""`textrnn models`: list and show trained models."""

import click

LISTED = "{:<16} {:>12} {:>9}  {}"


@click.group(invoke_without_command=True)
@click.pass_context
def models(ctx: click.Context) -> None:
    """List the bundled models, or show one; a folder that `train` made can be shown too."""
    if ctx.invoked_subcommand is None:
        ctx.invoke(list_models)


@models.command("list")
def list_models() -> None:
    """List the bundled models."""
    from textrnn import artifact, records

    click.echo(LISTED.format("name", "parameters", "size", "score"))
    for name, folder in artifact.bundled().items():
        model = artifact.load(name)
        size = sum(path.stat().st_size for path in folder.iterdir()) / 1e6
        click.echo(
            LISTED.format(
                name,
                f"{model.parameters:,}",
                f"{size:.1f} MB",
                records.score_line(model.metadata.get("scores", {})),
            )
        )


@models.command()
@click.argument("model")
def show(model: str) -> None:
    """Show MODEL, a bundled name or a folder: shape, scores, licence, what it learnt from."""
    from textrnn import artifact

    loaded = artifact.load(model)
    config = loaded.config
    click.echo(loaded.card or f"# {model}\n\n(no README.md)")
    click.echo(f"parameters  {loaded.parameters:,}")
    click.echo(
        f"network     {config.layers} x {config.cell} of {config.units}, embedding "
        f"{config.embedding_dim or 'none (one-hot)'}"
    )
    click.echo(f"alphabet    {''.join(loaded.tokenizer.characters)!r}")
