"""The same call gives the same text, of the requested length and without a stop text."""

from dataclasses import replace
from itertools import islice

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sentencepiece import SentencePieceProcessor
from support.generators import KINDS, model_of, token_model
from support.models import tiny_model
from support.stops import first_stop
from threadpoolctl import threadpool_info

from textrnn.artifacts import registry
from textrnn.config.sampling import SamplingConfig
from textrnn.config.weights import CELLS
from textrnn.engine import generation
from textrnn.engine.generation import BURST, Samples, generate, stream
from textrnn.engine.generator import build_network
from textrnn.engine.reading import LONGEST_PRIME, Reading
from textrnn.engine.sampling import uniforms
from textrnn.engine.stopping import BEYOND, MOST_BEYOND, TAIL, Continuation, at_end
from textrnn.errors import ConfigError, TokenizerError
from textrnn.tokenizers import CharTokenizer

# All settings active at once.
BUSY = SamplingConfig(
    temperature=1.3, top_k=15, top_p=0.95, min_p=0.01, repetition_penalty=1.2, repetition_window=5
)
MODEL = tiny_model()
COIN = tiny_model(text="\nab")  # three characters, so short stop texts occur soon


# ---- the text -----------------------------------------------------------------------------------


@pytest.mark.parametrize("residual", [False, True])
@pytest.mark.parametrize("embedding_dim", [0, 5])
@pytest.mark.parametrize("cell", CELLS)
def test_text_is_drawn_from_the_logits_of_all_preceding_characters(cell, embedding_dim, residual):
    model = tiny_model(cell, embedding_dim=embedding_dim, residual=residual, layers=3)
    ids = model.tokenizer.encode("once").tolist()
    for (uniform,) in islice(uniforms(5, 1), 40):
        logits = build_network(model).logits(np.array([ids]))[0, -1].astype(np.float64)
        likelihoods = np.exp(logits / 0.8) / np.exp(logits / 0.8).sum()
        ids.append(int((likelihoods.cumsum() <= uniform).sum()))
    expected = model.tokenizer.decode(ids)[4:]
    assert "".join(stream(model, "once", 40, seed=5)) == expected


@pytest.mark.parametrize("sampling", [None, BUSY])
@pytest.mark.parametrize("cell", CELLS)
def test_the_same_call_gives_the_same_text_streamed_or_whole(cell, sampling):
    model = tiny_model(cell)
    texts = ["".join(stream(model, length=120, seed=seed, sampling=sampling)) for seed in (1, 1, 2)]
    assert texts[0] == texts[1] != texts[2]
    assert generate(model, length=120, seed=1, sampling=sampling) == [texts[0]]


@pytest.mark.parametrize("sampling", [None, BUSY])
@pytest.mark.parametrize("cell", CELLS)
def test_a_sample_does_not_depend_on_the_number_of_samples(cell, sampling):
    model = tiny_model(cell)

    def samples(count: int) -> list[str]:
        return generate(model, "abc", 100, count=count, seed=7, sampling=sampling)

    five = samples(5)
    assert len(set(five)) == 5
    for count in (1, 2, 3):
        assert samples(count) == five[:count]


@pytest.mark.parametrize("threads", [2, 3, 8])
@pytest.mark.parametrize("cell", CELLS)
def test_samples_do_not_depend_on_the_number_of_threads(cell, threads, monkeypatch):
    model, stop = tiny_model(cell), ["e", "th"]
    expected = generate(model, "abc", 70, count=5, seed=7, sampling=BUSY)
    monkeypatch.setattr(generation, "WORK_PER_THREAD", 1)
    monkeypatch.setattr(generation.os, "cpu_count", lambda: threads)
    assert generate(model, "abc", 70, count=5, seed=7, sampling=BUSY) == expected
    stopped = generate(model, "abc", 70, count=5, seed=7, sampling=BUSY, stop=stop)
    assert stopped == [first_stop(text, stop) for text in expected]


@settings(max_examples=30)
@given(shorter=st.integers(0, 60), longer=st.integers(0, 60))
def test_a_longer_text_starts_with_the_shorter(shorter, longer):
    shorter, longer = sorted((shorter, longer))
    texts = [generate(MODEL, length=length, seed=3)[0] for length in (shorter, longer)]
    assert texts[1].startswith(texts[0])


def test_two_calls_without_a_seed_differ():
    assert generate(MODEL, length=50) != generate(MODEL, length=50)


