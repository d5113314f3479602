"""Laws of the writer of files and folders: whole or not at all, and nothing else is touched."""

import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from textrnn import files

needs_posix = pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions or locks")
NEIGHBOURS = ("{}.part", "{}.new", ".{}.part", "{}.tmp", "{}~", ".{}.0000000000000000.textrnn")


def names_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def permissions(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@given(st.text(max_size=300), st.sampled_from(["fresh", "old"]))
@settings(max_examples=40)
def test_what_is_written_replaces_the_file(tmp_path_factory, text, before):
    path = tmp_path_factory.mktemp("folder") / "result.csv"
    if before == "old":
        path.write_text("old")
    with files.replacing(path, encoding="utf-8", newline="") as file:
        file.write(text)
        assert not path.exists() if before == "fresh" else path.read_text() == "old"
    assert path.read_bytes() == text.encode()
    assert names_in(path.parent) == {"result.csv"}


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
@pytest.mark.parametrize("before", [None, "old"])
def test_an_error_leaves_the_file_as_it_was_and_nothing_beside_it(tmp_path, error, before):
    path = tmp_path / "result.csv"
    if before:
        path.write_text(before)
    with pytest.raises(error), files.replacing(path) as file:
        file.write("half")
        raise error
    assert (path.read_text() if before else path.exists()) == (before or False)
    assert names_in(tmp_path) == ({"result.csv"} if before else set())


@pytest.mark.parametrize("step", ["open", "fdopen", "fsync", "replace"])
def test_a_failure_of_the_system_at_any_step_leaves_the_old_file(tmp_path, monkeypatch, step):
    path = tmp_path / "result.csv"
    path.write_text("old")

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, step, full)
    with pytest.raises(OSError, match="No space left"), files.replacing(path) as file:
        file.write("new")
    monkeypatch.undo()
    assert path.read_text() == "old"
    assert names_in(tmp_path) == {"result.csv"}


@pytest.mark.parametrize("name", ["result.csv", "r" * 255, "ä" * 127, ".hidden"])
def test_no_neighbour_of_any_name_is_touched(tmp_path, name):
    (tmp_path / "target").write_text("target")
    for pattern in NEIGHBOURS:
        if len(os.fsencode(pattern.format(name))) <= files.LONGEST:
            (tmp_path / pattern.format(name)).write_text("mine")
    (tmp_path / f".{'f' * 16}.textrnn-part").symlink_to(tmp_path / "target")
    before = {path: path.read_text() for path in tmp_path.iterdir()}
    with files.replacing(tmp_path / name) as file:
        file.write("new")
    with pytest.raises(ValueError), files.replacing(tmp_path / name) as file:
        raise ValueError
    after = {path: path.read_text() for path in tmp_path.iterdir()}
    assert after == {**before, tmp_path / name: "new"}


@needs_posix
@pytest.mark.parametrize("mode", [0o600, 0o640, 0o644, 0o444, 0o755])
def test_permissions_of_the_old_file_are_kept(tmp_path, mode):
    path = tmp_path / "result.csv"
    path.write_text("old")
    path.chmod(mode)
    with files.replacing(path) as file:
        file.write("new")
    assert path.read_text() == "new"
    assert permissions(path) == mode


@needs_posix
def test_a_file_with_secrets_is_at_no_moment_readable_by_others(tmp_path):
    path = tmp_path / "result.csv"
    path.write_text("secret")
    path.chmod(0o600)
    with files.writing(path) as (file, part):
        file.write("secret too")
        assert permissions(part) == 0o600
        files.publish(file, part, path)
    assert permissions(path) == 0o600


@needs_posix
def test_a_new_file_has_the_permissions_that_open_gives(tmp_path):
    (tmp_path / "plain").write_text("")
    with files.replacing(tmp_path / "result.csv") as file:
        file.write("new")
    assert permissions(tmp_path / "result.csv") == permissions(tmp_path / "plain")


def test_of_writers_at_once_one_wins_whole(tmp_path):
    path, barrier = tmp_path / "result.csv", threading.Barrier(8)
    texts = [str(number) * 200_000 for number in range(8)]

    def write(text: str) -> None:
        barrier.wait()
        for _ in range(10):
            with files.replacing(path) as file:
                for start in range(0, len(text), 50_000):
                    file.write(text[start : start + 50_000])
                    file.flush()

    threads = [threading.Thread(target=write, args=[text]) for text in texts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert path.read_text() in texts
    assert names_in(tmp_path) == {"result.csv"}


KILLED = """
import os, signal, sys
from pathlib import Path
from textrnn import files

with files.{call} as found:
    print("begun", flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


@needs_posix
@pytest.mark.parametrize("call", ["writing(Path('result'))", "folder_beside(Path('result'))"])
def test_what_a_killed_writer_left_is_deleted_by_the_next(tmp_path, call):
    code = KILLED.format(call=call)
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True
    )
    assert (done.stdout, done.returncode) == ("begun\n", -9), done.stderr
    (left,) = names_in(tmp_path)
    assert left.endswith(files.SUFFIX)
    with files.replacing(tmp_path / "other") as file:  # not the target of the killed writer
        file.write("new")
    assert names_in(tmp_path) == {left, "other"}
    with files.replacing(tmp_path / "result") as file:
        file.write("new")
    assert names_in(tmp_path) == {"result", "other"}


def test_a_sweep_leaves_what_is_being_written(tmp_path):
    path = tmp_path / "result"
    with files.writing(path) as (file, part), files.folder_beside(path) as folder:
        files.sweep(path)
        assert part.exists() and folder.is_dir()
        file.write("new")
        files.publish(file, part, path)
    assert path.read_text() == "new"


def test_a_link_is_written_through(tmp_path):
    (tmp_path / "target").write_text("old")
    (tmp_path / "link").symlink_to("target")
    with files.replacing(tmp_path / "link") as file:
        file.write("new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "target").read_text() == "new"


def test_an_incomplete_file_is_kept_under_the_first_free_name(tmp_path):
    path = tmp_path / "result"
    (tmp_path / "result.part").write_text("mine")
    (tmp_path / "result.part2").mkdir()
    with files.writing(path) as (file, part):
        file.write("half")
        kept = files.keep(file, part, path)
    assert kept == tmp_path / "result.part3"
    assert kept.read_text() == "half"
    assert (tmp_path / "result.part").read_text() == "mine"
    assert names_in(tmp_path) == {"result.part", "result.part2", "result.part3"}


def test_a_folder_appears_whole_or_not_at_all(tmp_path):
    path = tmp_path / "module"
    with pytest.raises(ValueError), files.folder_beside(path) as part:
        (part / "inside").write_text("half")
        raise ValueError
    assert names_in(tmp_path) == set()
    with files.folder_beside(path) as part:
        (part / "inside").write_text("whole")
        assert not path.exists()
        files.publish_folder(part, path)
    assert names_in(tmp_path) == {"module"}
    assert (path / "inside").read_text() == "whole"


@pytest.mark.parametrize("made", [Path.mkdir, Path.touch, lambda path: path.symlink_to("nowhere")])
def test_a_folder_replaces_nothing_that_is_there(tmp_path, made):
    path = tmp_path / "module"
    made(path)
    with pytest.raises(FileExistsError), files.folder_beside(path) as part:
        (part / "inside").write_text("new")
        files.publish_folder(part, path)
    assert names_in(tmp_path) == {"module"}
