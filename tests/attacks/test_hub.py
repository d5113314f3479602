"""A model that names a program, a TF-Hub module: nothing of it is fetched or run unasked."""

import hashlib
import io
import json
import os
import signal
import subprocess
import sys
import tarfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from support.classifiers import text_classifier
from support.servers import Answer, Server

import textrnn
from textrnn.artifacts import registry
from textrnn.cli import main
from textrnn.data import http
from textrnn.data.addresses import shown
from textrnn.errors import ArtifactError, ConfigError, DownloadError, TextRNNError
from textrnn.models.hub import cache, folder

FILES = {
    "saved_model.pb": b"a program", "variables/variables.index": b"1", "assets/tokens.txt": b"a\n",
}  # fmt: skip
OK = b"HTTP/1.1 200 OK\r\n\r\n"
FETCHED = "/words/1?tf-hub-format=compressed"


def packed(*others: tarfile.TarInfo, files: dict[str, bytes] = FILES) -> bytes:
    """The .tar.gz that a server sends for a module of `files`."""
    result = io.BytesIO()
    with tarfile.open(fileobj=result, mode="w:gz") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(f"./{name}")
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
        for member in others:
            tar.addfile(member)
    return result.getvalue()


def unpacked(place: Path, files: dict[str, bytes] = FILES) -> Path:
    for name, content in files.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_bytes(content)
    return place


