"""Labelled texts do not depend on their storage, and are split by class."""

import io
import json
import os
import pickle
import random
import sys
import zipfile
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keras.datasets import imdb as keras_imdb

from textrnn.data import imdb_keras, labelled
from textrnn.data.labelled import LabelledTexts, read_labelled, read_unlabelled, stratified_split
from textrnn.data.table_writer import RowWriter
from textrnn.errors import ConfigError, CorpusError

EXAMPLES = [
    ("A film like no other.", "positive"),
    ('"So, so", she said.\nTwice.', "not sure \N{SHRUG}"),
    ("... 10/10 ...", "positive"),
    ("  Schade um das Geld \n", "negative"),
]
CLASSES = ("negative", "not sure \N{SHRUG}", "positive")


def write_table(path: Path, rows: list[dict]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        form = {".csv": "csv", ".tsv": "tsv", ".jsonl": "jsonl"}[path.suffix]
        writer = RowWriter(file, form, list(rows[0]))
        for row in rows:
            writer.write(row)
    return path


def write_texts(folder: Path, **files: str) -> Path:
    """Write files by name: `pos__1="..."` becomes pos/1.txt."""
    for name, text in files.items():
        path = folder / (name.replace("__", "/") + ".txt")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    return folder


def pairs(data: LabelledTexts) -> list[tuple[str, str]]:
    return [
        (text, data.classes[label]) for text, label in zip(data.texts, data.labels, strict=True)
    ]


def of(examples: list[tuple[str, str]], classes: tuple[str, ...] = CLASSES) -> LabelledTexts:
    labels = np.array([classes.index(label) for _, label in examples], dtype=np.int32)
    return LabelledTexts.of([text for text, _ in examples], labels, classes, ("here",))


# ---- LabelledTexts ---------------------------------------------------------------------------


def test_a_subset_follows_its_indices_or_mask():
    data = of(EXAMPLES)
    assert len(data) == 4
    assert pairs(data.subset([3, 0])) == [EXAMPLES[3], EXAMPLES[0]]
    assert pairs(data.subset(np.array([True, False, False, True]))) == [EXAMPLES[0], EXAMPLES[3]]
    assert len(data.subset([])) == 0
    assert data.subset([3]).classes == CLASSES
    assert data.subset(range(4)).sha256 == data.sha256


def test_counts_include_every_class():
    assert of(EXAMPLES).counts() == {"negative": 1, "not sure \N{SHRUG}": 1, "positive": 2}
    assert of(EXAMPLES[:1]).counts() == {"negative": 0, "not sure \N{SHRUG}": 0, "positive": 1}


def test_the_checksum_depends_on_texts_labels_and_order_only():
    checksums = {
        of(examples).sha256
        for examples in (
            EXAMPLES, EXAMPLES[:3], EXAMPLES[::-1], [(text, "negative") for text, _ in EXAMPLES],
            [("AB", "negative"), ("C", "negative")], [("A", "negative"), ("BC", "negative")],
        )
    }  # fmt: skip
    assert len(checksums) == 6
    assert of(EXAMPLES, CLASSES[::-1]).sha256 == of(EXAMPLES).sha256


# ---- tables -------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", ["csv", "tsv", "jsonl"])
def test_all_forms_of_tables_give_the_same_texts(tmp_path, suffix):
    rows = [{"id": str(i), "text": text, "label": f" {label} "} for i, (text, label) in
            enumerate(EXAMPLES)]  # fmt: skip
    path = write_table(tmp_path / f"a.{suffix}", rows)
    data = read_labelled(path)
    assert pairs(data) == EXAMPLES
    assert data.classes == CLASSES
    assert data.labels.dtype == np.int32
    assert data.names == (str(path),)
    assert data.sha256 == of(EXAMPLES).sha256
    assert read_unlabelled(path) == [text for text, _ in EXAMPLES]
    other = read_labelled(path, text_column="label", label_column="id")
    assert other.classes == ("0", "1", "2", "3")


def test_standard_input_is_a_table_of_the_given_form(monkeypatch):
    stdin = b"text\tlabel\nYes, it is\tyes\nNo\tno\n"
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(stdin)))
    with pytest.raises(CorpusError, match=r"standard input may be CSV, TSV .*--input-format"):
        read_labelled("-")
    assert pairs(read_labelled("-", form="tsv")) == [("Yes, it is", "yes"), ("No", "no")]


