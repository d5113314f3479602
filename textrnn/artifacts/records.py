"""Remove the folders of the training machine from metadata."""

from collections.abc import Mapping
from typing import Any

from textrnn.config.parts import bare_name, names_in

# Entries of metadata that name files, or several files separated by commas.
FILES = (
    ("training", "validation"), ("training", "teacher"), ("training", "vectors"),
    ("training", "hub"), ("base", "name"), ("hub", "handle"),
)  # fmt: skip


def without_folders(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """`metadata` with file names only, so that a published model reveals no paths."""
    result = dict(metadata)
    for part, name in FILES:
        section = result.get(part)
        if isinstance(section, Mapping) and isinstance(value := section.get(name), str):
            names = ",".join(bare_name(each) for each in names_in(value))
            result[part] = {**section, name: names}
    return result
