"""Upgrade the files of a model folder of format 1 to the present format.

In format 1, settings had other names, the text section of a classifier was called `reading`, and a
generator had none: its token settings were in metadata.json only. Training without validation was
recorded as "", files were recorded with their folders, and numbers might be nan.
"""

from collections.abc import Mapping
from typing import Any

from textrnn.artifacts.records import without_folders
from textrnn.artifacts.storage import FORMAT
from textrnn.config.text import GeneratorTextConfig
from textrnn.errors import ConfigError
from textrnn.tokenizers import serialization

# Old name -> new name.
KINDS = {"language model": "language_model"}
TEXT = {
    "words": "max_vocab_size", "rule": "word_pattern", "keep": "truncation",
    "max_words": "max_tokens",
}  # fmt: skip
TRUNCATION = {"first": "head", "last": "tail"}
TRAINING = {
    "shift": "stride", "state_reset": "reset_probability", "rename": "name_augmentation",
    "teacher_share": "teacher_weight", "crop": "crop_probability", "buckets": "length_buckets",
}  # fmt: skip
# Text settings of a generator, which format 1 kept in the training section.
TEXT_SETTINGS = ("tokens", "lower", "words", "model_type")


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
        new["text"] = _renamed(new.pop("reading"))
    return new


def _renamed(text: Any) -> Any:
    """A text section of format 1 with the present names of its settings."""
    if not isinstance(text, dict):
        return text
    new = {TEXT.get(name, name): value for name, value in text.items()}
    if (end := new.get("truncation")) in TRUNCATION:
        new["truncation"] = TRUNCATION[str(end)]
    return new


def _generator_text(metadata: Mapping[str, Any], tokenizer: Mapping[str, Any]) -> dict[str, Any]:
    """The text settings of a generator: tokens from the tokenizer, limits from the metadata."""
    known = {name: tokenizer[key] for name, key in (("tokens", "type"), ("lower", "lower"))
             if key in tokenizer}  # fmt: skip
    training = metadata.get("training")
    settings = training if isinstance(training, dict) else {}
    limits = {name: settings[name] for name in ("words", "model_type") if name in settings}
    limits = _renamed(limits)
    try:
        return GeneratorTextConfig.from_dict({**limits, **known}).to_dict()
    except ConfigError:  # damaged records, which a model does not need
        return {**GeneratorTextConfig().to_dict(), **known}


def upgrade_metadata(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Upgrade metadata.json."""
    new, training = without_folders(metadata), metadata.get("training")
    if isinstance(record := new.pop("taught", None), dict):
        new["distillation"] = _distillation(record)
    if isinstance(training, dict):
        settings = new["training"]
        if settings.get("validation") == "":
            settings = {**settings, "validation": None}
        text = {name: settings[name] for name in TEXT_SETTINGS if name in settings}
        new["training"] = {
            TRAINING.get(name, name): value for name, value in settings.items() if name not in text
        }
        if text:
            new["text"] = _renamed(text)
    return new


def _distillation(record: Mapping[str, Any]) -> dict[str, Any]:
    """The record about teachers with the present name of the number of unlabelled texts used."""
    new, unlabelled = dict(record), record.get("unlabelled")
    if isinstance(unlabelled, dict) and "learnt" in unlabelled:
        renamed = {**unlabelled, "trained_on": unlabelled["learnt"]}
        new["unlabelled"] = {name: value for name, value in renamed.items() if name != "learnt"}
    return new
