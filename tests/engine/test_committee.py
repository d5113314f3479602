"""What `committee.py` calibrates by length, and which passages it does that on."""

import committee
import numpy as np
import pytest

from textrnn.errors import ConfigError


def drawn(scale, shift, spread, count=20_000):
    """Log-odds, lengths, and labels as likely as `scale` and `shift` say."""
    rng = np.random.default_rng(0)
    odds, words = rng.normal(0, spread, count), rng.integers(1, 400, count)
    true = committee.for_length(odds, words, scale, shift)
    return odds, words, (rng.random(count) < 1 / (1 + np.exp(-true))).astype(int)


@pytest.mark.parametrize(
    ("scale", "shift", "spread"), [(0.0, 0.0, 2), (0.8, -0.5, 2), (-0.5, 1.0, 2), (-0.9, 0.3, 6)]
)
def test_the_scale_and_shift_that_labels_were_drawn_by_are_found(scale, shift, spread):
    found = committee.fit_short(*drawn(scale, shift, spread))
    assert found == pytest.approx((scale, shift), abs=0.15)


def test_a_whole_review_stays_as_it_was_and_a_short_text_does_not():
    short, whole = committee.for_length(np.array([2.0, 2.0]), np.array([5, 400]), 0.5, -2.0)
    assert whole == pytest.approx(2, abs=1e-4) and short < 1.5


def test_passages_all_judged_right_make_nobody_certain():
    odds = np.linspace(-3, 3, 50)
    scale, shift = committee.fit_short(odds, np.full(50, 5), (odds > 0).astype(int))
    assert 0 < scale < 100 and shift == pytest.approx(0, abs=1e-6)


def test_verdicts_are_never_turned_round():
    odds, words, labels = drawn(0.0, 0.0, 2)
    with pytest.raises(ConfigError, match="wrong more often than right"):
        committee.fit_short(odds, np.full_like(words, 5), 1 - labels)


def test_a_passage_is_one_to_three_whole_sentences_of_its_text():
    texts = [f"One {n}. Two! Is it three?<br />Four, of course. Five." for n in range(200)]
    passages = list(committee.passages(texts))
    for text, passage in zip(texts, passages, strict=True):
        assert passage in text.replace("<br />", " ")
        assert passage[0].isupper() and passage[-1] in ".!?"
    counts = {sum(passage.count(mark) for mark in ".!?") for passage in passages}
    assert counts == {1, 2, 3}
    assert passages == list(committee.passages(texts))
