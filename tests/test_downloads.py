"""A corpus arrives whole or not at all; the server is a thread on loopback."""

import hashlib
import os
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner

from textrnn import downloads
from textrnn.cli.corpora import corpora
from textrnn.downloads import KNOWN, KnownCorpus, fetch
from textrnn.errors import ConfigError, DownloadError

BODY = b"First Citizen:\nBefore we proceed any further, hear me speak.\n" * 5000


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.server.requests.append(self.path)
        if self.path == "/missing":
            self.send_error(404)
            return
        body = {"/changed": BODY[:-1] + b"!", "/longer": BODY * 2, "/empty": b""}.get(
            self.path, BODY
        )
        self.send_response(200)
        if self.path == "/chunked":
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self.wfile.write(b"ffff\r\nfar fewer than it says")
            return
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if self.path == "/truncated" else body)

    def log_message(self, *_arguments: object) -> None:
        pass


@pytest.fixture
def server(monkeypatch) -> Iterator[ThreadingHTTPServer]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.requests = []
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def corpus(server) -> KnownCorpus:
    return KnownCorpus(
        name="citizens",
        title="Citizens",
        url=f"http://127.0.0.1:{server.server_port}/right",
        licence="public domain",
        size=len(BODY),
        sha256=hashlib.sha256(BODY).hexdigest(),
        file="citizens.txt",
    )


def at(corpus: KnownCorpus, path: str) -> KnownCorpus:
    return replace(corpus, url=corpus.url.replace("/right", path))


def test_the_right_file_arrives_whole_and_its_progress_adds_up(corpus, tmp_path):
    seen = []
    target = tmp_path / "corpus.txt"
    assert fetch(corpus, target, on_progress=lambda *state: seen.append(state)) == target
    assert target.read_bytes() == BODY
    assert os.listdir(tmp_path) == ["corpus.txt"]
    assert seen == sorted(seen) and seen[-1] == (len(BODY), len(BODY)) and len(seen) > 2


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("/changed", r"another file than citizens: its sha256 is [0-9a-f]{64}, expected"),
        ("/truncated", "gave 152,500 bytes, citizens has 305,000"),
        ("/longer", "gave more than 305,000 bytes"),
        ("/empty", "gave 0 bytes"),
        ("/chunked", "lost 127.0.0.1"),
        ("/missing", "answered 404 Not Found"),
    ],
)
def test_a_file_that_is_not_the_corpus_is_refused_and_leaves_nothing(
    corpus, tmp_path, path, message
):
    with pytest.raises(DownloadError, match=message):
        fetch(at(corpus, path), tmp_path / "corpus.txt")
    assert os.listdir(tmp_path) == []


def test_without_a_network_the_message_says_what_else_to_do(corpus, tmp_path):
    with socket.socket() as taken:  # bound, but nobody listens
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/file"
        with pytest.raises(DownloadError, match=r"cannot reach 127.*check the network, or") as info:
            fetch(replace(corpus, url=url), tmp_path / "corpus.txt")
    assert url in str(info.value)
    assert os.listdir(tmp_path) == []


def test_a_server_that_says_nothing_is_given_up(corpus, tmp_path, monkeypatch):
    monkeypatch.setattr(downloads, "TIMEOUT", 0.1)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/file"
        with pytest.raises(DownloadError, match="timed out"):
            fetch(replace(corpus, url=url), tmp_path / "corpus.txt")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    "url", ["", "file.txt", "file:///etc/hosts", "http://", "http://[", "http://a b/", "http://a:b/",
            "http://127.0.0.1/é"]
)  # fmt: skip
def test_what_is_no_address_is_named(corpus, tmp_path, url):
    with pytest.raises(DownloadError, match="is no address"):
        fetch(replace(corpus, url=url), tmp_path / "corpus.txt")
    assert os.listdir(tmp_path) == []


def test_a_right_file_that_is_there_makes_no_request(server, corpus, tmp_path):
    target = tmp_path / "corpus.txt"
    target.write_bytes(BODY)
    assert fetch(corpus, target) == target
    assert server.requests == []


@pytest.mark.parametrize("content", [b"my notes", BODY[:-1] + b"!"])
def test_a_different_file_that_is_there_is_kept(server, corpus, tmp_path, content):
    target = tmp_path / "corpus.txt"
    target.write_bytes(content)
    with pytest.raises(DownloadError, match="is there already and is not citizens"):
        fetch(corpus, target)
    assert target.read_bytes() == content
    assert os.listdir(tmp_path) == ["corpus.txt"] and server.requests == []


