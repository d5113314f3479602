#!/usr/bin/env python
"""Ask several judges of film reviews together, and calibrate what they say of short texts.

\b
    scripts/reproduce/committee.py films/train.csv --validation films/validation.csv MODEL...
    scripts/reproduce/committee.py films/train.csv --validation films/validation.csv MODEL... \\
        --judge imdb -o T.csv

The judges are the MODELs and the linear model of `scripts/reproduce/ngram_partner.py`. What they
say together is the mean of their log-odds, each calibrated on the validation texts. Of whole
reviews that is about true, of a few sentences too timid and too kind. So passages of the
validation texts, with the labels of the reviews that they stand in, say how the log-odds z of n
words are to be read,

    z (1 + scale * short) + shift * short,    short = exp(-n / 30),

which leaves whole reviews almost as they were (Platt scaling, "Probabilistic outputs for support
vector machines", 1999, that depends on the length). Printed are the mean probability of the second
class, how much is right and the log loss, before and after: of whole texts and of passages, on what
`scale` and `shift`, two numbers, were fitted to.

--judge names texts without labels to be judged, and -o a table of opinions: --set teacher=T.csv.
"""

import os
import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import click
import ngram_partner as ngrams
import numpy as np
import numpy.typing as npt

from textrnn.artifacts import registry
from textrnn.data.labelled import Labelled
from textrnn.data.registry import read_data, read_unlabelled_data
from textrnn.data.tables import RowWriter
from textrnn.engine import calibration
from textrnn.engine.classification import Judge
from textrnn.errors import ConfigError, TextRNNError
from textrnn.evaluation import metrics
from textrnn.tokenizers import WordTokenizer
from textrnn.training.observer import Observer

Array = npt.NDArray[Any]
Voice = Callable[[Sequence[str]], Array]  # texts -> logits (texts, 2)
SHORT = 30  # words
ROUNDS, CLOSE = 100, 1e-9  # of Newton's method; steps below that are none
AT_ONCE = 10_000  # texts
READER = WordTokenizer((), rule="unicode", lower=True, oov_buckets=1)


def passages(texts: Sequence[str]) -> Iterator[str]:
    """Of each text one to three sentences in a row: what short texts are judged is learnt on."""
    rng = np.random.default_rng(1)
    for text in texts:
        parts = re.split(r"(?<=[.!?])\s+", text.replace("<br />", " ").strip())
        count = int(rng.integers(1, 4))
        start = int(rng.integers(max(1, len(parts) - count + 1)))
        yield " ".join(parts[start : start + count])


def words_of(texts: Sequence[str]) -> Array:
    return np.array([len(READER.words(text)) for text in texts])


class Committee:
    """Judges asked together, calibrated on `held` and on passages of its texts."""

    def __init__(self, voices: Sequence[Voice], held: Labelled) -> None:
        self.voices = [ngrams.calibrated(voice, held) for voice in voices]
        texts, labels = [*held.texts, *passages(held.texts)], np.tile(held.labels, 2)
        self.scale, self.shift = fit_short(self.odds(texts), words_of(texts), labels)

    def odds(self, texts: Sequence[str]) -> Array:
        """Log-odds (texts,) of the second class, as if all were whole reviews."""
        return ngrams.average([voice(texts) for voice in self.voices])[:, 1]

    def logits(self, texts: Sequence[str]) -> Array:
        """The pair (0, z), (texts, 2), calibrated for their length."""
        return pair(for_length(self.odds(texts), words_of(texts), self.scale, self.shift))


def pair(odds: Array) -> Array:
    """Logits (texts, 2) of log-odds (texts,)."""
    return np.stack([np.zeros_like(odds), odds], 1)


def for_length(odds: Array, words: Array, scale: float, shift: float) -> Array:
    short = np.exp(-words / SHORT)
    return odds * (1 + scale * short) + shift * short


def fit_short(odds: Array, words: Array, labels: Array) -> tuple[float, float]:
    """The scale and shift of `for_length` under which the labels (0 or 1) are likeliest.

    As in `textrnn.engine.calibration` each of n labels is doubted by 1 / (n + 2). By Newton's
    method, its steps halved while they lead up. ConfigError when verdicts would be turned round.
    """
    short, doubt = np.exp(-words / SHORT), 1 / (len(labels) + 2)
    labels = doubt + (1 - 2 * doubt) * labels
    features, found = np.stack([odds * short, short], 1), np.zeros(2)

    def loss(where: Array) -> float:
        z = for_length(odds, words, *where)
        return float((np.logaddexp(0, z) - labels * z).sum())

    for _ in range(ROUNDS):
        chance = np.exp(-np.logaddexp(0, -for_length(odds, words, *found)))
        slope = features.T @ (chance - labels)
        curvature = (features * (chance * (1 - chance))[:, None]).T @ features
        step = np.linalg.lstsq(curvature, slope)[0]
        while loss(found - step) > loss(found) and np.abs(step).max() > CLOSE:
            step = step / 2
        found = found - step
        if np.abs(step).max() <= CLOSE:
            break
    if found[0] <= -1:
        raise ConfigError(
            "of passages the judges are wrong more often than right, so that nothing can be "
            "calibrated; give more validation texts, or other judges"
        )
    return float(found[0]), float(found[1])


