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
    from textrnn.config import GeneratorConfig as GeneratorConfig
    from textrnn.config import SamplingConfig as SamplingConfig
    from textrnn.config import TrainingConfig as TrainingConfig
    from textrnn.corpora import Corpus as Corpus
    from textrnn.corpora import read_corpus as read_corpus
    from textrnn.errors import TextRNNError as TextRNNError
    from textrnn.observer import Observer as Observer

_HOME = {
    "Corpus": "corpora",
    "Generator": "api",
    "GeneratorConfig": "config",
    "Observer": "observer",
    "SamplingConfig": "config",
    "TextRNNError": "errors",
    "TrainingConfig": "config",
    "load": "api",
    "read_corpus": "corpora",
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
