"""Check a web address, and show it, or what a server says, harmlessly in a message."""

import re
from urllib.parse import urlsplit

from textrnn.errors import DownloadError

SCHEMES = ("http", "https")
SECURE = ("https",)  # what is run, and not only read, comes from these
LONGEST = 300  # characters of what a server or a file says, in a message


def host_of(url: str, *, secure: bool = False) -> str:
    """The host of an address, with its port if it has one.

    DownloadError if `url` is no web address, has a user name in it or, with `secure`, is not https.
    """
    try:
        parts = urlsplit(url)
        known = parts.scheme in SCHEMES and bool(parts.hostname) and (parts.port or True)
    except ValueError:
        known = False
    if not known:
        raise no_address(url)
    if "@" in parts.netloc:
        raise DownloadError(
            f"{shown(url)} has a user name or a password in it, which are not sent; use an address "
            f"without them, or download the file by other means"
        )
    if secure and parts.scheme not in SECURE:
        raise DownloadError(
            f"{shown(url)} is not an https address, so anybody on the way could replace what comes "
            f"from it; use an https address"
        )
    return printable(parts.netloc)


def shown(url: str) -> str:
    """An address for a message: without a user name and a password, and printable."""
    rest = (url.partition("//")[2] or url).lstrip("/")
    # A password may contain a slash that should have been quoted: then all up to the last @ goes.
    if {"@", ":"} & set(re.split(r"[/?#]", rest)[0]):
        before, at, after = url.rpartition("@")
        scheme, slashes, _ = before.partition("@")[0].partition("//")
        url = f"{scheme}{slashes}…@{after}" if at and slashes else f"…@{after}" if at else url
    return printable(url)


def printable(text: str) -> str:
    """`text` from elsewhere for a message: control characters are escaped, the end may be cut."""
    text = text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
    return "".join(each if each.isprintable() else repr(each)[1:-1] for each in text)


def no_address(url: str) -> DownloadError:
    """The error for what is no web address."""
    return DownloadError(
        f"'{shown(url)}' is not a web address; one looks like https://example.org/file.txt"
    )
