"""What people type in Python, and what comes of it."""

import os
import subprocess
import sys
from typing import get_args, get_type_hints

import numpy as np
import pytest
from support.generators import KINDS, token_model
from support.models import tiny_model
from support.paths import ROOT

import textrnn
from textrnn.api import settings
from textrnn.api.generator import Generator
from textrnn.artifacts import registry
from textrnn.config import classifier as config_classifier
from textrnn.config import classifier_presets
from textrnn.config import generator as config_generator
from textrnn.config.sampling import SamplingConfig
from textrnn.errors import ArtifactError, ConfigError, CorpusError, TextRNNError, TokenizerError
from textrnn.evaluation import generator as evaluation

MODEL = Generator(tiny_model(text="abcdefghijklmnopqrstuvwxyz \n"))
ALL = [MODEL, *(Generator(token_model(kind)) for kind in KINDS)]


# ---- names and types ----------------------------------------------------------------------------


def test_dir_shows_the_public_names_alone():
    assert dir(textrnn) == sorted([*textrnn.__all__, "__version__"])
    assert all(hasattr(textrnn, name) for name in dir(textrnn))


def test_load_refuses_a_model_of_another_kind(tmp_path):
    registry.save(tiny_model(), tmp_path / "mine")
    assert isinstance(textrnn.load(tmp_path / "mine", "generator"), textrnn.Generator)
    with pytest.raises(ArtifactError, match="is a generator, not a classifier"):
        textrnn.load(tmp_path / "mine", "classifier")
    with pytest.raises(ConfigError, match="kind must be one of generator, classifier"):
        textrnn.load("imdb", "sentiment")


def test_the_settings_that_editors_complete_are_those_of_the_configs():
    def typed(recipe, but=()):
        return {
            name: recipe.sections()[section].field_types()[key]
            for name, (section, key) in recipe.names().items()
            if "." not in name and name not in but
        }

    generator, classifier = config_generator.GeneratorRecipe, config_classifier.ClassifierRecipe
    assert get_type_hints(settings.Sampling) == SamplingConfig.field_types()
    assert get_type_hints(settings.GeneratorSettings) == typed(generator)
    found = get_type_hints(settings.ClassifierSettings)
    assert found.pop("pretraining") is settings.PretrainingSettings
    assert found == typed(classifier, but=["validation"])  # a parameter of its own
    pretraining = classifier.sections()["pretraining"]
    assert get_type_hints(settings.PretrainingSettings) == {
        name: kind for name, kind in pretraining.field_types().items()
        if name not in pretraining.derived
    }  # fmt: skip
    assert get_args(config_generator.GeneratorPreset) == tuple(config_generator.PRESETS)
    assert get_args(classifier_presets.ClassifierPreset) == tuple(
        classifier_presets.CLASSIFIER_PRESETS
    )


SNIPPET = """
import textrnn
reveal_type(textrnn.load("shakespeare"))
reveal_type(textrnn.load("imdb-tiny").classify("a"))
reveal_type(textrnn.load("my-model", "generator").generate("a"))
reveal_type(textrnn.load("my-model", "generator").generate(["a", "b"], top_k=3))
textrnn.load("shakespeare").generate("a", temprature=0.5)
textrnn.train_generator("a.txt", "out", preset="smal")
textrnn.train_classifier("a.csv", "out", units="8")
"""
REVEALED = [
    'Revealed type is "textrnn.api.generator.Generator"',
    'Revealed type is "textrnn.engine.classification.Prediction"',
    'Revealed type is "str"',
    'Revealed type is "list[str]"',
    'Unexpected keyword argument "temprature"',
    'Argument "preset" to "train_generator" has incompatible type',
    'Argument "units" to "train_classifier" has incompatible type',
]


@pytest.mark.slow
def test_a_type_checker_knows_what_is_returned_and_finds_mistyped_settings(tmp_path):
    (tmp_path / "mine.py").write_text(SNIPPET)
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--cache-dir", ".cache", "mine.py"], cwd=tmp_path,
        capture_output=True, text=True, env={**os.environ, "MYPYPATH": str(ROOT)},
    )  # fmt: skip
    lines = [line for line in done.stdout.splitlines() if line.startswith("mine.py")]
    found = [line for line in lines if "overload" not in line and "variant" not in line]
    assert len(found) >= len(REVEALED), done.stdout
    for expected in REVEALED:
        assert any(expected.replace("builtins.", "") in line.replace("builtins.", "")
                   for line in lines), (expected, done.stdout)  # fmt: skip


