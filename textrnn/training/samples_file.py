"""Keep the samples of a generator's training: run/samples.txt, a block per epoch and temperature.

A block is the line "epoch E, temperature T:" and the text, each line of it after SAMPLE_INDENT. No
line of a text can therefore be mistaken for a heading.
"""

import re
from collections.abc import Mapping
from pathlib import Path

from textrnn import files
from textrnn.errors import TrainingError
from textrnn.training import checkpoints

NAME = "samples.txt"
SAMPLE_INDENT = "  | "
MAXIMUM = 2**28  # bytes of the file
_HEADING = re.compile(rb"^epoch ([0-9]{1,9}), ", re.MULTILINE)


def write(run: Path, epoch: int, samples: Mapping[float, str]) -> None:
    """Append the samples of `epoch` to run/samples.txt, by temperature.

    Blocks of this epoch and of later ones are replaced: a run that was killed repeats an epoch.
    TrainingError if the file cannot be read or written.
    """
    target = run / NAME
    try:
        known = files.read(target, MAXIMUM)
    except FileNotFoundError:
        known = b""
    except OSError as error:
        raise TrainingError(
            f"cannot read {target}: {error.strerror or error}; move it away, then continue with "
            f"--resume"
        ) from error
    repeated = (each.start() for each in _HEADING.finditer(known) if int(each[1]) >= epoch)
    blocks = "".join(
        f"epoch {epoch}, temperature {temperature:g}:\n{indented(text)}\n\n"
        for temperature, text in samples.items()
    )
    checkpoints.replace_file(
        target, known[: next(repeated, len(known))] + blocks.encode("utf-8", "backslashreplace")
    )


def indented(text: str) -> str:
    """`text` without its outer line feeds, each line after SAMPLE_INDENT."""
    return "\n".join(f"{SAMPLE_INDENT}{line}" for line in text.strip("\n").split("\n"))
