"""`textrnn generate`: continue a text."""

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from textrnn.cli.kinds import tell_notices
from textrnn.cli.options import all_of, model_option, setting, write_file
from textrnn.config.sampling import SamplingConfig
from textrnn.errors import ConfigError

if TYPE_CHECKING:
    from textrnn.artifacts.generator import GeneratorArtifact

sampling_options = all_of(
    setting(SamplingConfig, "temperature", "Below 1 safer, above 1 wilder, 0 the likeliest."),
    setting(SamplingConfig, "top_k", "Choose among the K likeliest only; 0 is all."),
    setting(SamplingConfig, "top_p", "Choose among the likeliest that make up this share."),
    setting(SamplingConfig, "min_p", "Drop what is less likely than this x the likeliest."),
    setting(SamplingConfig, "repetition_penalty", "Above 1 shuns recent characters (tokens)."),
    setting(SamplingConfig, "repetition_window", "How many characters (tokens) are recent."),
)


@click.command()
@model_option
@click.option("--prime", help="Text to continue.  [default: none, a new text]")
@click.option(
    "--prime-file", metavar="FILE", help="Read the text to continue from a file; - is stdin."
)
@click.option("--length", default=400, show_default=True, help="Characters to write.")
@sampling_options
@click.option("--seed", type=int, help="Repeat a draw exactly.")
@click.option("--stop", multiple=True, metavar="TEXT", help="End before TEXT; may be repeated.")
@click.option("--count", default=1, show_default=True, help="How many samples to write.")
@click.option(
    "--unknown",
    type=click.Choice(["error", "skip"]),
    default="error",
    show_default=True,
    help="What to do with characters of the prime that the model never saw.",
)
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True
)
@click.option("--no-prime", is_flag=True, help="Do not print the prime first.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Write to a file.")
@click.option("-i", "--interactive", is_flag=True, help="Write together: go on, retry, change.")
def generate(
    model: str,
    prime: str | None,
    prime_file: str | None,
    length: int,
    seed: int | None,
    stop: tuple[str, ...],
    count: int,
    unknown: str,
    form: str,
    no_prime: bool,
    output: Path | None,
    interactive: bool,
    **sampling: Any,
) -> None:
    """Continue --prime with text written by a model.

    \b
    textrnn generate --prime "ROMEO" --temperature 0.5
    textrnn generate --model my-model --length 2000 --seed 7 -o story.txt
    textrnn generate --count 5 --format json --stop "\\n\\n"
    """
    settings = SamplingConfig(**sampling)
    if interactive and (count != 1 or form != "text" or output):
        raise ConfigError(
            "--interactive writes one text on the terminal; leave out --count, --format and "
            "--output (its command w saves)"
        )
    text = _prime(prime, prime_file)
    from textrnn.artifacts import registry
    from textrnn.engine import generation

    loaded = registry.load_generator(model)
    tell_notices(loaded)
    codec = loaded.tokenizer.codec
    skipped = codec.unknown_characters(text or "")
    if unknown == "skip" and skipped:
        click.echo(f"left out of the prime, as the model never saw them: {skipped!r}", err=True)
    limit = generation.LONGEST_PRIME
    if text and len(text) > limit and len(codec.start(text, "skip").ids) > limit:
        unit = loaded.tokenizer.unit
        click.echo(f"the model reads the last {limit:,} {unit} of the prime", err=True)
    seed = generation.fresh_seed() if seed is None else seed
    call = {
        "sampling": settings,
        "seed": seed,
        "stop": [stop_text.replace("\\n", "\n") for stop_text in stop],
        "unknown": unknown,
    }
    start = text or ""
    if interactive:
        if unknown == "skip":
            start = start.translate(dict.fromkeys(map(ord, skipped)))
        _interact(loaded, start, length, call)
        return
    shown = "" if no_prime or text is None else text
    if count == 1 and form == "text" and output is None:
        characters = generation.stream(loaded, start, length, **call)  # type: ignore[arg-type]
        _echo_stream(shown, characters)
        return
    samples = generation.generate(loaded, start, length, count=count, **call)  # type: ignore[arg-type]
    if form == "json":
        record = {"model": model, "prime": start, "seed": seed, "sampling": settings.to_dict()}
        result = json.dumps({**record, "samples": samples}, ensure_ascii=False, indent=1)
    else:
        result = _numbered([shown + sample for sample in samples])
    if output:
        write_file(output, result + "\n")
    else:
        click.echo(result)


def _numbered(texts: list[str]) -> str:
    if len(texts) == 1:
        return texts[0]
    return "\n".join(
        f"--- {index} of {len(texts)} ---\n{text}" for index, text in enumerate(texts, start=1)
    )


def _prime(prime: str | None, prime_file: str | None) -> str | None:
    if prime_file is None:
        return prime
    if prime is not None:
        raise ConfigError("give --prime or --prime-file, not both")
    from textrnn.data.corpora import read_corpus

    return read_corpus([prime_file]).text


def _echo_stream(prime: str, characters: Iterable[str]) -> None:
    out = sys.stdout
    out.write(prime)
    live = out.isatty()
    try:
        for character in characters:
            out.write(character)
            if live:
                out.flush()
    except KeyboardInterrupt:
        pass  # what is written stays; the line is ended below
    out.write("\n")
    out.flush()


def _interact(model: "GeneratorArtifact", prime: str, length: int, call: dict[str, Any]) -> None:
    from textrnn.cli.interactive import write_interactively

    def write(text: str) -> None:
        click.echo(text, nl=False)

    del call["unknown"]
    call["stop"] = tuple(call["stop"])
    write_interactively(model, prime=prime, length=length, read=input, write=write, **call)
