"""Upgrade the files of a model folder of format 1 to the present format.

In format 1, the text section of a classifier was called `reading`, and a generator had none: its
token settings were in metadata.json only. Training without validation was recorded as "", files
were recorded with their folders, and numbers might be nan.
"""

from collections.abc import Mapping
from typing import Any

from textrnn.artifacts.records import without_folders
from textrnn.artifacts.storage import FORMAT
from textrnn.config.text import GeneratorTextConfig
from textrnn.errors import ConfigError
from textrnn.tokenizers import serialization

KINDS = {"language model": "language_model"}  # old name -> new name
TEXT_SETTINGS = (
    "tokens",
    "lower",
    "words",
    "model_type",
)  # of a generator, in its training section


def upgrade_record(
    record: Mapping[str, Any], metadata: Mapping[str, Any], tokenizer: str
) -> dict[str, Any]:
    """Upgrade config.json; `tokenizer` is the text of tokenizer.json."""
    new = {**record, "format": FORMAT}
    if isinstance(kind := record.get("kind"), str):
        new["kind"] = KINDS.get(kind, kind)
    if kind == "generator":
        new["text"] = _generator_text(metadata, serialization.parse(tokenizer))
    elif "reading" in new:
        new["text"] = new.pop("reading")
    return new


def _generator_text(metadata: Mapping[str, Any], tokenizer: Mapping[str, Any]) -> dict[str, Any]:
    """The text settings of a generator: tokens from the tokenizer, limits from the metadata."""
    known = {name: tokenizer[key] for name, key in (("tokens", "type"), ("lower", "lower"))
             if key in tokenizer}  # fmt: skip
    training = metadata.get("training")
    settings = training if isinstance(training, dict) else {}
    limits = {name: settings[name] for name in ("words", "model_type") if name in settings}
    try:
        return GeneratorTextConfig.from_dict({**limits, **known}).to_dict()
    except ConfigError:  # damaged records, which a model does not need
        return {**GeneratorTextConfig().to_dict(), **known}


def upgrade_metadata(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Upgrade metadata.json."""
    new, training = without_folders(metadata), metadata.get("training")
    if isinstance(training, dict):
        settings = new["training"]
        if settings.get("validation") == "":
            settings = {**settings, "validation": None}
        text = {name: settings[name] for name in TEXT_SETTINGS if name in settings}
        new["training"] = {name: value for name, value in settings.items() if name not in text}
        if text:
            new["text"] = text
    return new