@pytest.mark.parametrize("cell", CELLS)
def test_temperature_0_writes_the_same_text_for_every_seed(cell):
    model, greedy = tiny_model(cell), SamplingConfig(temperature=0)
    texts = {generate(model, "abc", 60, seed=seed, sampling=greedy)[0] for seed in range(5)}
    texts |= set(generate(model, "abc", 60, count=4, sampling=greedy))
    assert len(texts) == 1


def test_text_depends_on_more_than_the_last_character():
    texts = {generate(MODEL, before + "e", 60, seed=1)[0] for before in "abcdefghijklm"}
    assert len(texts) > 1


def test_a_repetition_penalty_looks_back_into_the_prime():
    # A strong penalty excludes the character that temperature 0 would pick.
    greedy = SamplingConfig(temperature=0)
    (next_character,) = stream(MODEL, "abc", 1, sampling=greedy)
    penalised = SamplingConfig(temperature=0, repetition_penalty=100)
    (other,) = stream(MODEL, next_character + "abc", 1, sampling=penalised)
    assert other not in next_character + "abc"
    shorter = SamplingConfig(temperature=0, repetition_penalty=100, repetition_window=1)
    assert len(set("".join(stream(MODEL, "abc", 50, sampling=shorter)))) > 1


# ---- length, prime, seed ------------------------------------------------------------------------


@pytest.mark.parametrize("length", [0, 1, 15, 16, 17, 50])
@pytest.mark.parametrize("count", [1, 3])
def test_length_counts_the_new_characters_only(length, count):
    texts = generate(MODEL, "a prime of many characters", length, count=count, seed=0)
    assert [len(text) for text in texts] == [length] * count
    assert len(list(stream(MODEL, "a prime", length, seed=0))) == length


def test_characters_come_one_at_a_time_and_from_the_alphabet():
    characters = list(stream(MODEL, length=300, seed=0))
    assert all(len(character) == 1 for character in characters)
    assert set(characters) <= set(MODEL.tokenizer.characters)


@pytest.mark.parametrize("text", ["\n \N{ROCKET}é", "".join(map(chr, range(10, 310)))])
def test_any_alphabet_can_be_written(text):
    model = tiny_model(text=text)
    for written in generate(model, length=100, count=2, seed=0):
        assert len(written) == 100
        assert set(written) <= set(text)


def test_an_empty_prime_starts_after_a_line_end():
    assert generate(MODEL, "", 50, seed=1) == generate(MODEL, "\n", 50, seed=1)
    assert generate(MODEL, "", 50, seed=1) == generate(MODEL, length=50, seed=1)


# Corpora with and without line ends and sentence ends.
CORPORA = st.sampled_from(
    ["the miller counts his sacks", "One. Two! Three?", "a\nb", "\u6211\u559c\u6b22", "x"]
)


@settings(max_examples=60)
@given(tokens=st.sampled_from(["char", *KINDS]), corpus=CORPORA, lower=st.booleans(),
       seed=st.integers(0, 99))  # fmt: skip
def test_without_a_prime_every_model_starts_a_text_after_a_known_token(tokens, corpus, lower, seed):
    model = model_of(tokens, corpus, lower=lower)
    start = Reading(model).start
    assert len(start.ids) == 1 and start.only is None
    assert start.ids[0] in model.tokenizer.codec.encode_with_ends([corpus])[0]
    whole = "".join(stream(model, length=30, seed=seed))
    assert len(whole) == 30 or tokens == "sentencepiece"  # which may end in an incomplete character
    assert generate(model, length=30, seed=seed) == generate(model, "", 30, seed=seed) == [whole]
    samples = generate(model, length=30, seed=seed, count=3)
    assert samples == generate(model, "", 30, seed=seed, count=3)
    if "\n" in corpus:
        assert generate(model, "\n", 30, seed=seed) == [whole]


@given(text=st.text(st.characters(codec="utf-8"), min_size=1), lower=st.booleans())
def test_without_a_prime_a_model_of_any_alphabet_generates(text, lower):
    model = model_of("char", text, lower=lower)
    written = generate(model, length=5, seed=1)[0]
    assert len(written) == 5 and set(written) <= set(model.tokenizer.characters)


@pytest.mark.parametrize(
    ("corpus", "before"),
    [("one. two\n", "\n"), ("one! two.", "."), ("one! two", "!"), ("two one two", None)],
)
@pytest.mark.parametrize("kind", KINDS)
def test_without_a_prime_tokens_start_after_a_line_end_or_a_sentence(kind, corpus, before):
    model = model_of(kind, corpus)
    (id_,) = Reading(model).start.ids
    wanted = before or ("two" if kind == "word" else most_probable_piece(model.tokenizer.model))
    assert model.tokenizer.codec.texts[id_] == wanted


