"""A language model as a folder: what a classifier starts from, saved whole and loaded checked.

    config.json      rebuilds: format, kind, the network's shape, how texts are read, the sums
    tokenizer.json   the words (and tokenizer.model for SentencePiece)
    weights.npz      arrays by name, float32
    metadata.json    records: versions, texts, settings, perplexity, history
    README.md        what it is, in a few lines

It is no model to use by itself: it foretells words of its own tokenizer, and does not write.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from textrnn import tokenizers
from textrnn.artifacts import folders, model_files, storage
from textrnn.artifacts.model_files import ModelFiles
from textrnn.config.generator import GeneratorConfig
from textrnn.config.language_model import weight_shapes
from textrnn.config.text import ReadingConfig
from textrnn.errors import ArtifactError, ConfigError
from textrnn.tokenizers import Tokenizer

KIND = "language model"
RECORDS = ("corpus", "data", "pretraining", "tokens", "scores")  # what others read of it


@dataclass(frozen=True)
class LanguageModel:
    """What foretells the next word: a network's shape and weights, and how it reads texts.

    Its weights but for those of `softmax` have the names that a classifier's have.
    """

    config: GeneratorConfig
    reading: ReadingConfig
    tokenizer: Tokenizer
    weights: Mapping[str, npt.NDArray[Any]]
    metadata: Mapping[str, Any] = field(default_factory=dict)
    name: str = "language model"

    @property
    def unit(self) -> str:
        """What it foretells, in the plural."""
        return self.tokenizer.unit

    @property
    def corpus(self) -> Mapping[str, Any]:
        """What tells the texts without labels that it learnt from."""
        return self.metadata["corpus"]

    @property
    def sha256(self) -> str:
        """The sum of those texts."""
        return str(self.corpus["sha256"])


def save(model: LanguageModel, folder: Path) -> None:
    """Write `model` as `folder`, in place of one that is there, all or nothing.

    ArtifactError when it cannot be written.
    """
    record = {
        "kind": KIND,
        "network": model.config.to_dict(),
        "reading": model.reading.to_dict(),
    }
    storage.write(
        folder, record, model.tokenizer, model.weights, model.metadata, _card(model), np.float32
    )


def is_saved(folder: str | Path) -> bool:
    """Whether some model, of whatever kind, is in `folder`, and not texts to read."""
    return model_files.holds(Path(folder), ("config.json", "run/checkpoint.npz"))


def load(folder: str | Path) -> LanguageModel:
    """The language model in `folder`; ArtifactError says what is wrong with it."""
    folder = Path(folder)
    found = model_files.read(folder)
    if "config.json" not in found.files and (folder / "run").is_dir():
        raise ArtifactError(
            f"the run in {folder} has not ended an epoch yet, so there is nothing to start from; "
            f"go on with it first, with --resume"
        )
    record = found.json("config.json")
    if record.get("kind") != KIND:
        inside = folder / "pretrain"
        raise ArtifactError(
            f"{folder} holds no language model to start from"
            + (f"; name the one in it, {inside}" if inside.exists() else
               "; name a folder that --pretrain made, or texts")
        )  # fmt: skip
    storage.check_format(folder, record)
    return _read(found, record)


def _read(found: ModelFiles, record: Mapping[str, Any]) -> LanguageModel:
    folder, path = found.folder, found.folder / "config.json"
    try:
        config = GeneratorConfig.from_dict(record["network"])
        reading = ReadingConfig.from_dict(record["reading"])
        sums = dict(record["sha256"])
    except (ConfigError, TypeError, KeyError, AttributeError, ValueError) as error:
        raise ArtifactError(f"{path} is damaged: {error}") from error
    files = {name: found.data(name) for name in ("tokenizer.json", "weights.npz")}
    if "tokenizer.model" in sums:
        files["tokenizer.model"] = found.data("tokenizer.model")
    storage.check_sums(folder, files, sums)
    tokenizer = tokenizers.read(found.text("tokenizer.json"), files.get("tokenizer.model"))
    storage.check_vocabulary(folder, tokenizer.vocab_size, config.vocab_size)
    shapes = weight_shapes(config)
    weights = folders.read_weights(folder / "weights.npz", files["weights.npz"], shapes)
    metadata = found.json("metadata.json")
    if missing := [name for name in RECORDS if name not in metadata]:
        raise ArtifactError(f"{folder / 'metadata.json'} is damaged: it lacks {', '.join(missing)}")
    return LanguageModel(config, reading, tokenizer, weights, metadata, name=str(folder))


def _card(model: LanguageModel) -> str:
    corpus, config = model.corpus, model.config
    return (
        f"# A language model to start classifiers from\n\n"
        f"{config.layers} {config.cell} layers of {config.units} units over "
        f"{config.vocab_size:,} {model.unit}, learnt from {', '.join(corpus['names'])} "
        f"({corpus['texts']:,} texts, sha256 {corpus['sha256'][:12]}…) and the texts of "
        f"{', '.join(model.metadata['data']['names'])}; validation perplexity "
        f"{model.metadata['scores']['validation']['perplexity']:.1f}.\n\n"
        f"Use it: `textrnn train classifier DATA -o DIR --pretrain FOLDER`.\n"
    )
