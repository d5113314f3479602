"""Tables of soft labels: reading, lookup, errors."""

import numpy as np
import pytest
from click.testing import CliRunner
from support.bags import bag_of_words
from support.classifiers import BINARY, reviews
from support.watching import Watch

from textrnn.artifacts import registry
from textrnn.cli import main
from textrnn.data import soft_labels
from textrnn.data.soft_labels import is_table, read_soft_labels, write_soft_labels
from textrnn.data.unlabelled import UnlabelledTexts
from textrnn.engine.classification import Predictor
from textrnn.errors import CorpusError, TrainingError
from textrnn.training.tasks.classifier import train_classifier

TEXTS = ["a good film", "bad, bad", "good and bad", 'it said "good"']


def table(path, *rows, columns="text,p_negative,p_positive"):
    path.write_text("\n".join([columns, *rows]) + "\n", encoding="utf-8")
    return path


def test_the_output_of_classify_is_read_as_the_soft_labels_of_that_model(tmp_path):
    model = bag_of_words(effects={"good": [1.5], "bad": [-2.0]})
    registry.save(model, tmp_path / "model")
    table(tmp_path / "in.csv", *('"' + text.replace('"', '""') + '"' for text in TEXTS),
          columns="text")  # fmt: skip
    options = ["-m", str(tmp_path / "model"), "-o", str(tmp_path / "out.csv")]
    done = CliRunner().invoke(main, ["classify", str(tmp_path / "in.csv"), *options])
    assert done.exit_code == 0, done.output
    found = read_soft_labels(str(tmp_path / "out.csv"), BINARY).of(TEXTS)
    predictor = Predictor(model)
    np.testing.assert_allclose(
        found, predictor.probabilities_of(predictor.text_logits(TEXTS)), atol=1e-6
    )


def test_a_text_is_found_in_any_case_and_punctuation_and_others_are_not(tmp_path):
    path = table(tmp_path / "t.csv", "A good film!,0.25,0.75")
    found = read_soft_labels(str(path), BINARY).of(["a GOOD  film", "a good films"])
    np.testing.assert_array_equal(found, [[0.25, 0.75], [np.nan, np.nan]])


def test_columns_are_found_by_name(tmp_path):
    path = table(tmp_path / "t.csv", "1,0.2,good,0.8", columns="row,p_positive,text,p_negative")
    assert read_soft_labels(str(path), BINARY).of(["good"]).tolist() == [[0.8, 0.2]]


@pytest.mark.parametrize(
    ("row", "columns", "message"),
    [
        ("good,1", "review,p_positive", "no column text"),
        ("good,1", "text,p_positive", r"line 2 has no p_negative; a table of soft labels has"),
        ("good,0.5,0.6", "text,p_negative,p_positive", "line 2: .* must be probabilities"),
        ("good,-1,2", "text,p_negative,p_positive", "must be probabilities"),
        ("good,nan,1", "text,p_negative,p_positive", "must be probabilities"),
        ("good,likely,0", "text,p_negative,p_positive", "got likely, 0"),
        ("good", "text,p_negative,p_positive", "line 2"),
    ],
)
def test_invalid_soft_labels_are_refused_with_the_line(tmp_path, row, columns, message):
    path = table(tmp_path / "t.csv", row, columns=columns)
    with pytest.raises(CorpusError, match=message):
        read_soft_labels(str(path), BINARY)


def test_a_missing_table_is_named(tmp_path):
    with pytest.raises(CorpusError, match=r"the teacher .*no\.csv cannot be read"):
        read_soft_labels(str(tmp_path / "no.csv"), BINARY)
    (tmp_path / "latin.csv").write_bytes("text\nschön".encode("latin-1"))
    with pytest.raises(CorpusError, match="not UTF-8"):
        read_soft_labels(str(tmp_path / "latin.csv"), BINARY)
    assert is_table("a/b.CSV") and is_table("x.jsonl") and not is_table("imdb")


def test_a_run_trains_on_a_table_and_cannot_be_resumed_with_another(tmp_path):
    data, more = reviews(70), [f"{text} indeed" for text in reviews(30, seed=3).texts]
    path = table(tmp_path / "table.csv", *(f'"{text}",0.1,0.9' for text in more))
    settings = {
        "layers": 0, "pooling": "mean", "embedding_dim": 6, "batch_size": 14, "length_buckets": 1,
        "epochs": 2, "patience": 0, "min_count": 1, "teacher": str(path),
    }  # fmt: skip
    watch = Watch(1)
    given = {"unlabelled": UnlabelledTexts.of(more), "observer": watch}
    assert train_classifier(data, tmp_path / "m", settings=settings, **given) is None
    assert any("table.csv: no prediction for" in notice for notice in watch.notices)
    for predictions_of_teachers in (tmp_path / "m" / "run" / "guesses").iterdir():
        predictions_of_teachers.unlink()
    table(path, *(f'"{text}",0.9,0.1' for text in more))
    with pytest.raises(TrainingError, match="has changed since the run began"):
        train_classifier(data, tmp_path / "m", resume=True, unlabelled=UnlabelledTexts.of(more))
    table(path, *(f'"{text}",0.1,0.9' for text in more))
    model = train_classifier(data, tmp_path / "m", resume=True, unlabelled=UnlabelledTexts.of(more))
    assert "**Distilled from**: table.csv, on 30 unlabelled texts (texts).\n" in model.card


@pytest.mark.parametrize(
    ("known", "said"), [(5, "on 5 of the texts above (weight 50%"), (0, "on none of these texts")]
)
def test_the_card_says_how_many_labelled_texts_are_in_the_table(known, said, tmp_path):
    data, held = reviews(63), reviews(7, seed=5)
    rows = (f'"{text}",0.1,0.9' for text in [*data.texts[:known], "something else"])
    path = table(tmp_path / "o.csv", *rows)
    settings = {"layers": 0, "pooling": "mean", "epochs": 1, "min_count": 1, "teacher": str(path)}
    model = train_classifier(data, tmp_path / "m", validation=held, settings=settings)
    assert f"**: o.csv, {said}" in model.card


def test_a_table_that_is_written_is_read_back(tmp_path, monkeypatch):
    monkeypatch.setattr(soft_labels, "ROWS_PER_CHUNK", 3)
    model = Predictor(bag_of_words(effects={"good": [1.5], "bad": [-2.0]}))
    told = []
    done = write_soft_labels(
        tmp_path / "t.csv", TEXTS, BINARY,
        lambda texts: model.probabilities_of(model.text_logits(texts)),
        on_progress=lambda *counts: told.append(counts),
    )  # fmt: skip
    assert done and told == [(3, 4), (4, 4)]
    expected = model.probabilities_of(model.text_logits(TEXTS))
    np.testing.assert_array_equal(
        read_soft_labels(str(tmp_path / "t.csv"), BINARY).of(TEXTS), expected
    )
    assert [path.name for path in tmp_path.iterdir()] == ["t.csv"]


def test_a_table_whose_writing_is_stopped_leaves_the_one_before(tmp_path, monkeypatch):
    monkeypatch.setattr(soft_labels, "ROWS_PER_CHUNK", 2)
    before = table(tmp_path / "t.csv", "good,0.25,0.75").read_bytes()
    asked = []

    def classify(texts):
        asked.extend(texts)
        return np.full((len(texts), 2), 0.5)

    done = write_soft_labels(
        tmp_path / "t.csv", TEXTS, BINARY, classify, should_stop=lambda: bool(asked)
    )
    assert not done and asked == TEXTS[:2]
    assert (tmp_path / "t.csv").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["t.csv"]