def asked(models: Sequence[Path], learnt: Labelled, held: Labelled) -> Committee:
    """The models of these folders and the linear one. ConfigError when their classes differ."""
    judges = [Judge(registry.load_classifier(folder)) for folder in models]
    for judge in judges:
        if judge.model.classes != held.classes:
            raise ConfigError(
                f"{judge.model.name} tells {', '.join(judge.model.classes)} apart, the texts "
                f"{', '.join(held.classes)}; name models of the same classes, in the same order"
            )
    voices = [partial(logits_of, judge) for judge in judges]
    return Committee([*voices, linear_model(learnt).logits], held)


def logits_of(judge: Judge, texts: Sequence[str]) -> Array:
    """Logits (texts, 2); who can read no word of a text is undecided."""
    encoded = [judge.encode(text) for text in texts]
    readable = [row for row, ids in enumerate(encoded) if len(ids)]
    found = np.zeros((len(texts), 2), np.float32)
    if readable:
        found[readable] = judge.ids_logits([encoded[row] for row in readable])
    return found


def linear_model(learnt: Labelled) -> Any:
    """Of `scripts/reproduce/ngram_partner.py`, on runs of one to three words."""
    return ngrams.Partner(learnt, longest=3, least=2, penalty=0.01)


def write_opinions(
    path: Path, texts: Sequence[str], judge: Voice, classes: Sequence[str], observer: Observer
) -> bool:
    """What `judge` thinks of texts, as `textrnn classify` would write it; False if stopped."""
    part, columns = path.with_name(path.name + ".part"), [f"p_{name}" for name in classes]
    with part.open("w", encoding="utf-8", newline="") as file:
        writer = RowWriter(file, "csv", ["text", *columns])
        for start in range(0, len(texts), AT_ONCE):
            if observer.should_stop():
                return False
            some = texts[start : start + AT_ONCE]
            chances = calibration.probabilities(judge(some))
            for text, row in zip(some, chances.tolist(), strict=True):
                writer.write({"text": text, **dict(zip(columns, row, strict=True))})
            observer.notice(f"judged {start + len(some):,} of {len(texts):,} texts")
    part.replace(path)
    return True


class Told(Observer):
    """Tells on stderr how far it is."""

    def notice(self, text: str) -> None:
        """Something worth saying once."""
        click.echo(text, err=True)


@click.command(help=__doc__)
@click.argument("data")
@click.argument("models", nargs=-1, type=click.Path(path_type=Path))
@click.option("--validation", required=True, help="Labelled texts to calibrate on.")
@click.option("--judge", "corpus", help="Texts without labels, for --output.")
@click.option("--data-dir", help="Where tensorflow-datasets keeps `imdb`.")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="Where to write what they think."
)
def main(
    data: str,
    models: tuple[Path, ...],
    validation: str,
    corpus: str | None,
    data_dir: str | None,
    output: Path | None,
) -> None:
    try:
        if (corpus is None) != (output is None):
            raise ConfigError("--judge names the texts and --output the table; give both")
        if output and output.suffix != ".csv":
            raise ConfigError(f"{output} is to be a table; name it {output.with_suffix('.csv')}")
        learnt = read_data(data, "train", data_dir=data_dir)
        if len(learnt.classes) != 2:
            raise ConfigError(f"two classes are needed, {data} has {len(learnt.classes)}")
        held = read_data(validation, "test", classes=learnt.classes)
        more = read_unlabelled_data(corpus, data_dir=data_dir).texts if corpus else []
        committee = asked(models, learnt, held)
    except TextRNNError as error:
        raise click.ClickException(str(error)) from None
    show(committee, held)
    if output:
        write_opinions(output, more, committee.logits, held.classes, Told())


def show(committee: Committee, held: Labelled) -> None:
    click.echo(f"scale {committee.scale:.2f}, shift {committee.shift:.2f}\n")
    click.echo(
        "| read | mean probability | right | log loss | by length: mean | right | log loss |"
    )
    click.echo("| --- | --- | --- | --- | --- | --- | --- |")
    for name, texts in (("whole", held.texts), ("passages", list(passages(held.texts)))):
        cells = [name]
        before = committee.odds(texts)
        after = for_length(before, words_of(texts), committee.scale, committee.shift)
        for odds in (before, after):
            chances = calibration.probabilities(pair(odds))
            found = metrics.score(chances, held.labels, held.classes)
            cells.append(
                f"{100 * chances[:, 1].mean():.1f} % | {100 * found.accuracy:.2f} % "
                f"| {found.log_loss:.4f}"
            )
        click.echo(f"| {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
