"""What strangers may send, one target a parser: a good file, and how textrnn reads and uses it.

`read` may raise TextRNNError, and nothing else.
"""

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from textrnn.artifacts import registry
from textrnn.artifacts.classifier import ClassifierArtifact
from textrnn.artifacts.generator import GeneratorArtifact
from textrnn.artifacts.kinds import KINDS
from textrnn.cli.settings import collect
from textrnn.config.classifier import ClassifierConfig, ClassifierRecipe
from textrnn.config.generator import GeneratorConfig
from textrnn.config.text import ClassifierTextConfig, GeneratorTextConfig
from textrnn.data import archives, corpora
from textrnn.data.imdb_keras import read_keras_ids
from textrnn.data.inputs import read_items
from textrnn.data.labelled import read_labelled
from textrnn.data.soft_labels import read_soft_labels
from textrnn.data.word_vectors import read_vectors
from textrnn.engine import generation
from textrnn.engine.classification import Predictor
from textrnn.tokenizers import CharTokenizer, SentencePieceTokenizer, Tokenizer, WordTokenizer
from textrnn.training import checkpoints
from textrnn.training.checkpoints import Checkpoint
from textrnn.training.state import RunRecord

TEXT = "Who knocks so late?\nA lantern swings below the bridge.\n"
WORDS = ("the", "film", "was", "good", "bad", "it", "and")
PARTS = {"corpus": {"names": ["a.txt"], "sha256": "5a" * 32, "characters": 90}}
RECORD = {
    "format": 2, "kind": "generator", "epochs": 3, "steps": 9, "epoch": 1, "step": 2,
    "loss_sum": 1.5, "best_loss": 0.5, "best_epoch": 1, "history": [{"epoch": 1, "loss": 0.5}],
    "recipe": {"network": {"units": 8}}, "settings": {"network": {}}, "tokenizer": "{}",
    "pieces": None, "records": PARTS, "start": {}, "data": PARTS["corpus"], "command": None,
    "steps_done": 11,
}  # fmt: skip


@dataclass(frozen=True)
class Target:
    """A parser: the `name` of its file, good content, and the function that reads the file."""

    name: str
    content: Callable[[Path], bytes]  # may use an empty folder
    read: Callable[[Path], object]
    structure: str = "bytes"  # or "json", "zip": as for `mutate`


def _weights(shapes: dict[str, tuple[int, ...]]) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    return {name: rng.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}


def _generator(tokenizer: Tokenizer, tokens: str) -> GeneratorArtifact:
    config = GeneratorConfig(vocab_size=tokenizer.vocab_size, units=4, embedding_dim=3, layers=1)
    return GeneratorArtifact(
        config=config, text=GeneratorTextConfig.from_dict({"tokens": tokens}), tokenizer=tokenizer,
        weights=_weights(dict(KINDS["generator"].weight_shapes(config))),
        metadata={**PARTS, "training": {"part": "0:1", "validation": "0.1"}},
    )  # fmt: skip


def _characters() -> GeneratorArtifact:
    return _generator(CharTokenizer.fit([TEXT]), "char")


def _subwords() -> GeneratorArtifact:
    return _generator(SentencePieceTokenizer.fit([TEXT] * 9, vocab_size=290), "sentencepiece")


def _classifier() -> ClassifierArtifact:
    tokenizer = WordTokenizer(WORDS, rule="unicode", lower=True, oov_buckets=2)
    config = ClassifierConfig(
        vocab_size=tokenizer.vocab_size, classes=2, units=3, embedding_dim=3, conv_layers=1
    )
    return ClassifierArtifact(
        config=config, text=ClassifierTextConfig(), classes=("bad", "good"), tokenizer=tokenizer,
        weights=_weights(dict(KINDS["classifier"].weight_shapes(config))),
    )  # fmt: skip


def _file_of(make: Callable[[], Any], folder: Path, *, name: str) -> bytes:
    registry.save(make(), folder / "model")
    return (folder / "model" / name).read_bytes()


