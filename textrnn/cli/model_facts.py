"""The facts about a model, as `textrnn models show` lists them."""

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any

from textrnn.artifacts.base import Artifact
from textrnn.artifacts.kinds import KINDS, Kind
from textrnn.artifacts.records import section
from textrnn.cli.config_files import settings_of
from textrnn.config.recipe import Recipe, different

COUNTED = ("characters", "examples", "texts")  # what a record counts its data in
HEADING = re.compile(r"^## (.+)$", re.MULTILINE)


def facts_of(model: Artifact) -> Iterator[tuple[str, str]]:
    """(name, value) of each fact; records that are missing or damaged are left out."""
    kind, metadata = KINDS[model.kind], model.metadata
    yield "model", f"{model.name}, {kind.noun}"
    yield "parameters", f"{model.parameters:,}"
    yield from kind.summary(model).items()
    for name, record in (
        ("trained on", section(metadata, "corpus") or section(metadata, "data")),
        ("pretrained", section(metadata, "pretrained")),
    ):
        if data := _data(record):
            yield name, data
    if isinstance(base := section(metadata, "base").get("name"), str):
        yield "fine-tuned", f"from {base}"
    for name, score in _scores(kind, metadata):
        yield "score", f"{name}: {score}"
    recipe = getattr(import_module(f"textrnn.cli.tasks.{model.kind}"), "RECIPE", None)
    if recipe:
        yield "settings", _settings(model, recipe)
    for name, key in (("made by", "command"), ("licence", "licence")):
        if isinstance(value := metadata.get(key), str):
            yield name, value
    if versions := section(metadata, "versions"):
        yield "versions", ", ".join(f"{name} {value}" for name, value in versions.items())
    yield "use", kind.use_of(shlex.quote(model.name))
    yield from (("sha256", f"{checksum} {name}") for name, checksum in model.checksums.items())
    yield "card", _card(model)


def _data(record: Mapping[str, Any]) -> str:
    """The names, the size and the SHA-256 of the data in a record."""
    names = record.get("names")
    if not isinstance(names, list):
        return ""
    parts = [", ".join(map(str, names))]
    parts += [f"{record[what]:,} {what}" for what in COUNTED if isinstance(record.get(what), int)]
    if isinstance(checksum := record.get("sha256"), str):
        parts.append(f"sha256 {checksum[:12]}…")
    return ", ".join(parts)


def _scores(kind: Kind, metadata: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    own = {"validation": metadata} if "perplexity" in metadata else {}  # a language model's
    for name, found in (section(metadata, "scores") or own).items():
        try:
            yield name, kind.score(found)
        except (KeyError, TypeError, ValueError, OverflowError):  # damaged
            continue


def _settings(model: Artifact, recipe: type[Recipe]) -> str:
    """The settings that differ from the defaults, by their short names."""
    names = {where: name for name, where in recipe.names().items()}
    defaults = recipe.from_settings({}).to_dict()
    parts = []
    for full, _, value in different(defaults, settings_of(model, recipe)):
        where, _, name = full.partition(".")
        parts.append(f"{names[where, name]}={json.dumps(value, ensure_ascii=False)}")
    return f"{', '.join(parts)}; the others have their defaults" if parts else "the defaults"


def _card(model: Artifact) -> str:
    if not model.card:
        return "none: there is no README.md"
    parts = [heading for heading in HEADING.findall(model.card) if heading != "Files"]
    more = f", with: {'; '.join(parts)}" if parts else ""
    return f"`textrnn models show {shlex.quote(model.name)} --card` prints it{more}"
