"""Train a language model on unlabelled texts, as the initialization of a classifier.

It predicts the next word of these texts and of the classifier's training texts (Dai and Le 2015;
ULMFiT: Howard and Ruder 2018).
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from textrnn.artifacts.language_model import LanguageModelArtifact
from textrnn.config.classifier import ClassifierConfig, ClassifierRecipe
from textrnn.config.generator import GeneratorConfig
from textrnn.config.language_model import PretrainingConfig
from textrnn.data.labelled import LabelledTexts
from textrnn.data.unlabelled import UnlabelledTexts
from textrnn.datasets.windows import stream_steps
from textrnn.engine.language_model import score as score_of
from textrnn.errors import TrainingError
from textrnn.models.language_model import build_language_model, language_model_loss
from textrnn.tokenizers import Tokenizer
from textrnn.training import checkpoints, run
from textrnn.training.encode import classifier as labelled_texts
from textrnn.training.encode import language_model as encode
from textrnn.training.encode.language_model import Streams
from textrnn.training.initialization import Initialization
from textrnn.training.learner import Learner
from textrnn.training.metrics import LanguageModelMetrics
from textrnn.training.observer import Observer, OnProgress
from textrnn.training.output import check_free, has_started, sole_writer
from textrnn.training.task import Batches, Prepared, Task, Validated, Weights
from textrnn.training.transfer.language_model import SHAPE, PretrainedOn

FOLDER = "pretrain"  # inside the classifier's folder


def pretrain(
    corpus: UnlabelledTexts,
    data: LabelledTexts,
    validation: LabelledTexts | None,
    output: Path,
    settings: Mapping[str, Any],
    *,
    resume: bool = False,
    observer: Observer | None = None,
    command: str | None = None,
) -> tuple[LanguageModelArtifact, Mapping[str, Any]] | None:
    """Train a language model on `corpus` and on the training texts of a classifier.

    `data`, `validation`, `settings` and `output` are those of the classifier; the model is saved in
    `output`/pretrain. Returns the best model and its run's settings for the classifier, or None if
    the observer stopped the run.
    """
    folder, observer = output / FOLDER, observer or Observer()
    with sole_writer(output, observer):
        if has_started(folder) and not resume:
            raise TrainingError(
                f"{folder} already holds a language model or a run; add --resume to continue "
                f"it, or start from it with --pretrain {folder} and another -o"
            )
        if not resume:
            check_free(output, (FOLDER,))
        model = run.train(
            LanguageModelTask(corpus, data, validation),
            folder,
            settings,
            start=PretrainedOn(corpus),
            resume=resume,
            observer=observer,
            command=command,
        )
    if model is None:
        return None
    return model, checkpoints.load(folder / "run").record["settings"]


@dataclass(frozen=True, kw_only=True)
class LanguageModelPrepared(Prepared):
    """Prepared data of a language model: texts as streams of ids."""

    recipe: ClassifierRecipe
    network: GeneratorConfig
    split: Streams


class LanguageModelTask(Task[LanguageModelPrepared]):
    """A language model of `corpus` and of the training texts in the labelled `data`."""

    kind = "language_model"
    recipe_type = ClassifierRecipe
    rate_option = "pretraining.learning_rate"

    def __init__(
        self, corpus: UnlabelledTexts, data: LabelledTexts, validation: LabelledTexts | None
    ) -> None:
        self.corpus, self.data, self.validation = corpus, data, validation

    def fingerprint(self) -> dict[str, Any]:
        """Checksums of the unlabelled and the labelled texts."""
        data = labelled_texts.data_record(self.data, self.validation)
        return {"corpus": self.corpus.record(), "data": data}

    def check_same(self, known: Mapping[str, Any], output: Path) -> None:
        """TrainingError unless the fingerprint of the texts is `known`."""
        for given, own, what in (
            (self.corpus.sha256, known["corpus"], "is pretrained on"),
            (self.data.sha256, known["data"], "trains its classifier on"),
        ):
            if given != own["sha256"]:
                raise TrainingError(
                    f"the run in {output.parent} {what} other texts: {', '.join(own['names'])}, "
                    f"{own.get('texts', own.get('examples')):,} of them; name those to resume it"
                )
        labelled_texts.check_validation(
            self.validation, known["data"].get("validation"), output.parent
        )

    def prepare(
        self,
        recipe: ClassifierRecipe,
        initialization: Initialization,
        known: Mapping[str, Any] | None,
        notify: Callable[[str], object],
    ) -> LanguageModelPrepared:
        """Fit the vocabulary and encode the texts as streams."""
        training, own = recipe.training, recipe.pretraining
        texts = encode.gather(self.corpus, self.data, self.validation, training, notify)

        def fit() -> Tokenizer:
            return labelled_texts.fit_tokenizer(recipe.text, texts)

        tokenizer = initialization.tokenizer(recipe, fit, texts, notify)
        split = encode.streams(texts, tokenizer, own, training.seed)
        steps = stream_steps(len(split.train), own.batch_size, own.window)
        learning = replace(own, seed=training.seed, checkpoint_seconds=training.checkpoint_seconds)
        tokens = {"tokens": len(split.train)}
        return LanguageModelPrepared(
            recipe=recipe,
            network=language_network(recipe.network, own, tokenizer.vocab_size),
            tokenizer=tokenizer,
            learning=learning,
            epochs=own.epochs or default_epochs(steps),
            steps=steps,
            unit=tokenizer.unit,
            units_per_step=own.batch_size * own.window,
            records={**self.fingerprint(), **tokens},
            summary=(
                f"pretraining: {tokenizer.vocab_size:,} ids; training on "
                f"{len(split.train):,}, validating on {len(split.validation):,}"
            ),
            split=split,
        )

    def learner(self, prepared: LanguageModelPrepared) -> Learner:
        """A learner with random initial weights."""
        config = prepared.recipe.pretraining
        model = build_language_model(
            prepared.network,
            np.bincount(prepared.split.train, minlength=prepared.network.vocab_size),
            batch_size=config.batch_size,
            negatives=config.negatives,
            word_dropout=config.word_dropout,
            seed=prepared.learning.seed,
        )
        return Learner(
            model, prepared.learning, prepared.epochs * prepared.steps, language_model_loss(model)
        )

    def batches(self, prepared: LanguageModelPrepared, folder: Path, observer: Observer) -> Batches:
        """Windows of the streams; each epoch has the texts in another order."""
        window = prepared.recipe.pretraining.window
        return lambda epoch, step: prepared.split.batches(
            prepared.learning, window, epoch=epoch, first_step=step
        )

    def validate(
        self,
        prepared: LanguageModelPrepared,
        weights: Weights,
        loss: float,
        on_progress: OnProgress | None,
    ) -> Validated:
        """Loss and perplexity on the validation words."""
        model = LanguageModelArtifact(
            config=prepared.network,
            text=prepared.recipe.text,
            tokenizer=prepared.tokenizer,
            weights=weights,
        )
        score = score_of(model, prepared.split.validation, on_progress)
        return Validated(
            metrics=LanguageModelMetrics(
                loss=loss,
                validation_loss=score["loss"],
                validation_perplexity=score["perplexity"],
                validation_accuracy=score["accuracy"],
            ),
            model=model,
            scores={"validation": score},
            records={"perplexity": score["perplexity"]},
        )


def language_network(
    shape: ClassifierConfig, pretraining: PretrainingConfig, vocab_size: int
) -> GeneratorConfig:
    """A language model with the layers below a classifier's pooling, and its own dropout."""
    return GeneratorConfig(
        vocab_size=vocab_size,
        **{name: getattr(shape, name) for name in SHAPE},
        residual=False,
        recurrent_dropout=0.0,
        input_dropout=pretraining.embedding_dropout,
        dropout=pretraining.dropout,
        output_dropout=pretraining.dropout,
    )


def default_epochs(steps: int) -> int:
    """Default epochs for `steps` per epoch: about 10,000 steps in all, 1 to 20 epochs."""
    return max(1, min(20, math.ceil(10_000 / steps)))