def test_json_numbers_and_booleans_are_labels(tmp_path):
    path = tmp_path / "a.jsonl"
    labels = [1, 0, 0.5, True, False, "true", " 1"]
    path.write_text("".join(json.dumps({"text": "a", "label": x}) + "\n" for x in labels))
    assert [label for _, label in pairs(read_labelled(path))] == [
        "1", "0", "0.5", "true", "false", "true", "1",
    ]  # fmt: skip


def test_the_classes_of_a_model_keep_their_order(tmp_path):
    path = write_table(tmp_path / "a.csv", [{"text": "x", "label": "b"}])
    data = read_labelled(path, classes=("b", "a"))
    assert (data.classes, data.labels.tolist()) == (("b", "a"), [0])


def test_a_label_outside_the_classes_of_a_model_is_named_with_its_line(tmp_path):
    rows = [{"text": "x", "label": label} for label in ("b", "a", "so so", "c")]
    path = write_table(tmp_path / "a.csv", rows)
    with pytest.raises(CorpusError, match=r"a\.csv, line 4: .*'so so' .*classes 'a', 'b'"):
        read_labelled(path, classes=("a", "b"))


def test_a_binary_model_accepts_synonyms_of_its_classes(tmp_path):
    labels = ["neg", "pos", "0", "1", "negative", "positive"]
    path = write_table(tmp_path / "a.csv", [{"text": "x", "label": label} for label in labels])
    data = read_labelled(path, classes=["negative", "positive"])
    assert data.labels.tolist() == [0, 1, 0, 1, 0, 1]
    with pytest.raises(CorpusError, match="'neg'"):
        read_labelled(path, classes=["positive", "negative"])
    assert read_labelled(path).classes == ("0", "1", "neg", "negative", "pos", "positive")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "is empty"),
        ("text,label\n", "contains no texts"),
        ("review,label\nx,1\n", r"no column 'text'; .* 'review', 'label': .* --column$"),
        ("text,stars\nx,1\n", r"no column 'label'; .* 'text', 'stars': .* --label-column$"),
        ("text,label\na,1\n,1\nb,2\n", "line 3: its text is empty; correct or delete it"),
        ("text,label\na,1\nb,2\n \t,2\n\xa0,1\n", "line 4: its text is empty; 2 rows in total"),
        ("text,label\na,1\nb, \n", "line 3: its label is empty"),
        ("text,label\na,1\nb,1\n", "label '1'; a classifier needs at least two classes"),
        ("text,label\na,1\nb\nc,2\nd\n", "line 3: it has 1 field.* 2 rows in total .* them"),
        ('text,label\na,1\nb,"2\nc,3\n', "line 3: the quote that opens here is never closed"),
    ],
)
def test_the_fault_of_a_table_is_named(tmp_path, content, message):
    (tmp_path / "a.csv").write_text(content, encoding="utf-8")
    with pytest.raises(CorpusError, match=message) as caught:
        read_labelled(tmp_path / "a.csv")
    assert str(tmp_path / "a.csv") in str(caught.value)


@pytest.mark.parametrize(
    ("second", "message"),
    [
        ({"label": "b"}, "line 2: its text is missing"),
        ({"text": True, "label": "b"}, "line 2: its text is not a string"),
        ({"text": ["a"], "label": "b"}, "line 2: its text is not a string"),
        ({"text": "a"}, "line 2: its label is empty"),
        ({"text": "a", "label": None}, "line 2: its label is empty"),
        ({"text": "a", "label": ["b"]}, "line 2: its label is neither a string nor a number"),
    ],
)
def test_the_fault_of_a_json_line_is_named(tmp_path, second, message):
    write_table(tmp_path / "a.jsonl", [{"text": "a", "label": "a"}, second])
    with pytest.raises(CorpusError, match=message):
        read_labelled(tmp_path / "a.jsonl")


@pytest.mark.parametrize("name", ["absent.csv", "absent", "absent.npz", "x" * 5000, "a\0b"])
@pytest.mark.parametrize("read", [read_labelled, read_unlabelled])
def test_a_missing_source_is_named(tmp_path, name, read):
    with pytest.raises(CorpusError, match=r"no file|cannot read"):
        read(tmp_path / name)


