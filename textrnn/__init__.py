"""textrnn: recurrent networks on text.

    import textrnn

    model = textrnn.load("shakespeare")
    print(model.generate("ROMEO:", 200, temperature=0.5, seed=1))

The names below are imported on first use, so importing this package is cheap.
"""

from importlib import import_module

__version__ = "0.1.0"

TYPE_CHECKING = False  # importing typing takes longer than all the rest
if TYPE_CHECKING:
    from typing import Any

    from textrnn.api.classifier import Classifier as Classifier
    from textrnn.api.classifier import train_classifier as train_classifier
    from textrnn.api.generator import Generator as Generator
    from textrnn.api.generator import train_generator as train_generator
    from textrnn.api.language_model import LanguageModel as LanguageModel
    from textrnn.api.loading import load as load
    from textrnn.api.state import State as State
    from textrnn.config.classifier import ClassifierConfig as ClassifierConfig
    from textrnn.config.classifier import ClassifierTrainingConfig as ClassifierTrainingConfig
    from textrnn.config.generator import GeneratorConfig as GeneratorConfig
    from textrnn.config.generator import GeneratorTrainingConfig as GeneratorTrainingConfig
    from textrnn.config.sampling import SamplingConfig as SamplingConfig
    from textrnn.config.text import ClassifierTextConfig as ClassifierTextConfig
    from textrnn.data.corpora import Corpus as Corpus
    from textrnn.data.corpora import read_corpus as read_corpus
    from textrnn.data.labelled import LabelledTexts as LabelledTexts
    from textrnn.data.labelled import read_labelled as read_labelled
    from textrnn.engine.classification import Prediction as Prediction
    from textrnn.errors import TextRNNError as TextRNNError
    from textrnn.training.observer import Observer as Observer

_HOME = {
    "Classifier": "api.classifier",
    "ClassifierConfig": "config.classifier",
    "ClassifierTrainingConfig": "config.classifier",
    "Corpus": "data.corpora",
    "Generator": "api.generator",
    "GeneratorConfig": "config.generator",
    "LabelledTexts": "data.labelled",
    "LanguageModel": "api.language_model",
    "Observer": "training.observer",
    "ClassifierTextConfig": "config.text",
    "SamplingConfig": "config.sampling",
    "State": "api.state",
    "TextRNNError": "errors",
    "GeneratorTrainingConfig": "config.generator",
    "Prediction": "engine.classification",
    "load": "api.loading",
    "read_corpus": "data.corpora",
    "read_labelled": "data.labelled",
    "train_classifier": "api.classifier",
    "train_generator": "api.generator",
}

__all__ = sorted(_HOME)


def __getattr__(name: str) -> "Any":
    """Import the public name from its module (PEP 562)."""
    if name not in _HOME:
        raise AttributeError(f"module 'textrnn' has no attribute {name!r}")
    return getattr(import_module(f"textrnn.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return [*_HOME, "__version__"]
