"""Evaluate a generator on a text: scores, n-gram baseline and copying in one report.

The report is plain JSON data; `as_text` renders it for a terminal.
"""

import math
from collections.abc import Callable, Mapping
from itertools import islice
from typing import Any, NamedTuple

from textrnn.artifacts.generator import GeneratorArtifact
from textrnn.config.sampling import SamplingConfig
from textrnn.data.corpora import Corpus
from textrnn.engine import generation
from textrnn.engine.generator import build_network
from textrnn.errors import CorpusError
from textrnn.evaluation import copying, language_modelling, ngrams, spelling
from textrnn.evaluation.training_parts import overlaps_training, part_ids, skipped, training_ids
from textrnn.tokenizers import CharTokenizer, Ids, Unknown

SHOWN = 10  # unknown characters in the text of a report
SAMPLES = 20  # the sample for copying is generated as this many parallel texts

OnProgress = Callable[[str, int, int], None]  # stage, done, in total


def evaluate(
    model: GeneratorArtifact,
    corpus: Corpus,
    *,
    part: str = "all",
    unknown: Unknown = "error",
    streamed: bool = True,
    baseline: Corpus | None = None,
    copied: Corpus | None = None,
    sample_length: int = 100_000,
    sampling: SamplingConfig | None = None,
    seed: int = 1,
    on_progress: OnProgress | None = None,
) -> dict[str, Any]:
    """Score `model` on a part of `corpus`; the report is plain JSON data.

        part      "all", "validation" (the validation slice of the model's training) or START:END
        unknown   "skip" leaves out characters that the model does not know; the report counts them
        baseline  a corpus to train a 5-gram model on, which is scored on the same text
        copied    a corpus to search for copies, in a generated sample of `sample_length`
                  characters and in the scored text

    If `baseline` or `copied` is the model's own corpus, only its training part is used. Both work
    on characters, whatever the tokens of the model are. ConfigError when the model has no such
    validation slice of `corpus`.
    """
    texts = (corpus, baseline, copied)
    alphabet = model.tokenizer.alphabet(piece for each in texts if each for piece in each.pieces)
    characters = part_ids(model, alphabet, corpus, part, unknown)
    left_out = _left_out(skipped(alphabet, corpus, part), characters) if unknown == "skip" else {}
    tokens = _tokens(model, alphabet, characters)
    report: dict[str, Any] = {"model": model.name, "text": list(corpus.sources), "part": part}
    if overlaps_training(model, corpus, part):
        report["warning"] = (
            "the model was trained on (part of) this text; a fair score needs another text"
        )
    report |= left_out
    report |= _scores(model, tokens, streamed, on_progress)
    report |= _about_tokens(model, tokens.ids)
    if baseline:
        train_ids = training_ids(model, alphabet, baseline)
        loss = ngrams.cross_entropy(train_ids, characters, alphabet.vocab_size, order=5)
        report["5-gram"] = {"loss": loss, "bits_per_character": loss / math.log(2)}
    if copied:
        sampling = sampling or SamplingConfig()
        sample = _sample(model, alphabet, sample_length, sampling, seed)
        train_ids = training_ids(model, alphabet, copied)
        report["copied"] = {
            "run": 30,
            "temperature": sampling.temperature,
            "seed": seed,
            "generated": _copies(sample, train_ids),
            "held_out": _copies(characters, train_ids),
        }
    return report


def _left_out(counts: Mapping[str, int], characters: Ids) -> dict[str, Any]:
    """The section of the report on skipped characters; `characters` are the others.

    CorpusError if too few are left to score.
    """
    count = sum(counts.values())
    total = count + len(characters)
    if count and len(characters) < 2:
        raise CorpusError(
            f"the model knows {len(characters)} of the {total:,} characters of the text, and at "
            f"least 2 must be left to score; evaluate a model that was trained on such text"
        )
    share = count / total if total else 0.0
    return {"skipped": {"count": count, "share": share, "characters": dict(counts)}}


class _Tokens(NamedTuple):
    """A text as the model's ids, (tokens,); as `language_modelling.cold` takes it."""

    ids: Ids
    ends: Ids | None = None
    spelling: language_modelling.Nats | None = None


def _scores(
    model: GeneratorArtifact,
    tokens: _Tokens,
    streamed: bool,
    on_progress: OnProgress | None,
) -> dict[str, Any]:
    """The score from the zero state in each window and, if `streamed`, with a continuous state."""

    def progress(what: str) -> language_modelling.OnProgress | None:
        return None if on_progress is None else lambda done, total: on_progress(what, done, total)

    network = build_network(model)
    cold = language_modelling.cold(network, **tokens._asdict(), on_progress=progress("cold"))
    if not streamed:
        return {"cold": cold.to_dict()}
    whole = language_modelling.streamed(
        network, **tokens._asdict(), on_progress=progress("streamed")
    )
    return {"cold": cold.to_dict(), "streamed": whole.to_dict()}


