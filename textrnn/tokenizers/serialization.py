"""Parse tokenizer.json, for all kinds of tokenizers."""

import re
from typing import Any, get_args

from textrnn.config import strict_json
from textrnn.config.text import Rule
from textrnn.errors import ArtifactError


def parse(text: str) -> dict[str, Any]:
    """The object in a tokenizer.json; ArtifactError for anything else."""
    try:
        content = strict_json.loads(text)
    except ValueError as error:
        raise ArtifactError(
            f"tokenizer.json is damaged: {error}; restore it from a copy"
        ) from error
    if not isinstance(content, dict):
        raise ArtifactError(f"tokenizer.json must contain an object, got {type(content).__name__}")
    return content


def fields(text: str, kind: str) -> dict[str, Any]:
    """The object, which must have "type": `kind` and a boolean "lower"; else ArtifactError."""
    content = parse(text)
    if content.get("type") != kind:
        raise ArtifactError(
            f'tokenizer.json must be an object with "type": "{kind}", got {content.get("type")!r}'
        )
    if not isinstance(content.get("lower"), bool):
        raise ArtifactError('tokenizer.json: "lower" must be true or false')
    return content


def word_pattern(content: dict[str, Any]) -> Rule:
    """The word pattern in the `fields` of a tokenizer that has one; else ArtifactError."""
    rule: Any = content.get("rule")
    if rule not in get_args(Rule):
        raise ArtifactError(
            f'tokenizer.json: "rule" must be one of {", ".join(get_args(Rule))}, got {rule!r}'
        )
    return rule


def word_lists(content: dict[str, Any], *names: str) -> list[list[str]]:
    """The lists of words of these `names`; ArtifactError unless they name each word once."""
    lists: list[Any] = [content.get(name) for name in names]
    quoted = " and ".join(f'"{name}"' for name in names)
    for value in lists:
        if not isinstance(value, list) or not all(map(_is_word, value)):
            raise ArtifactError(f"tokenizer.json: {quoted} must list words")
    words = [word for value in lists for word in value]
    if len(set(words)) != len(words):
        raise ArtifactError(f"tokenizer.json: {quoted} must name each word once")
    return lists


def _is_word(value: object) -> bool:
    return isinstance(value, str) and bool(value) and not re.search(r"[\s\ud800-\udfff]", value)
