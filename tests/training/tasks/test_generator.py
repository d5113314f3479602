"""Training a generator: it learns, keeps the best model, resumes exactly, refuses bad input."""

import errno
import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pytest
from support.watching import (
    Rivals,
    Watch,
    assert_validations_are_reported,
    folders_named,
    history,
    strict_history,
)

from textrnn.artifacts import locks, registry
from textrnn.cli.signals import STOPPING
from textrnn.config.generator import GeneratorConfig, GeneratorTextConfig, GeneratorTrainingConfig
from textrnn.config.weights import cell_names
from textrnn.data.corpora import Corpus, read_corpus
from textrnn.engine import generation
from textrnn.engine.generator import build_network
from textrnn.errors import ConfigError, CorpusError, TrainingError
from textrnn.evaluation import generator, language_modelling
from textrnn.models.generator import build_generator
from textrnn.tokenizers import CharTokenizer
from textrnn.training import checkpoints
from textrnn.training.encode import generator as encode
from textrnn.training.learner import Learner
from textrnn.training.learners.generator import generator_learner
from textrnn.training.observer import Observer
from textrnn.training.tasks.generator import train_generator
from textrnn.training.transfer.generator import FromGenerator, transfer_weights

SENTENCES = [
    "the miller counts his sacks by night.",
    "who knocks so late upon the door?",
    "a lantern swings below the bridge.",
    "the ferryman will have his penny.",
]
TEXT = "\n".join(random.Random(0).choices(SENTENCES, k=80)) + "\n"
SMALL = {
    "units": 12, "embedding_dim": 6, "layers": 2, "dropout": 0.1, "window": 20, "batch_size": 8,
    "epochs": 3, "sample_length": 20, "warmup_steps": 2, "learning_rate": 0.02, "ema": 0.9,
}  # fmt: skip


def run(output, *, text=TEXT, base=None, resume=False, observer=None, **settings):
    return train_generator(
        Corpus.from_text(text), output, settings={**({} if base or resume else SMALL), **settings},
        base=base, resume=resume, observer=observer,
    )  # fmt: skip


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param({"cell": "lstm"}, marks=pytest.mark.slow),
        {"cell": "gru", "stateful": False, "embedding_dim": 0, "stride": 7},
        {"cell": "simple_rnn", "recurrent_dropout": 0.1, "l2": 1e-5, "residual": False},
        {"cell": "layer_norm_rnn", "layers": 1, "clip_norm": 0.0, "schedule": "constant"},
        {"cell": "mingru", "input_dropout": 0.1, "l2": 1e-5},
    ],
    ids=lambda settings: settings["cell"],
)
def test_every_cell_learns_and_the_best_model_is_saved(tmp_path, settings):
    model = run(tmp_path / "model", **settings)
    rows = history(tmp_path / "model")
    losses = [float(row["validation_loss"]) for row in rows]
    assert losses[-1] < losses[0] < np.log(model.config.vocab_size) * 1.2
    best = model.metadata["scores"]["validation (cold)"]["loss"]
    assert best == min(losses)
    ids = model.tokenizer.encode(TEXT)
    validation = ids[int(len(ids) * 0.9) :]
    loaded = registry.load(tmp_path / "model")
    assert language_modelling.cold(build_network(loaded), validation).loss == pytest.approx(
        best, abs=1e-9
    )
    assert len(model.metadata["history"]) == SMALL["epochs"]


@pytest.mark.parametrize(
    ("kind", "stops"),
    [
        ({"stateful": True}, lambda steps: (1, steps, steps + 1)),
        pytest.param(
            {"stateful": False, "stride": 7},
            lambda steps: (steps, steps + 1),
            marks=pytest.mark.slow,
        ),
    ],
    ids=["stateful", "stateless"],
)
def test_a_run_stopped_and_resumed_gives_the_losses_of_one_never_stopped(tmp_path, kind, stops):
    settings = {**kind, "recurrent_dropout": 0.1, "input_dropout": 0.1, "epochs": 2}
    run(tmp_path / "whole", **settings)
    steps = checkpoints.load(tmp_path / "whole" / "run").record["steps"]
    for stop in stops(steps):
        parts = tmp_path / f"stopped at {stop}"
        assert run(parts, observer=Watch(stop), **settings) is None
        assert run(parts, resume=True) is not None
        for whole, part in zip(history(tmp_path / "whole"), history(parts), strict=True):
            for name in ("loss", "validation_loss"):
                assert float(part[name]) == pytest.approx(float(whole[name]), abs=1e-6)