def _tokens(model: GeneratorArtifact, alphabet: CharTokenizer, characters: Ids) -> _Tokens:
    """The model's ids of a text given as character ids."""
    if alphabet is model.tokenizer:
        return _Tokens(characters)
    text = [alphabet.decode(characters)]
    ids, ends = model.tokenizer.codec.encode_with_ends(text)
    return _Tokens(ids, ends, spelling.losses(model.tokenizer, text, ids))


def _about_tokens(model: GeneratorArtifact, ids: Ids) -> dict[str, Any]:
    """The unit and the unknown fraction of the tokens, unless they are characters."""
    banned = model.tokenizer.codec.banned
    if banned is None:
        return {}
    unknown = float(banned[ids].mean())
    return {"tokens": {"unit": model.tokenizer.unit, "unknown_share": unknown}}


def _sample(
    model: GeneratorArtifact,
    alphabet: CharTokenizer,
    length: int,
    sampling: SamplingConfig,
    seed: int,
) -> Ids:
    each = math.ceil(length / SAMPLES)
    texts = generation.generate(model, length=each, count=SAMPLES, sampling=sampling, seed=seed)
    text = "".join(texts)[:length]
    if alphabet is not model.tokenizer and text:  # subwords can spell any character
        alphabet = alphabet.extended(CharTokenizer.fit([text], lower=alphabet.lower))
    return alphabet.encode(text)


def _copies(text: Ids, corpus: Ids) -> dict[str, Any]:
    found = copying.copied(text, corpus, 30)
    return {
        "characters": len(text),
        "longest": found.longest,
        "copied_share": found.copied_share,
    }


def _skipped_text(skipped: Mapping[str, Any]) -> str:
    """A sentence on the skipped characters, the most frequent ones by name."""
    count, counts = skipped["count"], skipped["characters"]
    if not count:
        return "Nothing was skipped: the model knows all characters of the text"
    shown = ", ".join(f"{each!r} {counts[each]:,}" for each in islice(counts, SHOWN))
    more = f" and {len(counts) - SHOWN:,} others" if len(counts) > SHOWN else ""
    return (
        f"Skipped characters that the model does not know: {count:,} ({skipped['share']:.2%} of "
        f"the text), {shown}{more}"
    )


def as_text(report: Mapping[str, Any]) -> str:
    """The report as text for a terminal."""
    lines = [f"{report['model']} on {', '.join(report['text'])}, part {report['part']}", ""]
    lines.append(f"{'':<10}{'loss':>9}{'bits/char':>11}{'perplexity':>12}{'accuracy':>10}")
    for name in ("cold", "streamed", "5-gram"):
        if score := report.get(name):
            loss = score["loss"]
            line = f"{name:<10}{loss:>9.4f}{score['bits_per_character']:>11.4f}"
            line += f"{math.exp(min(loss, 700)):>12.3f}"
            lines.append(line + (f"{score['accuracy']:>10.1%}" if "accuracy" in score else ""))
    lines.append(
        f"\n{report['cold']['characters']:,} characters scored; loss in nats per character"
    )
    if "skipped" in report:
        lines.append(_skipped_text(report["skipped"]))
    if tokens := report.get("tokens"):
        unit = tokens["unit"]
        lines.append(
            f"The text has {report['cold']['tokens']:,} {unit}; the accuracy is per token, and "
            f"`cold` uses windows of {language_modelling.WINDOW} {unit}"
        )
        perplexities = ", ".join(
            f"{name} {report[name]['perplexity_per_token']:,.2f}"
            for name in ("cold", "streamed")
            if name in report
        )
        lines.append(f"Perplexity per {unit.removesuffix('s')}: {perplexities}")
        if unknown := tokens["unknown_share"]:
            parts = ", ".join(
                f"{report[name]['spelling_share']:.1%} of {name}"
                for name in ("cold", "streamed")
                if name in report
            )
            lines.append(
                f"{unknown:.1%} of the {unit} are unknown, and their spelling is part of the loss: "
                f"{parts}. The perplexity counts them all as the same token, without spelling"
            )
    if copied := report.get("copied"):
        lines.append(
            f"\nCopied verbatim from the corpus (runs of {copied['run']} characters or more):"
        )
        for name, title in (("generated", "generated"), ("held_out", "this text")):
            found = copied[name]
            lines.append(
                f"{title:<10}{found['copied_share']:>9.2%} of {found['characters']:,} characters, "
                f"the longest run {found['longest']}"
            )
    return "\n".join(lines)
