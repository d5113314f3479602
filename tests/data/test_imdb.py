"""The IMDB reviews in the folder of tensorflow-datasets are read unchanged and silently."""

import io
import urllib.error
from pathlib import Path

import pytest
import tensorflow as tf
import tensorflow_datasets as tfds

from textrnn.data import imdb_tfds
from textrnn.data.imdb_tfds import read_imdb, read_imdb_unlabelled
from textrnn.errors import CorpusError

REVIEWS = {
    "train": [("Good,\n<br />né?", 1), ("bad \N{PILE OF POO}", 0), ("better", 1)],
    "test": [("so so", 0)],
    "unsupervised": [("what", -1), ("is it", -1)],
}


def store(root: Path, version: str = "1.0.0", reviews: dict = REVIEWS) -> Path:
    """Prepare `reviews` as tensorflow-datasets does; return their folder."""
    splits = {
        split: tf.data.Dataset.from_tensor_slices({
            "text": [text for text, _ in examples],
            "label": tf.constant([label for _, label in examples], tf.int64),
        })
        for split, examples in reviews.items()
    }  # fmt: skip
    features = {
        "text": tfds.features.Text(),
        "label": tfds.features.ClassLabel(names=["neg", "pos"]),
    }
    tfds.dataset_builders.store_as_tfds_dataset(
        name="imdb_reviews", config="plain_text", version=version, data_dir=root,
        features=tfds.features.FeaturesDict(features), split_datasets=splits,
        disable_shuffling=True,
    )  # fmt: skip
    return root / "imdb_reviews" / "plain_text" / version


@pytest.fixture(scope="module")
def prepared(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("tensorflow_datasets")
    store(root)
    return root


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    def refuse(*_: object, **__: object) -> None:
        raise urllib.error.URLError(OSError(-2, "Name or service not known"))

    monkeypatch.setattr(imdb_tfds.urllib.request, "urlopen", refuse)


@pytest.mark.parametrize("batch_size", [1, 2, 1000])
@pytest.mark.parametrize("split", ["train", "test"])
def test_texts_and_labels_are_read_unchanged(prepared, monkeypatch, split, batch_size):
    monkeypatch.setattr(imdb_tfds, "BATCH_SIZE", batch_size)
    data = read_imdb(split, str(prepared))
    assert [*zip(data.texts, data.labels.tolist(), strict=True)] == REVIEWS[split]
    assert data.classes == ("negative", "positive")
    assert data.names == (f"imdb_reviews {split}",)


def test_unlabelled_reviews_are_texts_without_labels(prepared):
    assert read_imdb_unlabelled(str(prepared)) == ["what", "is it"]


def test_unlabelled_reviews_that_are_also_test_reviews_are_left_out(tmp_path):
    more = [*REVIEWS["unsupervised"], ("So so!", -1), ("so-SO", -1), ("so", -1)]
    store(tmp_path, reviews={**REVIEWS, "unsupervised": more})
    assert read_imdb_unlabelled(str(tmp_path)) == ["what", "is it", "so"]


def test_the_default_folder_is_that_of_tensorflow_datasets(prepared, monkeypatch, tmp_path):
    monkeypatch.setenv("TFDS_DATA_DIR", str(prepared))
    assert len(read_imdb("train")) == 3
    monkeypatch.delenv("TFDS_DATA_DIR")
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "tensorflow_datasets").symlink_to(prepared)
    assert len(read_imdb("train")) == 3


def test_the_newest_of_several_versions_is_read(tmp_path):
    store(tmp_path, "9.0.0", {"test": [("old", 0)]})
    store(tmp_path, "10.0.0", {"test": [("new", 1)]})
    (tmp_path / "imdb_reviews" / "plain_text" / "11.0.0.incomplete").mkdir()
    assert read_imdb("test", str(tmp_path)).texts == ["new"]


def test_reading_is_silent(prepared, capfd):
    read_imdb("test", str(prepared))
    assert capfd.readouterr() == ("", "")


def test_without_a_network_the_error_names_another_way_to_the_data(tmp_path):
    with pytest.raises(CorpusError) as caught:
        read_imdb("train", str(tmp_path / "nowhere"))
    assert str(tmp_path / "nowhere") in str(caught.value)
    assert "(Name or service not known)" in str(caught.value)
    assert "aclImdb" in str(caught.value)


def test_missing_data_are_downloaded_and_read_silently(tmp_path, monkeypatch, capfd):
    class Builder:
        def __init__(self, name: str, data_dir: Path) -> None:
            assert (name, data_dir) == ("imdb_reviews/plain_text", tmp_path)

        def download_and_prepare(self) -> None:
            self.folder = store(tmp_path)  # prints on stdout and stderr

        def as_dataset(self, **settings: object) -> tf.data.Dataset:
            return tfds.builder_from_directory(self.folder).as_dataset(**settings)

    monkeypatch.setattr(imdb_tfds.urllib.request, "urlopen", lambda *_, **__: io.BytesIO())
    monkeypatch.setattr(tfds, "builder", Builder)
    assert len(read_imdb("train", str(tmp_path))) == 3
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    "error",
    [
        ConnectionResetError(104, "Connection reset by peer"),
        tfds.download.DownloadError("Failed to get url. HTTP code: 404."),
        tfds.download.download_manager.NonMatchingChecksumError("Artifact was corrupted.\nBut"),
    ],
)
def test_a_failed_download_is_named(tmp_path, monkeypatch, error):
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(imdb_tfds.urllib.request, "urlopen", lambda *_, **__: io.BytesIO())
    monkeypatch.setattr(tfds, "builder", fail)
    with pytest.raises(CorpusError, match=r"(peer|404\.|corrupted\.)\); name another folder"):
        read_imdb("train", str(tmp_path))


@pytest.mark.parametrize(
    ("file", "length", "reason"),
    [
        ("*-train.*", None, "No such file"),
        ("*-train.*", -5, "truncated record"),
        ("*-train.*", 0, "3 elements"),
        ("features.json", 1, "Expecting property name"),
    ],
)
def test_a_damaged_folder_is_named(tmp_path, file, length, reason):
    (path,) = store(tmp_path).glob(file)
    path.unlink() if length is None else path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(CorpusError, match=reason) as caught:
        read_imdb("train", str(tmp_path))
    assert f"{tmp_path / 'imdb_reviews'} contains no readable train reviews" in str(caught.value)
    assert "function_node" not in str(caught.value) and "\n" not in str(caught.value)


def test_a_data_set_without_these_reviews_is_refused(tmp_path):
    store(tmp_path, reviews={"train": [("what", -1)]})
    with pytest.raises(CorpusError, match="labels other than 0 and 1"):
        read_imdb("train", str(tmp_path))
    with pytest.raises(CorpusError, match="contains no readable test reviews"):
        read_imdb("test", str(tmp_path))
