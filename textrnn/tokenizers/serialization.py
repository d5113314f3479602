"""What is common to reading every kind of tokenizer.json."""

import json
from typing import Any

from textrnn.errors import ArtifactError


def parse(text: str) -> dict[str, Any]:
    """The object that a tokenizer.json holds; ArtifactError when it holds none."""
    try:
        content = json.loads(text)
    except json.JSONDecodeError as error:
        raise ArtifactError(f"tokenizer.json is not JSON: {error}") from error
    if not isinstance(content, dict):
        raise ArtifactError(f"tokenizer.json must hold an object, got {type(content).__name__}")
    return content


def fields(text: str, kind: str) -> dict[str, Any]:
    """The object with "type": `kind` and a "lower" that is true or false; else ArtifactError."""
    content = parse(text)
    if content.get("type") != kind:
        raise ArtifactError(
            f'tokenizer.json must be an object with "type": "{kind}", got {content.get("type")!r}'
        )
    if not isinstance(content.get("lower"), bool):
        raise ArtifactError('tokenizer.json: "lower" must be true or false')
    return content
