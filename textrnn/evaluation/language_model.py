"""Evaluate a trained language model on texts: how well it predicts their words.

The report is plain JSON data; `as_text` renders it for a terminal.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from textrnn.artifacts.language_model import LanguageModelArtifact
from textrnn.artifacts.records import section
from textrnn.data.unlabelled import UnlabelledTexts
from textrnn.engine.language_model import score
from textrnn.errors import CorpusError
from textrnn.tokenizers import PAD_ID


def evaluate(model: LanguageModelArtifact, texts: UnlabelledTexts) -> dict[str, Any]:
    """Score `model` on the concatenated `texts`, with id 0 before each, as in training.

    Loss (nats per word), perplexity and accuracy include all words and the end of each text.
    CorpusError when there are no words.
    """
    found = [ids for ids in map(model.tokenizer.encode, texts.texts) if len(ids)]
    if not found:
        raise CorpusError(
            f"{', '.join(texts.names)}: no text has a word that the model can read, so there is "
            f"nothing to score; name texts with words"
        )
    start = np.array([PAD_ID], np.int32)
    words = np.concatenate(found)
    ids = np.concatenate([part for text in found for part in (start, text)])
    unknown = model.tokenizer.unknown(words)
    report = {
        "model": model.name,
        "text": list(texts.names),
        "texts": len(found),
        "unit": model.unit,
        "tokens": len(words),
        "unknown_share": float(unknown.mean()),
        "scores": score(model, ids),
    }
    if texts.sha256 == section(model.metadata, "corpus").get("sha256"):
        report["warning"] = "the model was trained on these texts; a fair score needs other texts"
    return report


def as_text(report: Mapping[str, Any]) -> str:
    """The report as text for a terminal."""
    scores, unit = report["scores"], report["unit"]
    lines = [
        f"{report['model']} on {', '.join(report['text'])}",
        "",
        f"loss        {scores['loss']:.4f} nats per {unit.removesuffix('s')}",
        f"perplexity  {scores['perplexity']:.2f} per {unit.removesuffix('s')}",
        f"accuracy    {scores['accuracy']:.1%}",
        "",
        f"{report['tokens']:,} {unit} of {report['texts']:,} texts scored",
    ]
    if unknown := report["unknown_share"]:
        lines.append(f"{unknown:.1%} of the {unit} are unknown and all count as the same token")
    return "\n".join(lines)
