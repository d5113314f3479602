"""What of a training is put on record without the folders of the machine that it ran on."""

from collections.abc import Mapping
from typing import Any

from textrnn.config.parts import bare_name, names_in

# Where metadata names files, which may be several with commas between.
FILES = (
    ("training", "validation"), ("training", "teacher"), ("training", "vectors"),
    ("training", "hub"), ("base", "name"), ("hub", "handle"),
)  # fmt: skip


def without_folders(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """`metadata` that names every file without its folders, so that a model can be given away."""
    result = dict(metadata)
    for part, name in FILES:
        section = result.get(part)
        if isinstance(section, Mapping) and isinstance(value := section.get(name), str):
            names = ",".join(bare_name(each) for each in names_in(value))
            result[part] = {**section, name: names}
    return result