# ---- texts in memory ----------------------------------------------------------------------------


@pytest.mark.parametrize("model", ALL, ids=lambda model: model.tokens)
def test_a_score_is_what_evaluate_gives_after_a_line_end(model):
    text = "the sea and the ship the ship the sea" * 9
    score = model.score(text)
    assert "".join(token.text for token in score.tokens) == text
    assert [token.start for token in score.tokens[1:]] == [token.end for token in score.tokens[:-1]]
    assert score.nats == pytest.approx(sum(token.nats for token in score.tokens))
    whole = textrnn.Corpus.from_text("\n" + text)
    report = evaluation.evaluate(model.artifact, whole)["streamed"]
    assert report["characters"] == len(text)
    assert score.nats_per_character == pytest.approx(report["loss"], rel=1e-5)
    assert score.bits_per_character == pytest.approx(score.nats_per_character / np.log(2))
    with pytest.raises(CorpusError, match="is empty"):
        model.score("")


@pytest.mark.parametrize("model", ALL, ids=lambda model: model.tokens)
def test_the_probabilities_of_the_next_token_sum_to_1_and_are_those_of_the_score(model):
    for prime in ("", "the sea"):
        chances = model.next(prime, 0)
        assert sum(chance for _, chance in chances) == pytest.approx(1)
        assert model.next(prime, 2) == chances[:2]
        assert [chance for _, chance in chances] == sorted(
            (chance for _, chance in chances), reverse=True
        )
    assert max(p for _, p in model.next("the", temperature=0.1)) >= model.next("the", 1)[0][1]
    if model is MODEL:
        likely = dict(model.next("\nthe ", 0))  # a new text begins after a line end
        assert -np.log(likely["s"]) == pytest.approx(model.score("the s").tokens[-1].nats, rel=1e-4)
    with pytest.raises(ConfigError, match="temperature must be above 0"):
        model.next("a", temperature=0)


@pytest.mark.parametrize("model", ALL, ids=lambda model: model.tokens)
def test_a_state_read_in_pieces_gives_the_text_of_the_whole_prime(model):
    pieces = ["the s", "ea ", "and the sh", "", "ip"]
    state = model.read()
    assert state.generate(40, seed=1) == model.generate("", 40, seed=1)
    for count, piece in enumerate(pieces, 1):
        state.append(piece)
        prime = "".join(pieces[:count])
        assert state.text == prime
        assert state.generate(40, seed=count) == model.generate(prime, 40, seed=count)
    twin = state.copy()
    twin.append("s a")
    assert state.generate(40, seed=1) == model.generate("".join(pieces), 40, seed=1)
    assert twin.generate(9, seed=1, until="word") == model.generate(
        "".join(pieces) + "s a", 9, seed=1, until="word"
    )
    assert "".join(state.stream(40, seed=1)) == state.generate(40, seed=1)
    assert state.next(3) == model.next(state.text, 3) or model is MODEL


def test_a_state_that_cannot_read_on_stays_as_it_is():
    state = MODEL.read("abc")
    before = state.generate(20, seed=1)
    with pytest.raises(TokenizerError):
        state.append("A")
    assert state.text == "abc" and state.generate(20, seed=1) == before


@pytest.mark.parametrize("model", ALL, ids=lambda model: model.tokens)
def test_a_batch_of_primes_gives_what_each_gives_alone(model):
    primes = ["the sea", "", "a", "the ship and the sea"]
    for how in ({}, {"repetition_penalty": 1.3, "repetition_window": 9}, {"stop": "e"}):
        texts = model.generate(primes, 30, seed=2, **how)
        alone = [
            model.samples(number + 1, prime, 30, seed=2, **how)[number]
            for number, prime in enumerate(primes)
        ]
        assert texts == alone
    assert model.generate(["the"], 9, seed=1) == [model.generate("the", 9, seed=1)]
    with pytest.raises(ConfigError, match="the list of primes is empty"):
        model.generate([])


