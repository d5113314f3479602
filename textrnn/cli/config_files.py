"""Settings from what is named after --config: a TOML or JSON file, or a trained model."""

import json
import os
import tomllib
from collections.abc import Collection, Mapping
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from textrnn.config import strict_json
from textrnn.config.base import Config
from textrnn.config.limits import SETTINGS_LIMIT
from textrnn.config.parts import is_file, names_in, parse_validation
from textrnn.config.recipe import Recipe
from textrnn.data.text_files import open_bytes
from textrnn.errors import ConfigError

if TYPE_CHECKING:
    from textrnn.artifacts.base import Artifact

# The keys by which a model's config.json and metadata.json are known from files of settings.
OF_MODELS = ({"format", "kind", "network"}, {"versions", "training"})
# Settings that may name files. A model records their names without folders, so they are not found.
FILES = ("teacher", "vectors")
SPLIT = ("part", "validation")  # of the model's own text or texts


def read_config(path: Path, recipe: type[Recipe]) -> dict[str, Any]:
    """The settings in a file, by short name, full name or section; or those of a model.

    A model is named by its folder, a file in it or, where no file has that name, a bundled name.
    ConfigError for a file of another kind, ArtifactError for a damaged model.
    """
    if str(path) == "-":  # the texts may come from there
        raise ConfigError("--config takes a file of settings, and not standard input; name a file")
    if _is_model(path):
        return _of_model(str(path), recipe)
    content = _read(path)
    if any(keys <= content.keys() for keys in OF_MODELS):
        # The full path: a bundled model may have the name of that folder.
        return _of_model(str(path.parent.absolute()), recipe)
    return content


def _is_model(path: Path) -> bool:
    is_folder = os.path.isdir(path)
    if os.path.exists(path) and not is_folder:
        return False
    from textrnn.artifacts import registry

    if str(path) in registry.bundled():
        return True
    if is_folder and not registry.is_saved(path):
        raise ConfigError(
            f"{path} is a folder without a model; name a file of settings or a model after --config"
        )
    return is_folder


def _read(path: Path) -> dict[str, Any]:
    try:
        with open_bytes(path) as file:
            data = file.read(SETTINGS_LIMIT + 1)
        if len(data) > SETTINGS_LIMIT:
            raise ConfigError(f"{path} is over {SETTINGS_LIMIT:,} bytes; name a file of settings")
        text = data.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
        content = (strict_json if path.suffix == ".json" else tomllib).loads(text)
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror or error}") from error
    except RecursionError:
        raise ConfigError(f"{path} is not a file of settings: it is nested too deeply") from None
    except ValueError as error:
        raise ConfigError(f"{path} is not a TOML or JSON file of settings: {error}") from error
    if not isinstance(content, dict):
        raise ConfigError(f"{path} must hold NAME: VALUE pairs, as in units = 128")
    return content


def _of_model(name: str, recipe: type[Recipe]) -> dict[str, Any]:
    """The settings that the model `name` was trained with; what is left out goes to stderr."""
    from textrnn.artifacts import registry
    from textrnn.artifacts.kinds import KINDS

    model = registry.load(name)  # which runs no TF-Hub module
    task = import_module(f"textrnn.cli.tasks.{model.kind}")
    if getattr(task, "RECIPE", None) is not recipe:
        raise ConfigError(
            f"{name} after --config is {KINDS[model.kind].noun}, whose settings are not those of "
            f"this training; name another model, or a file of settings"
        )
    found = settings_of(model, recipe)
    for key, value in _take_files(found["training"], registry.bundled()).items():
        click.echo(
            f"--config {name} leaves out {key}, which named {value!r}; to use it again, add --set "
            f"{key}=PATH",
            err=True,
        )
    training, defaults = found["training"], recipe.sections()["training"]
    split = [key for key in SPLIT if training.get(key, "") != getattr(defaults, key, "")]
    if own := {key: training.pop(key) for key in split if key in training}:
        listed = ", ".join(f"{key}={json.dumps(value)}" for key, value in own.items())
        click.echo(f"--config {name} leaves out {listed}, the parts of its own text", err=True)
    return found


def settings_of(model: "Artifact", recipe: type[Recipe]) -> dict[str, dict[str, Any]]:
    """The recorded settings of a model by section, without what its data determined."""
    from textrnn.artifacts.records import section

    records = {
        "text": model.text.to_dict(),
        "network": model.config.to_dict(),
        "training": section(model.metadata, "training"),
    }
    return {
        part: {key: value for key, value in records[part].items() if _is_setting(cls, key)}
        for part, cls in recipe.sections().items()
        if part in records
    }


def _is_setting(cls: type[Config], name: str) -> bool:
    return name in cls.field_types() and name not in cls.derived


def _take_files(training: dict[str, Any], bundled: Collection[str]) -> Mapping[str, Any]:
    """Take the settings that name files, and not `bundled` models, out of `training`."""
    names = [name for name in FILES if set(names_in(str(training.get(name, "")))) - set(bundled)]
    validation = training.get("validation")
    if isinstance(validation, str) and _names_file(validation):
        names.append("validation")
    return {name: training.pop(name) for name in names}


def _names_file(validation: str) -> bool:
    try:
        parse_validation(validation)
    except ConfigError:
        return True
    return is_file(validation)
