"""A server that does its worst: a fetch ends, with one sentence, and leaves nothing behind."""

import hashlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain, repeat
from pathlib import Path

import pytest
from click.testing import CliRunner
from support.servers import Answer, Server

from textrnn.cli import main
from textrnn.data import downloads, http
from textrnn.data.downloads import KnownCorpus, fetch
from textrnn.errors import DownloadError

BODY = b"Before we proceed any further, hear me speak.\n" * 100
OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
WHOLE = OK + b"Content-Length: %d\r\n\r\n" % len(BODY) + BODY
LIMITS = http.Limits(silence=2.0, period=0.2, speed=10_000, head=2**16, redirects=3)


def slowly(data: bytes) -> Iterator[bytes]:
    """Single bytes, far below the speed that is asked for, but with an end: a test must fail."""
    for index in range(len(data)):
        time.sleep(0.005)
        yield data[index : index + 1]


@pytest.fixture
def server(monkeypatch) -> Iterator[Server]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(http, "LIMITS", LIMITS)
    found = Server()
    found.answers["/right"] = lambda: [WHOLE]
    yield found
    found.socket.close()


@pytest.fixture
def corpus(server) -> KnownCorpus:
    return KnownCorpus(
        name="citizens", title="Citizens", url=f"http://{server.host}/right",
        licence="public domain", size=len(BODY), sha256=hashlib.sha256(BODY).hexdigest(),
        file="citizens.txt",
    )  # fmt: skip


def refused(corpus: KnownCorpus, url: str, folder: Path, message: str) -> str:
    """Fetch `url`: one printable sentence with `message`, and nothing left. Returns it."""
    with pytest.raises(DownloadError, match=message) as info:
        fetch(replace(corpus, url=url), folder / "corpus.txt")
    assert str(info.value).isprintable() and os.listdir(folder) == []
    return str(info.value)


@pytest.mark.parametrize(
    "fast",
    [
        b"", b"HTTP/1.1 200 OK\r\nX: ", b"HTTP/1.1 100 Continue\r\nX: ", OK + b"\r\n", CHUNKED,
        CHUNKED + b"5;", CHUNKED + b"5\r\n", CHUNKED + b"0\r\nX: ",
        b"HTTP/1.1 302 Found\r\nLocation: /right\r\nX: ", b"HTTP/1.1 404 Not Found\r\nX: ",
    ],
)  # fmt: skip
def test_bytes_that_trickle_are_given_up(server, corpus, tmp_path, fast):
    server.answers["/slow"] = lambda: chain([fast], slowly(b"0" * 1000))
    sent = "sends less than 10,000 bytes per second"
    refused(corpus, f"http://{server.host}/slow", tmp_path, sent)


@pytest.mark.parametrize(
    ("start", "endless", "message"),
    [
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n", "does not end"),
        (b"", b"HTTP/1.1 100 Continue\r\nX: y\r\n\r\n", "does not end"),
        (b"HTTP/1.1 100 Continue\r\n", b"X: y\r\n", "more than 100 headers"),
        (b"", b"H", "does not end"),
        (OK, b"X: y\r\n", "more than 100 headers"),
        (OK, b"X", "does not end"),
        (CHUNKED + b"0\r\n", b"X: y\r\n", "does not end"),
        (CHUNKED, b"1;" + b"x" * 100 + b"\r\n \r\n", "does not end"),
        (CHUNKED, b"5\r\nhello\r\n", "sent more than 4,600 bytes"),
        (OK + b"\r\n", b"hello", "sent more than 4,600 bytes"),
        (b"HTTP/1.1 302 Found\r\nLocation: /none\r\n\r\n", b"hello", "answered 404"),
    ],
)  # fmt: skip
def test_what_has_no_end_is_given_up(server, corpus, tmp_path, start, endless, message):
    server.answers["/endless"] = lambda: chain([start], repeat(endless * 1000, 1000))
    refused(corpus, f"http://{server.host}/endless", tmp_path, message)


@pytest.mark.parametrize(
    "answer",
    [
        b"", b"\r\n\r\n", b"\0" * 1000, b"HTTP/1.1 \x1b[31m\r\n\r\n", b"HTTP/9.9 200 OK\r\n\r\n",
        b"SSH-2.0-OpenSSH\r\n", OK + b"Content-Length: -5\r\n\r\n",
        OK + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n", b"HTTP/1.1 200 OK", b"<html>",
        CHUNKED + b"-5\r\nhello\r\n0\r\n\r\n", CHUNKED + b"-" + b"f" * 99 + b"\r\nhello",
        CHUNKED + b"zz\r\n", CHUNKED + b"f" * 5000 + b"\r\n",
        CHUNKED + b"5\r\nhello", CHUNKED + b"0\r\n", OK + b": \r\n \r\n\0:\r\n\r\nhello",
        b"HTTP/1.1 204 No Content\r\n\r\n", b"HTTP/1.1 302 Found\r\n\r\n",
        b"HTTP/1.1 304 Not Modified\r\n\r\n", b"HTTP/1.1 999 \xff\xfe\r\n\r\n",
    ],
)  # fmt: skip
def test_nonsense_is_one_sentence(server, corpus, tmp_path, answer):
    server.answers["/odd"] = lambda: [answer]
    refused(corpus, f"http://{server.host}/odd", tmp_path, server.host)