@pytest.fixture
def home(tmp_path, monkeypatch) -> Path:
    """The cache, which is not there yet."""
    monkeypatch.setenv("TEXTRNN_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def server(monkeypatch) -> Iterator[Server]:
    """A server of the module /words/1, whose https addresses are not encrypted."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(http._Transport, "https_open", http._Transport.http_open)
    found = Server()
    found.answers[FETCHED] = lambda: [OK, packed()]
    yield found
    found.socket.close()


@pytest.fixture
def address(server, home) -> str:
    return f"https://{server.host}/words/1"


# ---- consent ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "place", ["{address}", "{folder}", "\x1b[2J{folder}", "http://u:SECRET@h/"]
)
def test_without_consent_no_command_fetches_or_loads_a_module(
    server, address, home, tmp_path, place
):
    unpacked(tmp_path / "module")
    handle = place.format(address=address, folder=tmp_path / "module")
    registry.save(text_classifier(handle, "0"), model := tmp_path / "model")
    (table := tmp_path / "data.csv").write_text("text,label\ngood,positive\nbad,negative\n")
    for arguments in (["classify", "-m", model, "--text", "good"], ["evaluate", model, table]):
        done = CliRunner().invoke(main, list(map(str, arguments)))
        assert done.exit_code == 1 and done.output.count("\n") == 1
        assert f"{model} runs a TensorFlow program, the TF-Hub module" in done.output
        assert "add --trust-hub" in done.output
        assert "\x1b" not in done.output and "SECRET" not in done.output
    with pytest.raises(ArtifactError, match="trust_hub=True"):
        textrnn.load(model)
    shown = CliRunner().invoke(main, ["models", "show", str(model)])
    assert shown.exit_code == 0, shown.output
    assert server.requests == [] and not home.exists()


def test_a_file_of_settings_is_no_consent(server, address, home, tmp_path, monkeypatch):
    monkeypatch.delattr("textrnn.cli.tensorflow.import_tensorflow")  # it is refused before that
    (table := tmp_path / "data.csv").write_text("text,label\ngood,positive\nbad,negative\n" * 9)
    (tmp_path / "s.toml").write_text(f'hub = "{address}"\n')
    command = ["train", "classifier", table, "-o", tmp_path / "m", "--config", tmp_path / "s.toml"]
    done = CliRunner().invoke(main, list(map(str, command)))
    assert done.exit_code == 1 and done.output.count("\n") == 1
    assert "names the TF-Hub module" in done.output and "--trust-hub" in done.output
    assert server.requests == [] and not home.exists() and not (tmp_path / "m").exists()


def test_an_address_of_any_length_is_shown_at_once():
    address = "https://a:b" + "//z" * 200_000
    assert len(shown(address)) < 400
    assert shown("https://user:SECRET@example.org/a//b@c") == "https://…@c"


def test_other_models_need_no_consent_and_a_generator_refuses_the_option():
    def run(*arguments: str) -> str:
        return CliRunner().invoke(main, arguments).output

    assert "positive" in run("classify", "-m", "imdb-tiny", "--text", "A delight.", "--trust-hub")
    assert "leave out --trust-hub" in run("evaluate", "shakespeare-tiny", "x.txt", "--trust-hub")


@pytest.mark.parametrize(
    "change",
    [
        {"sha256": None}, {"handle": ["a"]}, {"shapes": {"output/kernel": [1, 2]}},
        {"shapes": {"hub/variable_0": [-1]}}, {"shapes": {"hub/variable_0": [1.5]}},
        {"shapes": {"hub/variable_0": "11"}}, {"shapes": []},
        {"shapes": {"hub/variable_0": [True]}},
    ],
)  # fmt: skip
def test_a_damaged_entry_of_a_module_is_one_sentence(tmp_path, change):
    registry.save(text_classifier("x", "0"), tmp_path / "model")
    record = json.loads((path := tmp_path / "model" / "config.json").read_text())
    record["hub"] |= change
    path.write_text(json.dumps(record))
    with pytest.raises(ArtifactError, match='"hub" must have the handle'):
        registry.load(tmp_path / "model", trust_hub=True)


# ---- files of a module --------------------------------------------------------------------------


@pytest.mark.parametrize("name", list(FILES))
def test_a_link_that_leaves_a_module_is_refused(tmp_path, name):
    place = unpacked(tmp_path / "module")
    outside = tmp_path / "outside"
    (place / name).rename(outside)
    (place / name).symlink_to(outside)
    with pytest.raises(ConfigError, match="is a link that leads out of the folder"):
        folder.check(place, "it")
    (place / name).unlink()
    outside.rename(place / "inside")
    (place / name).symlink_to("../inside" if "/" in name else "inside")
    folder.check(place, "it")


def test_a_folder_of_links_and_what_is_no_file_are_refused(tmp_path):
    place = unpacked(tmp_path / "module")
    (place / "assets").rename(tmp_path / "assets")
    (place / "assets").symlink_to(tmp_path / "assets")
    with pytest.raises(ConfigError, match="its assets is a link that leads out"):
        folder.check(place, "it")
    (place / "assets").unlink()
    (place / "assets").mkdir()
    os.mkfifo(place / "assets" / "pipe")
    with pytest.raises(ConfigError, match="assets/pipe is neither a file nor a folder"):
        folder.check(place, "it")
    (place / "assets" / "pipe").unlink()
    (place / "assets" / "loop").symlink_to("loop")
    with pytest.raises(ConfigError, match="assets/loop is neither"):
        folder.check(place, "it")


def test_names_that_could_hide_a_file_from_the_checksum_are_refused(tmp_path):
    place = unpacked(tmp_path / "module")
    unpacked(tmp_path / "extra", {"vocab": b"a"})
    (place / "assets" / "sub").symlink_to(tmp_path / "extra", target_is_directory=True)
    with pytest.raises(ConfigError, match="leads out"):
        folder.check(place, "it")
    (place / "assets" / "sub").unlink()
    (tmp_path / "extra").rename(place / "extra")
    (place / "assets" / "sub").symlink_to("../extra", target_is_directory=True)
    with pytest.raises(ConfigError, match="assets/sub is a link to a folder"):
        folder.check(place, "it")
    (place / "assets" / "sub").unlink()
    digest = hashlib.sha256(b"program").digest().replace(b"/", b"").replace(b"\0", b"")
    (place / "assets" / os.fsdecode(b"a" + digest)).write_bytes(b"")
    with pytest.raises(ConfigError, match="a name in it has other characters"):
        folder.check(place, "it")


def test_every_file_that_tensorflow_reads_changes_the_checksum(tmp_path):
    before = folder.fingerprint(unpacked(tmp_path / "module"))
    seen = {before}
    for name in (*FILES, "assets/deep/a.txt", "variables/b"):
        changed = tmp_path / hashlib.sha256(name.encode()).hexdigest()
        seen.add(folder.fingerprint(unpacked(changed, {**FILES, name: b"other"})))
    assert len(seen) == 6


# ---- the cache ----------------------------------------------------------------------------------


def test_a_module_is_fetched_once_into_a_private_folder(server, address, home):
    notices: list[str] = []
    place, sha256 = cache.fetch(address, None, notices.append)
    assert sha256 == folder.fingerprint(place) and home in place.parents
    assert {path.stat().st_mode & 0o777 for path in (home, home / "hub")} == {0o700}
    assert len(notices) == 1 and notices[0].startswith(f"fetching the TF-Hub module {address}; ")
    assert cache.fetch(address, sha256, notices.append) == (place, sha256)
    assert server.requests == [FETCHED] and len(notices) == 1


@pytest.mark.parametrize("damage", ["program", "mark", "gone", "link", "planted"])
def test_a_damaged_copy_is_replaced_and_says_so(server, address, home, tmp_path, damage):
    place, sha256 = cache.fetch(address, None, cache.silent)
    if damage == "program":
        (place / "saved_model.pb").write_bytes(b"another program")
    elif damage == "mark":
        (place.parent / "sha256").write_bytes(b"\xff")
    elif damage == "gone":
        (place / "saved_model.pb").unlink()
    elif damage == "link":
        (place / "saved_model.pb").rename(tmp_path / "elsewhere")
        (place / "saved_model.pb").symlink_to(tmp_path / "elsewhere")
    else:  # somebody else's module under that name, without the checksum of its fetching
        (place / "saved_model.pb").write_bytes(b"another program")
        (place.parent / "sha256").unlink()
    notices: list[str] = []
    assert cache.fetch(address, sha256, notices.append) == (place, sha256)
    assert "has changed since it was fetched" in notices[0] and len(notices) == 2
    assert folder.fingerprint(place) == sha256
    assert os.listdir(home / "hub") == [place.parent.name]


def test_another_version_than_the_one_a_model_needs_is_fetched_again(server, address):
    _, old = cache.fetch(address, None, cache.silent)
    files = {**FILES, "saved_model.pb": b"version 2"}
    server.answers[FETCHED] = lambda: [OK, packed(files=files)]
    notices: list[str] = []
    place, new = cache.fetch(address, "5a" * 32, notices.append)
    assert new != old and "is another version" in notices[0]
    assert (place / "saved_model.pb").read_bytes() == b"version 2"


def test_a_cache_that_others_can_write_to_is_refused(server, address, home, monkeypatch):
    for shared, mode in ((home / "hub", 0o770), (home, 0o707)):
        (home / "hub").mkdir(parents=True, exist_ok=True)
        (home / "hub").chmod(0o700)
        shared.chmod(mode)
        with pytest.raises(ConfigError, match=rf"other users can write to .*`chmod go-w {shared}`"):
            cache.fetch(address, None, cache.silent)
        shared.chmod(0o700)
    monkeypatch.setattr(os, "getuid", lambda: home.stat().st_uid + 1)
    with pytest.raises(ConfigError, match="belongs to another user; name a folder of your own"):
        cache.fetch(address, None, cache.silent)
    assert server.requests == []


def test_the_cache_is_where_the_user_wants_it(tmp_path, monkeypatch):
    monkeypatch.delenv("TEXTRNN_CACHE_DIR", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for value, place in (
        (str(tmp_path / "xdg"), "xdg/textrnn/hub"), ("relative", "home/.cache/textrnn/hub"),
        ("", "home/.cache/textrnn/hub"),
    ):  # fmt: skip
        monkeypatch.setenv("XDG_CACHE_HOME", value)
        assert cache.cache_folder() == tmp_path / place
    (tmp_path / "file").touch()
    monkeypatch.setenv("TEXTRNN_CACHE_DIR", str(tmp_path / "file"))
    with pytest.raises(ConfigError, match=r"cannot be used: .*; name another folder"):
        cache.cache_folder()


# ---- servers of modules -------------------------------------------------------------------------


def link(name: str, to: str) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = tarfile.SYMTYPE, to
    return member


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (b"HTTP/1.1 404 Not Found\r\n\r\n", "answered 404 .* and give the folder"),
        (OK, "cannot be unpacked as .tar.gz"),
        (OK + b"<html>", "cannot be unpacked as .tar.gz"),
        (OK + packed()[:-9], "cannot be unpacked as .tar.gz"),
        (OK + packed(files={}), "has no saved_model.pb"),
        (OK + packed(files={**FILES, "tfhub_module.pb": b""}), "TensorFlow 1"),
        (OK + packed(link("assets/a", "/etc/passwd")), "unsafe .* is a link"),
        (OK + packed(link("assets/a", "tokens.txt")), "unsafe .* is a link"),
        (OK + packed(files={**FILES, "../../outside": b"!"}), "lies outside"),
        (OK + packed(files={**FILES, "assets/zeros": bytes(10**6)}), "more than 100,000 bytes"),
        (OK + bytes(10**6), "has more than 100,000 bytes"),
        (b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/\r\n\r\n", "another https address"),
    ],
)
def test_what_is_no_module_is_refused_and_leaves_nothing(
    server, address, home, monkeypatch, answer, message
):
    monkeypatch.setattr(cache, "MOST_BYTES", 100_000)
    server.answers[FETCHED] = lambda: [answer]
    with pytest.raises(TextRNNError, match=message) as info:
        cache.fetch(address, None, cache.silent)
    assert str(info.value).isprintable() and str(home) not in str(info.value)
    assert os.listdir(home / "hub") == []


@pytest.mark.parametrize(
    "handle", ["http://{}/words/1", "gs://{}/words/1", "file://{}/words/1", "://{}", "https://[/",
               "https://user:SECRET@{}/words/1", "https://{}:SECRET/words/1"]
)  # fmt: skip
def test_only_https_addresses_without_a_password_are_fetched(server, home, handle):
    with pytest.raises(DownloadError) as info:
        cache.fetch(handle.format(server.host), None, cache.silent)
    assert "user" not in str(info.value).split(" has a ")[0]
    assert server.requests == [] and not home.exists()


def test_a_query_is_kept(server, home):
    server.answers["/words?v=1&tf-hub-format=compressed"] = lambda: [OK, packed()]
    assert cache.fetch(f"https://{server.host}/words?v=1#part", None, cache.silent)[0].is_dir()


def test_of_two_that_fetch_at_once_the_second_leaves_the_copy_of_the_first(server, address, home):
    first: list[int] = []

    def answer() -> Answer:
        server.answers[FETCHED] = lambda: [OK, packed()]
        first.append(cache.fetch(address, None, cache.silent)[0].stat().st_ino)
        return [OK, packed()]

    server.answers[FETCHED] = answer
    place, _ = cache.fetch(address, None, cache.silent)
    assert [place.stat().st_ino] == first and os.listdir(home / "hub") == [place.parent.name]


def test_a_folder_that_appears_at_the_last_moment_is_checked_as_any(
    server, address, home, monkeypatch
):
    publish, calls = cache.files.publish_folder, []

    def slow(part: Path, path: Path) -> None:
        if not calls:
            calls.append(path.mkdir())
        publish(part, path)

    monkeypatch.setattr(cache.files, "publish_folder", slow)
    place, sha256 = cache.fetch(address, None, cache.silent)
    assert folder.fingerprint(place) == sha256 and len(server.requests) == 2
    assert os.listdir(home / "hub") == [place.parent.name]


FETCH = """
import sys
from textrnn.data import http
from textrnn.models.hub import cache
http._Transport.https_open = http._Transport.http_open
cache.fetch(sys.argv[1], None, print)
"""


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGKILL])
def test_a_killed_fetch_does_not_block_the_next(server, address, home, stop):
    started, gone = threading.Event(), threading.Event()

    def half() -> Answer:
        yield OK + packed()[:100]
        started.set()
        gone.wait(60)

    server.answers[FETCHED] = half
    command = [sys.executable, "-c", FETCH, address]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as program:
        assert started.wait(60)
        program.send_signal(stop)
    gone.set()
    server.answers[FETCHED] = lambda: [OK, packed()]
    place, _ = cache.fetch(address, None, cache.silent)
    assert os.listdir(home / "hub") == [place.parent.name]