def _use_model(path: Path) -> None:
    """Load the model in the folder of `path`, show it and use it, checksums made to fit."""
    folder = path.parent
    if path.name == "tokenizer.model":
        about = json.loads((folder / "tokenizer.json").read_bytes())
        about["sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
        (folder / "tokenizer.json").write_text(json.dumps(about))
    if path.name != "config.json":
        config = json.loads((folder / "config.json").read_bytes())
        config["sha256"] = {
            name: hashlib.sha256((folder / name).read_bytes()).hexdigest()
            for name in config["sha256"]
        }
        (folder / "config.json").write_text(json.dumps(config))
    model = registry.load(folder)
    KINDS[model.kind].summary(model)
    if isinstance(model, GeneratorArtifact):
        generation.generate(model, "the ", 20, seed=1, unknown="skip")
    elif isinstance(model, ClassifierArtifact):
        Predictor(model).predict(["The film was good.", "x"])


def _model(make: Callable[[], Any], name: str, structure: str = "json") -> Target:
    return Target(name, partial(_file_of, make, name=name), _use_model, structure)


def _checkpoint(folder: Path) -> bytes:
    arrays = {"model/0": np.ones((3, 4), np.float32), "optimizer/0": np.array(7)}
    checkpoints.save(folder, Checkpoint(RECORD, arrays))
    return checkpoints.path(folder).read_bytes()


def _use_checkpoint(path: Path) -> None:
    with checkpoints.damage(path.parent):
        RunRecord.from_dict(checkpoints.load(path.parent).record)


def _use_record(path: Path) -> None:
    """As an edited record whose checksum was made to fit."""
    try:
        record = json.loads(path.read_bytes())
    except (ValueError, RecursionError):  # the mutation is no JSON that Python itself reads
        return
    checkpoints.save(path.parent, Checkpoint(record, {}))
    _use_checkpoint(path)


def _archive(folder: Path) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", bufsize=512) as tar:
        for name in ("top/train/pos/1.txt", f"top/{'long' * 40}", "top/README"):
            info = tarfile.TarInfo(name)
            info.pax_headers = {"mtime": "1.5"}
            info.size = len(TEXT)
            tar.addfile(info, io.BytesIO(TEXT.encode()))
    return buffer.getvalue()


def _unpack(path: Path) -> None:
    packed = path
    if path.suffix == ".tar":
        packed = path.with_suffix(".tar.gz")
        packed.write_bytes(gzip.compress(path.read_bytes(), 1))
    archives.unpack(packed, "top", path.parent / "unpacked", sha256="0")


def _keras_imdb(folder: Path) -> bytes:
    reviews = np.array([[1, 4, 5], [1, 6]], dtype=object)
    labels = np.array([0, 1])
    np.savez(folder / "imdb.npz", x_train=reviews, y_train=labels, x_test=reviews, y_test=labels)
    return (folder / "imdb.npz").read_bytes()


def _use_keras_imdb(path: Path) -> None:
    index = path.parent / "imdb_word_index.json"
    index.write_text('{"film": 1, "good": 2, "bad": 3}')
    read_keras_ids(path, index, "train")


def _use_word_index(path: Path) -> None:
    (path.parent / "imdb.npz").write_bytes(_keras_imdb(path.parent))
    read_keras_ids(path.parent / "imdb.npz", path, "train")


def _read_inputs(path: Path, form: Any = None, encoding: str = "utf-8") -> None:
    for _ in read_items(str(path), form=form, column="text", encoding=encoding):
        pass


def _table(form: str) -> Callable[[Path], bytes]:
    rows = [("text", "label"), ("Good, very good.", "good"), ('"Bad"\nfilm', "bad"), ("it", "bad")]
    if form == "jsonl":
        lines = [json.dumps(dict(zip(rows[0], row, strict=True))) for row in rows[1:]]
    else:
        mark = {"csv": ",", "tsv": "\t"}[form]
        lines = [mark.join('"' + cell.replace('"', '""') + '"' for cell in row) for row in rows]
    return lambda folder: "\n".join(lines).encode()


def _use_table(path: Path) -> None:
    _read_inputs(path)
    read_labelled(path)


def _settings(path: Path) -> None:
    collect(ClassifierRecipe, {}, path, (), {})


def _good(text: str) -> Callable[[Path], bytes]:
    return lambda folder: text.encode()


def targets() -> Iterator[tuple[str, Target]]:
    """(title, target) of every parser."""
    for name in ("config.json", "tokenizer.json", "metadata.json"):
        yield f"generator's {name}", _model(_characters, name)
        yield f"classifier's {name}", _model(_classifier, name)
    yield "weights.npz", _model(_characters, "weights.npz", "zip")
    yield "tokenizer.model", _model(_subwords, "tokenizer.model", "bytes")
    yield "checkpoint.npz", Target("checkpoint.npz", _checkpoint, _use_checkpoint, "zip")
    yield "checkpoint's record", Target("r.json", _good(json.dumps(RECORD)), _use_record, "json")
    for form in ("csv", "tsv", "jsonl"):
        yield f"{form} table", Target(f"t.{form}", _table(form), _use_table)
    yield "lines", Target("t.txt", _good(TEXT), partial(_read_inputs, form="lines"))
    yield (
        "UTF-16 text",
        Target(
            "t.txt", lambda folder: TEXT.encode("utf-16"), partial(_read_inputs, encoding="utf-16")
        ),
    )
    yield "corpus", Target("t.txt", _good(TEXT), lambda path: corpora.read_corpus([str(path)]))
    yield "word vectors", Target(
        "v.txt", _good("2 3\nfilm 1 2 3\ngood .5 -1e-3 7\n"),
        lambda path: read_vectors(path, WORDS),
    )  # fmt: skip
    yield "soft labels", Target(
        "s.csv", _good("text,p_bad,p_good\nfilm,0.25,0.75\n"),
        lambda path: read_soft_labels(str(path), ("bad", "good")),
    )  # fmt: skip
    yield "settings (TOML)", Target("s.toml", _good("units = 8\n[text]\nlower = true\n"), _settings)
    yield (
        "settings (JSON)",
        Target("s.json", _good('{"units": 8, "text": {"lower": true}}'), _settings, "json"),
    )
    yield "imdb.npz", Target("imdb.npz", _keras_imdb, _use_keras_imdb, "zip")
    yield "word index", Target("w.json", _good('{"film": 1, "good": 2}'), _use_word_index, "json")
    yield "tar", Target("a.tar", _archive, _unpack)
    yield "tar.gz", Target("a.gz", lambda folder: gzip.compress(_archive(folder)), _unpack)


TARGETS = dict(targets())