def most_probable_piece(proto: bytes) -> str:
    processor = SentencePieceProcessor(model_proto=proto)
    # Only trained pieces have a log probability below 0.
    trained = [
        id_
        for id_ in range(processor.vocab_size())
        if processor.get_score(id_) < 0 and not processor.is_byte(id_)
    ]
    return processor.id_to_piece(max(trained, key=processor.get_score)).replace("\u2581", " ")


def test_an_unknown_character_in_the_prime_is_refused_at_the_call():
    with pytest.raises(TokenizerError, match=r"'!' .*position 2 "):
        stream(MODEL, "ab!")
    with pytest.raises(TokenizerError, match=r"'!' .*position 2 "):
        generate(MODEL, "ab!", count=2)


def test_skip_leaves_unknown_characters_of_the_prime_out():
    expected = generate(MODEL, "abc", 50, seed=1)
    assert generate(MODEL, "!a?bÉc!", 50, seed=1, unknown="skip") == expected
    assert generate(MODEL, "!?", 50, seed=1, unknown="skip") == generate(MODEL, "\n", 50, seed=1)


def test_a_lower_case_model_takes_a_prime_in_either_case():
    tokenizer = CharTokenizer(MODEL.tokenizer.characters, lower=True)
    model = replace(MODEL, tokenizer=tokenizer)
    assert generate(model, "ROMEO", 50, seed=1) == generate(MODEL, "romeo", 50, seed=1)


def test_of_a_prime_of_50_000_characters_only_the_end_is_read():
    prime = MODEL.tokenizer.decode(np.random.default_rng(0).integers(0, 28, 50_000))
    assert len(prime) >= LONGEST_PRIME
    written = generate(MODEL, prime, 20, seed=1)
    assert written == generate(MODEL, prime[-LONGEST_PRIME:], 20, seed=1)
    assert len(written[0]) == 20


@pytest.mark.parametrize("write", [generate, stream])
@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"length": -1}, "length must be 0 or more, got -1"),
        ({"seed": -1}, "seed must be 0 or more, got -1"),
        ({"stop": [""]}, "a stop text must have at least one character"),
        ({"stop": ["a", ""]}, "a stop text must have at least one character"),
    ],
)
def test_settings_out_of_range_are_refused_at_the_call(write, setting, message):
    with pytest.raises(ConfigError, match=message):
        write(MODEL, **setting)


@pytest.mark.parametrize("count", [0, -1])
def test_a_count_below_1_is_refused(count):
    with pytest.raises(ConfigError, match=f"count must be 1 or more, got {count}"):
        generate(MODEL, count=count)


@pytest.mark.parametrize("seed", [0, 2**31, 2**64, 10**30])
def test_any_whole_number_from_0_is_a_seed(seed):
    assert generate(MODEL, length=9, seed=seed) == generate(MODEL, length=9, seed=seed)


def test_the_callers_thread_settings_are_not_changed():
    def threads() -> list[int]:
        return [pool["num_threads"] for pool in threadpool_info()]

    before = threads()
    written = stream(MODEL, length=40, seed=0)
    for _ in written:
        assert threads() == before
    assert threads() == before


# ---- the end of a word, a sentence, a line ------------------------------------------------------

PROSE = tiny_model(text="ab .\n")  # few characters, so sentences and lines end soon


@settings(max_examples=60)
@given(
    until=st.sampled_from(["word", "sentence", "line"]),
    length=st.integers(0, 60),
    seed=st.integers(0, 1000),
    count=st.integers(1, 4),
)
def test_a_text_goes_on_to_the_first_end_streamed_or_in_a_batch(until, length, seed, count):
    call = {"length": length, "seed": seed, "prime": "ab"}
    texts = generate(PROSE, **call, count=count, until=until)
    long = generate(PROSE, **{**call, "length": length + MOST_BEYOND + 1}, count=count)
    for text, whole in zip(texts, long, strict=True):
        assert whole.startswith(text)
        more = range(length, length + BEYOND)
        ends = (n for n in more if at_end(until, ("ab" + whole[:n])[-TAIL:], whole[n]))
        expected = whole[: next(ends)]
        kept = max(length, len(expected.rstrip()))  # white space at the end is not part of it
        assert text == expected[:kept]
    assert "".join(stream(PROSE, **call, until=until)) == texts[0]


