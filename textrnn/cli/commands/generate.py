"""`textrnn generate`: generate text with a trained model."""

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from textrnn.cli.kinds import print_notices
from textrnn.cli.options import all_of, model_option, setting, write_file
from textrnn.cli.targets import output_file
from textrnn.config.sampling import SamplingConfig
from textrnn.errors import ConfigError, TextRNNError

if TYPE_CHECKING:
    from textrnn.artifacts.generator import GeneratorArtifact

sampling_options = all_of(
    setting(
        SamplingConfig,
        "temperature",
        "Sampling temperature: lower is safer, higher more varied; 0 is greedy.",
    ),
    setting(SamplingConfig, "top_k", "Sample from the N most likely tokens only; 0: all."),
    setting(
        SamplingConfig, "top_p", "Sample from the most likely tokens with this total probability."
    ),
    setting(
        SamplingConfig,
        "min_p",
        "Drop tokens less likely than this fraction of the top probability.",
    ),
    setting(SamplingConfig, "repetition_penalty", "Above 1: make recent tokens less likely."),
    setting(
        SamplingConfig, "repetition_window", "Number of recent tokens that the penalty covers."
    ),
)


@click.command()
@model_option
@click.option("--prime", help="Text to continue.  [default: none; starts a new text]")
@click.option("--prime-file", metavar="FILE", help="Read the prime from FILE; - is standard input.")
@click.option("--length", default=400, show_default=True, help="Number of characters to generate.")
@sampling_options
@click.option("--seed", type=int, help="Random seed, for reproducible text.  [default: random]")
@click.option("--stop", multiple=True, metavar="TEXT", help="Stop before TEXT; may be repeated.")
@click.option("--count", default=1, show_default=True, help="Number of samples to generate.")
@click.option(
    "--unknown",
    type=click.Choice(["error", "skip"]),
    default="error",
    show_default=True,
    help="How to handle characters of the prime outside the model's vocabulary.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Output format; json adds the seed and the sampling settings.",
)
@click.option("--no-prime", is_flag=True, help="Print the continuation without the prime.")
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    type=output_file,
    help="Write to FILE instead of standard output.",
)
@click.option(
    "-i",
    "--interactive",
    is_flag=True,
    help="Write in turns with the model: continue, retry, undo, edit.",
)
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
    """Generate text with a model; continue --prime if given.

    \b
    textrnn generate --prime "ROMEO" --temperature 0.5
    textrnn generate --model my-model --length 2000 --seed 7 -o story.txt
    textrnn generate --count 5 --format json --stop "\\n\\n"
    """
    settings = SamplingConfig(**sampling)
    if interactive and (count != 1 or form != "text" or output):
        raise ConfigError(
            "--interactive writes one text on the terminal; leave out --count, --format and "
            "--output (the command w FILE saves the text)"
        )
    start = _prime(prime, prime_file)
    from textrnn.artifacts import registry
    from textrnn.artifacts.generator import GeneratorArtifact
    from textrnn.engine import generation

    loaded = registry.load_as(GeneratorArtifact, model)
    print_notices(loaded)
    skipped = _skipped(loaded, start) if unknown == "skip" else ""
    _notice_long_prime(loaded, start)
    seed = generation.random_seed() if seed is None else seed
    call: dict[str, Any] = {
        "sampling": settings,
        "seed": seed,
        "stop": [stop_text.replace("\\n", "\n") for stop_text in stop],
        "unknown": unknown,
    }
    if interactive:
        start = start.translate(dict.fromkeys(map(ord, skipped)))
        _interact(loaded, start, length, call)
        return
    shown = "" if no_prime else start
    if count == 1 and form == "text" and output is None:
        _echo_stream(shown, generation.stream(loaded, start, length, **call))
        return
    samples = generation.generate(loaded, start, length, count=count, **call)
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


def _prime(prime: str | None, prime_file: str | None) -> str:
    if prime_file is None:
        return prime or ""
    if prime is not None:
        raise ConfigError("give --prime or --prime-file, not both")
    from textrnn.data.corpora import read_corpus

    return read_corpus([prime_file]).text


def _skipped(model: "GeneratorArtifact", prime: str) -> str:
    """The characters of the prime that the model does not know, after a notice of them."""
    unknown = model.tokenizer.codec.unknown_characters(prime)
    if unknown:
        click.echo(
            f"characters of the prime skipped, not in the model's vocabulary: {unknown!r}", err=True
        )
    return unknown


def _notice_long_prime(model: "GeneratorArtifact", prime: str) -> None:
    from textrnn.engine.generation import LONGEST_PRIME

    limit, codec = LONGEST_PRIME, model.tokenizer.codec
    possible = len(prime) * codec.ids_per_character
    if possible > limit and len(codec.start(prime, "skip").ids) > limit:
        click.echo(f"the prime is cut to its last {limit:,} {model.tokenizer.unit}", err=True)


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
        click.echo()  # keep what is written
        raise
    click.echo()


def _interact(model: "GeneratorArtifact", prime: str, length: int, call: dict[str, Any]) -> None:
    from textrnn.cli.interactive import write_interactively

    def read(prompt: str) -> str:
        try:
            return input(prompt)
        except OSError as error:
            raise TextRNNError(
                f"cannot read standard input: {error.strerror or error}; run --interactive on a "
                f"terminal"
            ) from error

    def write(text: str) -> None:
        click.echo(text, nl=False)

    del call["unknown"]
    call["stop"] = tuple(call["stop"])
    write_interactively(model, prime=prime, length=length, read=read, write=write, **call)
