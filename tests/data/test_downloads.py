"""A download is complete or leaves nothing; the server is a thread on loopback."""

import gzip
import hashlib
import io
import os
import socket
import tarfile
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner
from support.paths import CORPORA

from textrnn.cli import main
from textrnn.data import archives, downloads, http
from textrnn.data.downloads import KNOWN, KnownCorpus, fetch
from textrnn.errors import DownloadError

BODY = b"First Citizen:\nBefore we proceed any further, hear me speak.\n" * 5000


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.server.requests.append(self.path)
        if self.path == "/missing":
            self.send_error(404)
            return
        bodies = {"/changed": BODY[:-1] + b"!", "/longer": BODY * 2, "/empty": b""}
        body = {**bodies, **self.server.bodies}.get(self.path, BODY)
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
    server.requests, server.bodies = [], {}
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


def test_a_download_is_complete_and_its_progress_adds_up(corpus, tmp_path):
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
        ("/truncated", "sent 152,500 bytes, but citizens has 305,000"),
        ("/longer", "sent more than 305,000 bytes"),
        ("/empty", "sent 0 bytes"),
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


def test_without_a_network_the_error_names_an_alternative(corpus, tmp_path):
    with socket.socket() as taken:  # bound, but not listening
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/file"
        with pytest.raises(DownloadError, match=r"cannot reach 127.*check the network") as info:
            fetch(replace(corpus, url=url), tmp_path / "corpus.txt")
    assert url in str(info.value)
    assert os.listdir(tmp_path) == []


def test_a_silent_server_times_out(corpus, tmp_path, monkeypatch):
    monkeypatch.setattr(http, "LIMITS", http.Limits(silence=0.1))
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
def test_an_invalid_address_is_named(corpus, tmp_path, url):
    with pytest.raises(DownloadError, match="is not a web address"):
        fetch(replace(corpus, url=url), tmp_path / "corpus.txt")
    assert os.listdir(tmp_path) == []


def test_an_existing_copy_makes_no_request(server, corpus, tmp_path):
    target = tmp_path / "corpus.txt"
    target.write_bytes(BODY)
    assert fetch(corpus, target) == target
    assert server.requests == []


@pytest.mark.parametrize("content", [b"my notes", BODY[:-1] + b"!"])
def test_a_different_file_of_the_same_name_is_kept(server, corpus, tmp_path, content):
    target = tmp_path / "corpus.txt"
    target.write_bytes(content)
    with pytest.raises(DownloadError, match="already exists and is not citizens"):
        fetch(corpus, target)
    assert target.read_bytes() == content
    assert os.listdir(tmp_path) == ["corpus.txt"] and server.requests == []


@pytest.mark.parametrize("name", ["corpus.txt.part", ".corpus.txt.part", "corpus.txt.new"])
def test_a_file_beside_the_download_is_kept(corpus, tmp_path, name):
    (tmp_path / name).write_bytes(b"mine")
    fetch(corpus, tmp_path / "corpus.txt")
    assert (tmp_path / name).read_bytes() == b"mine"
    assert sorted(os.listdir(tmp_path)) == sorted(["corpus.txt", name])


def test_a_folder_or_a_missing_folder_as_target_is_named(corpus, tmp_path):
    with pytest.raises(DownloadError, match=r"is a folder; name a file, such as .*citizens.txt"):
        fetch(corpus, tmp_path)
    with pytest.raises(DownloadError, match=r"cannot write .*No such file"):
        fetch(corpus, tmp_path / "none" / "corpus.txt")
    assert os.listdir(tmp_path) == []


def test_a_full_disk_leaves_nothing(corpus, tmp_path, monkeypatch):
    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DownloadError, match=r"cannot write .*No space left"):
        fetch(corpus, tmp_path / "corpus.txt")
    assert os.listdir(tmp_path) == []


def test_ctrl_c_leaves_nothing(corpus, tmp_path):
    def interrupt(_done: int, _total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch(corpus, tmp_path / "corpus.txt", on_progress=interrupt)
    assert os.listdir(tmp_path) == []


REVIEWS = {
    "reviews/README": b"Reviews",
    "reviews/train/pos/0_9.txt": b"A delight.",
    "reviews/train/neg/0_1.txt": "Très mauvais.".encode(),
    "reviews/test/pos/0_10.txt": b"",
}


def folder(name: str) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.mode = tarfile.DIRTYPE, 0o500  # read-only, as some archives say
    return member


def link(name: str, to: str, kind: bytes = tarfile.SYMTYPE) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, to
    return member


def packed(*others: tarfile.TarInfo, files: dict[str, bytes] = REVIEWS) -> bytes:
    """A .tar.gz of `files` and `others`, with the same bytes at any time."""
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
        for member in others:
            tar.addfile(member)
    return gzip.compress(written.getvalue(), mtime=0)


def archived(corpus: KnownCorpus, server: ThreadingHTTPServer, body: bytes) -> KnownCorpus:
    server.bodies["/archive"] = body
    return replace(
        at(corpus, "/archive"),
        name="reviews",
        size=len(body),
        sha256=hashlib.sha256(body).hexdigest(),
        file="reviews",
        kind="archive",
        task="classifier",
    )


@pytest.fixture
def reviews(server, corpus) -> KnownCorpus:
    return archived(corpus, server, packed(folder("reviews/train"), folder("reviews/unsup")))


def contents(root: Path) -> dict[str, bytes]:
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file() and path.name != archives.MARK
    }


