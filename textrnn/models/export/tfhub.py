"""Turn a trained embedding, or a file of word vectors, into a TF-Hub text embedding module.

The module is a SavedModel: called with texts (batch,), it returns vectors (batch, values), the sum
of the rows of a text's tokens divided by the square root of their number. Its graph splits texts by
the word pattern of the model that the tokens come from.
"""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from textrnn import files
from textrnn.artifacts.base import Artifact
from textrnn.data.word_vectors import read_vectors, vector_size, words_of
from textrnn.errors import ArtifactError, ConfigError, cannot_write
from textrnn.tokenizers import Rule, patterns

LINE_ENDS = {"\n": "<newline>", "\r": "<return>"}  # characters that a line cannot hold

_BREAK = r"(?i)<br\s*/?>"
# The patterns of textrnn.tokenizers.patterns again, in TensorFlow's regular expressions (RE2): RE2
# cannot subtract one character class from another, so unspaced scripts are separated first.
_UNSPACED = rf"([{patterns.UNSPACED}]\pM*)"
_RUN = r"[\pL\pN]+(?:\pM+[\pL\pN]*)*"
_WORD = rf"({_RUN}(?:['\x{{200c}}\x{{200d}}]{_RUN})*|[^\s\pZ\p{{Cc}}\p{{Cf}}]\pM*)|(?s:.)"
_INVISIBLE = r"[\x{ad}\x{fe00}-\x{fe0f}\x{e0100}-\x{e01ef}]"

RULES = {
    "textbook": "runs of ASCII letters and apostrophes",
    "unicode": "runs of letters and digits of any script, and every other visible character on "
    "its own",
    "characters": "single characters; line feed and carriage return are written "
    + " and ".join(LINE_ENDS.values()),
}


@dataclass(frozen=True)
class Embedding:
    """Tokens and their vectors (tokens + 1, values); the last row serves all other tokens."""

    tokens: tuple[str, ...]
    vectors: npt.NDArray[np.float32]
    rule: str  # a key of RULES
    lower: bool

    def card(self, source: str) -> str:
        """README.md of a module: its contents, and how it turns a text into a vector."""
        case = ", in lower case" if self.lower else ""
        return (
            f"# A text embedding from {source}\n\n"
            f"A TensorFlow 2 SavedModel in TF-Hub's format for text embeddings, made with textrnn: "
            f"{len(self.tokens):,} tokens (`assets/tokens.txt`) of {self.vectors.shape[1]} values, "
            f"and one last row for all other tokens.\n\n"
            f"- **Tokens of a text**: {RULES[self.rule]}{case}; `<br />` counts as a space.\n"
            f"- **Vector of a text**: the sum of its tokens' rows, divided by the square root of "
            f"their number; zeros for a text without a token.\n\n"
            f"Use it: `textrnn train classifier DATA -o MODEL --hub FOLDER`, or "
            f"`tf.saved_model.load(FOLDER)(texts)`.\n"
        )


class TextEmbedding(tf.train.Checkpoint):
    """The saved object: texts (batch,) -> vectors (batch, values)."""

    def __init__(self, embedding: Embedding, tokens_file: Path) -> None:
        super().__init__()
        self.embeddings = tf.Variable(embedding.vectors, name="embeddings")
        # The attributes that TF-Hub's interface asks of a trainable module.
        self.variables = [self.embeddings]
        self.trainable_variables = [self.embeddings]
        self.regularization_losses: list[Any] = []
        lines = tf.lookup.TextFileInitializer(
            str(tokens_file), tf.string, tf.lookup.TextFileIndex.WHOLE_LINE,
            tf.int64, tf.lookup.TextFileIndex.LINE_NUMBER,
        )  # fmt: skip
        self.table = tf.lookup.StaticHashTable(lines, default_value=len(embedding.tokens))
        self._tokens = splitter(embedding.rule, lower=embedding.lower)

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="texts")])  # type: ignore[untyped-decorator]
    def __call__(self, texts: tf.Tensor) -> tf.Tensor:
        """Texts (batch,) -> vectors (batch, values)."""
        tokens = self._tokens(texts)
        rows = tf.gather(self.embeddings, self.table.lookup(tokens.values))
        sums = tf.math.unsorted_segment_sum(rows, tokens.value_rowids(), tf.shape(texts)[0])
        counts = tf.cast(tf.maximum(tokens.row_lengths(), 1), sums.dtype)
        return sums / tf.sqrt(counts)[:, None]


