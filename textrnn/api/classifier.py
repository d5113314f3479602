"""The Python interface to classifiers: a trained one as an object, and the function that trains.

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
from textrnn.data.labelled import Labelled, read_labelled
from textrnn.data.unlabelled import Unlabelled
from textrnn.engine.classification import Judge, Verdict
from textrnn.engine.explanation import Explanation, explain
from textrnn.errors import CorpusError, needs_extra
from textrnn.evaluation import classifier

if TYPE_CHECKING:
    from textrnn.training.observer import Observer

CorpusLike = LanguageModel | TextsLike
DataLike = Labelled | str | Path | tuple[Iterable[str], Iterable[str]]


class Classifier(Model[ClassifierArtifact]):
    """A trained classifier: `load` or `train_classifier` gives one."""

    def __init__(self, model: ClassifierArtifact) -> None:
        super().__init__(model)
        self._judge = Judge(model)

    def _shape(self) -> str:
        return ", ".join(self.classes)

    @property
    def classes(self) -> tuple[str, ...]:
        """The labels it can give."""
        return self.artifact.classes

    @overload
    def classify(  # type: ignore[overload-overlap]
        self, texts: str, *, abstain: float = 0.0, threshold: float | None = None
    ) -> Verdict: ...

    @overload
    def classify(
        self, texts: Sequence[str], *, abstain: float = 0.0, threshold: float | None = None
    ) -> list[Verdict]: ...

    def classify(
        self, texts: str | Sequence[str], *, abstain: float = 0.0, threshold: float | None = None
    ) -> Verdict | list[Verdict]:
        """Judge one text, or many at once (much faster): prediction, calibrated probability.

        A string is taken as it is. What reads files drops a byte order mark, the CR of line ends
        and the last line end, in training as in `textrnn classify`: drop them too from what you
        read yourself.
        `abstain` is the least probability of a verdict, below which it is "unsure"; `threshold`
        the least probability of the second of two classes. A text without a word that the model
        can read has a `reason` instead of a prediction.
        """
        judge = self._judge
        if abstain or threshold is not None:
            judge = Judge(self.artifact, abstain=abstain, threshold=threshold)
        verdicts = judge.judge(as_list(texts))
        return verdicts[0] if isinstance(texts, str) else verdicts

    def probabilities(self, texts: str | Sequence[str]) -> npt.NDArray[np.float64]:
        """Calibrated probabilities (texts, classes); nan for a text that cannot be read.

        A single string means a list of one.
        """
        nothing = (np.nan,) * len(self.classes)
        verdicts = self._judge.judge(as_list(texts))
        rows = [verdict.probabilities or nothing for verdict in verdicts]
        return np.array(rows).reshape(-1, len(self.classes))

    def explain(self, text: str) -> Explanation | None:
        """What each word did to the verdict; None for a text that cannot be read."""
        return explain(self._judge, text)

    def evaluate(self, data: DataLike, **settings: Any) -> dict[str, Any]:
        """Scores on labelled texts, as plain data; `settings` are those of
        `textrnn.evaluation.classifier.evaluate`. A path's part for testing is read if it has one.
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
        observer: "Observer | None" = None,
        resume: bool = False,
        **settings: Any,
    ) -> "Classifier | None":
        """Go on learning from other labelled texts; the result is a new model in `output`.

        Words it lacks are added, and other classes get a new head. Otherwise as
        `train_classifier`.
        """
        return _trained(
            data, output, validation, settings, base=self.artifact, unlabelled=unlabelled,
            observer=observer, resume=resume,
        )  # fmt: skip


def train_classifier(
    data: DataLike,
    output: str | Path,
    *,
    validation: DataLike | None = None,
    preset_name: str | None = None,
    pretrain: CorpusLike | None = None,
    unlabelled: TextsLike | None = None,
    observer: "Observer | None" = None,
    resume: bool = False,
    **settings: Any,
) -> Classifier | None:
    """Teach a new model to judge like `data`; the best by validation loss is left in `output`.

    `data` is a path (as for `textrnn train classifier`), a Labelled, or a pair of texts and
    labels; so is `validation`, for which a share of `data` is kept back if it is left out.
    `pretrain` are more texts, without labels, whose words it learns to foretell first: a path (a
    folder, a table, a .txt file), or texts at hand. Or it is `output`/pretrain of an earlier
    training, which is then started from as it is.
    `unlabelled` are texts without labels too, to learn what the trained classifiers named by the
    setting `teacher` think of them; with a teacher and no such texts, of those of `data`.
    `settings` are fields of ReadingConfig, ClassifierConfig, ClassifierTrainingConfig and
    PretrainingConfig and override those of the preset. An `observer` is told what happens and may
    stop the run, in which case the result is None; the same call with `resume=True` goes on.
    """
    values = {**(classifier_preset(preset_name) if preset_name else {}), **settings}
    corpus = None if pretrain is None else as_corpus(pretrain)
    return _trained(
        data, output, validation, values, pretrain=corpus, unlabelled=unlabelled,
        observer=observer, resume=resume,
    )  # fmt: skip


def _trained(
    data: DataLike,
    output: str | Path,
    validation: DataLike | None,
    settings: dict[str, Any],
    unlabelled: TextsLike | None,
    **how: Any,
) -> Classifier | None:
    with needs_extra("training"):
        from textrnn.training.tasks.classifier import train_classifier as train

    texts = as_labelled(data)
    held = None
    if validation is not None:
        held = as_labelled(validation, split="test", classes=texts.classes)
    more = None if unlabelled is None else as_texts(unlabelled)
    model = train(texts, output, validation=held, settings=settings, unlabelled=more, **how)
    return Classifier._trained(model, output)


def as_labelled(data: DataLike, **options: Any) -> Labelled:
    """A Labelled as it is; a pair of texts and labels as one; a path read.

    CorpusError when the pair is none, or a label is no text.
    """
    if isinstance(data, Labelled):
        return data
    if isinstance(data, str | Path):
        return read_labelled(data, **options)
    texts, labels = map(as_list, data)
    if others := [label for label in labels if not isinstance(label, str)]:
        raise CorpusError(
            f"labels must be text, got {others[0]}; give their names, as with map(str, labels)"
        )
    classes = options.get("classes") or sorted(set(labels))
    if len(texts) != len(labels):
        raise CorpusError(f"there are {len(texts):,} texts and {len(labels):,} labels; give a pair")
    if unknown := set(labels) - set(classes):
        raise CorpusError(
            f"the label {sorted(unknown)[0]!r} is none of the classes {', '.join(classes)}"
        )
    numbers = {name: number for number, name in enumerate(classes)}
    array = np.array([numbers[label] for label in labels], np.int32)
    return Labelled.of(texts, array, tuple(classes), ("texts",))


def as_corpus(corpus: CorpusLike) -> Unlabelled | LanguageModelArtifact:
    """What to pretrain on: read if it is a path, loaded if that is of a language model."""
    if isinstance(corpus, LanguageModel):
        return corpus.artifact
    if isinstance(corpus, str | Path) and registry.is_saved(corpus):
        return registry.load_language_model(corpus)
    return as_texts(corpus)
