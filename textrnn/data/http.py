"""Request the file at a web address, within bounds that no server can stretch.

    address -> chunks of bytes

Every byte of every answer passes one reader. It counts the bytes, and the time spent waiting for
them: what is too slow, too large or has no end is given up, whatever part of an answer it is.
"""

import http.client
import io
import socket
import ssl
import string
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

from textrnn.data.addresses import SECURE, host_of, no_address, printable, shown
from textrnn.errors import DownloadError

CHUNK_BYTES = 2**16
REDIRECTS = (301, 302, 303, 307, 308)


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a server may take. Time counts only while bytes are waited for."""

    silence: float = 30.0  # seconds without a byte
    period: float = 60.0  # seconds of waiting over which the speed is measured
    speed: int = 2**12  # bytes per second in each period
    head: int = 2**18  # bytes before the content: status lines, headers, redirects
    redirects: int = 10


LIMITS = Limits()


def chunks(url: str, *, most: int, advice: str) -> Iterator[bytes]:
    """The content at `url` in chunks; reading stops with an error far beyond `most` bytes.

    An https address is never redirected to another kind. DownloadError says what went wrong, and
    ends with `advice`.
    """
    host, failed = host_of(url), "cannot reach"
    budget = _Budget(LIMITS)
    try:
        with _open(url, budget, advice) as response:
            failed = "lost"
            budget.left = LIMITS.head + 2 * most
            while chunk := response.read1(CHUNK_BYTES):
                yield chunk
    except (http.client.InvalidURL, UnicodeError) as error:
        raise no_address(url) from error
    # The last two come from a proxy that is no address, and from chunks of a nonsensical size.
    except (OSError, http.client.HTTPException, ValueError, OverflowError) as error:
        cause = getattr(error, "reason", error)
        reason = getattr(cause, "strerror", None) or str(cause) or type(cause).__name__
        raise DownloadError(f"{failed} {host}: {shown(reason)}; {advice}") from error


def _open(url: str, budget: "_Budget", advice: str) -> Any:
    """The answer with the content, after all redirects."""
    opener = urllib.request.OpenerDirector()
    transport = _Transport(budget)
    for handler in (urllib.request.ProxyHandler(), transport, urllib.request.UnknownHandler()):
        opener.add_handler(handler)
    for _ in range(1 + budget.limits.redirects):
        host = host_of(url)
        response: Any = opener.open(url, timeout=budget.limits.silence)
        if 200 <= response.status < 300:
            return response
        response.close()
        place = response.headers.get("Location")
        if response.status not in REDIRECTS or not place:
            reason = printable(response.reason)
            raise DownloadError(
                f"{host} answered {response.status} {reason} to {shown(url)}; {advice}"
            )
        url = _redirected(url, place, host, advice)
    raise DownloadError(f"{host} redirects more than {budget.limits.redirects} times; {advice}")


def _redirected(url: str, place: str, host: str, advice: str) -> str:
    """The address to which `host` redirects; an https address leads only to others."""
    secure = urlsplit(url).scheme in SECURE
    try:
        target = urljoin(url, quote(place, safe=string.punctuation, encoding="iso-8859-1"))
        host_of(target, secure=secure)
    except (ValueError, DownloadError):
        wanted = "https address" if secure else "web address"
        raise DownloadError(
            f"{host} redirects to {shown(place)}, and not to another {wanted}; {advice}"
        ) from None
    return target


# ---- bounds -------------------------------------------------------------------------------------


class _Budget:
    """What the answers may still take: `left` bytes, and time by their speed."""

    def __init__(self, limits: Limits) -> None:
        self.limits, self.left = limits, limits.head
        self._waited, self._came = 0.0, 0  # in the present period

    def spend(self, count: int, seconds: float) -> None:
        """Count bytes that came after so many seconds; OSError if the answer is to be given up."""
        self.left -= count
        self._waited += seconds
        self._came += count
        if self.left < 0:
            raise OSError("its answer is too long or does not end")
        if self._waited >= self.limits.period:
            if self._came < self._waited * self.limits.speed:
                raise OSError(f"it sends less than {self.limits.speed:,} bytes per second")
            self._waited, self._came = 0.0, 0


class _Counted(io.RawIOBase):
    """The bytes of an answer, as far as its budget goes."""

    def __init__(self, raw: io.RawIOBase, budget: _Budget) -> None:
        self._raw, self._budget = raw, budget

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        start = time.monotonic()
        count: int = self._raw.readinto(buffer) or 0
        self._budget.spend(count, time.monotonic() - start)
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Response(http.client.HTTPResponse):
    """An answer that is read within a budget, beginning with its first status line."""

    def __init__(self, budget: _Budget, sock: socket.socket, *more: Any, **settings: Any) -> None:
        super().__init__(sock, *more, **settings)
        self.fp: Any = io.BufferedReader(_Counted(self.fp.detach(), budget))


class _Transport(urllib.request.AbstractHTTPHandler):
    """Opens http and https addresses within a budget."""

    def __init__(self, budget: _Budget) -> None:
        super().__init__()
        self._budget = budget

    def http_open(self, request: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(partial(self._connection, http.client.HTTPConnection), request)

    def https_open(self, request: urllib.request.Request) -> http.client.HTTPResponse:
        connection = partial(self._connection, http.client.HTTPSConnection)
        return self.do_open(connection, request, context=ssl.create_default_context())

    http_request = https_request = urllib.request.AbstractHTTPHandler.do_request_

    def _connection(self, kind: Any, host: str, **settings: Any) -> Any:
        connection = kind(host, **settings)
        connection.response_class = partial(_Response, self._budget)
        return connection