def test_a_text_where_a_path_is_meant_is_told(tmp_path):
    with pytest.raises(CorpusError, match=r"textrnn\.Corpus\.from_text\(text\)"):
        textrnn.train_generator("It was a dark night.\n" * 40, tmp_path / "out")
    with pytest.raises(CorpusError, match=r"give a pair of texts and labels"):
        textrnn.train_classifier("good\nbad\n", tmp_path / "out")
    assert not (tmp_path / "out").exists()


# ---- wrong types --------------------------------------------------------------------------------

WRONG = {
    "length must be a whole number, got '10' (str)": lambda: MODEL.generate("a", length="10"),
    "prime must be a string or several, got 5 (int)": lambda: MODEL.generate(5),
    "prime must be a string, got 5 (int)": lambda: MODEL.read(5),
    "prime[1] must be a string, got None (NoneType)": lambda: MODEL.generate(["a", None]),
    "temperature must be": lambda: MODEL.generate("a", temperature="hot"),
    "unknown setting 'temprature' (did you mean temperature?)": lambda: MODEL.generate(
        "a", temprature=1
    ),
    "seed must be a whole number, got 1.5 (float)": lambda: MODEL.stream("a", seed=1.5),
    "count must be a whole number, got True (bool)": lambda: MODEL.samples(True),
    "prime must be a string, got b'a' (bytes); decode bytes first": lambda: MODEL.stream(b"a"),
    "text must be a string, got None (NoneType)": lambda: MODEL.score(None),
    "stop must be a string or several, got 5 (int)": lambda: MODEL.stream("a", stop=5),
    "until must be one of length, word": lambda: MODEL.generate("a", until="verse"),
    "texts must be a string or several, got 5 (int)": lambda: tiny_classifier().classify(5),
    "texts[1] must be a string, got nan (float)": lambda: tiny_classifier().probabilities(
        ["a", float("nan")]
    ),
}


def tiny_classifier():
    return textrnn.load("imdb-tiny")


@pytest.mark.parametrize("message", WRONG, ids=lambda message: message[:30])
def test_an_argument_of_the_wrong_type_is_one_sentence(message):
    with pytest.raises(TextRNNError) as raised:
        WRONG[message]()
    assert message in str(raised.value)
    assert "\n" not in str(raised.value)


# ---- training -----------------------------------------------------------------------------------


def test_wrong_settings_are_found_before_tensorflow_is_imported(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "textrnn.training.libraries", None)  # its import fails
    corpus = textrnn.Corpus.from_text("a text " * 200)
    for wrong, message in ({"unit": 5}, "units"), ({"units": "many"}, "units must be"):
        with pytest.raises(ConfigError, match=message):
            textrnn.train_generator(corpus, tmp_path / "out", **wrong)
        with pytest.raises(ConfigError, match=message):
            textrnn.train_classifier((["a", "b"], ["x", "y"]), tmp_path / "out", **wrong)
    with pytest.raises(ConfigError, match="small"):
        textrnn.train_generator(corpus, tmp_path / "out", preset="smal")


TRAIN = """
import textrnn
corpus = textrnn.Corpus.from_text("so it goes and so it went. " * 300)
model = textrnn.train_generator(
    corpus, "out", units=8, layers=1, window=16, batch_size=4, epochs=2, sample_length=0{more}
)
print(model.generate("so", 9, seed=1))
"""


@pytest.mark.slow
@pytest.mark.parametrize("more", ["", ", progress=False"])
def test_training_shows_its_epochs_and_nothing_of_its_libraries(tmp_path, more):
    environment = {name: value for name, value in os.environ.items() if name[:3] != "TF_"}
    done = subprocess.run(
        [sys.executable, "-c", TRAIN.format(more=more)], cwd=tmp_path, capture_output=True,
        text=True, env={**environment, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    lines = done.stderr.splitlines()
    if more:
        assert lines == []
    else:
        assert len(lines) < 8 and sum(line.startswith("epoch ") for line in lines) >= 2, lines