def test_the_part_of_another_download_is_left_alone(server, corpus, tmp_path):
    part = tmp_path / "corpus.txt.part"
    part.write_bytes(b"half")
    with pytest.raises(DownloadError, match=r"corpus.txt.part is there already"):
        fetch(corpus, tmp_path / "corpus.txt")
    assert part.read_bytes() == b"half" and server.requests == []


def test_a_folder_and_a_missing_folder_are_named(corpus, tmp_path):
    with pytest.raises(DownloadError, match=r"is a folder; name a file, such as .*citizens.txt"):
        fetch(corpus, tmp_path)
    with pytest.raises(DownloadError, match=r"cannot write .*No such file"):
        fetch(corpus, tmp_path / "none" / "corpus.txt")
    assert os.listdir(tmp_path) == []


def test_a_full_disk_leaves_nothing(corpus, tmp_path, monkeypatch):
    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(downloads.os, "fsync", full)
    with pytest.raises(DownloadError, match=r"cannot write .*No space left"):
        fetch(corpus, tmp_path / "corpus.txt")
    assert os.listdir(tmp_path) == []


def test_ctrl_c_leaves_nothing(corpus, tmp_path):
    def interrupt(_done: int, _total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch(corpus, tmp_path / "corpus.txt", on_progress=interrupt)
    assert os.listdir(tmp_path) == []


def test_the_known_corpora_are_described_whole_and_cannot_be_changed():
    for name, corpus in KNOWN.items():
        assert name == corpus.name
        assert all(vars(corpus).values())
        assert corpus.url.startswith("https://")
        assert len(bytes.fromhex(corpus.sha256)) == 32
        assert Path(corpus.file).name == corpus.file
    with pytest.raises(TypeError):
        KNOWN["mine"] = corpus


def test_the_page_on_corpora_lists_exactly_the_known_ones():
    page = Path(__file__).parents[1] / "corpora" / "README.md"
    table = page.read_text(encoding="utf-8").split("| address |\n|---|---|---|---|\n")[1]
    assert table.splitlines() == [
        f"| `{corpus.name}` | {corpus.size:,} | {corpus.licence} | <{corpus.url}> |"
        for corpus in KNOWN.values()
    ]


def invoke(*arguments: object):
    return CliRunner().invoke(corpora, [str(argument) for argument in arguments])


def test_listing_and_showing_name_what_is_known():
    assert invoke().output == invoke("list").output
    for corpus in KNOWN.values():
        row = next(line for line in invoke().output.splitlines() if line.startswith(corpus.name))
        assert corpus.licence in row and corpus.title in row
        shown = invoke("show", corpus.name).output
        assert all(str(value) in shown for name, value in vars(corpus).items() if name != "size")
        assert f"{corpus.size:,} bytes" in shown


@pytest.mark.parametrize("command", ["show", "fetch"])
def test_an_unknown_name_is_answered_with_the_known_ones(command):
    error = invoke(command, "tinyshakespear").exception
    assert isinstance(error, ConfigError) and "there are tinyshakespeare" in str(error)


def test_fetching_prints_the_path_and_what_to_do_next(corpus, tmp_path, monkeypatch):
    monkeypatch.setattr(downloads, "KNOWN", {corpus.name: corpus})
    monkeypatch.chdir(tmp_path)
    done = invoke("fetch", "citizens")
    assert done.exit_code == 0, done.exception
    assert done.stdout == "citizens.txt\n"
    assert done.stderr.endswith("textrnn train generator citizens.txt -o my-model\n")
    assert done.stderr.count("\n") == 1
    other = invoke("fetch", "citizens", "-o", "a copy.txt", "--url", at(corpus, "/other").url)
    assert other.stdout == "a copy.txt\n" and "'a copy.txt'" in other.stderr
    assert Path("a copy.txt").read_bytes() == Path("citizens.txt").read_bytes() == BODY


def test_another_address_is_held_to_the_same_sum(corpus, tmp_path, monkeypatch):
    monkeypatch.setattr(downloads, "KNOWN", {corpus.name: corpus})
    monkeypatch.chdir(tmp_path)
    done = invoke("fetch", "citizens", "--url", at(corpus, "/changed").url)
    assert isinstance(done.exception, DownloadError) and done.stdout == ""
    assert os.listdir(tmp_path) == []
