import io
import json
import re
import shutil
import subprocess
import sys
import tarfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_hub
from click.testing import CliRunner
from hypothesis import example, given, settings
from hypothesis import strategies as st
from support.classifiers import random_classifier, reviews, text_classifier
from support.generators import tokenizer_of
from support.models import tiny_model
from support.servers import Server
from support.watching import Watch, folders_named

from textrnn.artifacts import registry
from textrnn.artifacts.classifier import ClassifierArtifact
from textrnn.cli import main
from textrnn.config.text import ClassifierTextConfig
from textrnn.data import http
from textrnn.engine.classification import Predictor
from textrnn.engine.explanation import explain
from textrnn.errors import (
    ArtifactError,
    ConfigError,
    CorpusError,
    MissingExtraError,
    TrainingError,
)
from textrnn.models.export import tfhub
from textrnn.models.export.tfhub import Embedding
from textrnn.models.hub import module as hub_module
from textrnn.models.hub.folder import fingerprint
from textrnn.models.hub.words import word_vectors
from textrnn.tokenizers import WordTokenizer
from textrnn.tokenizers.raw_text import TextTokenizer
from textrnn.training import checkpoints
from textrnn.training.observer import Observer
from textrnn.training.tasks.classifier import train_classifier

QUICK = {
    "epochs": 2, "batch_size": 16, "units": 4, "layers": 1, "bidirectional": False,
    "pooling": "last", "oov_buckets": 2,
}  # fmt: skip
DATA = reviews(48)


@pytest.fixture(scope="module")
def base(tmp_path_factory) -> ClassifierArtifact:
    """A classifier of reviews after a short training."""
    output = tmp_path_factory.mktemp("base") / "model"
    settings = {**QUICK, "embedding_dim": 5, "min_count": 1}
    model = train_classifier(DATA, output, settings=settings)
    assert model
    return model


@pytest.fixture(scope="module")
def module(base, tmp_path_factory) -> Path:
    """The exported embedding of `base`."""
    output = tmp_path_factory.mktemp("hub") / "words"
    tfhub.save(tfhub.embedding_of(base), output, source="reviews")
    return output


@pytest.fixture(scope="module")
def over_text(module, tmp_path_factory) -> ClassifierArtifact:
    """The textbook's network over whole texts, with a fine-tuned module."""
    output = tmp_path_factory.mktemp("text") / "model"
    settings = {
        "hub": str(module), "tokens": "text", "epochs": 2, "dense_units": 6,
        "train_embedding": True, "learning_rate": 0.02,
    }  # fmt: skip
    model = train_classifier(DATA, output, settings=settings)
    assert model
    return model


def pooled(model: ClassifierArtifact, text: str) -> np.ndarray:
    """The vector that the exported embedding of `model` should give `text`."""
    tokenizer, table = model.tokenizer, model.weights["embedding/embeddings"]
    first = 1 + len(tokenizer.words_by_id)
    bucket = table[first : first + tokenizer.oov_buckets].mean(axis=0)
    ids = tokenizer.encode(text)
    rows = np.where(tokenizer.unknown(ids)[:, None], bucket, table[ids])
    return rows.sum(axis=0) / max(1, len(ids)) ** 0.5


def test_a_module_gives_the_sum_of_the_rows_over_the_root_of_the_words(base, module):
    texts = ["The film was great!", "what<br />a qzxqzx, like, dull", "", "  "]
    vectors = hub_module.load(str(module))(tf.constant(texts)).numpy()
    np.testing.assert_allclose(vectors, [pooled(base, text) for text in texts], atol=1e-6)


def test_the_words_and_vectors_of_a_module_are_those_exported(base, module):
    words_of_module = word_vectors(hub_module.load(str(module)))
    reading = ClassifierTextConfig(oov_buckets=2)
    tokenizer = words_of_module.tokenizer(reading)
    assert tokenizer.words_by_id == base.tokenizer.words_by_id
    table = base.weights["embedding/embeddings"]
    words = 1 + len(tokenizer.words_by_id)
    np.testing.assert_array_equal(words_of_module.table(tokenizer)[1:words], table[1:words])
    np.testing.assert_allclose(words_of_module.unknown, table[words:].mean(axis=0), atol=1e-6)


