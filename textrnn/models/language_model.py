"""Turn a GeneratorConfig into a Keras language model with a vocabulary of thousands of words.

    ids --embedding--> recurrent layers --projection--> a vector to compare with the embeddings

The logit of a word is the product of that vector with the word's embedding, plus a bias: input
and output share one table ("tied" weights: Press and Wolf 2017, Inan et al. 2017).

A softmax over tens of thousands of words would cost more than the recurrent layers. Training
uses a sampled softmax (Bengio and Senecal 2003) over words that the whole batch shares. Scores are
always over all words.
"""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from textrnn.config.generator import GeneratorConfig
from textrnn.models.layers.cells import Fast
from textrnn.models.layers.masked import WordDropout
from textrnn.models.stack import embed, predicting_stack

Chances = npt.NDArray[np.float64]


def build_language_model(
    config: GeneratorConfig,
    counts: npt.NDArray[np.integer[Any]],
    *,
    batch_size: int,
    negatives: int,
    word_dropout: float = 0.0,
    seed: int = 0,
    fast: Fast = "auto",
) -> keras.Model:
    """Ids (batch_size, window) -> vectors (batch_size, window, embedding_dim).

    Stateful: each row continues from call to call. `counts` (vocab_size,) are the frequencies of
    the ids; they give the initial biases and the sampling probabilities of the `negatives`. Id 0
    is not padding here; it separates texts. `fast=False` uses Keras's own recurrent layers.
    """
    seeds = iter(range(1000 * seed, 1000 * (seed + 1)))
    inputs = keras.Input((None,), batch_size=batch_size, dtype="int32", name="ids")
    h = embed(inputs, config, seeds)
    if word_dropout:
        h = WordDropout(word_dropout, seed=next(seeds), name="word_dropout")(h)
    h = predicting_stack(h, config, seeds, stateful=True, fast=fast)
    softmax = TiedSoftmax(
        config.embedding_dim, sampling_chances(counts, negatives), seed=next(seeds), name="softmax"
    )
    model = keras.Model(inputs, softmax(h), name="language_model")
    # Start from the word frequencies, which would take some hundred steps to learn.
    softmax.bias.assign(np.log((counts + 1) / (counts + 1).sum()))
    return model


class TiedSoftmax(keras.layers.Layer):
    """States (batch, window, units) -> vectors of the embedding's size; holds the words' biases.

    There is no projection if the sizes are equal. The layer also draws a step's negative words,
    with the probabilities `chances` (vocab_size,).
    """

    def __init__(self, size: int, chances: Chances, *, seed: int, **settings: Any) -> None:
        super().__init__(**settings)
        self.size, self.seed = size, seed
        self.negatives = round(chances.sum())
        self.edges = np.cumsum(chances)
        self.log_chances = np.log(chances).astype(np.float32)
        self.seed_generator = keras.random.SeedGenerator(seed)

    def build(self, input_shape: Any) -> None:
        """Create the kernel (units, size), if one is needed, and the bias (vocab_size,)."""
        self.kernel = None
        if input_shape[-1] != self.size:
            self.kernel = self.add_weight(
                shape=(input_shape[-1], self.size),
                initializer=keras.initializers.GlorotUniform(seed=self.seed),
                name="kernel",
            )
        self.bias = self.add_weight(shape=self.edges.shape, initializer="zeros", name="bias")

    def call(self, h: Any) -> Any:
        """Vectors (batch, window, size) to compare with the embeddings."""
        return h if self.kernel is None else keras.ops.matmul(h, self.kernel)

    def compute_output_shape(self, shape: Any) -> Any:
        """The same with `size` features."""
        return (*shape[:-1], self.size)

    def draw(self) -> tf.Tensor:
        """The ids of `negatives` different words, each drawn with its own probability.

        Systematic sampling (Madow 1949): each word occupies a segment of a line as long as its
        probability, and points at a distance of 1 pick words. Words are sorted by frequency, so
        every draw mixes rare and frequent words in proportion.
        """
        start = tf.cast(keras.random.uniform((), seed=self.seed_generator), tf.float64)
        points = start + tf.range(self.negatives, dtype=tf.float64)
        drawn = tf.searchsorted(tf.constant(self.edges), points, side="right")
        # Rounding may leave the last edge below the last point.
        return tf.minimum(drawn, len(self.edges) - 1)


def sampling_chances(counts: npt.NDArray[np.integer[Any]], negatives: int) -> Chances:
    """Probability that each word is drawn, (vocab_size,); they add up to the number drawn.

    It is proportional to the word's count to the power of 3/4, and at most 1: the most frequent
    words are always drawn, and all words are if `negatives` is at least the vocabulary size.
    """
    weights, sure = (counts + 1.0) ** 0.75, np.zeros(len(counts), bool)
    while sure.sum() < min(negatives, len(counts)):
        scale = (negatives - sure.sum()) / weights[~sure].sum()
        chances = np.where(sure, 1.0, weights * scale)
        if not (chances > 1).any():
            return chances
        sure |= chances > 1
    return np.ones(len(counts))


def sampled_loss(
    outputs: tf.Tensor,
    targets: tf.Tensor,
    table: Any,
    bias: Any,
    drawn: tf.Tensor,
    log_chances: tf.Tensor,
) -> tf.Tensor:
    """Mean nats per word, with the softmax's sum over all words estimated from those `drawn`.

        outputs (n, size), targets (n,), table (vocab_size, size), bias and log_chances
        (vocab_size,), drawn (negatives,)

    Each drawn word's term is divided by its probability of being drawn, so the sum is unbiased,
    and exact if all words are drawn. Its logarithm is slightly too low on average.
    """
    true = tf.reduce_sum(outputs * tf.gather(table, targets), 1) + tf.gather(bias, targets)
    # The bias is one more column: adding it to the product separately, and summing its gradient,
    # would each be another pass over all logits.
    ones = tf.ones((tf.shape(outputs)[0], 1))
    shift = tf.gather(bias, drawn) - tf.gather(log_chances, drawn)
    columns = tf.concat([tf.gather(table, drawn), shift[:, None]], 1)
    logits = tf.matmul(tf.concat([outputs, ones], 1), columns, transpose_b=True)
    # The target counts once, with its full weight.
    logits = tf.where(targets[:, None] == drawn[None, :], -1e9, logits)
    # log(exp(true) + exp(others)) - true
    return tf.reduce_mean(tf.nn.softplus(tf.reduce_logsumexp(logits, 1) - true))


def language_model_loss(model: keras.Model) -> Callable[[tf.Tensor, tf.Tensor], tf.Tensor]:
    """The loss of a learner of `model`: next ids (batch, window), vectors -> nats per word."""
    embedding, softmax = model.get_layer("embedding"), model.get_layer("softmax")

    def loss(targets: tf.Tensor, outputs: tf.Tensor) -> tf.Tensor:
        return sampled_loss(
            tf.reshape(outputs, (-1, softmax.size)),
            tf.reshape(targets, (-1,)),
            embedding.embeddings.value,
            softmax.bias.value,
            softmax.draw(),
            tf.constant(softmax.log_chances),
        )

    return loss
