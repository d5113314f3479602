"""Join scores, baseline and copying into one report of a model on a text.

The report is plain JSON data; `as_text` shows it to a person.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from textrnn.artifacts.generator import GeneratorArtifact
from textrnn.config.parts import parse_part, parse_validation
from textrnn.config.sampling import SamplingConfig
from textrnn.data import corpora
from textrnn.data.corpora import Corpus
from textrnn.engine import generation
from textrnn.engine.generator import build_network
from textrnn.errors import ConfigError
from textrnn.evaluation import copying, language_modelling, ngrams
from textrnn.tokenizers import CharTokenizer, Ids, Unknown

SAMPLES = 20  # a long sample is written as so many side by side

OnProgress = Callable[[str, int, int], None]  # of what, done, in all


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
    """Score `model` on `part` of `corpus`: "all", "validation" (as the model's run cut it) or
    START:END.

    `baseline` is a corpus to train a 5-gram model on, to be scored on the same text; `copied` a
    corpus to look for copies in, in `sample_length` characters that the model writes and in the
    scored text. Of a corpus that is the model's own, what it learnt from is used. The baseline
    and the copies are of characters, whatever the model's tokens are.
    """
    texts = (corpus, baseline, copied)
    alphabet = model.tokenizer.alphabet(piece for each in texts if each for piece in each.pieces)
    characters = _part(model, alphabet, corpus, part, unknown)
    ids, ends = _tokens(model, alphabet, characters)
    report: dict[str, Any] = {"model": model.name, "text": list(corpus.sources), "part": part}
    if is_own(model, corpus) and _learnt_overlap(model, corpus, part):
        report["warning"] = "the model learnt from (some of) this text; a fair score needs another"

    def progress(what: str) -> language_modelling.OnProgress | None:
        return None if on_progress is None else lambda done, total: on_progress(what, done, total)

    network = build_network(model)
    cold = language_modelling.cold(network, ids, ends=ends, on_progress=progress("cold"))
    report["cold"] = cold.to_dict()
    if streamed:
        score = language_modelling.streamed(
            network, ids, ends=ends, on_progress=progress("streamed")
        )
        report["streamed"] = score.to_dict()
    report |= _about_tokens(model, ids)
    if baseline:
        known = learnt_ids(model, alphabet, baseline)
        loss = ngrams.cross_entropy(known, characters, alphabet.vocab_size, order=5)
        report["5-gram"] = {"loss": loss, "bits_per_character": loss / math.log(2)}
    if copied:
        sampling = sampling or SamplingConfig()
        sample = _sample(model, alphabet, sample_length, sampling, seed)
        known = learnt_ids(model, alphabet, copied)
        report["copied"] = {
            "run": 30,
            "temperature": sampling.temperature,
            "seed": seed,
            "generated": _copies(sample, known),
            "held_out": _copies(characters, known),
        }
    return report


def is_own(model: GeneratorArtifact, corpus: Corpus) -> bool:
    """Whether `corpus` is the text that the model was trained on."""
    return model.metadata.get("corpus", {}).get("sha256") == corpus.sha256


def _tokens(
    model: GeneratorArtifact, alphabet: CharTokenizer, characters: Ids
) -> tuple[Ids, Ids | None]:
    """The model's ids of a text, given by its characters, and how far each reaches."""
    if alphabet is model.tokenizer:
        return characters, None
    return model.tokenizer.codec.encode_with_ends([alphabet.decode(characters)])


def _about_tokens(model: GeneratorArtifact, ids: Ids) -> dict[str, Any]:
    """What the tokens of a scored text are, where they are no characters."""
    banned = model.tokenizer.codec.banned
    if banned is None:
        return {}
    unknown = float(banned[ids].mean())
    return {"tokens": {"unit": model.tokenizer.unit, "unknown_share": unknown}}


def learnt_ids(model: GeneratorArtifact, alphabet: CharTokenizer, corpus: Corpus) -> Ids:
    """What of `corpus` the model learnt from, or all of it when the model is of another text."""
    ids = alphabet.encode_pieces(corpus.pieces, unknown="skip")
    return _learnt(model, ids) if is_own(model, corpus) else ids


def _learnt(model: GeneratorArtifact, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Of `values`, one a character of the model's corpus, those of what it learnt from."""
    training = model.metadata["training"]
    if _validation_slice(model):
        return corpora.split(values, training["part"], training["validation"])[0]
    return values[slice(*corpora.bounds(*parse_part(training["part"]), len(values)))]


def _validation_slice(model: GeneratorArtifact) -> bool:
    # A validation that was a file is no part of the corpus.
    validation = model.metadata["training"]["validation"]
    try:
        return validation is not None and bool(parse_validation(validation))
    except ConfigError:
        return False


def _part(
    model: GeneratorArtifact, alphabet: CharTokenizer, corpus: Corpus, part: str, unknown: Unknown
) -> Ids:
    if part != "validation":
        pieces = corpus.cut("0:1" if part == "all" else part)
        return alphabet.encode_pieces(pieces, unknown=unknown)
    if not is_own(model, corpus):
        raise ConfigError(
            "--part validation is of the corpus that the model was trained on, and this is "
            "another; name that one, or a part START:END"
        )
    if not model.metadata["training"]["validation"]:
        raise ConfigError(
            "the model learnt from all of its part and kept nothing for validation; name a part "
            "START:END that it did not learn from"
        )
    if not _validation_slice(model):
        raise ConfigError(
            f"the model was validated on the file {model.metadata['training']['validation']}; "
            f"name that instead of --part validation"
        )
    training = model.metadata["training"]
    ids = alphabet.encode_pieces(corpus.pieces)
    return corpora.split(ids, training["part"], training["validation"])[1]


def _learnt_overlap(model: GeneratorArtifact, corpus: Corpus, part: str) -> bool:
    if part == "validation":
        return False
    scored = np.zeros(corpus.length, dtype=bool)
    scored[slice(*corpora.bounds(*parse_part("0:1" if part == "all" else part), len(scored)))] = (
        True
    )
    return bool(_learnt(model, scored).any())


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
    if alphabet is not model.tokenizer and text:  # pieces can spell what no corpus holds
        alphabet = alphabet.extended(CharTokenizer.fit([text], lower=alphabet.lower))
    return alphabet.encode(text)


def _copies(text: Ids, corpus: Ids) -> dict[str, Any]:
    found = copying.copied(text, corpus, 30)
    return {
        "characters": len(text),
        "longest": found.longest,
        "copied_share": found.copied_share,
    }


def as_text(report: Mapping[str, Any]) -> str:
    """A report for a person's eyes."""
    lines = [f"{report['model']} on {', '.join(report['text'])}, part {report['part']}", ""]
    lines.append(f"{'':<10}{'loss':>9}{'bits/char':>11}{'perplexity':>12}{'accuracy':>10}")
    for name in ("cold", "streamed", "5-gram"):
        if score := report.get(name):
            loss = score["loss"]
            line = f"{name:<10}{loss:>9.4f}{score['bits_per_character']:>11.4f}"
            line += f"{math.exp(min(loss, 700)):>12.3f}"
            lines.append(line + (f"{score['accuracy']:>10.1%}" if "accuracy" in score else ""))
    lines.append(f"\n{report['cold']['characters']:,} characters scored; loss in nats a character")
    if tokens := report.get("tokens"):
        unit = tokens["unit"]
        lines.append(
            f"They are {report['cold']['tokens']:,} {unit}, of which the accuracy is; the windows "
            f"of `cold` are of {language_modelling.WINDOW} {unit}"
        )
        if share := tokens["unknown_share"]:
            lines.append(
                f"{share:.1%} of the {unit} are unknown to the model, which need only be foretold "
                f"to be unknown: its loss is too low to compare with that of characters"
            )
    if copied := report.get("copied"):
        lines.append(
            f"\nStanding in the corpus word for word (runs of {copied['run']} characters or more):"
        )
        for name, title in (("generated", "generated"), ("held_out", "this text")):
            found = copied[name]
            lines.append(
                f"{title:<10}{found['copied_share']:>9.2%} of {found['characters']:,} characters, "
                f"the longest run {found['longest']}"
            )
    return "\n".join(lines)