LETTERS = st.sampled_from("ab Zé'’-_.,!3½字カ☺\u0301\ufe0f\u00ad\u200d\u200b\u00a0\n\t/<>Ω")


@settings(max_examples=40)
@given(
    texts=st.lists(st.text(LETTERS, max_size=12), min_size=1, max_size=8),
    rule=st.sampled_from(["textbook", "unicode"]),
    lower=st.booleans(),
)
def test_the_graph_splits_a_text_as_the_tokenizer_does(texts, rule, lower):
    # To the graph, two soft hyphens in a row do not end a word.
    texts = [text.replace("\u00ad\u00ad", "").replace("\u00ad", "") for text in texts]
    split = tfhub.splitter(rule, lower=lower)(tf.constant([*texts, "a<BR/>b"]))
    reader = WordTokenizer((), rule=rule, lower=lower, oov_buckets=1)
    words = [[word.decode() for word in row] for row in split.to_list()]
    assert words == [reader.words(text) for text in [*texts, "a<BR/>b"]]


def test_a_generators_characters_become_tokens_with_line_ends_spelt(tmp_path):
    model = tiny_model(text="ab \n")
    tfhub.save(tfhub.embedding_of(model), tmp_path / "chars", source="x")
    table = model.weights["embedding/embeddings"]
    vectors = hub_module.load(str(tmp_path / "chars"))(tf.constant(["a\n", "b?"])).numpy()
    ids = {each: row for row, each in enumerate(model.tokenizer.characters)}
    np.testing.assert_allclose(vectors[0], (table[ids["a"]] + table[ids["\n"]]) / 2**0.5, atol=1e-6)
    np.testing.assert_allclose(vectors[1], table[ids["b"]] / 2**0.5, atol=1e-6)
    assert "<newline>\n" in (tmp_path / "chars" / "assets" / "tokens.txt").read_text()


def test_a_file_of_vectors_becomes_a_module_whose_unknown_word_is_nothing(tmp_path):
    (tmp_path / "glove.txt").write_text("the 1 2\nfilm 3 4\n", encoding="utf-8")
    embedding = tfhub.embedding_from(tmp_path / "glove.txt")
    assert embedding.lower
    tfhub.save(embedding, tmp_path / "glove", source="glove.txt")
    vectors = hub_module.load(str(tmp_path / "glove"))(tf.constant(["The film", "qzx"])).numpy()
    np.testing.assert_allclose(vectors, [[4 / 2**0.5, 6 / 2**0.5], [0, 0]], rtol=1e-6)


def test_what_has_no_words_is_not_exported(over_text):
    with pytest.raises(ArtifactError, match="no embedding of its own"):
        tfhub.embedding_of(over_text)
    with pytest.raises(ArtifactError, match="no embedding of its own"):
        tfhub.embedding_of(tiny_model(embedding_dim=0))
    with pytest.raises(ArtifactError, match="--tokens word"):
        tfhub.embedding_of(replace(random_classifier(), tokenizer=tokenizer_of("sentencepiece")))
    with pytest.raises(CorpusError, match="cannot read the vectors"):
        tfhub.embedding_from("nowhere.txt")


def test_a_module_is_never_written_over_anything(tmp_path):
    (tmp_path / "taken").mkdir()
    with pytest.raises(ConfigError, match="is there already"):
        tfhub.save(Embedding((), np.zeros((1, 2)), "unicode", True), tmp_path / "taken",
                        source="x")  # fmt: skip


@pytest.mark.parametrize("train_embedding", [False, True])
def test_vectors_of_a_module_are_trained_only_on_request(module, tmp_path, train_embedding):
    settings = {**QUICK, "hub": str(module), "train_embedding": train_embedding}
    model = train_classifier(DATA, tmp_path / "model", settings=settings)
    assert model and model.text.tokens == "word" and not model.hub
    words_of_module = word_vectors(hub_module.load(str(module)))
    before, after = words_of_module.table(model.tokenizer), model.weights["embedding/embeddings"]
    assert np.array_equal(before, after) != train_embedding
    assert model.metadata["hub"]["sha256"] == fingerprint(module)
    assert not folders_named(tmp_path / "model", module.parent)
    # The result is a plain classifier: it runs without the module.
    assert Predictor(model).predict(["the film was great"])[0].predicted