@pytest.mark.parametrize("name", ["reviews", "data"])
def test_the_folder_in_an_archive_gets_the_requested_name(reviews, tmp_path, name):
    seen = []
    target = tmp_path / name
    assert fetch(reviews, target, on_progress=lambda *state: seen.append(state)) == target
    assert contents(target) == {
        path.removeprefix("reviews/"): content for path, content in REVIEWS.items()
    }
    assert (target / "unsup").is_dir() and os.access(target / "train", os.W_OK)
    assert os.listdir(tmp_path) == [name]
    assert seen[-1] == (reviews.size, reviews.size)


def test_an_unpacked_copy_makes_no_request(server, reviews, tmp_path):
    fetch(reviews, tmp_path / "reviews")
    (tmp_path / "reviews" / "README").write_text("read", encoding="utf-8")
    fetch(reviews, tmp_path / "reviews")
    assert server.requests == ["/archive"]
    assert (tmp_path / "reviews" / "README").read_text(encoding="utf-8") == "read"


def test_any_other_folder_is_kept_and_a_new_name_is_proposed(server, reviews, tmp_path):
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(DownloadError, match=r"name a new folder, such as .*reviews$"):
        fetch(reviews, tmp_path)
    with pytest.raises(DownloadError, match=r"notes.txt is a file; name a new folder"):
        fetch(reviews, tmp_path / "notes.txt")
    other = replace(reviews, sha256="0" * 64)
    assert fetch(reviews, tmp_path / "reviews").is_dir()
    with pytest.raises(DownloadError, match="is not a download of this command"):
        fetch(other, tmp_path / "reviews")
    assert server.requests == ["/archive"]


def test_an_archive_from_elsewhere_is_used_and_kept(server, reviews, tmp_path):
    (tmp_path / "reviews.tar.gz").write_bytes(server.bodies["/archive"])
    fetch(reviews, tmp_path / "reviews")
    assert sorted(os.listdir(tmp_path)) == ["reviews", "reviews.tar.gz"]
    assert server.requests == []


def with_attributes(attributes: bytes, size: int = 0) -> bytes:
    """An archive in which a member's further header has these bytes, or so many of others."""
    member = tarfile.TarInfo("attributes")
    member.type, member.size = tarfile.XHDTYPE, size or len(attributes)
    attributes += b"x" * (member.size - len(attributes))
    whole = member.tobuf(tarfile.USTAR_FORMAT) + attributes + bytes(-len(attributes) % 512)
    return gzip.compress(whole + gzip.decompress(packed()))


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (
            packed(files={"../outside.txt": b"!"}),
            r"'../outside.txt' lies outside the target folder",
        ),
        (packed(files={"reviews/../../a": b"!"}), "lies outside the target folder"),
        (packed(files={"/outside.txt": b"!"}), r"'/outside.txt' lies outside the target folder"),
        (packed(folder("..")), "lies outside the target folder"),
        (packed(link("reviews/a", "/etc/hosts")), "'reviews/a' is a link or a device"),
        (packed(link("reviews/a", "README")), "is a link or a device"),
        (packed(link("reviews/a", "reviews/README", tarfile.LNKTYPE)), "is a link or a device"),
        (packed(link("reviews/a", "", tarfile.FIFOTYPE)), "is a link or a device"),
        (packed(files={"other/README": b"!"}), "contains no folder reviews"),
        (packed(files={"reviews": b"!"}), "contains no folder reviews"),
        (packed()[:-40], r"cannot be unpacked as .tar.gz"),
        (packed()[:40] + bytes(100), r"cannot be unpacked as .tar.gz"),
        (
            gzip.compress(gzip.decompress(packed())[:700], mtime=0) + BODY,
            r"cannot be unpacked as .tar.gz",
        ),
        (BODY, r"cannot be unpacked as .tar.gz"),
        (b"\x1f\x8b", r"cannot be unpacked as .tar.gz"),
        (packed(files={"reviews": b"", "reviews/a": b""}), "cannot write"),
        (with_attributes(b"12 size=-512\n"), "negative size|cannot be unpacked"),
        (with_attributes(b"14 size=-99999\n"), "negative size|cannot be unpacked"),
        (with_attributes(b"12 path=a\0b\n"), "cannot be unpacked as .tar.gz"),
        (with_attributes(b"", 2**21), "a header has a nonsensical size"),
    ],
)
def test_an_unsafe_archive_is_refused_and_leaves_nothing(server, corpus, tmp_path, body, message):
    home = tmp_path / "home"
    home.mkdir()
    with pytest.raises(DownloadError, match=message) as info:
        fetch(archived(corpus, server, body), home / "data")
    assert "\n" not in str(info.value)
    assert os.listdir(home) == [] and os.listdir(tmp_path) == ["home"]


