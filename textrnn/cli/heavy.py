"""The part of `train` and `finetune` that needs TensorFlow."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

# Before the import: TensorFlow's greetings about hardware are no news to who wants a text.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from textrnn.artifact import Artifact
from textrnn.cli.display import TrainingDisplay
from textrnn.corpora import Corpus
from textrnn.training import configured, fine_tuned_training, train_generator


def train(
    corpus: Corpus,
    output: Path,
    settings: Mapping[str, Any],
    *,
    base: Artifact | None,
    resume: bool,
    quiet: bool,
    command: str,
) -> bool:
    """Train with a display; False when the run was stopped and can be resumed."""
    network, training = configured(settings, fine_tuned_training(base) if base else None)
    with TrainingDisplay(quiet=quiet) as display:
        model = train_generator(
            corpus,
            output,
            network=network,
            training=training,
            base=base,
            resume=resume,
            observer=display,
            command=command,
        )
    return model is not None
