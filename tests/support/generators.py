"""Generators of words and of subwords that several test modules share."""

from functools import cache
from typing import Any

from support.models import random_weights
from textrnn.artifacts.generator import GeneratorArtifact
from textrnn.config.generator import GeneratorConfig
from textrnn.config.text import GeneratorTextConfig
from textrnn.tokenizers import CharTokenizer, SentencePieceTokenizer, WordTokenizer
from textrnn.tokenizers.spacing import stand_in

LINES = """\
"Who knocks so late?" the miller asked; 'tis well-known (they say) he counts his sacks.

A lantern swings below the bridge - the ferryman's penny, then another!
我喜欢这部电影。
"""
KINDS = ("word", "sentencepiece")


@cache
def tokenizer_of(kind: str) -> Any:
    """A tokenizer fitted to LINES and a few more words or subwords."""
    if kind == "word":
        return WordTokenizer.fit(
            [stand_in(LINES) + " mill the then"],
            vocab_size=1000, oov_buckets=2, rule="unicode", lower=False,
        )  # fmt: skip
    return SentencePieceTokenizer.fit([LINES, "the then"] * 3, vocab_size=350)


def token_model(kind: str, seed: int = 0) -> GeneratorArtifact:
    """An untrained model of the `kind` of tokens; the same arguments give the same model."""
    tokenizer = tokenizer_of(kind)
    network = GeneratorConfig(vocab_size=tokenizer.vocab_size, units=8, embedding_dim=5)
    weights = random_weights(network, seed)
    weights["output/bias"] *= 6  # some ids are likely and others are not, as in a trained model
    text = GeneratorTextConfig(tokens=kind)
    return GeneratorArtifact(config=network, text=text, tokenizer=tokenizer, weights=weights)


@cache
def _fitted(tokens: str, text: str, lower: bool) -> Any:
    if tokens == "char":
        return CharTokenizer.fit([text], lower=lower)
    if tokens == "word":
        return WordTokenizer.fit([stand_in(text)], oov_buckets=2, rule="unicode", lower=lower)
    return SentencePieceTokenizer.fit([text], vocab_size=400, lower=lower)


def model_of(tokens: str, text: str, *, lower: bool = False) -> GeneratorArtifact:
    """An untrained model of `tokens` whose corpus is `text`."""
    tokenizer = _fitted(tokens, text, lower)
    network = GeneratorConfig(vocab_size=tokenizer.vocab_size, units=4, embedding_dim=3)
    text = GeneratorTextConfig(tokens=tokens, lower=lower)  # type: ignore[arg-type]
    weights = random_weights(network)
    return GeneratorArtifact(config=network, text=text, tokenizer=tokenizer, weights=weights)