def test_what_ended_each_of_several_texts_is_told():
    samples = Samples(PROSE, length=8, count=40, seed=1, stop="ab.", until="word")
    assert all(text.end is None for text in samples.texts)
    list(samples)
    for text in samples.texts:
        assert (text.end == "stop") == (len(text.text) < 8 or text.stopped_by == "ab.")
    assert {text.end for text in samples.texts} == {"stop", "until"}
    plain = Samples(PROSE, length=8, count=2)
    list(plain)
    assert [text.end for text in plain.texts] == ["length", "length"]


def test_samples_that_are_left_early_keep_what_they_have():
    for count, tokens in ((1, 1), (3, BURST)):
        whole = generate(COIN, length=99, seed=1, count=count)
        samples = Samples(COIN, length=99, seed=1, count=count)
        for _ in islice(samples, 3):
            pass
        assert [text.text for text in samples.texts] == [text[: 3 * tokens] for text in whole]


# ---- stop texts ---------------------------------------------------------------------------------


@settings(max_examples=60)
@given(
    stop=st.lists(st.text("ab\n", min_size=1, max_size=4), min_size=1, max_size=3),
    seed=st.integers(0, 1000),
)
def test_text_ends_before_the_first_stop_text(stop, seed):
    whole = generate(COIN, length=40, seed=seed)[0]
    expected = first_stop(whole, stop)
    assert generate(COIN, length=40, seed=seed, stop=stop) == [expected]
    assert "".join(stream(COIN, length=40, seed=seed, stop=stop)) == expected


@settings(max_examples=40)
@given(
    stop=st.lists(st.text("ab\n", min_size=1, max_size=4), min_size=1, max_size=3),
    seed=st.integers(0, 1000),
    count=st.integers(2, 5),
)
def test_each_of_several_samples_ends_before_its_own_first_stop_text(stop, seed, count):
    whole = generate(COIN, length=40, seed=seed, count=count)
    stopped = generate(COIN, length=40, seed=seed, count=count, stop=stop)
    assert stopped == [first_stop(text, stop) for text in whole]


@settings(max_examples=60)
@given(stop=st.text("ab\n", min_size=1, max_size=4), seed=st.integers(0, 1000))
def test_a_single_stop_text_equals_a_list_of_one(stop, seed):
    call = {"length": 40, "seed": seed}
    for count in (1, 3):
        expected = generate(COIN, **call, count=count, stop=[stop])
        assert generate(COIN, **call, count=count, stop=stop) == expected
    assert "".join(stream(COIN, **call, stop=stop)) == generate(COIN, **call, stop=[stop])[0]


@settings(max_examples=30)
@given(stop=st.sampled_from(["th", "e ", "\n\n", "e"]), seed=st.integers(0, 99))
@pytest.mark.parametrize("kind", KINDS)
def test_a_single_stop_text_for_tokens_equals_a_list_of_one(kind, stop, seed):
    model = token_model(kind)
    for count in (1, 3):
        expected = generate(model, length=40, seed=seed, count=count, stop=[stop])
        assert generate(model, length=40, seed=seed, count=count, stop=stop) == expected
    writing, start = model.tokenizer.codec, Reading(model).start
    texts = [Continuation(writing, "", start, 40, each) for each in (stop, [stop])]
    known = np.flatnonzero(~writing.banned)
    for id_ in np.random.default_rng(seed).choice(known, 40).tolist():
        for text in texts:
            text.add([id_])
    assert texts[0].text == texts[1].text


def test_several_stop_texts_may_come_from_any_iterable():
    whole = generate(COIN, length=60, seed=1)[0]
    assert generate(COIN, length=60, seed=1, stop=iter(["ab", "bb"])) == [
        first_stop(whole, ["ab", "bb"])
    ]


@pytest.mark.parametrize("stop", [["b", "ab"], ["ab", "b"]])
def test_of_two_stop_texts_that_end_together_the_longer_counts(stop):
    whole = generate(COIN, length=60, count=9, seed=1)
    expected = [text.partition("b")[0].removesuffix("a") for text in whole]
    assert generate(COIN, length=60, count=9, seed=1, stop=stop) == expected
    assert any("ab" in text.partition("b")[0] + "b" for text in whole)


def test_stop_texts_outside_the_alphabet_stop_nothing():
    expected = generate(MODEL, length=60, seed=2, count=2)
    assert generate(MODEL, length=60, seed=2, count=2, stop=["!", "\N{ROCKET}"]) == expected