@pytest.mark.slow
def test_a_run_killed_at_any_moment_resumes_to_the_same_losses(tmp_path):
    corpus = tmp_path / "text.txt"
    corpus.write_text(TEXT * 3)
    settings = {**SMALL, "epochs": 4}
    train_generator(read_corpus([corpus]), tmp_path / "whole", settings=settings)
    killed, kills = tmp_path / "killed", 0
    settings["checkpoint_seconds"] = 0.0  # after every step: it may be killed while it writes
    more = [f"--set={name}={value}" for name, value in settings.items()]
    for delay in (0.0, 0.3):
        process = subprocess.Popen(
            [sys.executable, "-m", "textrnn", "train", "generator", str(corpus), "-q",
             "-o", str(killed), *more],
            stderr=subprocess.PIPE,
        )  # fmt: skip
        deadline = time.monotonic() + 60
        seen = checkpoints.path(killed / "run")
        before = seen.stat().st_mtime_ns if seen.exists() else 0
        while not (seen.exists() and seen.stat().st_mtime_ns != before):
            assert process.poll() is None and time.monotonic() < deadline
            time.sleep(0.01)
        time.sleep(delay)
        if process.poll() is None:
            os.kill(process.pid, signal.SIGKILL)
            kills += 1
        assert process.wait() in (0, -signal.SIGKILL), process.stderr and process.stderr.read()
        more = ["--resume"]
    assert kills
    assert train_generator(read_corpus([corpus]), killed, resume=True) is not None
    for one, other in zip(history(tmp_path / "whole"), history(killed), strict=True):
        for name in ("loss", "validation_loss"):
            assert float(one[name]) == pytest.approx(float(other[name]), abs=1e-6)


@pytest.mark.slow  # tests/newcomer/test_run.py stops a run in the process of the test
@pytest.mark.parametrize("number", STOPPING[1:])
def test_a_signal_saves_and_says_how_to_resume(tmp_path, number):
    corpus, output = tmp_path / "text.txt", tmp_path / "model"
    corpus.write_text(TEXT * 20)
    command = [sys.executable, "-m", "textrnn", "train", "generator", str(corpus)]
    process = subprocess.Popen(
        [*command, "-o", str(output), "--units", "8", "--epochs", "100"],
        stderr=subprocess.PIPE,
        text=True,
    )
    while not checkpoints.path(output / "run").exists():
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(number)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 128 + number
    (again,) = (line for line in errors.splitlines() if "Resume with" in line)
    assert f"-o {output} " in again and again.endswith(" --resume")
    assert "Traceback" not in errors


def test_a_loss_that_is_not_finite_stops_the_run_and_keeps_the_last_good_weights(
    tmp_path, monkeypatch
):
    step = Learner.step

    def poisoned(self, inputs, targets):
        return float("nan") if self.steps_done == 12 else step(self, inputs, targets)

    monkeypatch.setattr(Learner, "step", poisoned)
    with pytest.raises(TrainingError, match="epoch 1, step 13; the best weights from before"):
        run(tmp_path / "model", text=TEXT * 3)
    model = registry.load(tmp_path / "model")
    assert model.metadata["scores"]["validation (cold)"]["loss"] < np.log(model.config.vocab_size)


@pytest.mark.parametrize("nothing", [float("nan"), float("inf")])
def test_an_epoch_without_a_finite_score_leaves_a_record_that_is_json(
    tmp_path, monkeypatch, nothing
):
    cold, scores = language_modelling.cold, []

    def not_finite_at_first(*arguments, **more):
        scores.append(cold(*arguments, **more))
        return replace(scores[-1], loss=nothing) if len(scores) == 1 else scores[-1]

    monkeypatch.setattr(language_modelling, "cold", not_finite_at_first)
    watch = Watch()
    run(tmp_path / "model", epochs=2, observer=watch)
    rows = strict_history(tmp_path / "model")
    assert [end.to_dict() for end in watch.ends] == rows
    for name in ("validation_loss", "validation_bits_per_character"):
        assert rows[0][name] is None and rows[1][name] > 0
        assert history(tmp_path / "model")[0][name] == ""
    assert [end.is_best for end in watch.ends] == [False, True]
    assert rows[0]["validation_accuracy"] == scores[0].accuracy


