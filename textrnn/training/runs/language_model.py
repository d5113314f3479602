"""A language model's run, begun or resumed: its settings, its texts as streams, its learner."""

import base64
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from textrnn import tokenizers
from textrnn.config.classifier import ClassifierConfig, ClassifierTrainingConfig
from textrnn.config.generator import GeneratorConfig
from textrnn.config.language_model import PretrainingConfig
from textrnn.config.text import ReadingConfig
from textrnn.config.training import LearningConfig
from textrnn.data.labelled import Labelled
from textrnn.data.unlabelled import Unlabelled
from textrnn.datasets.windows import stream_steps
from textrnn.errors import TrainingError
from textrnn.models.language_model import build_language_model, language_model_loss
from textrnn.training import checkpoints, encoding, initialization, streams
from textrnn.training.learner import Learner
from textrnn.training.loop import Saver, Standing, check_free, check_same_settings
from textrnn.training.observer import Observer
from textrnn.training.streams import Streams

FOLDER = "pretrain"  # in that of the classifier


@dataclass(kw_only=True)
class PretrainingRun(Standing):
    """What a language model's run learns, from what, and where it stands."""

    settings: Mapping[str, Any]  # all that were given, the classifier's too
    reading: ReadingConfig
    network: GeneratorConfig
    pretraining: PretrainingConfig
    training: ClassifierTrainingConfig
    tokenizer: Any
    corpus: Mapping[str, Any]  # what tells the texts without labels again
    data: Mapping[str, Any]  # and those with

    @property
    def learning(self) -> LearningConfig:
        """The settings that the loop goes by."""
        return self.pretraining.learning(self.training)

    @property
    def lower_rate(self) -> str:
        """What to start again with when learning went wrong."""
        rate = self.pretraining.pretrain_learning_rate
        return (
            f"a lower pretrain_learning_rate than {rate:g}, as with --set "
            f"pretrain_learning_rate={rate / 4:g}"
        )

    def record(self) -> dict[str, Any]:
        """Everything but the weights, as JSON holds it; `go_on` starts from here."""
        pieces = getattr(self.tokenizer, "model", None)
        return {
            **self.progress_record(),
            "settings": dict(self.settings),
            "tokenizer": self.tokenizer.to_json(),
            "pieces": base64.b64encode(pieces).decode() if pieces else None,
            "corpus": self.corpus,
            "data": self.data,
        }


def begin(
    corpus: Unlabelled,
    data: Labelled,
    validation: Labelled | None,
    output: Path,
    settings: Mapping[str, Any],
    observer: Observer,
) -> tuple[PretrainingRun, Learner, Streams]:
    """A new run in `output`/pretrain, its learner, and the texts as streams."""
    folder = output / FOLDER
    if folder.exists():
        raise TrainingError(
            f"{folder} already holds a language model or a run; add --resume to go on with it, or "
            f"start from it with --pretrain {folder} and another -o"
        )
    check_free(output)
    reading, shape, training, pretraining = initialization.with_language_model(settings)
    texts = streams.gather(corpus, data, validation, training, observer)
    tokenizer = encoding.fit_tokenizer(reading, texts)
    split = streams.streams(texts, tokenizer, pretraining, training.seed)
    steps = stream_steps(
        len(split.learnt), pretraining.pretrain_batch_size, pretraining.pretrain_window
    )
    run = PretrainingRun(
        output=folder,
        epochs=pretraining.pretrain_epochs or default_epochs(steps),
        steps=steps,
        settings=settings,
        reading=reading,
        network=language_network(shape, pretraining, tokenizer.vocab_size),
        pretraining=pretraining,
        training=training,
        tokenizer=tokenizer,
        corpus=corpus.record(),
        data=encoding.data_record(data, validation),
    )
    learner = language_learner(run, split)
    Saver(run, learner).save()  # so that a run killed at once can be resumed too
    return run, learner, split


def go_on(
    corpus: Unlabelled,
    data: Labelled,
    validation: Labelled | None,
    output: Path,
    settings: Mapping[str, Any],
    observer: Observer,
) -> tuple[PretrainingRun, Learner, Streams]:
    """The run whose checkpoint is in `output`/pretrain, as `begin` gives a new one."""
    folder = output / FOLDER
    checkpoint = checkpoints.load(folder / "run")
    record = dict(checkpoint.record)
    _check_same_texts(record, corpus, data, validation, output)
    reading, shape, training, pretraining = initialization.with_language_model(record["settings"])
    configs = (training, shape, reading, pretraining)
    own = {name: value for config in configs for name, value in config.to_dict().items()}
    check_same_settings(own, settings, output)
    pieces, steps_done = record.pop("pieces"), record.pop("steps_done")
    tokenizer = tokenizers.read(
        record.pop("tokenizer"), base64.b64decode(pieces) if pieces else None
    )
    run = PretrainingRun(
        output=folder,
        reading=reading,
        network=language_network(shape, pretraining, tokenizer.vocab_size),
        pretraining=pretraining,
        training=training,
        tokenizer=tokenizer,
        **record,
    )
    texts = streams.gather(corpus, data, validation, training, Observer())
    split = streams.streams(texts, tokenizer, pretraining, training.seed)
    learner = language_learner(run, split)
    learner.restore(checkpoint.arrays, steps_done)
    observer.notice(f"going on with pretraining at epoch {run.epoch + 1}, step {run.step + 1}")
    return run, learner, split


def _check_same_texts(
    record: Mapping[str, Any],
    corpus: Unlabelled,
    data: Labelled,
    validation: Labelled | None,
    output: Path,
) -> None:
    """TrainingError unless a resumed run is given the texts that it began with."""
    for given, own, what in (
        (corpus.sha256, record["corpus"], "is pretrained on"),
        (data.sha256, record["data"], "learns to judge from"),
    ):
        if given != own["sha256"]:
            raise TrainingError(
                f"the run in {output} {what} other texts: {', '.join(own['names'])}, "
                f"{own.get('texts', own.get('examples')):,} of them; name those to go on"
            )
    encoding.check_validation(validation, record["data"].get("validation"), output)


def language_network(
    shape: ClassifierConfig, pretraining: PretrainingConfig, vocab_size: int
) -> GeneratorConfig:
    """The network below a classifier's pooling, with rates of its own, as one that foretells."""
    return GeneratorConfig(
        vocab_size=vocab_size,
        **{name: getattr(shape, name) for name in initialization.SHAPE},
        residual=False,
        recurrent_dropout=0.0,
        input_dropout=pretraining.pretrain_embedding_dropout,
        dropout=pretraining.pretrain_dropout,
        output_dropout=pretraining.pretrain_dropout,
    )


def language_learner(run: PretrainingRun, split: Streams) -> Learner:
    """What learns to foretell the next word, with fresh weights."""
    model = build_language_model(
        run.network,
        np.bincount(split.learnt, minlength=run.network.vocab_size),
        batch_size=run.pretraining.pretrain_batch_size,
        negatives=run.pretraining.pretrain_negatives,
        word_dropout=run.pretraining.pretrain_word_dropout,
        seed=run.training.seed,
    )
    loss = language_model_loss(model)
    return Learner(model, run.learning, run.epochs * run.steps, loss)


def default_epochs(steps: int) -> int:
    """Epochs of so many steps for a user who names none: about 10,000 steps in all."""
    return max(1, min(20, math.ceil(10_000 / steps)))
