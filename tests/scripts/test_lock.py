"""requirements/dev.txt has what pyproject.toml asks for, with hashes and without an address."""

import re
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from support.paths import ROOT

LOCK = (ROOT / "requirements" / "dev.txt").read_text("utf-8")
PIN = re.compile(
    r"^(\S+==[^\\\n]+?) \\\n((?: +--hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)", re.MULTILINE
)
PINS = PIN.findall(LOCK)


def asked_for() -> list[Requirement]:
    """The requirements of '.[dev]' and of its build."""
    record = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    project, extras = record["project"], record["project"]["optional-dependencies"]
    assert extras["dev"][0] == "textrnn[train,test]"
    build = record["build-system"]["requires"]
    own = [*project["dependencies"], *extras["train"], *extras["test"], *extras["dev"][1:]]
    return list(map(Requirement, [*build, *own]))


def pinned(version: str) -> dict[str, str]:
    """Name -> version of what the lock installs on Python `version`."""
    where = {"python_version": version, "python_full_version": f"{version}.0"}
    found: dict[str, str] = {}
    for line, _ in PINS:
        pin = Requirement(line)
        if pin.marker is None or pin.marker.evaluate(where):
            assert pin.name not in found  # one version of each
            found[canonicalize_name(pin.name)] = str(pin.specifier).removeprefix("==")
    return found


@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13"])
def test_the_lock_has_a_version_of_all_that_is_asked_for(version):
    pins = pinned(version)
    for requirement in asked_for():
        assert requirement.specifier.contains(pins[canonicalize_name(requirement.name)]), (
            f"run scripts/lock: {requirement}"
        )


def test_each_line_of_the_lock_is_a_version_with_its_hashes():
    lines = [line for line in LOCK.splitlines() if not line.lstrip().startswith("#")]
    in_pins = sum(1 + hashes.count("--hash=") for _, hashes in PINS)
    assert len(lines) == in_pins  # so that there is no address, no option, and no bare name
