"""`textrnn models`: list and show trained models."""

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from textrnn.artifacts.registry import ClassifierArtifact

LISTED = "{:<16} {:<10} {:>12} {:>9}  {}"


@click.group(invoke_without_command=True)
@click.pass_context
def models(ctx: click.Context) -> None:
    """List the bundled models, or show one; a folder that `train` made can be shown too."""
    if ctx.invoked_subcommand is None:
        ctx.invoke(list_models)


@models.command("list")
def list_models() -> None:
    """List the bundled models."""
    from textrnn.artifacts import cards, registry

    click.echo(LISTED.format("name", "kind", "parameters", "size", "score"))
    for name, folder in registry.bundled().items():
        model = registry.load_any(name)
        size = sum(path.stat().st_size for path in folder.iterdir()) / 1e6
        click.echo(
            LISTED.format(
                name,
                model.record()["kind"],
                f"{model.parameters:,}",
                f"{size:.1f} MB",
                cards.score_line(model.metadata.get("scores", {})),
            )
        )


@models.command()
@click.argument("model")
def show(model: str) -> None:
    """Show MODEL, a bundled name or a folder: shape, scores, licence, what it learnt from."""
    from textrnn.artifacts import registry

    loaded = registry.load_any(model)
    click.echo(loaded.card or f"# {model}\n\n(no README.md)")
    click.echo(f"parameters  {loaded.parameters:,}")
    if isinstance(loaded, registry.ClassifierArtifact):
        _show_classifier(loaded)
        return
    config = loaded.config
    click.echo(
        f"network     {config.layers} x {config.cell} of {config.units}, embedding "
        f"{config.embedding_dim or 'none (one-hot)'}"
    )
    click.echo(f"writes by   {loaded.tokenizer.unit}: {config.vocab_size:,} ids")
    click.echo(f"alphabet    {''.join(loaded.tokenizer.codec.characters)!r}")


def _show_classifier(model: "ClassifierArtifact") -> None:
    from textrnn.artifacts.classifier import HOW_READ

    config, reading = model.config, model.reading
    parts = [f"embedding {config.embedding_dim}"]
    if config.conv_layers:
        parts.append(f"{config.conv_layers} convolutions of {config.conv_filters}")
    if config.layers:
        ways = " in both directions" if config.bidirectional else ""
        parts.append(f"{config.layers} x {config.cell} of {config.units}{ways}")
    parts.append(f"pooling {config.pooling}")
    what = model.tokenizer.unit
    rule = f" by the rule {model.tokenizer.rule!r}" if model.tokenizer.rule else ""
    click.echo(f"network     {', '.join(parts)}")
    click.echo(
        f"reads       {what}{rule}{', in lower case' if reading.lower else ''}: "
        f"{config.vocab_size:,} ids, {reading.max_words:,} {what} at a time"
    )
    click.echo(f"long texts  are read {HOW_READ[model.long_texts]}")
    click.echo(f"classes     {', '.join(model.classes)}")