def test_the_observer_gets_validation_and_samples(tmp_path):
    watch = Watch()
    run(tmp_path / "model", epochs=2, text=TEXT * 9, observer=watch)
    assert_validations_are_reported(watch)
    for end in watch.ends:
        assert list(end.samples) == [0.2, 0.5, 1.0]
        assert f"validation {end.metrics.validation_loss:.4f} (" in end.headline()
    bits = watch.progress[-1].loss / np.log(2)
    assert watch.progress[-1].note == f"{bits:.3f} bits/char"


@pytest.mark.filterwarnings("ignore:invalid value")
def test_a_run_without_a_usable_epoch_leaves_no_model(tmp_path):
    with pytest.raises(TrainingError, match="no usable weights were saved"):
        run(tmp_path / "model", learning_rate=1e30, clip_norm=0.0, ema=0.0)
    assert not (tmp_path / "model" / "config.json").exists()


def test_a_step_with_an_infinite_gradient_changes_nothing():
    network = GeneratorConfig(vocab_size=5, units=4, embedding_dim=3, dropout=0.0)
    learner = generator_learner(network, GeneratorTrainingConfig(stateful=False), total_steps=10)
    learner.model.get_layer("output").bias.assign([np.inf, 0, 0, 0, 0])
    before = learner.average_weights(), [v.numpy() for v in learner.model.trainable_variables]
    ids = np.ones((2, 7), np.int32)
    assert np.isnan(learner.step(ids, ids))
    after = learner.average_weights(), [v.numpy() for v in learner.model.trainable_variables]
    for name in before[0]:
        np.testing.assert_array_equal(before[0][name], after[0][name])
    for one, other in zip(before[1], after[1], strict=True):
        np.testing.assert_array_equal(one, other)


def test_early_stopping_ends_a_run_that_does_not_improve(tmp_path):
    model = run(tmp_path / "model", learning_rate=1e-12, patience=2, epochs=30, ema=0.0)
    assert len(model.metadata["history"]) < 30


def test_the_same_seed_gives_the_same_run_and_another_seed_another(tmp_path):
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        run(tmp_path / name, seed=seed, epochs=1)
    assert history(tmp_path / "a") == history(tmp_path / "b") != history(tmp_path / "c")


def test_fine_tuning_maps_weights_by_character(tmp_path):
    base = run(tmp_path / "base", epochs=1)
    # New characters at both ends of the sorted alphabet move every old position.
    text = TEXT.replace("miller", "Müller!").replace("door", "~")
    notices: list[str] = []

    class Watch(Observer):
        def notice(self, text: str) -> None:
            notices.append(text)

    tuned = train_generator(
        Corpus.from_text(text), tmp_path / "tuned", base=base, observer=Watch(),
        settings={
            "batch_size": 4, "window": 20, "epochs": 1, "learning_rate": 1e-9, "weight_decay": 0.0,
            "sample_length": 0,
        },
    )  # fmt: skip
    assert "4 characters are new" in notices[0]
    assert "from**: base; new characters: !M~ü." in tuned.card
    for character in "~!Mü":
        assert character in notices[0]
    # With a learning rate of nearly 0, the tuned model must predict the old text like the base.
    ids = base.tokenizer.encode(TEXT), tuned.tokenizer.encode(TEXT)
    base_logits = build_network(base).logits(ids[0][None])
    tuned_logits = build_network(tuned).logits(ids[1][None])
    order = [tuned.tokenizer.characters.index(c) for c in base.tokenizer.characters]
    np.testing.assert_allclose(tuned_logits[..., order], base_logits, atol=1e-4)


