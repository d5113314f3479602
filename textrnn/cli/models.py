"""`textrnn models`: list and show trained models."""

from typing import Any

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
        model = artifact.load_any(name)
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

    loaded = artifact.load_any(model)
    click.echo(loaded.card or f"# {model}\n\n(no README.md)")
    click.echo(f"parameters  {loaded.parameters:,}")
    if isinstance(loaded, artifact.ClassifierArtifact):
        _show_classifier(loaded)
        return
    config = loaded.config
    click.echo(
        f"network     {config.layers} x {config.cell} of {config.units}, embedding "
        f"{config.embedding_dim or 'none (one-hot)'}"
    )
    click.echo(f"alphabet    {''.join(loaded.tokenizer.characters)!r}")


def _show_classifier(model: Any) -> None:
    config, reading = model.config, model.reading
    click.echo(
        f"network     {config.layers} x {config.cell} of {config.units}"
        f"{' in both directions' if config.bidirectional else ''}, embedding "
        f"{config.embedding_dim}, pooling {config.pooling}"
    )
    click.echo(
        f"reads       {reading.tokens} by the rule {reading.rule!r}, {config.vocab_size:,} ids, "
        f"up to {reading.max_words} words at a time"
    )
    click.echo(f"classes     {', '.join(model.classes)}")
