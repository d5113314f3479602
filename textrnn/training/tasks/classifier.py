"""Train a classifier: predict the label of a text."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from textrnn.artifacts.classifier import ClassifierArtifact
from textrnn.artifacts.language_model import LanguageModelArtifact
from textrnn.config.classifier import ClassifierRecipe
from textrnn.data.labelled import LabelledTexts
from textrnn.data.unlabelled import UnlabelledTexts, fresh
from textrnn.datasets.padded import steps_of
from textrnn.engine import calibration
from textrnn.engine.classification import Predictor
from textrnn.errors import ConfigError, TrainingError
from textrnn.evaluation import metrics as scores
from textrnn.tokenizers import Tokenizer
from textrnn.training import long_texts, run, teachers
from textrnn.training.encode import classifier as encode
from textrnn.training.encode.classifier import Split
from textrnn.training.initialization import Initialization
from textrnn.training.learner import Learner
from textrnn.training.learners.classifier import classifier_learner
from textrnn.training.metrics import ClassifierMetrics
from textrnn.training.observer import Observer, OnProgress
from textrnn.training.output import has_started, sole_writer
from textrnn.training.task import Batches, FinishReport, Prepared, Task, Validated, Weights
from textrnn.training.tasks import language_model
from textrnn.training.transfer import choice, hub


def train_classifier(
    data: LabelledTexts,
    output: str | Path,
    *,
    validation: LabelledTexts | None = None,
    settings: Mapping[str, Any] | None = None,
    base: ClassifierArtifact | None = None,
    pretrain: UnlabelledTexts | LanguageModelArtifact | None = None,
    unlabelled: UnlabelledTexts | None = None,
    trust_hub: bool = False,
    resume: bool = False,
    observer: Observer | None = None,
    command: str | None = None,
) -> ClassifierArtifact | None:
    """Train a classifier on `data`, and save the best model in the folder `output`.

    `validation` is for model selection and calibration; without it, a fraction of `data` is held
    out. `settings` are those of ClassifierRecipe, by name. `base` is a model to fine-tune: it keeps
    its shape, its vocabulary is extended with the new words of `data`, and different classes get a
    new head. `pretrain` is either unlabelled texts, on which the layers below the head are first
    trained as a language model in `output`/pretrain, or the language model of an earlier run.
    `unlabelled` are texts whose targets are the predictions of the setting `teacher`. `trust_hub`
    lets TF-Hub modules run that a teacher or a run to resume names. Otherwise as
    `textrnn.training.run.train`.
    """
    observer, output, settings = observer or Observer(), Path(output), settings or {}
    if base and pretrain:
        raise ConfigError(f"{base.name} is trained already; leave out `pretrain`")
    with sole_writer(output, observer):
        given: Mapping[str, Any] = ClassifierRecipe.nest(settings)
        pretrained = None
        if isinstance(pretrain, UnlabelledTexts) and not (resume and has_started(output)):
            if not resume:  # report a wrong teacher before hours of pretraining
                teacher = given["training"].get("teacher", "")
                teachers.teachers_of(teacher, data.classes, unlabelled, trust_hub)
            pretrained = language_model.pretrain(
                pretrain, data, validation, output, given,
                resume=resume, observer=observer, command=command,
            )  # fmt: skip
            if pretrained is None:
                return None
            pretrain, given = pretrained
            resume = False
        if resume and not has_started(output) and (output / language_model.FOLDER).exists():
            raise TrainingError(
                f"the run in {output} is still pretraining; name its texts with --pretrain to "
                f"resume it"
            )
        consent = hub.Consent(given["training"].get("hub", ""), trust_hub, observer.notice)
        model: ClassifierArtifact | None = run.train(
            ClassifierTask(data, validation, unlabelled, consent),
            output,
            given,
            start=choice.initialization(base, pretrain, given, resume, bool(pretrained), consent),
            beside=(language_model.FOLDER,) if pretrained else (),
            resume=resume,
            observer=observer,
            command=command,
        )
    return model


@dataclass(frozen=True, kw_only=True)
class ClassifierPrepared(Prepared):
    """Prepared data of a classifier: labelled texts as ids."""

    recipe: ClassifierRecipe
    classes: tuple[str, ...]
    split: Split


class ClassifierTask(Task[ClassifierPrepared]):
    """A classifier trained on `data`, and on teacher predictions for `unlabelled`."""

    kind = "classifier"
    recipe_type = ClassifierRecipe
    rate_option = "--learning-rate"

    def __init__(
        self,
        data: LabelledTexts,
        validation: LabelledTexts | None,
        unlabelled: UnlabelledTexts | None,
        consent: hub.Consent,
    ) -> None:
        self.data, self.validation = data, validation
        self.unlabelled, self.consent = unlabelled, consent

    def fingerprint(self) -> dict[str, Any]:
        """Checksums of all texts."""
        return encode.data_record(self.data, self.validation, self.unlabelled)

    def check_same(self, known: Mapping[str, Any], output: Path) -> None:
        """TrainingError unless the fingerprint of the texts is `known`."""
        encode.check_same(known, self.data, self.validation, self.unlabelled, output)

    def prepare(
        self,
        recipe: ClassifierRecipe,
        initialization: Initialization,
        known: Mapping[str, Any] | None,
        notify: Callable[[str], object],
    ) -> ClassifierPrepared:
        """Fit the vocabulary and encode the texts."""
        training = recipe.training
        models = (
            [] if known
            else teachers.teachers_of(
                training.teacher, self.data.classes, self.unlabelled, self.consent.trust_hub
            )
        )  # fmt: skip
        train, validation = encode.split(self.data, self.validation, training)
        more = fresh(self.unlabelled, [*train.texts, *validation.texts], notify)
        texts = [*train.texts, *more]

        def fit() -> Tokenizer:
            return encode.fit_tokenizer(recipe.text, texts)

        tokenizer = initialization.tokenizer(recipe, fit, texts, notify)
        split = encode.encode_texts(train, validation, tokenizer, recipe.text, notify, more)
        data = {"data": encode.data_record(self.data, self.validation)}
        records = known or {
            **initialization.records(tokenizer),
            **teachers.records_of(models, train.texts, self.unlabelled, split.unlabelled),
        }
        classes = self.data.classes
        network = replace(recipe.network, vocab_size=tokenizer.vocab_size, classes=len(classes))
        steps = steps_of(len(split.texts), training.batch_size)
        ids = f"{tokenizer.vocab_size:,}" if tokenizer.has_ids else "no"
        return ClassifierPrepared(
            recipe=replace(recipe, network=network),
            tokenizer=tokenizer,
            learning=training,
            epochs=training.epochs or default_epochs(steps),
            steps=steps,
            unit="texts",
            units_per_step=training.batch_size,
            records={**data, **records, **data},
            summary=(
                f"{len(classes)} classes, {ids} ids; training on {len(split.texts):,} texts, "
                f"validating on {len(split.validation):,}"
            ),
            classes=classes,
            split=split,
        )

    def learner(self, prepared: ClassifierPrepared) -> Learner:
        """A learner with random initial weights."""
        training, embedding = prepared.recipe.training, None
        if not prepared.tokenizer.has_ids:
            embedding = self.consent.layer(prepared.records, trainable=training.train_embedding)
        total_steps = prepared.epochs * prepared.steps
        return classifier_learner(
            prepared.recipe.network, training, total_steps, prepared.split.labels, embedding
        )

    def batches(
        self, prepared: ClassifierPrepared, folder: Path, observer: Observer
    ) -> Batches | None:
        """Padded batches; None if the observer stopped the teacher predictions."""
        split, training = prepared.split, prepared.recipe.training
        targets: npt.NDArray[Any] | None = split.labels
        if training.teachers:
            targets = teachers.targets(
                split.texts, split.labels, prepared.classes, training,
                prepared.records["distillation"], folder, observer, self.consent.trust_hub,
            )  # fmt: skip
        if targets is None:
            return None
        found = encode.batches(split, targets, prepared.tokenizer, training)
        observer.notice(f"{found.padding():.0%} of the batches is padding")
        return lambda epoch, step: found.dataset(seed=training.seed, epoch=epoch, first_step=step)

    def validate(
        self,
        prepared: ClassifierPrepared,
        weights: Weights,
        loss: float,
        on_progress: OnProgress | None,
    ) -> Validated:
        """Scores on the validation texts, uncalibrated and calibrated."""
        model, validation = self._model(prepared, weights), prepared.split.validation
        logits = Predictor(model).text_logits(validation.texts, "cut", on_progress)
        if not np.isfinite(logits).all():  # diverged: the loop decides what to do
            return Validated(metrics=ClassifierMetrics.undefined(loss), model=model, scores={})
        temperature, found = scores.calibrated_scores(logits, validation.labels, prepared.classes)
        raw = scores.score(calibration.probabilities(logits), validation.labels, prepared.classes)
        return Validated(
            metrics=ClassifierMetrics.of(loss, raw, found, temperature),
            model=replace(model, temperature=temperature),
            scores={"validation": found.to_dict()},
        )

    def _model(self, prepared: ClassifierPrepared, weights: Weights) -> ClassifierArtifact:
        recipe = prepared.recipe
        return ClassifierArtifact(
            config=recipe.network,
            text=recipe.text,
            classes=prepared.classes,
            tokenizer=prepared.tokenizer,
            weights=weights,
            hub={} if prepared.tokenizer.has_ids else prepared.records["hub"],
            trust_hub=True,  # its learner has asked
        )

    def finish(
        self, best: ClassifierArtifact, prepared: ClassifierPrepared, report: FinishReport
    ) -> ClassifierArtifact:
        """The best model, with the treatment of long texts that has the best validation loss."""
        return long_texts.choose(replace(best, trust_hub=True), prepared.split.validation, report)


def default_epochs(steps: int) -> int:
    """Default epochs for `steps` per epoch: about 2,400 steps in all, 4 to 40 epochs."""
    return max(4, min(40, -(-2400 // steps)))
