"""Train a generator: predict the next token of a corpus."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from textrnn.artifacts import records
from textrnn.artifacts.generator import GeneratorArtifact
from textrnn.config.generator import GeneratorRecipe, GeneratorTrainingConfig
from textrnn.config.parts import is_file
from textrnn.config.sampling import SamplingConfig
from textrnn.data.corpora import Corpus
from textrnn.engine import generation
from textrnn.engine.generator import build_network
from textrnn.errors import TrainingError
from textrnn.evaluation import language_modelling
from textrnn.training import run
from textrnn.training.distillation import teachers_of
from textrnn.training.encode import generator as encode
from textrnn.training.encode.generator import Split
from textrnn.training.initialization import Initialization
from textrnn.training.learner import Learner
from textrnn.training.learners.generator import generator_learner
from textrnn.training.metrics import GeneratorMetrics, TrainingMetrics, bits_note
from textrnn.training.observer import Observer, OnProgress
from textrnn.training.task import Batches, Prepared, Task, Validated, Weights
from textrnn.training.transfer.generator import FromGenerator

SAMPLE_TEMPERATURES = (0.2, 0.5, 1.0)


def train_generator(
    corpus: Corpus,
    output: str | Path,
    *,
    settings: Mapping[str, Any] | None = None,
    base: GeneratorArtifact | None = None,
    resume: bool = False,
    observer: Observer | None = None,
    command: str | None = None,
) -> GeneratorArtifact | None:
    """Train a generator on `corpus`, and save the best model in the folder `output`.

    `settings` are those of GeneratorRecipe, by name. `base` is a model to fine-tune: it keeps its
    shape, and its alphabet is extended with the new characters of `corpus`. Otherwise as
    `textrnn.training.run.train`.
    """
    model: GeneratorArtifact | None = run.train(
        GeneratorTask(corpus),
        Path(output),
        settings or {},
        start=FromGenerator(base) if base else None,
        resume=resume,
        observer=observer,
        command=command,
    )
    return model


@dataclass(frozen=True, kw_only=True)
class GeneratorPrepared(Prepared):
    """Prepared data of a generator: a corpus as ids."""

    recipe: GeneratorRecipe
    split: Split


class GeneratorTask(Task[GeneratorPrepared]):
    """A generator trained on `corpus`."""

    kind = "generator"
    recipe_type = GeneratorRecipe
    rate_option = "--learning-rate"

    def __init__(self, corpus: Corpus) -> None:
        self.corpus = corpus

    def fingerprint(self) -> dict[str, Any]:
        """The checksum of the corpus."""
        return records.corpus_record(self.corpus)

    def check_same(self, known: Mapping[str, Any], output: Path) -> None:
        """TrainingError unless the fingerprint of the corpus is `known`."""
        if self.corpus.sha256 != known["sha256"]:
            raise TrainingError(
                f"the run in {output} trains on another text: {', '.join(known['names'])}, "
                f"{known['characters']:,} characters; name that one to resume it"
            )

    def prepare(
        self,
        recipe: GeneratorRecipe,
        initialization: Initialization,
        known: Mapping[str, Any] | None,
        notify: Callable[[str], object],
    ) -> GeneratorPrepared:
        """Fit the alphabet or vocabulary and encode the corpus."""
        name, training = recipe.training.validation, recipe.training
        validation = self.corpus.read_alike(name) if name and is_file(name) else None

        def fit() -> Any:
            return encode.fit(self.corpus, validation, recipe.text, training)

        corpus = {"corpus": self.fingerprint()}
        chunks = encode.all_chunks(self.corpus, validation)
        tokenizer = initialization.tokenizer(recipe, fit, chunks, notify)
        network = replace(recipe.network, vocab_size=tokenizer.vocab_size)
        split = encode.split(self.corpus, validation, tokenizer, training)
        if training.validation is None and not known:
            notify(
                "no validation: all of the text trains and the weights of the last epoch are "
                "kept; nothing tells when the model begins to learn the text by heart"
            )
        steps = encode.steps(training, len(split.train))
        return GeneratorPrepared(
            recipe=replace(recipe, network=network),
            tokenizer=tokenizer,
            learning=training,
            epochs=training.epochs or default_epochs(steps),
            steps=steps,
            unit="chars",
            units_per_step=training.batch_size * training.window / split.tokens_per_character,
            records={**corpus, **(known or initialization.records(tokenizer)), **corpus},
            summary=_summary(tokenizer, split),
            split=split,
        )  # fmt: skip

    def learner(self, prepared: GeneratorPrepared) -> Learner:
        """A learner with random initial weights."""
        recipe = prepared.recipe
        return generator_learner(
            recipe.network,
            recipe.training,
            prepared.epochs * prepared.steps,
            prepared.split.tokens_per_character,
            teachers_of(recipe.training, prepared.tokenizer),
        )

    def batches(self, prepared: GeneratorPrepared, folder: Path, observer: Observer) -> Batches:
        """Streams or windows over the corpus, with name augmentation if it is set."""
        found = encode.Batches(prepared.split.train, prepared.tokenizer, prepared.recipe.training)
        return found.of

    def validate(
        self,
        prepared: GeneratorPrepared,
        weights: Weights,
        loss: float,
        on_progress: OnProgress | None,
    ) -> Validated:
        """The stateless loss on the validation part, and samples."""
        recipe, split = prepared.recipe, prepared.split
        model = GeneratorArtifact(
            config=recipe.network, text=recipe.text, tokenizer=prepared.tokenizer, weights=weights
        )
        samples = _samples(model, recipe.training) if on_progress else {}
        if not len(split.validation):
            metrics = TrainingMetrics(loss=loss)
            return Validated(metrics=metrics, model=model, scores={}, samples=samples)
        score = language_modelling.cold(
            build_network(model),
            split.validation,
            ends=split.ends,
            spelling=split.spelling,
            on_progress=on_progress,
        )
        return Validated(
            metrics=GeneratorMetrics(
                loss=loss, validation_loss=score.loss, validation_accuracy=score.accuracy
            ),
            model=model,
            scores={"validation (cold)": score.to_dict()},
            samples=samples,
        )

    def note(self, loss: float) -> str:
        """Bits per character."""
        return bits_note(loss)


def _summary(tokenizer: Any, split: Split) -> str:
    unit, size = tokenizer.unit, tokenizer.vocab_size
    validating = f"validating on {len(split.validation):,}"
    if not len(split.validation):
        validating = "without validation"
    if tokenizer.character_level:
        return f"{size} {unit} in the alphabet; training on {len(split.train):,}, {validating}"
    spelling = (
        "" if split.spelling is None else ", in validation with the spelling of unknown words"
    )
    return (
        f"{size:,} {unit} in the vocabulary; training on {len(split.train):,} "
        f"({split.characters:,} characters), {validating}; losses are in nats per "
        f"character{spelling}"
    )


def _samples(model: GeneratorArtifact, training: GeneratorTrainingConfig) -> dict[float, str]:
    if not training.sample_length:
        return {}
    prime = ""
    return {
        temperature: generation.generate(
            model,
            prime,
            training.sample_length,
            sampling=SamplingConfig(temperature=temperature),
            seed=training.seed,
        )[0]
        for temperature in SAMPLE_TEMPERATURES
    }


def default_epochs(steps: int) -> int:
    """Default epochs for `steps` per epoch: about 5,000 steps in all, 4 to 100 epochs."""
    return max(4, min(100, math.ceil(5000 / steps)))
