"""The program: `textrnn`, and `python -m textrnn`.

It is quiet on Ctrl-C from here on: the import of the command line takes longer than many commands.
What comes before is the start of the interpreter. Importing this module changes nothing.
"""

import os
import signal
from types import FrameType


def main() -> None:
    """Run the command line of this process, and exit."""
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, _leave)
    _open_closed_streams()
    from textrnn.cli import main as textrnn

    textrnn(prog_name="textrnn")


def _leave(number: int, frame: FrameType | None) -> None:
    os._exit(128 + number)


def _open_closed_streams() -> None:
    """Open the null device in place of closed standard streams.

    Otherwise the next file would be opened in their place, and native code would write its log
    messages to it. `sys.stdout` and the others stay None.
    """
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(descriptor)


if __name__ == "__main__":
    main()
