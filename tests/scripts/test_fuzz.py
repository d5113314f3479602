"""A short run of the fuzzer: damaged files give a result or a TextRNNError."""

import random

import pytest
from _attack import attack
from _mutations import mutate
from _targets import TARGETS, Target

from textrnn.errors import CorpusError


@pytest.mark.parametrize("title", TARGETS)
def test_no_damage_gives_a_traceback(tmp_path, title):
    found = attack(TARGETS[title], tmp_path, seed=7, seconds=60, most=40, keep=tmp_path)
    traces = [path.read_text() for path in tmp_path.glob("*.traceback")]
    assert found["inputs"] == 40
    assert not traces, traces[0]


def test_a_traceback_is_counted_and_kept(tmp_path):
    def read(path):
        if (content := path.read_bytes()) != b"good":
            raise CorpusError("refused") if len(content) > 4 else KeyError("a bug")

    target = Target("file", lambda folder: b"good", read)
    found = attack(target, tmp_path, seed=0, seconds=60, most=50, keep=tmp_path)
    assert 0 < found["failures"] < 50
    assert 0 < found["refused"] <= 50 - found["failures"]
    assert "a bug" in (tmp_path / "file-1.traceback").read_text()
    with pytest.raises(KeyError):
        read(tmp_path / "file-1")


@pytest.mark.parametrize("title", ["csv table", "settings (JSON)", "weights.npz"])
def test_mutations_differ_and_come_again(tmp_path, title):
    target = TARGETS[title]
    data = target.content(tmp_path)
    first, again = (
        [mutate(data, rng, target.structure) for _ in range(50)]
        for rng in (random.Random(1), random.Random(1))
    )
    assert first == again
    assert len(set(first)) > 25 and sum(each != data for each in first) > 40