def test_a_file_of_unknown_suffix_is_read_with_a_given_form(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("text,label\na,1\nb,2\n")
    with pytest.raises(
        CorpusError, match=r"a\.txt may be CSV, TSV or JSON lines; .*--input-format csv"
    ):
        read_labelled(path)
    assert len(read_labelled(path, form="csv")) == 2


def test_an_undecodable_table_is_read_in_its_encoding(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes("text,label\nschön,gut\nöde,schlecht\n".encode("latin-1"))
    with pytest.raises(CorpusError, match=r"a\.csv is not utf-8 text at byte 14 \(line 2\)"):
        read_labelled(path)
    assert read_labelled(path, encoding="latin-1").texts == ["schön", "öde"]


# ---- folders ------------------------------------------------------------------------------------


def test_class_folders_give_their_texts_sorted_by_name(tmp_path):
    write_texts(tmp_path, b__deep__1="one\r\n", b__2="two\n\n", a__9="\ufeffnine")
    write_texts(tmp_path, loose="not read")
    (tmp_path / "b" / "3.md").write_text("not read")
    (tmp_path / "empty").mkdir()
    write_texts(tmp_path, **{".hidden__1": "not read"})
    assert pairs(read_labelled(tmp_path)) == [("nine", "a"), ("two\n", "b"), ("one", "b")]
    assert read_labelled(tmp_path).classes == ("a", "b")


@pytest.fixture
def acl(tmp_path) -> Path:
    """A folder with the structure of aclImdb."""
    write_texts(tmp_path, README="read me", train__urls_pos="http")
    write_texts(tmp_path, train__pos__0_9="good", train__neg__0_1="bad", train__unsup__0_0="what")
    write_texts(tmp_path, test__pos__0_9="fine", test__neg__0_1="bad")
    return tmp_path


def test_acl_imdb_is_negative_and_positive(acl):
    train, test = read_labelled(acl), read_labelled(acl, split="test")
    assert pairs(train) == [("bad", "negative"), ("good", "positive")]
    assert pairs(test) == [("bad", "negative"), ("fine", "positive")]
    assert train.classes == test.classes == ("negative", "positive")
    assert pairs(read_labelled(acl / "test")) == pairs(test)


def test_unlabelled_texts_never_come_from_the_test_split(acl):
    assert read_unlabelled(acl) == read_unlabelled(acl / "train") == ["what"]
    (acl / "train" / "unsup" / "0_0.txt").unlink()
    (acl / "train" / "unsup").rmdir()
    assert read_unlabelled(acl) == ["bad", "good", "http"]
    assert read_unlabelled(acl / "test" / "pos") == ["fine"]


def test_train_and_test_may_contain_any_classes(tmp_path):
    write_texts(tmp_path, train__a__1="one", train__b__1="two", dev__c__1="three")
    assert pairs(read_labelled(tmp_path)) == [("one", "a"), ("two", "b")]
    with pytest.raises(CorpusError, match="no folder test; it has only train"):
        read_labelled(tmp_path, split="test")


def test_a_class_may_be_called_train(tmp_path):
    write_texts(tmp_path, train__1="late again", bus__1="late too")
    assert read_labelled(tmp_path).classes == ("bus", "train")


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"loose": "text"}, "no folder of .txt files"),
        ({"train__1": "text", "test__1": "text"}, "no folder of .txt files"),
        ({"a__1": "text"}, "label 'a'; a classifier needs at least two classes"),
        ({"a__1": "text", "b__1": " \n"}, r"b.1\.txt contains no text"),
        ({"a__1": "text", "b__1": "\0"}, r"b.1\.txt is not text: .*--encoding utf-16"),
    ],
)
def test_the_fault_of_a_folder_is_named(tmp_path, files, message):
    with pytest.raises(CorpusError, match=message):
        read_labelled(write_texts(tmp_path, **files))


def test_an_undecodable_file_in_a_folder_is_named(tmp_path):
    write_texts(tmp_path, a__1="text", b__1="text")
    (tmp_path / "b" / "2.txt").write_bytes(b"caf\xe9")
    for read in (read_labelled, read_unlabelled):
        with pytest.raises(CorpusError, match=r"b.2\.txt is not utf-8 text at byte 3 .*--encoding"):
            read(tmp_path)
    assert read_labelled(tmp_path, encoding="latin-1").texts[-1] == "café"


def test_no_text_at_all_is_refused(tmp_path):
    with pytest.raises(CorpusError, match="has no texts"):
        read_unlabelled(tmp_path)


# ---- Keras's imdb.npz ---------------------------------------------------------------------------

WORDS = {"the": 1, "film": 2, "was": 3, "good": 4, "bad": 5, "mais": 6, "café": 7}
TRAIN, TEST = [[1, 2, 3, 4], [5, 2], [6, 7, 5]], [[4], [5, 5]]


