"""`textrnn generate`: generate text with a trained model."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from textrnn.cli import primes
from textrnn.cli.encodings import encoding_option
from textrnn.cli.escapes import unescape
from textrnn.cli.kinds import print_notices
from textrnn.cli.options import all_of, model_option, output_options, setting
from textrnn.cli.samples import as_json, as_text, echo_stream, write_samples
from textrnn.cli.targets import check_new
from textrnn.config.sampling import SamplingConfig
from textrnn.errors import ConfigError, TextRNNError

if TYPE_CHECKING:
    from textrnn.artifacts.generator import GeneratorArtifact
    from textrnn.data.encodings import Encodings

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
@click.option(
    "--prime",
    help="Text to continue; \\n is a line end, \\t a tab.  [default: none; starts a new text]",
)
@click.option("--prime-file", metavar="FILE", help="Read the prime from FILE; - is standard input.")
@encoding_option
@click.option("--length", default=400, show_default=True, help="Number of characters to generate.")
@click.option(
    "--until",
    type=click.Choice(["length", "word", "sentence", "line"]),
    help="After --length, go on to the end of a word, sentence or line.  [default: length; "
    "interactive: sentence]",
)
@sampling_options
@click.option("--seed", type=int, help="Random seed, for reproducible text.  [default: random]")
@click.option(
    "--stop",
    multiple=True,
    metavar="TEXT",
    help="Stop before TEXT; \\n is a line end. May be repeated.",
)
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
    help="Output format; json adds the seed, all settings and what ended each sample.",
)
@click.option("--no-prime", is_flag=True, help="Print the continuation without the prime.")
@output_options
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
    encoding: "Encodings",
    length: int,
    until: str | None,
    seed: int | None,
    stop: tuple[str, ...],
    count: int,
    unknown: str,
    form: str,
    no_prime: bool,
    output: Path | None,
    overwrite: bool,
    interactive: bool,
    **sampling: Any,
) -> None:
    """Generate text with a model; continue --prime if given.

    \b
    textrnn generate --prime "ROMEO" --temperature 0.5
    textrnn generate --model my-model --length 2000 --seed 7 -o story.txt
    textrnn generate --prime "JULIET:\\n" --length 200 --until sentence
    textrnn generate --count 5 --format json --stop "\\n\\n"
    """
    settings = SamplingConfig(**sampling)
    if interactive and (count != 1 or form != "text" or output):
        raise ConfigError(
            "--interactive writes one text on the terminal; leave out --count, --format and "
            "--output (the command w FILE saves the text)"
        )
    check_new(output, overwrite)
    start = primes.given(prime, prime_file, encoding)
    from textrnn.artifacts import registry
    from textrnn.artifacts.generator import GeneratorArtifact
    from textrnn.engine import generation

    loaded = registry.load_as(GeneratorArtifact, model)
    print_notices(loaded)
    start, notices = primes.readable(loaded, start, unknown)
    for notice in notices:
        click.echo(notice, err=True)
    primes.notice_long_prime(loaded, start)
    call: dict[str, Any] = {
        "sampling": settings,
        "seed": generation.random_seed() if seed is None else seed,
        "stop": list(map(unescape, stop)),
        "until": until or ("sentence" if interactive else "length"),
    }
    if interactive:
        _interact(loaded, start, length, {**call, "unknown": unknown})
        return
    if prime is None and prime_file is None:
        primes.notice_unread_input()
    if count > 1 and (settings.temperature == 0 or settings.top_k == 1):
        setting = "temperature 0" if settings.temperature == 0 else "top-k 1"
        click.echo(f"all {count} samples are the same at {setting}; raise it", err=True)
    shown = "" if no_prime else start
    if count == 1 and form == "text" and output is None:
        echo_stream(shown, generation.stream(loaded, start, length, **call))
    else:
        record = {"model": model, "prime": start, "length": length, **call,
                  "sampling": settings.to_dict()}  # fmt: skip
        samples = generation.Samples(loaded, start, length, count=count, **call)
        write_samples(
            samples, length, as_json(record) if form == "json" else as_text(shown), output
        )
    if seed is None and sys.stderr.isatty():
        click.echo(f"(--seed {call['seed']} repeats this)", err=True)


def _interact(model: "GeneratorArtifact", prime: str, length: int, call: dict[str, Any]) -> None:
    from textrnn.cli.interactive.dialogue import write_interactively

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

    write_interactively(
        model, prime=prime, length=length, read=read, write=write, ask=sys.stdin.isatty(), **call
    )
