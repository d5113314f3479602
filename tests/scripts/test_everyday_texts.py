"""The texts of the general classifier: what trains is apart from what validates and measures."""

import csv
import re
import tomllib

import _everyday_texts as everyday
import composition
import pytest
from support.paths import CORPORA

TABLE = tomllib.loads(composition.TABLE.read_text(encoding="utf-8"))
PARTS = ("train", "validation")


def table(name):
    with (CORPORA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


# ---- composed sentences -------------------------------------------------------------------------


def test_no_template_trains_and_validates():
    train, validation = (
        {template for group in TABLE["group"] for template in group[part]} for part in PARTS
    )
    assert not train & validation and len(train) > 250 and len(validation) > 80
    for group in TABLE["group"]:
        for part in PARTS:
            assert len(group[part]) == len(set(group[part])) >= 3
            assert group["label"] in ("positive", "negative", "neutral")


def test_every_composition_is_in_both_classes_but_neutral_ones():
    labels = {}
    for group in TABLE["group"]:
        name = group["name"].partition("negated")[1] or group["name"]  # negative, positive
        labels.setdefault(name, []).append(group["label"])
    assert labels.pop("neutral") == ["neutral"]
    assert all(sorted(found) == ["negative", "positive"] for found in labels.values())


@pytest.mark.parametrize("part", PARTS)
def test_every_slot_is_filled_and_the_same_seed_gives_the_same_sentences(part):
    sentences = composition.compose(part, per_template=9, seed=3)
    assert sentences == composition.compose(part, per_template=9, seed=3)
    assert sentences != composition.compose(part, per_template=9, seed=4)
    for each in sentences:
        assert not re.search(r"[{}]|  |^ | $| [,.!?]", each.text), each
    assert {each.template for each in sentences} == {
        template for group in TABLE["group"] for template in group[part]
    }


def test_good_and_bad_words_are_apart():
    for words in (*TABLE["domains"].values(), TABLE["words"]):
        assert not set(words["good"]) & set(words["bad"])
        assert not set(words.get("neutral", ())) & {
            *words["good"], *words["bad"],
        }  # fmt: skip


# ---- our own short texts ------------------------------------------------------------------------


def test_short_texts_have_one_purpose_and_stand_nowhere_else():
    rows = table("short_texts.csv")
    texts = [row["text"].lower() for row in rows]
    assert len(rows) > 600 and len(set(texts)) == len(texts)
    assert {row["part"] for row in rows} == set(PARTS)
    measured = [row["text"].lower() for name in ("probing.csv", "sentences.csv", "reviews.csv")
                for row in table(name)]  # fmt: skip
    assert not set(texts) & set(measured)
    for group in {row["group"] for row in rows}:
        assert {row["part"] for row in rows if row["group"] == group} == set(PARTS), group


# ---- the sets -----------------------------------------------------------------------------------


def test_what_is_held_out_does_not_train(tmp_path):
    for name in everyday.WORTH:
        labels = ("positive", "negative", "neutral")
        lines = [f"{each} text {n} of {name},{each}" for each in labels for n in range(60)]
        (tmp_path / f"{name}.csv").write_text("text,label\n" + "\n".join(lines) + "\n")
    (tmp_path / everyday.LEXICON.replace("*", "a")).write_text(
        "word,label\nsuperb,positive\ndire,negative\n"
    )
    train = everyday.training_texts(tmp_path, seed=1)
    held_out = everyday.validation_texts(tmp_path, seed=1)
    assert train == everyday.training_texts(tmp_path, seed=1)
    assert held_out.keys() == {*everyday.WORTH, "composition", "short_texts"}
    validated = {each.text for examples in held_out.values() for each in examples}
    shared = {each.text for each in train} & validated
    # Templates that differ in words of one slot alone can give the same few words.
    assert all(len(text.split()) < 5 for text in shared)
    assert {each.label for examples in held_out.values() for each in examples} == {
        "negative", "positive",
    }  # fmt: skip
    assert sum(each.label == "neutral" for each in train) > 300