@pytest.mark.parametrize("path", ["/changed", "/truncated", "/missing"])
def test_a_wrong_archive_is_never_unpacked(reviews, tmp_path, path):
    with pytest.raises(DownloadError):
        fetch(replace(reviews, url=reviews.url.replace("/archive", path)), tmp_path / "reviews")
    assert os.listdir(tmp_path) == []


def test_a_folder_beside_the_unpacked_one_is_kept(reviews, tmp_path):
    (tmp_path / "reviews.part").mkdir()
    (tmp_path / "reviews.part" / "mine").write_text("mine")
    fetch(reviews, tmp_path / "reviews")
    assert sorted(os.listdir(tmp_path)) == ["reviews", "reviews.part"]
    assert os.listdir(tmp_path / "reviews.part") == ["mine"]


@pytest.mark.parametrize("step", ["extract", "rename"])
@pytest.mark.parametrize("failure", [KeyboardInterrupt(), OSError(28, "No space left on device")])
def test_an_interrupted_unpacking_leaves_nothing(reviews, tmp_path, monkeypatch, step, failure):
    def fail(*_arguments: object, **_settings: object) -> None:
        raise failure

    monkeypatch.setattr(*((tarfile.TarFile, "extract") if step == "extract" else (os, "rename")),
                        fail)  # fmt: skip
    expected = KeyboardInterrupt if isinstance(failure, KeyboardInterrupt) else DownloadError
    with pytest.raises(expected):
        fetch(reviews, tmp_path / "reviews")
    assert os.listdir(tmp_path) == []


def test_without_a_network_the_error_says_how_to_unpack_an_archive_by_hand(reviews, tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/file"
        with pytest.raises(DownloadError, match=r"folder in it to `textrnn train classifier`"):
            fetch(replace(reviews, url=url), tmp_path / "reviews")


def test_fetching_an_archive_prints_the_folder_and_the_next_command(reviews, tmp_path, monkeypatch):
    monkeypatch.setattr(downloads, "KNOWN", {reviews.name: reviews})
    monkeypatch.chdir(tmp_path)
    for arguments, name in (((), "reviews"), (("-o", "data"), "data")):
        done = invoke("fetch", "reviews", *arguments)
        assert done.stdout == f"{name}\n"
        assert done.stderr.endswith(f"textrnn train classifier {name} -o my-model\n")
        assert contents(Path(name)).keys() == contents(Path("reviews")).keys()


def test_the_known_corpora_are_fully_described_and_immutable():
    for name, corpus in KNOWN.items():
        assert name == corpus.name
        assert all(vars(corpus).values())
        assert corpus.url.startswith("https://")
        assert len(bytes.fromhex(corpus.sha256)) == 32
        assert Path(corpus.file).name == corpus.file
    with pytest.raises(TypeError):
        KNOWN["mine"] = corpus


def test_the_page_on_corpora_lists_exactly_the_known_corpora():
    page = CORPORA / "README.md"
    table = page.read_text(encoding="utf-8").split("| address |\n|---|---|---|---|\n")[1]
    assert table.splitlines() == [
        f"| `{corpus.name}` | {corpus.size:,} | {corpus.licence} | <{corpus.url}> |"
        for corpus in KNOWN.values()
    ]


def invoke(*arguments: object):
    return CliRunner().invoke(main, ["corpora", *(str(argument) for argument in arguments)])


def test_list_and_show_name_the_known_corpora():
    assert invoke().output == invoke("list").output
    for corpus in KNOWN.values():
        lines = iter(invoke().output.splitlines())
        assert corpus.licence in next(line for line in lines if line.startswith(corpus.name))
        assert next(lines).strip() == corpus.title
        shown = invoke("show", corpus.name).output
        assert all(str(value) in shown for name, value in vars(corpus).items() if name != "size")
        assert f"{corpus.size:,} bytes" in shown


@pytest.mark.parametrize("command", ["show", "fetch"])
def test_the_error_for_an_unknown_name_lists_the_known_names(command):
    done = invoke(command, "tinyshakespear")
    assert done.exit_code == 1 and "choose one of tinyshakespeare" in done.stderr


def test_fetching_prints_the_path_and_the_next_command(corpus, tmp_path, monkeypatch):
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


def test_another_address_must_have_the_same_checksum(corpus, tmp_path, monkeypatch):
    monkeypatch.setattr(downloads, "KNOWN", {corpus.name: corpus})
    monkeypatch.chdir(tmp_path)
    done = invoke("fetch", "citizens", "--url", at(corpus, "/changed").url)
    assert (done.exit_code, done.stdout) == (1, "") and "its sha256 is" in done.stderr
    assert os.listdir(tmp_path) == []