def test_a_stop_text_in_the_prime_stops_nothing():
    # Not even if the prime has only its first half: only the output counts.
    (first, *_) = whole = generate(COIN, "ab", 30, seed=4)[0]
    assert "".join(stream(COIN, "ab", 30, seed=4, stop=["ab" + first])) == first_stop(
        whole, ["ab" + first]
    )  # fmt: skip


def test_nothing_is_computed_beyond_the_burst_with_the_stop_text(monkeypatch):
    computed = []
    draw = generation.draw
    monkeypatch.setattr(generation, "draw", lambda *a: computed.append(1) or draw(*a))
    generate(COIN, length=5000, seed=0, stop=["a", "b", "\n"])
    generate(COIN, length=5000, seed=0, count=2, stop=["a", "b", "\n"])
    assert len(computed) <= 2 * generation.BURST


# ---- subwords and words -------------------------------------------------------------------------

kinds = pytest.mark.parametrize("kind", KINDS)


@kinds
@pytest.mark.parametrize("prime", ["the miller asked.", "say th", "say ", "th"])
def test_tokens_are_drawn_from_the_logits_of_all_preceding_ones_and_never_banned(kind, prime):
    model = token_model(kind)
    codec = model.tokenizer.codec
    start = codec.start(prime, "error")
    ids, banned = start.ids.tolist(), codec.banned
    if start.only is not None:  # the end of the prime is the start of a longer token
        banned = ~start.only
    for (uniform,) in islice(uniforms(5, 1), 40):
        logits = build_network(model).logits(np.array([ids]))[0, -1].astype(np.float64)
        likelihoods = np.where(banned, 0, np.exp(logits / 0.8))
        likelihoods /= likelihoods.sum()
        ids.append(int((likelihoods.cumsum() <= uniform).sum()))
        banned = codec.banned
    write = codec.stream_decoder(prime.removesuffix(start.begun))
    written = "".join(map(write, ids[len(start.ids) :]))
    expected = written.removeprefix(start.begun)
    assert len(expected) == len(written) - len(start.begun) > 10
    assert "".join(stream(model, prime, 5000, seed=5)).startswith(expected)


@kinds
@pytest.mark.parametrize("length", [0, 1, 2, 17, 200])
@pytest.mark.parametrize("count", [1, 3])
def test_length_counts_characters_whatever_the_tokens(kind, length, count):
    texts = generate(token_model(kind), "the miller", length, count=count, seed=0, sampling=BUSY)
    assert [len(text) for text in texts] == [length] * count


@kinds
@settings(max_examples=20)
@given(
    prime=st.sampled_from(["", "\n", "the ", "the", "xyz", 'asked, "', "漢é", "a\tb  "]),
    seed=st.integers(0, 99),
    stop=st.lists(st.sampled_from(["e", " ", "th", "\n", ". "])),
)
def test_streamed_and_batched_tokens_give_the_same_text(kind, prime, seed, stop):
    model = token_model(kind)
    whole = "".join(stream(model, prime, 60, seed=seed))
    stopped = "".join(stream(model, prime, 60, seed=seed, stop=stop))
    assert stopped == first_stop(whole, stop)
    assert generate(model, prime, 60, seed=seed, stop=stop, count=3)[0] == stopped
    assert all(len(character) == 1 for character in stream(model, prime, 60, seed=seed))


def test_a_model_that_only_writes_parts_of_characters_terminates():
    model = token_model("sentencepiece")
    bias = np.full_like(model.weights["output/bias"], -1e9)
    bias[4 + 0x80] = 1e9
    stuck = replace(model, weights={**model.weights, "output/bias": bias})
    assert generate(stuck, length=50) == [""]
    assert generate(stuck, length=50, count=2) == ["", ""]


@kinds
def test_samples_of_tokens_do_not_depend_on_the_number_of_threads(kind, monkeypatch):
    model = token_model(kind)
    expected = generate(model, "say the", 70, count=5, seed=7, sampling=BUSY)
    monkeypatch.setattr(generation, "WORK_PER_THREAD", 1)
    monkeypatch.setattr(generation.os, "cpu_count", lambda: 3)
    assert generate(model, "say the", 70, count=5, seed=7, sampling=BUSY) == expected


@kinds
def test_a_token_model_saves_and_loads_unchanged(kind, tmp_path):
    model = token_model(kind)
    registry.save(model, tmp_path / "model")
    assert (tmp_path / "model" / "tokenizer.model").exists() == (kind == "sentencepiece")
    loaded = registry.load(tmp_path / "model")
    assert generate(loaded, "the", 80, seed=3) == generate(model, "the", 80, seed=3)
