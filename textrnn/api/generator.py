"""The Python interface to generators: a trained generator as an object, and a train function.

    import textrnn

    model = textrnn.load("shakespeare")
    print(model.generate("ROMEO:", 200, temperature=0.5, seed=1))

`load`, `generate` and `evaluate` never import TensorFlow; `train_generator` and `finetune` do.
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textrnn.api.model import Model
from textrnn.artifacts.generator import GeneratorArtifact
from textrnn.config.generator import preset
from textrnn.config.sampling import SamplingConfig
from textrnn.data.corpora import Corpus, read_corpus
from textrnn.engine import generation
from textrnn.errors import needs_extra
from textrnn.evaluation import generator as evaluation_generator
from textrnn.tokenizers import Unknown

if TYPE_CHECKING:
    from textrnn.training.observer import Observer

CorpusLike = Corpus | str | Path | Sequence[str | Path]


class Generator(Model[GeneratorArtifact]):
    """A trained generator; `load` and `train_generator` return one."""

    def _shape(self) -> str:
        return f"{super()._shape()}, {self.tokens}"

    @property
    def alphabet(self) -> str:
        """All characters that the model knows: by id, or those of its subwords or words."""
        return "".join(self.artifact.tokenizer.codec.characters)

    @property
    def tokens(self) -> str:
        """The unit of its tokens: `tokenizer.unit`, such as "characters" or "words"."""
        return self.artifact.tokenizer.unit

    def stream(
        self,
        prime: str = "",
        length: int = 400,
        *,
        seed: int | None = None,
        stop: str | Iterable[str] = (),
        unknown: Unknown = "error",
        **sampling: Any,
    ) -> Iterator[str]:
        """Continue `prime` by up to `length` characters; yield them one by one, without the prime.

        Without a prime a new text starts, as if after a line end. The text ends before the first
        complete stop text; `stop` is one text or several. `sampling` are fields of SamplingConfig:
        temperature, top_k, top_p, min_p, ... The same seed gives the same text. TokenizerError
        when the prime has unknown characters; `unknown="skip"` drops them.
        """
        return generation.stream(
            self.artifact,
            prime,
            length,
            seed=seed,
            stop=stop,
            unknown=unknown,
            sampling=SamplingConfig.from_dict(sampling),
        )

    def generate(self, prime: str = "", length: int = 400, **settings: Any) -> str:
        """The text of `stream` with the same settings, as one string."""
        return "".join(self.stream(prime, length, **settings))

    def samples(
        self,
        count: int,
        prime: str = "",
        length: int = 400,
        *,
        seed: int | None = None,
        stop: str | Iterable[str] = (),
        unknown: Unknown = "error",
        **sampling: Any,
    ) -> list[str]:
        """`count` different continuations of `prime`, generated in one batch (much faster)."""
        return generation.generate(
            self.artifact,
            prime,
            length,
            count=count,
            seed=seed,
            stop=stop,
            unknown=unknown,
            sampling=SamplingConfig.from_dict(sampling),
        )

    def evaluate(self, corpus: CorpusLike, **settings: Any) -> dict[str, Any]:
        """The scores of this model on a text, as plain data.

        `settings` are those of `textrnn.evaluation.generator.evaluate`. The result is
        {"cold": {"loss": ..., "bits_per_character": ..., "perplexity": ..., "accuracy": ...},
        "streamed": {...}, ...}
        """
        return evaluation_generator.evaluate(self.artifact, as_corpus(corpus), **settings)

    def finetune(
        self,
        corpus: CorpusLike,
        output: str | Path,
        *,
        observer: "Observer | None" = None,
        resume: bool = False,
        **settings: Any,
    ) -> "Generator | None":
        """Fine-tune on another text; the result is a new model in `output`.

        New characters are added to the vocabulary; a vocabulary of subwords or words stays
        unchanged. Otherwise like `train_generator`.
        """
        return _train(
            corpus, output, settings, base=self.artifact, observer=observer, resume=resume
        )


def train_generator(
    corpus: CorpusLike,
    output: str | Path,
    *,
    preset_name: str | None = None,
    observer: "Observer | None" = None,
    resume: bool = False,
    **settings: Any,
) -> Generator | None:
    """Train a generator on `corpus`; the model of lowest validation loss is saved in `output`.

    `corpus` is a Corpus, a path, or several paths. `settings` are fields of GeneratorConfig and
    GeneratorTrainingConfig (units=256, tokens="sentencepiece", ...), and override those of the
    preset. The `observer` receives progress and may stop the run; the result is then None. The
    same call with `resume=True` resumes it.
    """
    values = {**(preset(preset_name) if preset_name else {}), **settings}
    return _train(corpus, output, values, base=None, observer=observer, resume=resume)


def _train(
    corpus: CorpusLike, output: str | Path, settings: dict[str, Any], **options: Any
) -> Generator | None:
    with needs_extra("training"):
        import tensorflow  # noqa: F401  first, so that an error names it and not its Keras

        from textrnn.training.tasks import generator

    model = generator.train_generator(as_corpus(corpus), output, settings=settings, **options)
    return Generator._from_training(model, output)


def as_corpus(corpus: CorpusLike) -> Corpus:
    """A Corpus unchanged, or the text of a path, a folder, a glob, or several of them."""
    if isinstance(corpus, Corpus):
        return corpus
    return read_corpus(corpus)
