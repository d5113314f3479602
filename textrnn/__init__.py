"""textrnn: recurrent networks on text.

    import textrnn

    model = textrnn.load("shakespeare")
    print(model.generate("ROMEO:", 200, temperature=0.5, seed=1))

The names below are resolved when they are first used: importing this package costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from textrnn.api import Generator as Generator
    from textrnn.api import load as load
    from textrnn.api import train_generator as train_generator
    from textrnn.classification import Verdict as Verdict
    from textrnn.classifier_api import Classifier as Classifier
    from textrnn.classifier_api import train_classifier as train_classifier
    from textrnn.classifier_config import ClassifierConfig as ClassifierConfig
    from textrnn.classifier_config import ClassifierTrainingConfig as ClassifierTrainingConfig
    from textrnn.classifier_config import ReadingConfig as ReadingConfig
    from textrnn.config import GeneratorConfig as GeneratorConfig
    from textrnn.config import SamplingConfig as SamplingConfig
    from textrnn.config import TrainingConfig as TrainingConfig
    from textrnn.corpora import Corpus as Corpus
    from textrnn.corpora import read_corpus as read_corpus
    from textrnn.errors import TextRNNError as TextRNNError
    from textrnn.labelled import Labelled as Labelled
    from textrnn.labelled import read_labelled as read_labelled
    from textrnn.observer import Observer as Observer

_HOME = {
    "Classifier": "classifier_api",
    "ClassifierConfig": "classifier_config",
    "ClassifierTrainingConfig": "classifier_config",
    "Corpus": "corpora",
    "Generator": "api",
    "GeneratorConfig": "config",
    "Labelled": "labelled",
    "Observer": "observer",
    "ReadingConfig": "classifier_config",
    "SamplingConfig": "config",
    "TextRNNError": "errors",
    "TrainingConfig": "config",
    "Verdict": "classification",
    "load": "api",
    "read_corpus": "corpora",
    "read_labelled": "labelled",
    "train_classifier": "classifier_api",
    "train_generator": "api",
}

__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    """The public name, from the module that holds it (PEP 562)."""
    if name not in _HOME:
        raise AttributeError(f"module 'textrnn' has no attribute {name!r}")
    return getattr(import_module(f"textrnn.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return [*globals(), *_HOME]
