"""The Python interface: a trained generator as an object, and the function that trains one.

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
    """A trained generator: `load` or `train_generator` gives one."""

    def _shape(self) -> str:
        return f"{super()._shape()}, {self.tokens}"

    @property
    def alphabet(self) -> str:
        """Every character the model knows: by id, or those that its pieces or words hold."""
        return "".join(self.artifact.tokenizer.codec.characters)

    @property
    def tokens(self) -> str:
        """What it writes one after another: "characters", "pieces" or "words"."""
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
        """Continue `prime` by up to `length` characters, one at a time, the prime not among them.

        Without a prime a new text begins, as after a line end. `stop` is a text or several.
        `sampling` are fields of SamplingConfig: temperature, top_k, top_p, min_p, ... The same
        seed gives the same text. It ends before the first text of `stop` to be complete. A
        character of the prime that the model never saw is a TokenizerError, or with
        `unknown="skip"` left out.
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
        """What `stream` gives with the same settings, whole."""
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
        """`count` different continuations of `prime`, written side by side (much faster)."""
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
        """The scores of this model on a text; `settings` are those of
        `textrnn.evaluation.generator.evaluate`.

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
        """Go on learning from another text; the result is a new model in `output`.

        Characters this one never saw are added, unless it writes by pieces or words, which stay.
        Otherwise as `train_generator`.
        """
        return _trained(
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
    """Teach a new model to write like `corpus`; the best by validation loss is left in `output`.

    `corpus` is a Corpus, a path, or several; `settings` are fields of GeneratorConfig and
    TrainingConfig (units=256, tokens="sentencepiece", ...) and override those of the preset. An
    `observer` is told what happens and may stop the run, in which case the result is None; the
    same call with `resume=True` goes on.
    """
    values = {**(preset(preset_name) if preset_name else {}), **settings}
    return _trained(corpus, output, values, base=None, observer=observer, resume=resume)


def _trained(
    corpus: CorpusLike, output: str | Path, settings: dict[str, Any], **how: Any
) -> Generator | None:
    with needs_extra("training"):
        from textrnn.training.tasks import generator

    model = generator.train_generator(as_corpus(corpus), output, settings=settings, **how)
    return Generator._trained(model, output)


def as_corpus(corpus: CorpusLike) -> Corpus:
    """A Corpus as it is; a path, a folder, a glob or several of them read."""
    if isinstance(corpus, Corpus):
        return corpus
    return read_corpus(corpus)
