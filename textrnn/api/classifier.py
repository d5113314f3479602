"""The Python interface to classifiers: a trained classifier as an object, and a train function.

    import textrnn

    model = textrnn.load("imdb")
    print(model.classify("Not bad at all."))

`load`, `classify`, `explain` and `evaluate` never import TensorFlow; `train_classifier` and
`finetune` do.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack, overload

import numpy as np
import numpy.typing as npt

from textrnn.api.checks import check_path, check_text, check_texts
from textrnn.api.language_model import LanguageModel
from textrnn.api.model import Model
from textrnn.api.settings import ClassifierSettings
from textrnn.api.texts import TextsLike, as_texts
from textrnn.api.training import begin, check
from textrnn.artifacts import registry
from textrnn.artifacts.classifier import ClassifierArtifact
from textrnn.artifacts.language_model import LanguageModelArtifact
from textrnn.config.classifier import ClassifierRecipe
from textrnn.config.classifier_presets import ClassifierPreset, classifier_preset
from textrnn.config.limits import EXPLAIN_LIMIT
from textrnn.data.labelled import LabelledTexts, read_labelled
from textrnn.data.unlabelled import UnlabelledTexts
from textrnn.engine.classification import Prediction, Predictor
from textrnn.engine.explanation import Explanation, explain
from textrnn.errors import CorpusError
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

            prediction = model.classify("A warm and funny film.")
            print(prediction.label, prediction.probability)

        Strings are used unchanged. Training and `textrnn classify` strip the byte order mark, the
        CR of line ends and the last line end of each file: strip them from files that you read
        yourself, too.
        Below the probability `abstain` the prediction is "unsure". `threshold` is the minimum
        probability of the second of two classes. A text without a word that the model can read has
        a `reason` instead of a prediction. ConfigError when `texts` are no strings.
        """
        predictor = self._predictor
        if abstain or threshold is not None:
            predictor = Predictor(self.artifact, abstain=abstain, threshold=threshold)
        predictions = predictor.predict(check_texts(texts, "texts"))
        return predictions[0] if isinstance(texts, str) else predictions

    def probabilities(self, texts: str | Sequence[str]) -> npt.NDArray[np.float64]:
        """Calibrated probabilities (texts, classes); NaN for a text without a known word.

        A single string means a list of one.

            model.probabilities(["Dreadful.", "A delight."])
        """
        nothing = (np.nan,) * len(self.classes)
        predictions = self._predictor.predict(check_texts(texts, "texts"))
        rows = [prediction.probabilities or nothing for prediction in predictions]
        return np.array(rows).reshape(-1, len(self.classes))

    def explain(self, text: str, *, limit: int = EXPLAIN_LIMIT) -> Explanation | None:
        """The effect of each word on the prediction; None for a text without a known word.

        Of a text of more than `limit` words only the first are explained; `excerpt` is then their
        number. The time grows with the square of the words.

            for effect in model.explain("I wanted to love it.").words:
                print(effect.text, effect.effect)
        """
        return explain(self._predictor, check_text(text, "text"), limit=limit)

    def evaluate(
        self,
        data: DataLike,
        *,
        train: DataLike | None = None,
        worst: int = 10,
        abstain: float | None = None,
    ) -> dict[str, Any]:
        """Scores on labelled texts, as plain data.

            model.evaluate("reviews.csv", worst=3)["scores"]["accuracy"]

        If the path has a test part, only that is read. Texts that also occur in `train` are
        counted, and the others are also scored separately. `worst` is the number of mistakes that
        are listed; with `abstain` those below this probability are counted as unsure. CorpusError
        when no text can be read or the classes differ.
        """
        return classifier.evaluate(
            self.artifact,
            as_labelled(data, split="test", classes=self.classes),
            train=None if train is None else as_labelled(train, classes=self.classes),
            worst=worst,
            abstain=abstain,
        )

    def finetune(
        self,
        data: DataLike,
        output: str | Path,
        *,
        validation: DataLike | float | None = None,
        unlabelled: TextsLike | None = None,
        trust_hub: bool = False,
        observer: "Observer | None" = None,
        progress: bool = True,
        resume: bool = False,
        **settings: Unpack[ClassifierSettings],
    ) -> "Classifier | None":
        """Fine-tune on other labelled texts; the result is a new model in `output`.

            mine = model.finetune("reviews.csv", "mine")

        New words are added to the vocabulary, and different classes get a new head. Otherwise like
        `train_classifier`.
        """
        return _train(
            data, output, validation, settings, base=self.artifact, unlabelled=unlabelled,
            trust_hub=trust_hub, observer=observer, progress=progress, resume=resume,
        )  # fmt: skip


