"""Parse tokenizer.json, for all kinds of tokenizers."""

import json
from typing import Any

from textrnn.errors import ArtifactError


def parse(text: str) -> dict[str, Any]:
    """The object in a tokenizer.json; ArtifactError for anything else."""
    try:
        content = json.loads(text)
    except json.JSONDecodeError as error:
        raise ArtifactError(f"tokenizer.json is not JSON: {error}") from error
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
