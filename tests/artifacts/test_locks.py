"""One writer per folder, within and across processes; a lock never outlives its holder."""

import errno
import os
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager

import pytest
from support.models import tiny_model
from support.saving import same_weights

from textrnn.artifacts import folders, locks, registry
from textrnn.errors import ArtifactError

HOLD = """
import sys, time
from pathlib import Path
from textrnn.artifacts import locks
with locks.hold(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def holder(folder):
    """Another process that holds `folder` until its standard input is closed."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    with process:
        assert process.stdout.readline() == "held\n"
        yield process
        process.stdin.close()


def is_free(folder) -> bool:
    try:
        with locks.hold(folder):
            return True
    except BlockingIOError:
        return False


def in_a_thread(function):
    found = []
    thread = threading.Thread(target=lambda: found.append(function()))
    thread.start()
    thread.join()
    return found[0]


def test_a_second_process_is_refused_while_the_first_lives_and_no_file_is_left(tmp_path):
    with holder(tmp_path / "model"):
        assert not is_free(tmp_path / "model")
        assert is_free(tmp_path / "other")
    assert is_free(tmp_path / "model")
    assert list(tmp_path.iterdir()) == []


def test_a_killed_holder_frees_the_lock_at_once(tmp_path):
    with holder(tmp_path / "model") as process:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        assert locks.lock_file(tmp_path / "model").exists()
        assert is_free(tmp_path / "model")
        assert list(tmp_path.iterdir()) == []


def test_another_thread_is_refused_and_the_same_one_may_hold_it_again(tmp_path):
    folder = tmp_path / "model"
    with locks.hold(folder):
        with locks.hold(folder):
            pass
        assert not in_a_thread(lambda: is_free(folder))
    assert in_a_thread(lambda: is_free(folder))


def test_a_link_and_its_target_have_the_same_lock(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "model")
    with holder(tmp_path / "link"):
        assert not is_free(tmp_path / "model")


def test_the_lock_holds_while_the_folder_is_replaced(tmp_path):
    folder = tmp_path / "model"
    with locks.hold(folder):
        for seed in range(3):
            registry.save(tiny_model(seed=seed), folder)
            assert not in_a_thread(lambda: is_free(folder))
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_a_save_waits_for_another_save_and_is_refused_during_training(tmp_path, monkeypatch):
    folder = tmp_path / "model"
    registry.save(tiny_model(), folder)
    with holder(folder) as process:
        monkeypatch.setattr(folders, "WAIT_SECONDS", 0.0)
        with pytest.raises(
            ArtifactError, match=r"another training or save is writing to it; the previous"
        ):
            registry.save(tiny_model(seed=1), folder)
        assert same_weights(registry.load(folder), tiny_model())
        monkeypatch.setattr(folders, "WAIT_SECONDS", 60.0)
        later = threading.Timer(0.1, process.stdin.close)
        later.start()
        registry.save(tiny_model(seed=1), folder)
        later.join()
    assert same_weights(registry.load(folder), tiny_model(seed=1))


def test_many_threads_never_hold_it_at_once_though_each_deletes_the_file(tmp_path):
    folder, inside, most = tmp_path / "far" / "model", [], []

    def work():
        for _ in range(50):
            with locks.hold(folder, wait=60.0):
                inside.append(1)
                most.append(len(inside))
                inside.pop()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1] * 200
    assert list(tmp_path.iterdir()) == []


def test_a_lock_file_deleted_meanwhile_is_not_accepted(tmp_path, monkeypatch):
    folder, deleted, lock = tmp_path / "model", [], locks._lock

    def late(descriptor):
        if not deleted:
            deleted.append(locks.lock_file(folder).unlink())
        return lock(descriptor)

    monkeypatch.setattr(locks, "_lock", late)
    with locks.hold(folder):
        assert deleted and locks.lock_file(folder).exists()


COUNT = """
import sys
from pathlib import Path
from textrnn.artifacts import locks
folder, counter = Path(sys.argv[1]), Path(sys.argv[2])
for _ in range(100):
    with locks.hold(folder, wait=60.0):
        counter.write_text(str(int(counter.read_text()) + 1))
"""


def test_many_processes_never_hold_it_at_once_though_each_deletes_the_file(tmp_path, monkeypatch):
    counter = tmp_path / "counter"
    counter.write_text("0")
    command = [sys.executable, "-c", COUNT, str(tmp_path / "model"), str(counter)]
    processes = [subprocess.Popen(command) for _ in range(3)]
    assert [process.wait() for process in processes] == [0, 0, 0]
    assert counter.read_text() == "300"
    assert list(tmp_path.iterdir()) == [counter]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_the_child_of_a_fork_neither_holds_nor_releases_the_lock_of_its_parent(tmp_path):
    folder = tmp_path / "model"
    child = None
    try:
        with locks.hold(folder):
            child = os.fork()
            if child:
                assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
                assert not in_a_thread(lambda: is_free(folder))
    finally:
        if child == 0:  # the child has left the block too, but its parent still holds the lock
            os._exit(1 if is_free(folder) else 0)
    assert is_free(folder)


def test_folders_created_for_the_lock_are_removed_with_it(tmp_path):
    with locks.hold(tmp_path / "far" / "away" / "model"):
        assert (tmp_path / "far" / "away").is_dir()
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(ZeroDivisionError), locks.hold(tmp_path / "far" / "model"):
        1 / 0  # noqa: B018
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="flock")
def test_without_file_system_locks_threads_still_exclude_each_other(tmp_path, monkeypatch):
    def flock(*_):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(locks.fcntl, "flock", flock)
    with locks.hold(tmp_path / "model") as guarded:
        assert guarded is False
        assert not in_a_thread(lambda: is_free(tmp_path / "model"))
    assert list(tmp_path.iterdir()) == []


def test_an_unwritable_place_is_named(tmp_path, monkeypatch):
    def refused(*_):
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(os, "open", refused)
    with pytest.raises(ArtifactError, match=r"cannot save the model as .*Read-only file system"):
        registry.save(tiny_model(), tmp_path / "far" / "model")
    assert list(tmp_path.iterdir()) == []