def train_classifier(
    data: DataLike,
    output: str | Path,
    *,
    validation: DataLike | float | None = None,
    preset: ClassifierPreset | None = None,
    pretrain: CorpusLike | None = None,
    unlabelled: TextsLike | None = None,
    trust_hub: bool = False,
    observer: "Observer | None" = None,
    progress: bool = True,
    resume: bool = False,
    **settings: Unpack[ClassifierSettings],
) -> Classifier | None:
    """Train a classifier on `data`; the model of lowest validation loss is saved in `output`.

        model = textrnn.train_classifier("reviews.csv", "my-model", epochs=5)
        model = textrnn.train_classifier((texts, labels), "my-model", validation=0.2)

    `data` is a path (as for `textrnn train classifier`), a LabelledTexts, or a pair of texts and
    labels. So is `validation`; a number is the fraction of `data` to hold out, 0.1 without it.
    `pretrain` is unlabelled text to train a language model on first: a path (a folder, a table, a
    .txt file), or an iterable of texts. It may also be `output`/pretrain of an earlier training;
    that language model is then used without training it again.
    `unlabelled` is text for distillation: the classifiers named by the setting `teacher` predict
    its soft labels. With a teacher but without `unlabelled`, they predict those of `data`.
    `trust_hub` lets TF-Hub modules run that a teacher or the run to resume names, as for `load`;
    the one in the setting `hub` runs without it.
    `settings` override those of the preset; they are checked before anything else. With `progress`
    each epoch is printed on stderr, unless an `observer` receives the progress; that may also stop
    the run, and the result is then None. The same call with `resume=True` resumes it. ConfigError
    when a setting is wrong, CorpusError when texts cannot be read or are too few, TrainingError
    when the output exists or the run cannot be resumed, MissingExtraError without TensorFlow.
    """
    values = {**(classifier_preset(preset) if preset else {}), **settings}
    corpus = None if pretrain is None else as_corpus(pretrain)
    return _train(
        data, output, validation, values, pretrain=corpus, unlabelled=unlabelled,
        trust_hub=trust_hub, observer=observer, progress=progress, resume=resume,
    )  # fmt: skip


def _train(
    data: DataLike,
    output: str | Path,
    validation: DataLike | float | None,
    settings: Any,
    unlabelled: TextsLike | None,
    *,
    observer: "Observer | None",
    progress: bool,
    **options: Any,
) -> Classifier | None:
    if isinstance(validation, int | float):
        settings, validation = {**settings, "validation": validation}, None
    check(ClassifierRecipe, settings)
    texts = as_labelled(data)
    validation_data = None
    if validation is not None:
        validation_data = as_labelled(validation, split="test", classes=texts.classes)
    extra = None if unlabelled is None else as_texts(unlabelled)
    observer = begin(observer, progress)
    from textrnn.training.tasks.classifier import train_classifier as train

    model = train(
        texts, output, validation=validation_data, settings=settings, unlabelled=extra,
        observer=observer, **options,
    )  # fmt: skip
    return Classifier._from_training(model, output)


def as_labelled(data: DataLike, **options: Any) -> LabelledTexts:
    """Labelled texts from a LabelledTexts, a pair of texts and labels, or a path.

    CorpusError when the pair has different lengths, or a label is unknown or not a string.
    """
    if isinstance(data, LabelledTexts):
        return data
    if isinstance(data, str | Path):
        check_path(data, "give a pair of texts and labels, (texts, labels)")
        return read_labelled(data, **options)
    texts = check_texts(data[0], "texts")
    labels = [data[1]] if isinstance(data[1], str) else list(data[1])
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