def splitter(rule: str, *, lower: bool) -> Callable[[tf.Tensor], tf.RaggedTensor]:
    """A graph function that splits texts (batch,) into tokens (batch, any) by a key of RULES."""

    def split(texts: tf.Tensor) -> tf.RaggedTensor:
        if rule == "characters":
            return _characters(_lower_case(texts) if lower else texts)
        replace = tf.strings.regex_replace
        texts = replace(texts, _BREAK, " ")
        if rule == "textbook":
            texts = replace(texts, "[^A-Za-z']+", " ")
        else:
            texts = replace(replace(texts, _INVISIBLE, ""), "\u2019", "'")
            texts = replace(replace(texts, _UNSPACED, r" \1 "), _WORD, r" \1 ")
        tokens = tf.strings.split(texts)
        return tokens.with_values(_lower_case(tokens.values)) if lower else tokens

    return split


def _characters(texts: tf.Tensor) -> tf.RaggedTensor:
    tokens = tf.strings.unicode_split(texts, "UTF-8")
    values = tokens.values
    for character, name in LINE_ENDS.items():
        values = tf.where(values == character, name, values)
    return tokens.with_values(values)


def _lower_case(texts: tf.Tensor) -> tf.Tensor:
    return tf.strings.lower(texts, encoding="utf-8")


def embedding_of(model: Artifact) -> Embedding:
    """The embedding of a trained model; ArtifactError if it has none or reads subwords."""
    name, tokenizer = model.name, model.tokenizer
    table = model.weights.get("embedding/embeddings")
    if table is None:
        raise ArtifactError(
            f"{name} has no embedding of its own to export; name a model that trained one"
        )
    table = np.asarray(table, np.float32)
    if not tokenizer.rule:
        raise ArtifactError(
            f"{name} reads subwords, which the graph of a module cannot split; name a model "
            f"trained with --tokens word"
        )
    tokens = tuple(LINE_ENDS.get(token, token) for token in tokenizer.vocabulary)
    shared = table[tokenizer.unknown(np.arange(len(table)))]
    others = shared.mean(axis=0, keepdims=True) if len(shared) else np.zeros_like(table[:1])
    rows = np.concatenate([table[list(tokenizer.vocabulary.values())], others])
    return Embedding(tokens, rows, tokenizer.rule, tokenizer.lower)


def embedding_from(vectors: str | Path, *, rule: Rule = "unicode") -> Embedding:
    """The embedding in a file of GloVe or word2vec vectors; CorpusError if it is no such file."""
    vector_size(vectors)  # refuses any other file
    words = words_of(vectors)
    rows, found = read_vectors(vectors, words)
    tokens = [word for word, known in zip(words, found, strict=True) if known]
    table = np.concatenate([rows[found], np.zeros_like(rows[:1])])
    lower = not any(word != word.lower() for word in tokens)
    return Embedding(tuple(tokens), table, rule, lower)


def save(embedding: Embedding, output: Path, *, source: str) -> None:
    """Write a module as the new folder `output`: all of it or nothing.

    ConfigError if `output` exists, ArtifactError if it cannot be written.
    """
    if output.exists():
        raise ConfigError(f"{output} is there already; choose another -o, or move that one away")
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        with files.folder_beside(output) as part, tempfile.TemporaryDirectory() as scratch:
            tokens = Path(scratch) / "tokens.txt"
            tokens.write_bytes("".join(f"{token}\n" for token in embedding.tokens).encode())
            tf.saved_model.save(TextEmbedding(embedding, tokens), str(part))
            card = embedding.card(source)
            (part / "README.md").write_text(card, encoding="utf-8", newline="\n")
            files.publish_folder(part, output)
    except (OSError, tf.errors.OpError) as error:
        raise ArtifactError(cannot_write(output, error)) from error
