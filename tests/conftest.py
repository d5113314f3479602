"""What several test modules build on."""

import os
import signal
import sys
from collections.abc import Generator
from pathlib import Path

# TensorFlow reads it once, when it is first imported.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


import pytest
from hypothesis import settings
from support.marks import leaves_out, marks_of

# What runs in the background of a script does not hear Ctrl-C, nor SIGHUP under nohup, nor
# would the programs started here.
signal.signal(signal.SIGINT, signal.default_int_handler)
if hasattr(signal, "SIGHUP"):
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
# An example that takes more than 200 ms is no bug, but a busy machine.
settings.register_profile("no deadline", deadline=None)
settings.register_profile("quick", deadline=None, max_examples=10)  # --hypothesis-profile=quick
settings.load_profile("no deadline")

# Nothing here outlives the machine: thousands of small models need not reach the disk.
os.fsync = lambda _: None


@pytest.fixture(autouse=True)
def drafts(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of drafts of interactive sessions, for each test its own."""
    home = tmp_path_factory.mktemp("state")
    monkeypatch.setenv("XDG_STATE_HOME" if sys.platform != "win32" else "LOCALAPPDATA", str(home))
    return home / "textrnn"


LOADED = pytest.StashKey[bool]()  # whether TensorFlow is imported in this process


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """A module that -m leaves out as a whole is not imported either."""
    if collection_path.suffix != ".py" or not collection_path.name.startswith("test_"):
        return None
    out = config.option.markexpr and leaves_out(
        config.option.markexpr, marks_of(collection_path).module
    )
    return True if out else None


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark a test by what it imports and starts."""
    module, functions = marks_of(item.path)
    for mark in module | functions.get(getattr(item, "originalname", item.name), frozenset()):
        item.add_marker(mark)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Note whether TensorFlow is there before any test is run."""
    session.config.stash[LOADED] = "tensorflow" in sys.modules


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Fail a test that is the first to import TensorFlow and is not marked so."""
    result = yield
    loaded, item.config.stash[LOADED] = item.config.stash[LOADED], "tensorflow" in sys.modules
    if item.config.stash[LOADED] and not (loaded or item.get_closest_marker("tensorflow")):
        pytest.fail("it imports TensorFlow; mark it @pytest.mark.tensorflow", pytrace=False)
    return result
