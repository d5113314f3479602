"""Open a named pipe without waiting for ever: nothing can be read before a program writes to it."""

import os
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import BinaryIO

from textrnn.config import limits
from textrnn.errors import CorpusError


def open_pipe(path: Path) -> BinaryIO:
    """A pipe opened for reading.

    CorpusError if no program has opened it for writing within WRITER_SECONDS. OSError if it cannot
    be opened.
    """
    found: list[BinaryIO | OSError] = []

    def wait() -> None:
        try:
            found.append(path.open("rb"))
        except OSError as error:
            found.append(error)

    # A daemon: Ctrl-C must not wait for it.
    thread = Thread(target=wait, daemon=True)
    thread.start()
    thread.join(limits.WRITER_SECONDS)
    if thread.is_alive():
        with suppress(OSError):  # a writer comes and goes, so that the thread ends
            os.close(os.open(path, os.O_WRONLY | os.O_NONBLOCK))
        thread.join(1)
        for opened in found:
            if not isinstance(opened, OSError):
                opened.close()
        raise CorpusError(
            f"{path} is a pipe, and no program has opened it for writing within "
            f"{limits.WRITER_SECONDS} seconds; start that program first"
        )
    if isinstance(found[0], OSError):
        raise found[0]
    return found[0]
