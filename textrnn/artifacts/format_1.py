"""Turn what a folder of format 1 holds into what one of the present format does.

Format 1 called the text section of a classifier `reading`, and had none for a generator: what its
settings said of tokens stood in metadata.json alone. A run that kept nothing for validation had ""
there, files were named with all their folders, and numbers might be nan.
"""

from collections.abc import Mapping
from typing import Any

from textrnn.artifacts.records import without_folders
from textrnn.artifacts.storage import FORMAT
from textrnn.config.text import GeneratorTextConfig
from textrnn.errors import ConfigError
from textrnn.tokenizers import serialization

KINDS = {"language model": "language_model"}  # whose name changed
TEXT_SETTINGS = ("tokens", "lower", "words", "model_type")  # of a generator, among its training's


def upgrade_record(
    record: Mapping[str, Any], metadata: Mapping[str, Any], tokenizer: str
) -> dict[str, Any]:
    """config.json in the present format; `tokenizer` is the text of tokenizer.json."""
    new = {**record, "format": FORMAT}
    if isinstance(kind := record.get("kind"), str):
        new["kind"] = KINDS.get(kind, kind)
    if kind == "generator":
        new["text"] = _generator_text(metadata, serialization.parse(tokenizer))
    elif "reading" in new:
        new["text"] = new.pop("reading")
    return new


def _generator_text(metadata: Mapping[str, Any], tokenizer: Mapping[str, Any]) -> dict[str, Any]:
    """The tokenizer says what the tokens are; what limited their number is on record, if at all."""
    known = {name: tokenizer[key] for name, key in (("tokens", "type"), ("lower", "lower"))
             if key in tokenizer}  # fmt: skip
    training = metadata.get("training")
    settings = training if isinstance(training, dict) else {}
    limits = {name: settings[name] for name in ("words", "model_type") if name in settings}
    try:
        return GeneratorTextConfig.from_dict({**limits, **known}).to_dict()
    except ConfigError:  # damaged records, which a model does without
        return {**GeneratorTextConfig().to_dict(), **known}


def upgrade_metadata(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """metadata.json in the present format."""
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
