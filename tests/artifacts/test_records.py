"""What is put on record about a trained model."""

from importlib.metadata import PackageNotFoundError, version

import textrnn
from textrnn.artifacts import records


def test_versions_leaves_out_what_is_not_installed(monkeypatch):
    def light(name: str) -> str:
        if name != "numpy":
            raise PackageNotFoundError(name)
        return version(name)

    monkeypatch.setattr(records, "version", light)
    found = records.versions()
    assert found.keys() == {"python", "textrnn", "numpy"}
    assert found["textrnn"] == textrnn.__version__
