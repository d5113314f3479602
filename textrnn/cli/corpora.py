import click
@click.group(help="Texts.")
def corpora() -> None:
    pass
