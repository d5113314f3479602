"""Choose the encoding of a file from a list: the first one in which the whole file is text.

A file is read once more for that. What can be read only once, such as a pipe, is first copied to a
temporary file.
"""

import codecs
import os
import stat
import tempfile
from collections.abc import Mapping
from typing import BinaryIO, Union, cast

from textrnn.config.limits import STREAM_LIMIT
from textrnn.config.parts import names_in
from textrnn.errors import CorpusError

Encoding = Union[str, "Encodings"]  # one name, or a list of names separated by commas
_BLOCK = 2**20  # bytes per read
_IN_MEMORY = 2**24  # bytes of a stream that are kept in memory, not in a file
_SHOWN = 3  # names of files in a notice


class Encodings:
    """Encodings in the order in which they are tried, and the files that needed a later one.

    `text` is the name of one encoding, or several separated by commas. `later` is file -> encoding,
    of the files that are not text in the first one. CorpusError for a name that is not an encoding
    of text.
    """

    def __init__(self, text: str) -> None:
        self.names = names_in(text)
        self.later: dict[str, str] = {}
        for name in self.names or (text,):
            try:
                "".encode(name)  # unlike codecs.lookup, refuses bytes-to-bytes codecs such as hex
            except (LookupError, ValueError):
                raise CorpusError(
                    f"there is no encoding {name!r}; try utf-8, utf-16, latin-1 or cp1252, or "
                    f"several to try in that order, such as utf-8,cp1252"
                ) from None

    @classmethod
    def of(cls, encoding: Encoding) -> "Encodings":
        """`encoding` itself, or the encodings that a text names."""
        return encoding if isinstance(encoding, cls) else cls(str(encoding))

    def choose(self, file: BinaryIO, title: str) -> tuple[BinaryIO, str]:
        """The encoding of `file`, and `file` or a copy of it, at the place where `file` was.

        A single encoding is returned without a look at the file. CorpusError, with the first byte
        that is not text, if no encoding fits, and for a stream of more than STREAM_LIMIT bytes.
        OSError if the file cannot be read.
        """
        if len(self.names) == 1:
            return file, self.names[0]
        again = file if _is_plain(file) else _copy(file, title)
        start = again.tell()
        misfits: dict[str, int] = {}
        for name in self.names:
            position = _first_misfit(again, name)
            again.seek(start)
            if position is None:
                if misfits:
                    self.later[title] = name
                return again, name
            misfits[name] = position
        begin = again.read(2)
        if again is not file:
            again.close()
        raise self._no_fit(title, misfits, begin)

    def _no_fit(self, title: str, misfits: Mapping[str, int], begin: bytes) -> CorpusError:
        tried = ", nor ".join(f"{name} text at byte {at:,}" for name, at in misfits.items())
        more = "utf-16" if begin in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else "latin-1"
        return CorpusError(
            f"{title} is not {tried}; add its encoding to the list, for example --encoding "
            f"{','.join((*self.names, more))}"
        )

    def notices(self) -> list[str]:
        """A sentence for each later encoding, with the first files that needed it."""
        found = []
        for name in self.names[1:]:
            files = [file for file, encoding in self.later.items() if encoding == name]
            if files:
                more = len(files) - _SHOWN
                shown = ", ".join(files[:_SHOWN]) + (f" and {more:,} more" if more > 0 else "")
                found.append(f"Not {self.names[0]}, so read as {name}: {shown}")
        return found


def _is_plain(file: BinaryIO) -> bool:
    """Whether `file` is a file on a disk: it has an end, and can be read again."""
    try:
        return stat.S_ISREG(os.fstat(file.fileno()).st_mode)
    except (OSError, AttributeError):  # a stream in memory
        return False


def _copy(file: BinaryIO, title: str) -> BinaryIO:
    """The rest of a stream as a file that can be read twice."""
    copy = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 (returned)
    while block := file.read(_BLOCK):
        if copy.tell() + len(block) > STREAM_LIMIT:
            copy.close()
            raise CorpusError(
                f"{title} goes beyond {STREAM_LIMIT:,} bytes, the limit of a stream that is read "
                f"with several encodings; name one with --encoding, or write it to a file first"
            )
        copy.write(block)
    copy.seek(0)
    return cast(BinaryIO, copy)


def _first_misfit(file: BinaryIO, encoding: str) -> int | None:
    """The first byte from here on that is not text in `encoding`; None if there is none."""
    decode = codecs.getincrementaldecoder(encoding)().decode
    position, block = 0, b"-"
    while block:
        block = file.read(_BLOCK)
        position += len(block)
        try:
            decode(block, final=not block)
        except UnicodeDecodeError as error:
            # error.object ends with the last byte that was read.
            return position - len(error.object) + error.start
        except UnicodeError:  # a byte order mark is missing
            return 0
    return None