def object_array(lists: list) -> np.ndarray:
    array = np.empty(len(lists), dtype=object)
    array[:] = lists
    return array


@pytest.fixture
def npz(tmp_path) -> Path:
    """A tiny file like that of keras.datasets.imdb, with its index."""
    np.savez(
        tmp_path / "imdb.npz", x_train=object_array(TRAIN), y_train=np.array([1, 0, 0]),
        x_test=object_array(TEST), y_test=np.array([1, 0]),
    )  # fmt: skip
    (tmp_path / "imdb_word_index.json").write_text(json.dumps(WORDS))
    return tmp_path / "imdb.npz"


def test_keras_ids_are_converted_back_to_words(npz):
    assert pairs(read_labelled(npz)) == [
        ("the film was good", "positive"), ("bad film", "negative"), ("mais café bad", "negative"),
    ]  # fmt: skip
    assert pairs(read_labelled(npz, split="test")) == [
        ("good", "positive"),
        ("bad bad", "negative"),
    ]
    assert read_unlabelled(npz) == ["the film was good", "bad film", "mais café bad"]


def test_to_ids_matches_keras(npz, monkeypatch):
    module = sys.modules[keras_imdb.load_data.__module__]
    monkeypatch.setattr(module, "get_file", lambda *_, **__: npz)  # as if downloaded before
    for num_words in (5, 8, 11):
        loaded, _ = keras_imdb.load_data(num_words=num_words)
        ours = [imdb_keras.to_ids(ranks, num_words) for ranks in TRAIN]
        assert sorted(loaded[0].tolist()) == sorted(ours)
    assert imdb_keras.to_ids([1, 7], None) == [1, 4, 10]
    assert imdb_keras.to_ids([1, 7], 10) == [1, 4, 2]


@given(ranks=st.lists(st.sampled_from(sorted(WORDS.values()))))
def test_to_text_inverts_to_ids(ranks):
    index = {rank: word for word, rank in WORDS.items()}
    words = [index[rank] for rank in ranks]
    assert imdb_keras.to_text([0, 0, *imdb_keras.to_ids(ranks)], index) == " ".join(words)
    few = ["<unk>" if index[rank] == "café" else index[rank] for rank in ranks]
    assert imdb_keras.to_text(imdb_keras.to_ids(ranks, 10), index).split() == few


def write_npz(path: Path, pickled: bytes, labels: np.ndarray) -> None:
    """A file whose x_train consists of a header and these bytes."""
    header, rest = io.BytesIO(), io.BytesIO()
    np.save(header, object_array(TRAIN))
    np.save(rest, labels)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x_train.npy", header.getvalue()[:128] + pickled)
        archive.writestr("y_train.npy", rest.getvalue())


@pytest.mark.parametrize("module", [b"numpy.core.multiarray", b"numpy._core.multiarray"])
def test_files_of_older_and_newer_numpy_are_read(npz, module):
    pickled = pickle.dumps(object_array(TRAIN), protocol=3)
    names = b"numpy._core.multiarray", b"numpy.core.multiarray"
    assert any(name in pickled for name in names)
    for name in names:
        pickled = pickled.replace(name, module)
    expected = read_labelled(npz).texts
    write_npz(npz, pickled, np.array([1, 0, 0]))
    assert read_labelled(npz).texts == expected


class _Runs:
    """Its pickle calls os.mkdir."""

    def __init__(self, path: Path) -> None:
        self.path = str(path)

    def __reduce__(self):
        return os.mkdir, (self.path,)


@pytest.mark.parametrize("wrap", [lambda evil: [evil], lambda evil: [[1], [2, evil]]])
def test_a_pickle_that_runs_code_is_refused_and_not_run(npz, tmp_path, wrap):
    trace = tmp_path / "it ran"
    np.savez(npz, x_train=object_array(wrap(_Runs(trace))), y_train=np.array([1, 0]))
    with pytest.raises(CorpusError, match=r"was not loaded: it needs \w+\.mkdir"):
        read_labelled(npz)
    assert not trace.exists()
    np.load(npz, allow_pickle=True)["x_train"]
    assert trace.exists()  # so loading the file would have


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"y_train": np.array([1])}, "contains no x_train"),
        ({"x_train": object_array([[1]]), "y_train": np.array([1, 0])}, "1 reviews .* 2 labels"),
        ({"x_train": object_array([[1]]), "y_train": np.array([2])}, "must be 0 or 1"),
        ({"x_train": object_array([["a"]]), "y_train": np.array([1])}, "review 1 .*whole numbers"),
        ({"x_train": object_array([5]), "y_train": np.array([1])}, "review 1 .*whole numbers"),
        ({"x_train": object_array([[]]), "y_train": np.array([1])}, "review 1 .*no words"),
        (  # NumPy pickles a set in one of two ways
            {"x_train": object_array([{1}]), "y_train": np.array([1])},
            "review 1 .*whole numbers|was not loaded: it needs builtins.set",
        ),
        (
            {"x_train": object_array([1 + 1j]), "y_train": np.array([1])},
            "was not loaded: .*complex",
        ),
        ({"x_train": np.array([[1, 2]]), "y_train": np.array([0.5])}, "must be 0 or 1"),
    ],
)
def test_the_fault_of_a_keras_file_is_named(npz, arrays, message):
    np.savez(npz, **arrays)
    with pytest.raises(CorpusError, match=message):
        read_labelled(npz)


