"""The Python interface to classifiers: a trained classifier as an object, and a train function.

    import textrnn

    model = textrnn.load("imdb")
    print(model.classify("Not bad at all."))

`load`, `classify`, `explain` and `evaluate` never import TensorFlow; `train_classifier` and
`finetune` do.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

import numpy as np
import numpy.typing as npt

from textrnn.api.language_model import LanguageModel
from textrnn.api.model import Model
from textrnn.api.texts import TextsLike, as_list, as_texts
from textrnn.artifacts import registry
from textrnn.artifacts.classifier import ClassifierArtifact
from textrnn.artifacts.language_model import LanguageModelArtifact
from textrnn.config.classifier import classifier_preset
from textrnn.config.limits import EXPLAIN_LIMIT
from textrnn.data.labelled import LabelledTexts, read_labelled
from textrnn.data.unlabelled import UnlabelledTexts
from textrnn.engine.classification import Prediction, Predictor
from textrnn.engine.explanation import Explanation, explain
from textrnn.errors import CorpusError, needs_extra
from textrnn.evaluation import classifier

if TYPE_CHECKING:
    from textrnn.training.observer import Observer

CorpusLike = LanguageModel | TextsLike
DataLike = LabelledTexts | str | Path | tuple[Iterable[str], Iterable[str]]


class Classifier(Model[ClassifierArtifact]):
    """A trained classifier; `load` and `train_classifier` return one."""

    def __init__(self, model: ClassifierArtifact) -> None:
        super().__init__(model)
        self._predictor = Predictor(model)

    def _shape(self) -> str:
        return ", ".join(self.classes)

    @property
    def classes(self) -> tuple[str, ...]:
        """The labels, in the order of the probabilities."""
        return self.artifact.classes

    @overload
    def classify(  # type: ignore[overload-overlap]
        self, texts: str, *, abstain: float = 0.0, threshold: float | None = None
    ) -> Prediction: ...

    @overload
    def classify(
        self, texts: Sequence[str], *, abstain: float = 0.0, threshold: float | None = None
    ) -> list[Prediction]: ...

    def classify(
        self, texts: str | Sequence[str], *, abstain: float = 0.0, threshold: float | None = None
    ) -> Prediction | list[Prediction]:
        """Classify one text, or many at once (much faster): prediction and calibrated probability.

        Strings are used unchanged. Training and `textrnn classify` strip the byte order mark, the
        CR of line ends and the last line end of each file: strip them from files that you read
        yourself, too.
        Below the probability `abstain` the prediction is "unsure". `threshold` is the minimum
        probability of the second of two classes. A text without a word that the model can read has
        a `reason` instead of a prediction.
        """
        predictor = self._predictor
        if abstain or threshold is not None:
            predictor = Predictor(self.artifact, abstain=abstain, threshold=threshold)
        predictions = predictor.predict(as_list(texts))
        return predictions[0] if isinstance(texts, str) else predictions

    def probabilities(self, texts: str | Sequence[str]) -> npt.NDArray[np.float64]:
        """Calibrated probabilities (texts, classes); NaN for a text without a known word.

        A single string means a list of one.
        """
        nothing = (np.nan,) * len(self.classes)
        predictions = self._predictor.predict(as_list(texts))
        rows = [prediction.probabilities or nothing for prediction in predictions]
        return np.array(rows).reshape(-1, len(self.classes))

    def explain(self, text: str, *, limit: int = EXPLAIN_LIMIT) -> Explanation | None:
        """The effect of each word on the prediction; None for a text without a known word.

        Of a text of more than `limit` words only the first are explained; `excerpt` is then their
        number. The time grows with the square of the words.
        """
        return explain(self._predictor, text, limit=limit)

    def evaluate(self, data: DataLike, **settings: Any) -> dict[str, Any]:
        """Scores on labelled texts, as plain data.

        `settings` are those of `textrnn.evaluation.classifier.evaluate`. If the path has a test
        part, only that is read.
        """
        return classifier.evaluate(
            self.artifact, as_labelled(data, split="test", classes=self.classes), **settings
        )

    def finetune(
        self,
        data: DataLike,
        output: str | Path,
        *,
        validation: DataLike | None = None,
        unlabelled: TextsLike | None = None,
        trust_hub: bool = False,
        observer: "Observer | None" = None,
        resume: bool = False,
        **settings: Any,
    ) -> "Classifier | None":
        """Fine-tune on other labelled texts; the result is a new model in `output`.

        New words are added to the vocabulary, and different classes get a new head. Otherwise like
        `train_classifier`.
        """
        return _train(
            data, output, validation, settings, base=self.artifact, unlabelled=unlabelled,
            trust_hub=trust_hub, observer=observer, resume=resume,
        )  # fmt: skip


def train_classifier(
    data: DataLike,
    output: str | Path,
    *,
    validation: DataLike | None = None,
    preset_name: str | None = None,
    pretrain: CorpusLike | None = None,
    unlabelled: TextsLike | None = None,
    trust_hub: bool = False,
    observer: "Observer | None" = None,
    resume: bool = False,
    **settings: Any,
) -> Classifier | None:
    """Train a classifier on `data`; the model of lowest validation loss is saved in `output`.

    `data` is a path (as for `textrnn train classifier`), a LabelledTexts, or a pair of texts and
    labels. So is `validation`; without it a fraction of `data` is held out.
    `pretrain` is unlabelled text to train a language model on first: a path (a folder, a table, a
    .txt file), or an iterable of texts. It may also be `output`/pretrain of an earlier training;
    that language model is then used without training it again.
    `unlabelled` is text for distillation: the classifiers named by the setting `teacher` predict
    its soft labels. With a teacher but without `unlabelled`, they predict those of `data`.
    `trust_hub` lets TF-Hub modules run that a teacher or the run to resume names, as for `load`;
    the one in the setting `hub` runs without it.
    `settings` are fields of ClassifierTextConfig, ClassifierConfig, ClassifierTrainingConfig and
    PretrainingConfig, and override those of the preset. The `observer` receives progress and may
    stop the run; the result is then None. The same call with `resume=True` resumes it.
    """
    values = {**(classifier_preset(preset_name) if preset_name else {}), **settings}
    corpus = None if pretrain is None else as_corpus(pretrain)
    return _train(
        data, output, validation, values, pretrain=corpus, unlabelled=unlabelled,
        trust_hub=trust_hub, observer=observer, resume=resume,
    )  # fmt: skip


def _train(
    data: DataLike,
    output: str | Path,
    validation: DataLike | None,
    settings: dict[str, Any],
    unlabelled: TextsLike | None,
    **options: Any,
) -> Classifier | None:
    with needs_extra("training"):
        import tensorflow  # noqa: F401  first, so that an error names it and not its Keras

        from textrnn.training.tasks.classifier import train_classifier as train

    texts = as_labelled(data)
    validation_data = None
    if validation is not None:
        validation_data = as_labelled(validation, split="test", classes=texts.classes)
    extra = None if unlabelled is None else as_texts(unlabelled)
    model = train(
        texts, output, validation=validation_data, settings=settings, unlabelled=extra, **options
    )
    return Classifier._from_training(model, output)


def as_labelled(data: DataLike, **options: Any) -> LabelledTexts:
    """Labelled texts from a LabelledTexts, a pair of texts and labels, or a path.

    CorpusError when the pair has different lengths, or a label is unknown or not a string.
    """
    if isinstance(data, LabelledTexts):
        return data
    if isinstance(data, str | Path):
        return read_labelled(data, **options)
    texts, labels = map(as_list, data)
    if others := [label for label in labels if not isinstance(label, str)]:
        raise CorpusError(
            f"labels must be strings, got {others[0]}; convert them, as with map(str, labels)"
        )
    classes = options.get("classes") or sorted(set(labels))
    if len(texts) != len(labels):
        raise CorpusError(
            f"there are {len(texts):,} texts and {len(labels):,} labels; give one label per text"
        )
    if unknown := set(labels) - set(classes):
        raise CorpusError(
            f"the label {sorted(unknown)[0]!r} is not one of the classes {', '.join(classes)}; "
            f"relabel its texts"
        )
    numbers = {name: number for number, name in enumerate(classes)}
    array = np.array([numbers[label] for label in labels], np.int32)
    return LabelledTexts.of(texts, array, tuple(classes), ("texts",))


def as_corpus(corpus: CorpusLike) -> UnlabelledTexts | LanguageModelArtifact:
    """Texts to pretrain on, or a trained language model; a path is read or loaded."""
    if isinstance(corpus, LanguageModel):
        return corpus.artifact
    if isinstance(corpus, str | Path) and registry.is_saved(corpus):
        return registry.load_as(LanguageModelArtifact, corpus)
    return as_texts(corpus)