@pytest.mark.parametrize(
    ("place", "message"),
    [
        (b"http://[bad/", r"redirects to http://\[bad/, and not to another web address"),
        (b"ftp://127.0.0.1/right", "redirects to ftp://"),
        (b"file:///etc/passwd", "redirects to file:///etc/passwd"),
        (b"//user:SECRET@127.0.0.1/right", "redirects to //…@127.0.0.1/right"),
        (b"http://user:SEC/RET@127.0.0.1/", "redirects to http://…@127.0.0.1/"),
        (b"http://127.0.0.1:port/", "redirects to"),
        (b"\x1b[31m\x9b:\xe2\x80\xae", "answered 404|redirects to"),
        (b"/redirected", "redirects more than 3 times"),
    ],
)
def test_a_redirect_leads_only_to_other_web_addresses(server, corpus, tmp_path, place, message):
    server.answers["/redirected"] = lambda: [
        b"HTTP/1.1 302 Found\r\nLocation: " + place + b"\r\n\r\n"
    ]
    said = refused(corpus, f"http://{server.host}/redirected", tmp_path, message)
    assert "SEC" not in said and "RET@" not in said


def test_a_redirect_is_followed_but_never_from_https_to_http(server, corpus, tmp_path, monkeypatch):
    monkeypatch.setattr(http._Transport, "https_open", http._Transport.http_open)
    down, up = f"http://{server.host}/right".encode(), f"https://{server.host}/right".encode()
    for path, place in (("/same", b"right"), ("/up", up), ("/down", down)):
        answer = b"HTTP/1.1 308 Permanent Redirect\r\nLocation: " + place + b"\r\n\r\n"
        server.answers[path] = lambda answer=answer: [answer]
    refused(corpus, f"https://{server.host}/down", tmp_path, "not to another https address")
    for number, url in enumerate((f"https://{server.host}/same", f"http://{server.host}/up",
                                  f"http://{server.host}/down")):  # fmt: skip
        fetched = fetch(replace(corpus, url=url), tmp_path / str(number))
        assert fetched.read_bytes() == BODY


def test_the_reason_of_a_server_cannot_steer_a_terminal(server, corpus, tmp_path):
    server.answers["/odd"] = lambda: [b"HTTP/1.1 404 \x1b[2J\x9b31m" + b"!" * 9000 + b"\r\n\r\n"]
    said = refused(corpus, f"http://{server.host}/odd", tmp_path, r"404 \\x1b\[2J\\x9b31m!")
    assert len(said) < 1000


@pytest.mark.parametrize(
    "url",
    [
        "http://user:SECRET@{}/right", "https://SECRET@{}/right", "http://u:SEC/SECRET@{}/right",
        "http://user:SECRET@[/", "user:SECRET@{}", "http:user:SECRET@{}", "ftp://a:SECRET@{}/",
        "http://user:SECRET@{}/right?a=b@c", "http://u:p@x:SECRET@{}/", "http://u:SECRET\n@{}/",
        "http:///u:SECRET@{}/",
    ],
)  # fmt: skip
def test_a_password_in_an_address_is_never_printed(server, tmp_path, monkeypatch, url):
    monkeypatch.chdir(tmp_path)
    fetching = ["corpora", "fetch", "imdb", "--url", url.format(server.host)]
    done = CliRunner().invoke(main, fetching)
    assert done.exit_code == 1 and done.output.count("\n") == 1
    assert "SEC" not in done.output and "…@" in done.output
    assert server.requests == [] and os.listdir(tmp_path) == []


@pytest.mark.parametrize("proxy", ["http:/u:SECRET@x", "http://[u:SECRET@x", "socks5://x"])
def test_a_proxy_that_cannot_be_used_is_one_sentence(server, corpus, tmp_path, monkeypatch, proxy):
    monkeypatch.setenv("no_proxy", "")
    monkeypatch.setenv("http_proxy", proxy)
    said = refused(corpus, f"http://{server.host}/right", tmp_path, "cannot reach 127.0.0.1:")
    assert "SECRET" not in said and server.requests == []


FETCH = """
import sys
from pathlib import Path
from textrnn.data.downloads import KnownCorpus, fetch
fetch(KnownCorpus(name="a", title="", url=sys.argv[1], licence="", size=10**6, sha256="", file="a"),
      Path(sys.argv[2]), on_progress=lambda *_: print("started", flush=True))
"""


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_killed_fetch_does_not_block_the_next(server, corpus, tmp_path, stop):
    gone = threading.Event()

    def half() -> Answer:
        yield OK + b"\r\n" + BODY
        gone.wait(60)

    server.answers["/half"] = half
    target = tmp_path / "corpus.txt"
    command = [sys.executable, "-c", FETCH, f"http://{server.host}/half", str(target)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as program:
        assert program.stdout and program.stdout.readline() == b"started\n"
        program.send_signal(stop)
    gone.set()
    assert stop != signal.SIGINT or os.listdir(tmp_path) == []
    assert fetch(corpus, target).read_bytes() == BODY
    assert os.listdir(tmp_path) == ["corpus.txt"]


def test_the_limits_allow_a_slow_line_to_fetch_every_known_corpus():
    assert http.LIMITS.speed <= 7_000  # bytes per second of a telephone line
    assert all(corpus.url.startswith("https://") for corpus in downloads.KNOWN.values())
