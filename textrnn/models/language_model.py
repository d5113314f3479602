"""Turn a GeneratorConfig into the Keras model that learns to foretell the next word of thousands.

    ids --embedding--> recurrent layers --projection--> a vector to compare with the embeddings

The logit of a word is the product of that vector with the word's own embedding, plus a bias: the
table is learnt from both sides ("tied": Press and Wolf 2017, Inan et al. 2017).

A softmax over tens of thousands of words would cost more than the recurrent layers. Learning
takes a sampled one (Bengio and Senecal 2003) instead, over words that a whole batch shares. Scores
are always over all words.
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
from textrnn.models.stack import embedded, predicting_stack

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

    Stateful: each row reads on from call to call. `counts` (vocab_size,) are how often each id
    occurs: what the biases and the chances of the `negatives` start from. Id 0 is no padding
    here; it stands between texts. `fast=False` takes Keras's own recurrent layers.
    """
    seeds = iter(range(1000 * seed, 1000 * (seed + 1)))
    inputs = keras.Input((None,), batch_size=batch_size, dtype="int32", name="ids")
    h = embedded(inputs, config, seeds)
    if word_dropout:
        h = WordDropout(word_dropout, seed=next(seeds), name="word_dropout")(h)
    h = predicting_stack(h, config, seeds, stateful=True, fast=fast)
    softmax = TiedSoftmax(
        config.embedding_dim, sampling_chances(counts, negatives), seed=next(seeds), name="softmax"
    )
    model = keras.Model(inputs, softmax(h), name="language_model")
    # What would take some hundred steps to learn: how frequent each word is.
    softmax.bias.assign(np.log((counts + 1) / (counts + 1).sum()))
    return model


class TiedSoftmax(keras.layers.Layer):
    """States (batch, window, units) -> vectors as long as an embedding; and the words' biases.

    Where units are as many there is no projection. It also draws the words that a step's targets
    are told apart from, by `chances` (vocab_size,).
    """

    def __init__(self, size: int, chances: Chances, *, seed: int, **settings: Any) -> None:
        super().__init__(**settings)
        self.size, self.seed = size, seed
        self.negatives = round(chances.sum())
        self.edges = np.cumsum(chances)
        self.log_chances = np.log(chances).astype(np.float32)
        self.seed_generator = keras.random.SeedGenerator(seed)

    def build(self, input_shape: Any) -> None:
        """Make the kernel (units, size), if it takes one, and the bias (vocab_size,)."""
        self.kernel = None
        if input_shape[-1] != self.size:
            self.kernel = self.add_weight(
                shape=(input_shape[-1], self.size),
                initializer=keras.initializers.GlorotUniform(seed=self.seed),
                name="kernel",
            )
        self.bias = self.add_weight(shape=self.edges.shape, initializer="zeros", name="bias")

    def call(self, h: Any) -> Any:
        """What is to be compared with the embeddings."""
        return h if self.kernel is None else keras.ops.matmul(h, self.kernel)

    def compute_output_shape(self, shape: Any) -> Any:
        """Vectors of `size`."""
        return (*shape[:-1], self.size)

    def draw(self) -> tf.Tensor:
        """The ids of `negatives` different words, each with its own chance to be among them.

        Systematic sampling (Madow 1949): points at a distance of 1 on a line on which each word
        takes up its chance. Words stand by frequency, so that every draw has its share of the
        rare and of the frequent.
        """
        start = tf.cast(keras.random.uniform((), seed=self.seed_generator), tf.float64)
        points = start + tf.range(self.negatives, dtype=tf.float64)
        drawn = tf.searchsorted(tf.constant(self.edges), points, side="right")
        return tf.minimum(drawn, len(self.edges) - 1)  # the last edge is but nearly whole


def sampling_chances(counts: npt.NDArray[np.integer[Any]], negatives: int) -> Chances:
    """How likely each word is to be drawn, (vocab_size,); they add up to the number drawn.

    In proportion to its count to the power of 3/4, and at most 1: the most frequent are always
    drawn, and so are all when `negatives` are as many.
    """
    weights, sure = (counts + 1.0) ** 0.75, np.zeros(len(counts), bool)
    while sure.sum() < min(negatives, len(counts)):
        share = (negatives - sure.sum()) / weights[~sure].sum()
        chances = np.where(sure, 1.0, weights * share)
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
    """Mean nats a word, the sum over all words estimated from those `drawn`.

        outputs (n, size), targets (n,), table (vocab_size, size), bias and log_chances
        (vocab_size,), drawn (negatives,)

    What a drawn word adds to the sum is divided by its chance of being drawn, so that the sum is
    right in expectation; where all are drawn it is exact. Its logarithm is too low on average,
    by little.
    """
    true = tf.reduce_sum(outputs * tf.gather(table, targets), 1) + tf.gather(bias, targets)
    # The bias as one more column: adding it to the product by itself, and summing up its gradient,
    # would each go through all logits once more.
    ones = tf.ones((tf.shape(outputs)[0], 1))
    shift = tf.gather(bias, drawn) - tf.gather(log_chances, drawn)
    columns = tf.concat([tf.gather(table, drawn), shift[:, None]], 1)
    logits = tf.matmul(tf.concat([outputs, ones], 1), columns, transpose_b=True)
    # The target itself counts once, and as a whole.
    logits = tf.where(targets[:, None] == drawn[None, :], -1e9, logits)
    # log(exp(true) + exp(others)) - true
    return tf.reduce_mean(tf.nn.softplus(tf.reduce_logsumexp(logits, 1) - true))


def language_model_loss(model: keras.Model) -> Callable[[tf.Tensor, tf.Tensor], tf.Tensor]:
    """What a learner of `model` lowers: next ids (batch, window), its vectors -> nats a word."""
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