@pytest.mark.parametrize("embedding_dim", [0, 6])
def test_transferred_rows_follow_their_character(tmp_path, embedding_dim):
    base = run(tmp_path / "base", epochs=1, embedding_dim=embedding_dim)
    tokenizer = base.tokenizer.extended(type(base.tokenizer).fit(["zyx~é"]))
    config = GeneratorConfig.from_dict(
        {**base.config.to_dict(), "vocab_size": tokenizer.vocab_size}
    )
    fresh = {v.path: v.numpy() for v in build_generator(config).trainable_variables}
    weights = transfer_weights(base, tokenizer, fresh)
    assert {name: array.shape for name, array in weights.items()} == {
        name: array.shape for name, array in fresh.items()
    }
    first = "embedding/embeddings" if embedding_dim else f"{cell_names(base.config, 1)[0]}/kernel"
    for index, character in enumerate(tokenizer.characters):
        if character in base.tokenizer.characters:
            source = base.tokenizer.characters.index(character)
            np.testing.assert_array_equal(weights[first][index], base.weights[first][source])
            np.testing.assert_array_equal(
                weights["output/kernel"][:, index], base.weights["output/kernel"][:, source]
            )
        else:
            np.testing.assert_array_equal(weights[first][index], fresh[first][index])


def test_fine_tuning_from_a_good_start_beats_the_base(tmp_path):
    base = run(tmp_path / "base", epochs=2)
    text = TEXT.replace("lantern", "candle")
    tuned = train_generator(
        Corpus.from_text(text), tmp_path / "tuned", base=base,
        settings={"batch_size": 8, "window": 20, "epochs": 3, "learning_rate": 0.01},
    )  # fmt: skip
    ids = tuned.tokenizer.encode(text)
    start = base.tokenizer.encode(text)
    scores = [
        language_modelling.cold(build_network(m), i).loss for m, i in ((base, start), (tuned, ids))
    ]
    assert scores[1] < scores[0]


def test_fine_tuning_refuses_another_shape(tmp_path):
    base = run(tmp_path / "base", epochs=1)
    with pytest.raises(ConfigError, match="keeps the shape"):
        run(tmp_path / "tuned", base=base, units=99)
    with pytest.raises(ConfigError, match=r"as it is.*leave out --lower"):
        run(tmp_path / "tuned", base=base, lower=True)
    gentler = FromGenerator(base).defaults({})["training"]
    assert gentler["learning_rate"] < GeneratorTrainingConfig.learning_rate