def test_logits_through_the_module_equal_those_by_hand(over_text, module):
    loaded = registry.load(over_text.name, trust_hub=True)
    text = "the film was great ."
    weights = loaded.weights
    rows = {word: row for row, word in enumerate(word_vectors(hub_module.load(str(module))).words)}
    vectors = weights["hub/variable_0"][[rows[word] for word in text.split()]]
    hidden = vectors.sum(axis=0) / 5**0.5 @ weights["hidden/kernel"] + weights["hidden/bias"]
    logit = np.maximum(hidden, 0) @ weights["output/kernel"] + weights["output/bias"]
    predictor = Predictor(loaded)
    np.testing.assert_allclose(predictor.text_logits([text]), [[0, logit[0]]], atol=1e-5)
    np.testing.assert_allclose(
        predictor.network.logits([predictor.encode(text)])[0, 1], logit[0], 1e-5
    )
    assert Predictor(over_text).text_logits([text])[0, 1] == predictor.text_logits([text])[0, 1]


def test_a_module_is_saved_with_the_model_only_if_it_was_trained(over_text, module, tmp_path):
    own = hub_module.load(str(module)).variables[0].numpy()
    assert not np.array_equal(over_text.weights["hub/variable_0"], own)
    settings = {"hub": str(module), "tokens": "text", "epochs": 1}
    frozen = train_classifier(DATA, tmp_path / "model", settings=settings)
    assert frozen
    names = {"hidden/kernel", "hidden/bias", "output/kernel", "output/bias"}
    assert frozen.weights.keys() == names
    assert not frozen.metadata["training"]["train_embedding"]
    np.testing.assert_array_equal(hub_module.load(str(module)).variables[0].numpy(), own)


def test_a_prediction_over_whole_texts_is_explained_by_word(over_text):
    found = explain(Predictor(over_text), "the film was great .")
    assert found
    assert [effect.text for effect in found.words] == ["the", "film", "was", "great", "."]


class Stop(Observer):
    """Stops a run after its first epoch."""

    stopped = False

    def epoch(self, *_: object) -> None:
        self.stopped = True

    def should_stop(self) -> bool:
        return self.stopped


def test_a_run_over_whole_texts_resumes_as_if_it_had_not_stopped(module, over_text, tmp_path):
    settings = {
        "hub": str(module), "tokens": "text", "epochs": 2, "dense_units": 6,
        "train_embedding": True, "learning_rate": 0.02,
    }  # fmt: skip
    output = tmp_path / "model"
    train_classifier(DATA, output, settings=settings, observer=Stop())
    model = train_classifier(DATA, output, settings=settings, resume=True)
    assert model
    for name, array in over_text.weights.items():
        np.testing.assert_allclose(model.weights[name], array, atol=1e-6)


def test_a_run_to_resume_needs_consent_unless_its_module_is_named(module, tmp_path):
    output = tmp_path / "model"
    settings = {"hub": str(module), "tokens": "text", "epochs": 2}
    train_classifier(DATA, output, settings=settings, observer=Stop())
    other = shutil.copytree(module, tmp_path / "other")
    checkpoint = checkpoints.load(output / "run")
    # Whoever wrote the run has put another module in the place of the one that the user names.
    records = {**checkpoint.record["records"], "hub": hub_module.load(str(other)).record()}
    record = {**checkpoint.record, "records": records}
    checkpoints.save(output / "run", replace(checkpoint, record=record))
    for again in ({}, settings):
        with pytest.raises(ArtifactError, match=rf"the TF-Hub module {other}; if you trust"):
            train_classifier(DATA, output, settings=again, resume=True)
    assert train_classifier(DATA, output, settings=settings, resume=True, trust_hub=True)
    record = {**record, "records": {**records, "hub": ["x"]}}
    checkpoints.save(output / "run", replace(checkpoint, record=record))
    with pytest.raises(TrainingError, match="does not say which TF-Hub module"):
        train_classifier(DATA, output, resume=True, trust_hub=True)


