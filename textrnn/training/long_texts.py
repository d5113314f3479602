"""Choose how a trained classifier reads texts that are longer than its training texts."""

from dataclasses import replace
from functools import partial

from textrnn.artifacts.classifier import HOW_READ, LONG_TEXTS, ClassifierArtifact
from textrnn.data.labelled import LabelledTexts
from textrnn.engine.classification import Predictor
from textrnn.evaluation import metrics as scores
from textrnn.training.task import FinishReport

ENOUGH_LONG = 20  # long texts; with fewer, the choice among LONG_TEXTS is noise


def choose(
    best: ClassifierArtifact, validation: LabelledTexts, report: FinishReport
) -> ClassifierArtifact:
    """The model `best` with the treatment of long texts that has the best validation loss.

    With too few long validation texts, long texts are truncated, as in training.
    """
    predictor, size = Predictor(best), best.text.max_tokens
    count = sum(len(predictor.encode(text)) > size for text in validation.texts)
    if count < min(ENOUGH_LONG, len(validation)):
        return best
    tried: dict[str, dict[str, float]] = {}
    report.on_progress(0.0)
    for way in LONG_TEXTS:
        progress = partial(_report_progress, report, len(tried))
        logits = predictor.text_logits(validation.texts, way, progress)
        temperature, found = scores.calibrated_scores(logits, validation.labels, best.classes)
        tried[way] = {"temperature": temperature, **found.to_dict()}
    way = min(tried, key=lambda way: tried[way]["log_loss"])
    losses = ", ".join(f"{name} {found['log_loss']:.4f}" for name, found in tried.items())
    report.notify(f"texts over {size} words: {losses}; they will be read {HOW_READ[way]}")
    best = replace(best, long_texts=way, temperature=tried[way].pop("temperature"))  # type: ignore[arg-type]
    return replace(best, metadata={**best.metadata, "scores": {"validation": tried[way]}})


def _report_progress(report: FinishReport, tried: int, done: int, total: int) -> None:
    report.on_progress((tried + done / total) / len(LONG_TEXTS))