def test_any_damage_of_a_keras_file_is_refused(npz):
    whole, rng = npz.read_bytes(), random.Random(0)
    for _ in range(100):
        damaged = bytearray(whole)
        damaged[rng.randrange(len(whole))] ^= 1 << rng.randrange(8)
        npz.write_bytes(damaged[: rng.choice([len(whole), rng.randrange(len(whole))])])
        try:
            assert len(read_labelled(npz)) == 3  # the damage was in an unused place
        except CorpusError as error:
            assert str(npz) in str(error)


def test_a_pickle_cut_short_anywhere_is_refused(npz):
    pickled = pickle.dumps(object_array(TRAIN))
    for length in range(len(pickled)):
        write_npz(npz, pickled[:length], np.array([1, 0, 0]))
        with pytest.raises(CorpusError, match=r"imdb\.npz .*was not loaded"):
            read_labelled(npz)


@pytest.mark.parametrize(
    ("content", "message"),
    [(None, "no file .*imdb_word_index"), ("{", "as JSON"), ("[]", "words and ranks"),
     ('{"a": "b"}', "words and ranks")],
)  # fmt: skip
def test_an_invalid_word_index_is_named(npz, content, message):
    index = npz.with_name("imdb_word_index.json")
    index.unlink() if content is None else index.write_text(content)
    with pytest.raises(CorpusError, match=message):
        read_labelled(npz)


# ---- parts --------------------------------------------------------------------------------------

labels_of_two_and_more = st.lists(st.integers(2, 30), min_size=1, max_size=5).flatmap(
    lambda counts: st.permutations([i for i, count in enumerate(counts) for _ in range(count)])
)


@given(labels=labels_of_two_and_more, fraction=st.floats(0.01, 0.99), seed=st.integers(0, 9))
def test_every_class_is_in_both_parts_in_the_given_fraction(labels, fraction, seed):
    labels = np.array(labels, dtype=np.int32)
    train, held_out = stratified_split(labels, fraction, seed)
    assert sorted([*train, *held_out]) == [*range(len(labels))]
    assert (np.diff(train) > 0).all() and (np.diff(held_out) > 0).all()
    for label in np.unique(labels):
        whole, taken = (labels == label).sum(), (labels[held_out] == label).sum()
        assert 1 <= taken < whole
        assert abs(taken - fraction * whole) <= 1
    again = stratified_split(labels, fraction, seed)
    assert (again[0] == train).all() and (again[1] == held_out).all()


def test_another_seed_gives_other_parts():
    labels = np.arange(200) % 2
    assert (stratified_split(labels, 0.5, 0)[1] != stratified_split(labels, 0.5, 1)[1]).any()


def test_a_class_of_one_text_cannot_be_split():
    with pytest.raises(CorpusError, match="'b' has a single text"):
        stratified_split(np.array([0, 0, 1]), 0.5, 0, ("a", "b"))


@pytest.mark.parametrize("fraction", [0, 1, -1, float("nan")])
def test_the_validation_fraction_is_between_0_and_1(fraction):
    with pytest.raises(ConfigError, match="between 0 and 1"):
        stratified_split(np.array([0, 0]), fraction, 0)


def test_overlap_marks_the_test_texts_that_are_also_training_texts():
    train = of(EXAMPLES)
    test = of([("new", "positive"), (EXAMPLES[1][0], "negative"), ("A film", "negative")])
    assert labelled.test_overlap(train, test).tolist() == [False, True, False]
    assert labelled.test_overlap(train, train).all()
    assert labelled.test_overlap(train, train.subset([])).tolist() == []
