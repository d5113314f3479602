"""The draft of an interactive session: its text, kept on disk until the user has saved it.

Drafts are in the folder `textrnn` of the user's state folder: $XDG_STATE_HOME, else
~/.local/state, and %LOCALAPPDATA% on Windows. Nobody else may read them. The last MOST are kept.
"""

import os
import sys
import time
from contextlib import suppress
from pathlib import Path

from textrnn import files
from textrnn.cli.options import TEXT

MOST = 20


class Draft:
    """One file for the text of a session; written anew after each change."""

    def __init__(self, name: str = "") -> None:
        dated = f"{time.strftime('%Y-%m-%d-%H%M%S')}-{os.getpid()}.txt"
        self.problem = ""  # why there is no draft
        try:
            self.folder = state_folder()
        except RuntimeError as error:  # a user without a home
            self.folder, self.problem = Path(), str(error).rstrip(".").lower()
        self.path = self.folder / (name or dated)

    def keep(self, text: str) -> None:
        """Write the text; a folder that takes no files is remembered as `problem`."""
        if self.problem:
            return
        try:
            if not self.path.exists():
                self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                self._forget_oldest()
                self.path.touch(mode=0o600)
            with files.replacing(self.path, **TEXT) as file:
                file.write(text)
        except OSError as error:
            self.problem = error.strerror or str(error)

    def drop(self) -> None:
        """Delete the draft: its text is saved, or empty."""
        if self.problem:
            return
        with suppress(OSError):
            self.path.unlink(missing_ok=True)

    def _forget_oldest(self) -> None:
        for path in sorted(self.folder.glob("????-??-??-*.txt"))[: -MOST + 1]:
            path.unlink(missing_ok=True)


def state_folder() -> Path:
    """The folder of all drafts; it may not exist yet."""
    if sys.platform == "win32":
        home = os.environ.get("LOCALAPPDATA") or "~\\AppData\\Local"
    else:
        home = os.environ.get("XDG_STATE_HOME") or "~/.local/state"
    return Path(home).expanduser() / "textrnn"