def test_a_teacher_with_a_module_needs_consent(over_text, tmp_path):
    settings = {**QUICK, "epochs": 1, "teacher": over_text.name}
    with pytest.raises(ArtifactError, match=rf"{over_text.name} runs a TensorFlow program"):
        train_classifier(DATA, tmp_path / "a", settings=settings)
    assert not (tmp_path / "a").exists()
    assert train_classifier(DATA, tmp_path / "b", settings=settings, trust_hub=True)


class Writes(tf.Module):
    """A program that writes a file when it is called."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = str(path)

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
    def __call__(self, texts: tf.Tensor) -> tf.Tensor:
        with tf.control_dependencies([tf.io.write_file(self.path, "written")]):
            return tf.zeros((tf.shape(texts)[0], 3))


def test_a_module_of_another_checksum_is_not_run(tmp_path, monkeypatch):
    written, module = tmp_path / "written", tmp_path / "module"
    tf.saved_model.save(Writes(written), str(module))
    loaded: list[str] = []
    load = tensorflow_hub.load
    monkeypatch.setattr(tensorflow_hub, "load", lambda path: loaded.append(path) or load(path))
    model = text_classifier(str(module), fingerprint(module), trust_hub=True)
    with pytest.raises(ArtifactError, match="is another one"):
        Predictor(replace(model, hub={**model.hub, "sha256": ""}))
    assert not loaded and not written.exists()
    assert Predictor(model).predict(["a text"])[0].predicted
    assert written.exists()


def test_without_tensorflow_hub_a_sentence_says_what_to_install(module, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorflow_hub", None)
    with pytest.raises(MissingExtraError, match=r"tensorflow-hub.*pip install 'textrnn\[train\]'"):
        hub_module.load(str(module))


def test_a_module_at_an_address_is_fetched_as_soon_as_a_model_is_trusted(
    module, tmp_path, monkeypatch
):
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz") as tar:
        tar.add(module, ".")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setenv("TEXTRNN_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(http._Transport, "https_open", http._Transport.http_open)
    server = Server()
    address = f"https://{server.host}/words/1"
    server.answers["/words/1?tf-hub-format=compressed"] = lambda: [
        b"HTTP/1.1 200 OK\r\n\r\n", archive.getvalue()
    ]  # fmt: skip
    settings = {"hub": address, "tokens": "text", "epochs": 1}
    watch = Watch()
    model = train_classifier(DATA, tmp_path / "model", settings=settings, observer=watch)
    fetching = f"fetching the TF-Hub module {address}; it is kept in {tmp_path / 'cache' / 'hub'}"
    assert model and model.hub == {"handle": address, "sha256": fingerprint(module)}
    assert [notice for notice in watch.notices if "etching" in notice] == [fetching]
    shutil.rmtree(tmp_path / "cache")
    use = ["classify", "-m", str(tmp_path / "model"), "--text", "great", "--trust-hub"]
    assert CliRunner().invoke(main, use).stderr == f"{fetching}\n"
    assert CliRunner().invoke(main, use).stderr == ""
    assert len(server.requests) == 2
    server.answers.clear()
    shutil.rmtree(tmp_path / "cache")
    done = CliRunner().invoke(main, [*use, "-q"])
    assert done.exit_code == 1 and done.stderr.count("\n") == 1
    assert re.search(r"answered 404 .*, and give the folder; or write its new", done.stderr)
    server.socket.close()


def test_a_model_reports_a_module_that_is_gone_or_changed(over_text, module, tmp_path):
    gone = replace(over_text, hub={**over_text.hub, "handle": str(tmp_path / "none")})
    with pytest.raises(ArtifactError, match=r'could not be loaded: there is no .* after "handle"'):
        Predictor(gone)
    with pytest.raises(ArtifactError, match=r"is another one: its sha256 is .*, expected 0"):
        Predictor(replace(over_text, hub={**over_text.hub, "sha256": "0"}))
    damaged = {**over_text.weights, "hub/variable_0": np.zeros((2, 2), np.float32)}
    with pytest.raises(ArtifactError, match="fits no variable"):
        Predictor(replace(over_text, weights=damaged))
    folder = tmp_path / "model"
    registry.save(over_text, folder)
    record = json.loads((folder / "config.json").read_text())
    del record["hub"]["sha256"]
    (folder / "config.json").write_text(json.dumps(record))
    with pytest.raises(ArtifactError, match='"hub" must have'):
        registry.load(folder)


def test_without_tensorflow_a_model_over_whole_texts_says_so_and_others_work(over_text, base):
    code = (
        "import sys\n"
        "sys.modules['tensorflow'] = sys.modules['keras'] = None\n"
        "from textrnn.cli import main\n"
        f"main(['classify', '-m', {base.name!r}, '--text', 'great'], standalone_mode=False)\n"
        f"main(['classify', '-m', {over_text.name!r}, '--text', 'great', '--trust-hub'])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 1 and done.stdout
    assert done.stderr == (
        f"Error: {over_text.name}, which reads texts through a TF-Hub module, needs TensorFlow; "
        f"pip install 'textrnn[train]'\n"
    )


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"tokens": "text"}, "name one with --hub"),
        ({"hub": "x", "tokens": "sentencepiece"}, "has word vectors"),
        ({"hub": "x", "vectors": "y"}, "choose one"),
        ({"hub": "x", "tokens": "text", "layers": 2}, "layers works on"),
        ({"hub": "x", "tokens": "text", "adversarial": 5.0}, "adversarial works on"),
        ({"hub": "{module}", "embedding_dim": 7}, "set --embedding-dim to 5"),
    ],
)
def test_settings_that_contradict_a_module_are_refused(module, tmp_path, settings, message):
    settings = {name: str(module) if value == "{module}" else value
                for name, value in settings.items()}  # fmt: skip
    with pytest.raises(ConfigError, match=message):
        train_classifier(DATA, tmp_path / "model", settings=settings)


def test_fine_tuning_a_model_keeps_its_own_embedding(base, over_text, module, tmp_path):
    with pytest.raises(ConfigError, match="leave out --hub"):
        train_classifier(DATA, tmp_path / "a", settings={"hub": str(module)}, base=base)
    with pytest.raises(ConfigError, match="train a new model"):
        train_classifier(DATA, tmp_path / "b", base=over_text)


def test_a_folder_without_a_module_is_refused(module, tmp_path):
    with pytest.raises(ConfigError, match="there is no TF-Hub module"):
        hub_module.load(str(tmp_path / "none"))
    with pytest.raises(ConfigError, match="no saved_model"):
        hub_module.load(str(tmp_path))
    with pytest.raises(ConfigError, match="is a file"):
        hub_module.load(str(module / "saved_model.pb"))
    (tmp_path / "saved_model.pb").write_bytes(b"no graph")
    with pytest.raises(ConfigError, match="cannot be loaded"):
        hub_module.load(str(tmp_path))
    (tmp_path / "tfhub_module.pb").touch()
    with pytest.raises(ConfigError, match="TensorFlow 1"):
        hub_module.load(str(tmp_path))


def test_a_saved_model_of_tensorflow_1_is_refused(tmp_path):
    v1 = tf.compat.v1
    with tf.Graph().as_default(), v1.Session() as session:
        texts = v1.placeholder(tf.string, [None])
        vectors = tf.zeros((tf.size(texts), 3))
        v1.saved_model.simple_save(
            session, str(tmp_path / "old"), {"texts": texts}, {"vectors": vectors}
        )
    with pytest.raises(ConfigError, match="TensorFlow 1"):
        hub_module.load(str(tmp_path / "old"))


class Numbers(tf.Module):
    def __init__(self, shape: tuple[int, ...]) -> None:
        super().__init__()
        self.shape = shape

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
    def __call__(self, texts: tf.Tensor) -> tf.Tensor:
        return tf.zeros((tf.shape(texts)[0], *self.shape))


class Doubles(tf.Module):
    @tf.function(input_signature=[tf.TensorSpec([None, 2], tf.float32)])
    def __call__(self, numbers: tf.Tensor) -> tf.Tensor:
        return 2 * numbers


def test_a_module_of_another_kind_is_refused_and_one_without_words_has_its_uses(tmp_path):
    tf.saved_model.save(Numbers((3, 2)), str(tmp_path / "tokens"))
    with pytest.raises(ConfigError, match="a vector for each"):
        hub_module.load(str(tmp_path / "tokens"))
    tf.saved_model.save(Doubles(), str(tmp_path / "doubles"))
    with pytest.raises(ConfigError, match="does not take texts"):
        hub_module.load(str(tmp_path / "doubles"))
    tf.saved_model.save(Numbers((3,)), str(tmp_path / "wordless"))
    wordless = hub_module.load(str(tmp_path / "wordless"))
    assert wordless.dim == 3
    with pytest.raises(ConfigError, match="--tokens text"):
        word_vectors(wordless)
    settings = {"hub": str(tmp_path / "wordless"), "tokens": "text", "train_embedding": True}
    with pytest.raises(ConfigError, match="has no trainable variables"):
        train_classifier(DATA, tmp_path / "model", settings=settings)


def test_tokens_that_no_text_can_hold_are_left_out(module):
    words_of_module = word_vectors(hub_module.load(str(module)))
    words = ("<UNK>", "", "The", "the", "the", "u.s.", *words_of_module.words[6:])
    odd = replace(words_of_module, words=words)
    assert odd.cased
    tokenizer = odd.tokenizer(ClassifierTextConfig(lower=True))
    assert tokenizer.words_by_id[0] == "the"
    np.testing.assert_array_equal(odd.table(tokenizer)[1], words_of_module.vectors[3])
    with pytest.raises(ConfigError, match="none of the module's"):
        replace(words_of_module, words=("<s>", "</s>")).tokenizer(ClassifierTextConfig())


@given(st.text("ab c.,<br />\n", max_size=30))
@example("<<br>")
def test_the_parts_of_a_text_are_the_text(text):
    tokenizer = TextTokenizer(rule="unicode")
    parts = tokenizer.encode(text)
    assert len(parts) == len(tokenizer.spans(text))
    if len(parts):
        unbroken = re.sub(r"<br\s*/?>", lambda tag: " " * len(tag[0]), text)
        assert tokenizer.decode(parts) == unbroken
    assert TextTokenizer.from_json(tokenizer.to_json()).rule == "unicode"


def test_the_program_exports_an_embedding_and_trains_on_it(base, tmp_path):
    def run(*arguments: object, code: int = 0) -> str:
        result = CliRunner().invoke(main, [str(argument) for argument in arguments])
        assert result.exit_code == code, result.output
        return result.output

    (tmp_path / "data.csv").write_text(
        "text,label\n" + "".join(
            f"{text},{DATA.classes[label]}\n"
            for text, label in zip(DATA.texts, DATA.labels, strict=True)
        )
    )  # fmt: skip
    assert "vectors of 5 dimensions" in run(
        "export", "embedding", base.name, "-o", tmp_path / "words"
    )
    again = run("export", "embedding", base.name, "-o", tmp_path / "words", code=1)
    assert "already exists" in again
    assert "either a MODEL or --vectors FILE" in run(
        "export", "embedding", "-o", tmp_path / "x", code=1
    )
    run("train", "classifier", tmp_path / "data.csv", "-o", tmp_path / "model", "--preset", "hub",
        "--hub", tmp_path / "words", "--epochs", 1, "-q")  # fmt: skip
    assert "great" in run(
        "classify", "-m", tmp_path / "model", "--text", "great", "--explain", "--trust-hub"
    )
    assert "accuracy" in run("evaluate", tmp_path / "model", tmp_path / "data.csv", "--trust-hub")