def test_a_taken_output_is_refused_and_left_alone(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    with pytest.raises(TrainingError, match="holds other files"):
        run(tmp_path / "mine")
    assert (tmp_path / "mine" / "thesis.txt").read_text() == "years of work"
    run(tmp_path / "model", epochs=1)
    with pytest.raises(TrainingError, match="--resume"):
        run(tmp_path / "model")
    (tmp_path / "file").write_text("")
    with pytest.raises(TrainingError, match="is a file"):
        run(tmp_path / "file")


def test_a_second_training_on_one_output_is_refused_and_the_first_is_unharmed(tmp_path):
    output, corpus = tmp_path / "model", tmp_path / "text.txt"
    corpus.write_text(TEXT)
    commands = []

    def typed():
        command = [sys.executable, "-m", "textrnn", "train", "generator", str(corpus)]
        done = subprocess.run([*command, "-o", str(output)], capture_output=True, text=True)
        commands.append(done)

    watch = Rivals(tmp_path, lambda: run(output), lambda: run(output, resume=True), typed)
    run(tmp_path / "alone")
    assert run(output, observer=watch) is not None
    message = f"another training or save is writing to {output}; wait until it has ended, or choose"
    assert len(watch.errors) == 3 and all(error.startswith(message) for error in watch.errors[:2])
    (done,) = commands
    assert done.returncode == 1
    assert done.stderr.startswith(f"Error: {message}") and len(done.stderr.splitlines()) == 1
    assert history(output) == history(tmp_path / "alone")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["alone", "model", "text.txt"]


def test_an_output_whose_folder_is_read_only_is_reported(tmp_path, monkeypatch):
    def refused(*_):
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(locks, "_lock", refused)
    with pytest.raises(TrainingError, match="Read-only file system; choose another folder"):
        run(tmp_path / "model")
    monkeypatch.setattr(locks, "_lock", lambda _: False)
    watch = Watch(1)
    assert run(tmp_path / "model", observer=watch) is None
    assert "has no locks: start no second training there" in watch.notices[0]


def test_a_run_whose_last_save_was_interrupted_recovers_and_resumes(tmp_path):
    output = tmp_path / "model"
    assert run(output, observer=Watch(3)) is None
    output.rename(tmp_path / "model.textrnn-old")
    watch = Watch()
    assert run(output, resume=True, observer=watch) is not None
    assert "recovered" in watch.notices[0]
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_resuming_needs_a_run_and_its_own_corpus(tmp_path):
    with pytest.raises(TrainingError, match="no run to resume"):
        run(tmp_path / "model", resume=True)
    run(tmp_path / "model", epochs=1)
    with pytest.raises(TrainingError, match="trains on another text"):
        run(tmp_path / "model", text=TEXT + "more", resume=True)
    checkpoints.path(tmp_path / "model" / "run").write_bytes(b"not a checkpoint")
    with pytest.raises(TrainingError, match="is damaged"):
        run(tmp_path / "model", resume=True)


@pytest.mark.parametrize("stateful", [True, False])
@pytest.mark.parametrize("text", ["", "x", "a short text"])
def test_a_corpus_too_small_says_what_to_type(tmp_path, stateful, text):
    with pytest.raises(CorpusError):
        run(tmp_path / "model", text=text, stateful=stateful)
    assert not (tmp_path / "model").exists()


def test_validation_may_be_a_slice_or_a_file(tmp_path):
    model = run(tmp_path / "slice", epochs=1, part="0:0.8", validation="0.4:0.5")
    assert model.metadata["scores"]["validation (cold)"]["characters"] > 0
    other = tmp_path / "other.txt"
    other.write_text("the miller has his penny§\n" * 5)
    model = run(tmp_path / "file", epochs=1, validation=str(other))
    assert "§" in model.tokenizer.characters
    assert model.metadata["training"]["validation"] == "other.txt"
    assert not folders_named(tmp_path / "file", tmp_path)
    for none in (None, "0"):
        model = run(tmp_path / f"none {none}", epochs=1, validation=none)
        assert model.metadata["scores"] == {} and model.metadata["run"]["best_epoch"] == 1


def test_the_warm_up_rises_and_the_cosine_falls():
    learner = generator_learner(
        GeneratorConfig(vocab_size=3, units=2),
        GeneratorTrainingConfig(warmup_steps=10),
        total_steps=200,
    )
    rates = []
    for step in range(200):
        learner.steps_done = step
        rates.append(learner.learning_rate)
    peak = int(np.argmax(rates))
    assert peak == 9
    assert rates[peak] == GeneratorTrainingConfig.learning_rate
    assert all(np.diff(rates[:peak]) > 0) and all(np.diff(rates[peak + 1 :]) < 0)
    assert rates[-1] == pytest.approx(GeneratorTrainingConfig.learning_rate / 100, rel=0.1)


def test_unknown_settings_are_named(tmp_path):
    with pytest.raises(ConfigError, match="unknown setting 'unitz'"):
        run(tmp_path / "model", unitz=3)
    assert not (tmp_path / "model").exists()


def test_the_same_command_resumes_and_another_is_refused(tmp_path):
    assert run(tmp_path / "model", observer=Watch(3)) is None
    with pytest.raises(ConfigError, match="has units=12, not 13"):
        run(tmp_path / "model", resume=True, units=13)
    assert run(tmp_path / "model", resume=True, **SMALL) is not None


# ---- subwords and words -------------------------------------------------------------------------

TOKENS = {"word": {"tokens": "word", "max_vocab_size": 30}, "subwords": {"tokens": "sentencepiece"}}
tokens = pytest.mark.parametrize("settings", TOKENS.values(), ids=TOKENS)


@tokens
def test_a_generator_of_tokens_learns_to_write_and_says_so_on_its_card(tmp_path, settings):
    model = run(tmp_path / "model", text=TEXT * 3, **{"max_vocab_size": 300, **settings})
    unit = model.tokenizer.unit
    rows = model.metadata["history"]
    # In nats per character: better than equally likely characters.
    assert rows[-1]["validation_loss"] < rows[0]["validation_loss"] < np.log(30)
    assert rows[-1]["loss"] == pytest.approx(rows[-1]["validation_loss"], rel=0.7)
    score = model.metadata["scores"]["validation (cold)"]
    assert score["characters"] > 1.1 * score["tokens"]  # 1.19 with SentencePiece 0.2.1
    assert unit in model.card and "nats per character" in model.card
    loaded = registry.load(tmp_path / "model")
    written = generation.generate(loaded, "the ", 80, seed=1)[0]
    assert len(written) == 80 and "<unk>" not in written
    report = generator.evaluate(loaded, Corpus.from_text(TEXT * 3), part="validation")
    assert report["cold"] == score
    everything = replace(
        loaded,
        metadata={
            **loaded.metadata,
            "training": {**model.metadata["training"], "validation": None},
        },
    )
    with pytest.raises(ConfigError, match="without validation text"):
        generator.evaluate(everything, Corpus.from_text(TEXT * 3), part="validation")


@tokens
def test_a_run_of_tokens_resumes_to_the_same_losses(tmp_path, settings):
    settings = {"max_vocab_size": 300, "epochs": 2, **settings}
    run(tmp_path / "whole", text=TEXT * 3, **settings)
    assert run(tmp_path / "part", text=TEXT * 3, observer=Watch(3), **settings) is None
    assert run(tmp_path / "part", text=TEXT * 3, resume=True, **settings) is not None
    for whole, part in zip(history(tmp_path / "whole"), history(tmp_path / "part"), strict=True):
        for name in ("loss", "validation_loss"):
            assert float(part[name]) == pytest.approx(float(whole[name]), abs=1e-6)


@tokens
def test_fine_tuning_keeps_the_tokens(tmp_path, settings):
    base = run(tmp_path / "base", text=TEXT * 3, **{"max_vocab_size": 300, **settings, "epochs": 1})
    more = TEXT.replace("miller", "Müller") * 3
    small = {"batch_size": 4, "window": 20, "epochs": 1, "sample_length": 0}
    tuned = train_generator(Corpus.from_text(more), tmp_path / "tuned", base=base, settings=small)
    assert tuned.tokenizer.to_json() == base.tokenizer.to_json()
    assert "Fine-tuned from" in tuned.card and "new characters" not in tuned.card
    for other in ({"tokens": "char"}, {"max_vocab_size": 77}):
        with pytest.raises(ConfigError, match="and its tokens; leave out"):
            run(tmp_path / "other", base=base, **other)


@pytest.mark.parametrize("kind", ["word", "sentencepiece"])
@pytest.mark.parametrize(
    ("part", "validation"), [("0:1", "0.1"), ("0.1:0.9", "0.3:0.5"), ("5:900", "0:0.2")]
)
def test_a_corpus_of_tokens_is_split_where_one_of_characters_is(kind, part, validation):
    corpus = Corpus.from_text(TEXT)
    characters = GeneratorTrainingConfig(part=part, validation=validation)
    by_character = CharTokenizer.fit([TEXT])
    expected = encode.split(corpus, None, by_character, characters)
    text = GeneratorTextConfig(tokens=kind, max_vocab_size=300)
    tokenizer = encode.fit(corpus, None, text, characters)
    split = encode.split(corpus, None, tokenizer, characters)
    train, held_out = (by_character.decode(ids) for ids in (expected.train, expected.validation))
    codec = tokenizer.codec
    np.testing.assert_array_equal(split.train, codec.encode_pieces([train]))
    np.testing.assert_array_equal(split.validation, codec.encode_pieces([held_out]))
    assert split.characters == len(train)
    assert split.tokens_per_character == len(split.train) / len(train) < 1
    assert expected.tokens_per_character == 1


def test_a_vocabulary_is_fitted_to_the_training_text_only(tmp_path):
    other = tmp_path / "other.txt"
    other.write_text("an unheard word\n" * 9)
    text, training = (
        GeneratorTextConfig(tokens="word"),
        GeneratorTrainingConfig(validation=str(other)),
    )
    corpus, validation = Corpus.from_text(TEXT), Corpus.from_text("an unheard word")
    assert "unheard" not in encode.fit(corpus, validation, text, training).words_by_id
    assert "ferryman" in encode.fit(corpus, validation, text, training).words_by_id


@pytest.mark.parametrize("random_offset", [True, False])
def test_an_epoch_starts_at_the_beginning_of_the_text_unless_the_offset_is_random(random_offset):
    training = GeneratorTrainingConfig(batch_size=2, window=5, random_offset=random_offset)
    ids = np.arange(400)
    batches = encode.Batches(ids, CharTokenizer.fit(TEXT), training)
    first = [next(iter(batches.of(epoch, 0)))[0].numpy()[0, 0] for epoch in range(4)]
    assert first[0] == 0
    assert (first == [0] * 4) is not random_offset
