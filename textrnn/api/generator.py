"""The Python interface to generators: a trained generator as an object, and a train function.

    import textrnn

    model = textrnn.load("shakespeare")
    print(model.generate("ROMEO:", 200, temperature=0.5, seed=1))

`load`, `generate` and `evaluate` never import TensorFlow; `train_generator` and `finetune` do.
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack, overload

from textrnn.api.checks import (
    check_call,
    check_name,
    check_path,
    check_text,
    check_texts,
    check_whole,
)
from textrnn.api.model import Model
from textrnn.api.settings import GeneratorSettings, Sampling
from textrnn.api.state import State
from textrnn.api.training import begin, check
from textrnn.artifacts.generator import GeneratorArtifact
from textrnn.config import generator as config
from textrnn.config.generator import GeneratorPreset
from textrnn.config.sampling import SamplingConfig, Until
from textrnn.data.corpora import Corpus, read_corpus
from textrnn.engine import generation
from textrnn.engine.reading import Reading
from textrnn.evaluation import generator as evaluation_generator
from textrnn.evaluation.scoring import TextScore, score
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
        until: Until = "length",
        unknown: Unknown = "error",
        **sampling: Unpack[Sampling],
    ) -> Iterator[str]:
        """Continue `prime` by up to `length` characters; yield them one by one, without the prime.

            for character in model.stream("JULIET:", 80, top_p=0.9, seed=2):
                print(character, end="", flush=True)

        Without a prime a new text starts, as if after a line end. The text ends before the first
        complete stop text; `stop` is one text or several. `until` "word", "sentence" or "line" goes
        on after `length` to the first such end. The same seed gives the same text; None draws one.
        `sampling` are temperature, top_k, top_p, min_p, repetition_penalty, repetition_window.
        TokenizerError when the prime has unknown characters; `unknown="skip"` drops them.
        ConfigError when another argument is outside its range.
        """
        return generation.stream(
            self.artifact,
            check_text(prime, "prime"),
            unknown=unknown,
            **check_call(length, seed, stop, until, sampling),
        )

    @overload
    def generate(
        self,
        prime: str = "",
        length: int = 400,
        *,
        seed: int | None = None,
        stop: str | Iterable[str] = (),
        until: Until = "length",
        unknown: Unknown = "error",
        **sampling: Unpack[Sampling],
    ) -> str: ...

    @overload
    def generate(
        self,
        prime: list[str] | tuple[str, ...],
        length: int = 400,
        *,
        seed: int | None = None,
        stop: str | Iterable[str] = (),
        until: Until = "length",
        unknown: Unknown = "error",
        **sampling: Unpack[Sampling],
    ) -> list[str]: ...

    def generate(
        self,
        prime: str | list[str] | tuple[str, ...] = "",
        length: int = 400,
        *,
        seed: int | None = None,
        stop: str | Iterable[str] = (),
        until: Until = "length",
        unknown: Unknown = "error",
        **sampling: Unpack[Sampling],
    ) -> str | list[str]:
        """The text of `stream` with the same arguments, as one string.

            print(model.generate("ROMEO:", 200, temperature=0.5, seed=1))

        With a list of primes the texts that continue them, generated in one batch (much faster):
        text i is what `samples` gives as its number i for that prime.
        """
        texts = generation.generate(
            self.artifact,
            check_text(prime, "prime") if isinstance(prime, str) else check_texts(prime, "prime"),
            unknown=unknown,
            **check_call(length, seed, stop, until, sampling),
        )
        return texts[0] if isinstance(prime, str) else texts

    def samples(
        self,
        count: int,
        prime: str = "",
        length: int = 400,
        *,
        seed: int | None = None,
        stop: str | Iterable[str] = (),
        until: Until = "length",
        unknown: Unknown = "error",
        **sampling: Unpack[Sampling],
    ) -> list[str]:
        """`count` different continuations of `prime`, generated in one batch (much faster).

            speeches = model.samples(8, "KING:", 100, stop="\\n\\n", seed=3)

        Other arguments and errors as for `stream`.
        """
        return generation.generate(
            self.artifact,
            check_text(prime, "prime"),
            count=check_whole(count, "count"),
            unknown=unknown,
            **check_call(length, seed, stop, until, sampling),
        )

    def read(self, prime: str = "", *, unknown: Unknown = "error") -> State:
        """The state after `prime`, which can be asked for the next token, and read on.

            state = model.read("ROMEO:")
            print(state.next(3), state.generate(80, seed=1))

        TokenizerError when the prime has unknown characters; `unknown="skip"` drops them.
        """
        return State(Reading(self.artifact, check_text(prime, "prime"), unknown))

    def next(
        self, prime: str = "", n: int = 10, *, temperature: float = 1.0
    ) -> list[tuple[str, float]]:
        """The `n` most probable next tokens after `prime` and their probabilities; all with 0.

            model.next("ROMEO", 2)    # [(":", 0.966), ("U", 0.008)]

        As `State.next`; for several questions about a growing text, `read` is faster.
        """
        return self.read(prime).next(n, temperature=temperature)

    def score(self, text: str) -> TextScore:
        """How probable the model holds `text`: in all, per character, and token by token.

            score = model.score("Good night, good night!")
            print(score.bits_per_character, max(score.tokens, key=lambda token: token.nats))

        The text begins as a generated one does, as after a line end. TokenizerError when it has
        unknown characters, CorpusError when it is empty.
        """
        return score(self.artifact, check_text(text, "text"))

    def evaluate(
        self,
        corpus: CorpusLike,
        *,
        part: str = "all",
        unknown: Unknown = "error",
        streamed: bool = True,
        baseline: Corpus | None = None,
        copied: Corpus | None = None,
        sample_length: int = 100_000,
        sampling: SamplingConfig | None = None,
        seed: int = 1,
    ) -> dict[str, Any]:
        """The scores of this model on a text, as plain data.

            model.evaluate("other.txt", part="0:0.2")["cold"]["bits_per_character"]

        `part` is "all", "validation" (the slice that the model was validated on) or START:END.
        `streamed` scores the text once more with a continuous state. `baseline` is a corpus to
        train a 5-gram model on, and `copied` one to search for copies in a generated sample of
        `sample_length` characters. The result is {"cold": {"loss": ..., "bits_per_character": ...,
        "perplexity": ..., "accuracy": ...}, "streamed": {...}, ...}. CorpusError when the text
        cannot be read or is too short, TokenizerError for unknown characters.
        """
        return evaluation_generator.evaluate(
            self.artifact, as_corpus(corpus), part=part, unknown=unknown, streamed=streamed,
            baseline=baseline, copied=copied, sample_length=sample_length, sampling=sampling,
            seed=seed,
        )  # fmt: skip

    def finetune(
        self,
        corpus: CorpusLike,
        output: str | Path,
        *,
        observer: "Observer | None" = None,
        progress: bool = True,
        resume: bool = False,
        **settings: Unpack[GeneratorSettings],
    ) -> "Generator | None":
        """Fine-tune on another text; the result is a new model in the folder `output`.

            mine = model.finetune("my.txt", "mine", epochs=3)

        New characters are added to the vocabulary; a vocabulary of subwords or words stays
        unchanged. Otherwise like `train_generator`.
        """
        return _train(
            corpus, output, settings, base=self.artifact, observer=observer, progress=progress,
            resume=resume,
        )  # fmt: skip


def train_generator(
    corpus: CorpusLike,
    output: str | Path,
    *,
    preset: GeneratorPreset | None = None,
    observer: "Observer | None" = None,
    progress: bool = True,
    resume: bool = False,
    **settings: Unpack[GeneratorSettings],
) -> Generator | None:
    """Train a generator on `corpus`; the model of lowest validation loss is saved in `output`.

        model = textrnn.train_generator("my.txt", "my-model", preset="small", epochs=5)
        model = textrnn.train_generator(textrnn.Corpus.from_text(text), "my-model")

    `corpus` is a path (a file, a folder, a glob), several paths, or a Corpus. `settings` override
    those of the preset; they are checked before anything else. With `progress` each epoch is
    printed on stderr, unless an `observer` receives the progress; that may also stop the run, and
    the result is then None. The same call with `resume=True` resumes it. ConfigError when a setting
    is wrong, CorpusError when the text cannot be read or is too short, TrainingError when the
    output exists or the run cannot be resumed, MissingExtraError without TensorFlow.
    """
    values = {**(config.preset(preset) if preset else {}), **settings}
    return _train(
        corpus, output, values, base=None, observer=observer, progress=progress, resume=resume
    )


def _train(
    corpus: CorpusLike,
    output: str | Path,
    settings: Any,
    *,
    observer: "Observer | None",
    progress: bool,
    **options: Any,
) -> Generator | None:
    check(config.GeneratorRecipe, settings)
    text = as_corpus(corpus)
    observer = begin(observer, progress)
    from textrnn.training.tasks import generator

    model = generator.train_generator(text, output, settings=settings, observer=observer, **options)
    return Generator._from_training(model, output)


def as_corpus(corpus: CorpusLike) -> Corpus:
    """A Corpus unchanged, or the text of a path, a folder, a glob, or several of them.

    CorpusError when a text was given in place of a path.
    """
    if isinstance(corpus, Corpus):
        return corpus
    if not isinstance(corpus, str | Path | Sequence) or isinstance(corpus, bytes):
        check_name(corpus, "corpus")
    for path in [corpus] if isinstance(corpus, str | Path) else corpus:
        check_name(path, "corpus")
        check_path(path, "to use a text in memory, give textrnn.Corpus.from_text(text)")
    return read_corpus(corpus)
