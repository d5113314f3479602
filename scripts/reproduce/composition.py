#!/usr/bin/env python
"""Write labelled sentences whose sentiment is made by composition: negation, contrast, expectation.

    scripts/reproduce/composition.py -o DIR [--per-template 150] [--seed 1]

The templates and words are those of `composition.toml` beside this file. DIR/train.csv and
DIR/validation.csv get the columns text, label, group and template; no template is in both, so that
what is measured on the second is composition and not a memory of sentences. A label is `positive`,
`negative` or `neutral`. The same seed writes the same files.
"""

import csv
import random
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from textrnn.errors import TextRNNError
from textrnn.files import replacing

TABLE = Path(__file__).with_name("composition.toml")
SLOT = re.compile(r"\{(\w+)\}")
AGREEMENT = {  # slot -> (one thing, several)
    "is": ("is", "are"),
    "was": ("was", "were"),
    "isnt": ("isn't", "aren't"),
    "wasnt": ("wasn't", "weren't"),
    "has": ("has", "have"),
    "it": ("it", "they"),
    "object": ("it", "them"),
}
FULL_FORMS = {"isn't": "is not", "aren't": "are not", "wasn't": "was not", "weren't": "were not"}


@dataclass(frozen=True)
class Sentence:
    """A sentence, its label, and where it comes from."""

    text: str
    label: str
    group: str
    template: str


class Composer:
    """Fill templates with the words of a table (the form of `composition.toml`)."""

    def __init__(self, table: dict[str, Any], seed: int) -> None:
        self.words: dict[str, list[str]] = table["words"]
        self.domains: list[dict[str, list[str]]] = list(table["domains"].values())
        self.groups: list[dict[str, Any]] = table["group"]
        self._random = random.Random(seed)

    def sentences(self, part: str, per_template: int) -> Iterator[Sentence]:
        """Up to `per_template` different sentences of each template of `part`."""
        for group in self.groups:
            for template in group[part]:
                # A template with few slots has few sentences: as many tries as sentences asked for.
                texts = dict.fromkeys(self.fill(template) for _ in range(per_template))
                for text in texts:
                    yield Sentence(text, group["label"], group["name"], template)

    def fill(self, template: str) -> str:
        """One sentence of a template."""
        slots = self._slots(single="{a}" in template)
        text = SLOT.sub(lambda match: self._value(match[1], slots), template)
        text = re.sub(r"\ba (?=[aeiou])", "an ", text)
        text = re.sub(r"(^\W*|[.!?:] \W*)(\w)", lambda match: match[1] + match[2].upper(), text)
        return self._written(text)

    def _value(self, name: str, slots: dict[str, str]) -> str:
        if name in slots:
            return slots[name]
        lower = name[0].lower() + name[1:]
        if lower in slots:
            return slots[lower][0].upper() + slots[lower][1:]
        if name == "number":
            return str(self._random.randint(1, 9999))
        return self._random.choice(self.words[name])

    def _slots(self, single: bool) -> dict[str, str]:
        """The words of one sentence: a thing, what agrees with it, and what fits it."""
        domain, far = self._random.sample(self.domains, 2)
        many, others = (not single and self._random.random() < 0.25, self._random.random() < 0.25)
        thing = self._thing(domain, many)
        other = self._thing(domain if self._random.random() < 0.5 else far, others)
        slots = {slot: forms[many] for slot, forms in AGREEMENT.items()}
        slots |= {
            "thing": thing, "a": "a", "the": f"{self._article(many)} {thing}",
            "other": f"the {other}", "isother": AGREEMENT["is"][others],
            "wasother": AGREEMENT["was"][others],
        }  # fmt: skip
        for quality in ("good", "bad"):
            first, second, third = self._adjectives(quality, domain)
            slots |= {quality: first, f"{quality}2": second, f"{quality}other": third}
        return slots

    def _thing(self, domain: dict[str, list[str]], many: bool) -> str:
        return self._random.choice(domain["plural" if many else "things"])

    def _article(self, many: bool) -> str:
        this = "these" if many else "this"
        return self._random.choice(("the", "the", "the", this, "our", "my", "their"))

    def _adjectives(self, quality: str, domain: dict[str, list[str]]) -> tuple[str, str, str]:
        """Two different ones that fit the thing, and one that fits anything."""
        fitting = [*domain[quality], *self.words[quality]]
        first, second = self._random.sample(fitting, 2)
        return first, second, self._random.choice(self.words[quality])

    def _written(self, text: str) -> str:
        """As people write: sometimes without capitals, stops, apostrophes or short forms."""
        text = re.sub(r" +([,.!?;:])", r"\1", re.sub(r"  +", " ", text)).strip()
        draw = self._random.random
        if draw() < 0.3:
            for short, full in FULL_FORMS.items():
                text = text.replace(short, full)
        if draw() < 0.1:
            text = text.replace("'", "")
        if draw() < 0.15:
            text = text.lower()
        if draw() < 0.1:
            text = text.rstrip(".")
        elif draw() < 0.1:
            text = text[:-1] + "!" if text.endswith(".") else text
        return text


def compose(part: str, *, per_template: int, seed: int) -> list[Sentence]:
    """The sentences of one part, "train" or "validation", of `composition.toml`."""
    table = tomllib.loads(TABLE.read_text(encoding="utf-8"))
    return list(Composer(table, seed).sentences(part, per_template))


@click.command(help=__doc__)
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True)
@click.option("--per-template", default=150, show_default=True, help="Sentences, at most.")
@click.option("--seed", default=1, show_default=True)
def main(output: Path, per_template: int, seed: int) -> None:
    try:
        output.mkdir(parents=True, exist_ok=True)
        for part in ("train", "validation"):
            sentences = compose(part, per_template=per_template, seed=seed)
            with replacing(output / f"{part}.csv", encoding="utf-8", newline="") as file:
                writer = csv.writer(file)
                writer.writerow(("text", "label", "group", "template"))
                writer.writerows(
                    (each.text, each.label, each.group, each.template) for each in sentences
                )
            click.echo(f"{len(sentences):,} sentences in {output / f'{part}.csv'}")
    except TextRNNError as error:
        raise click.ClickException(str(error)) from None


if __name__ == "__main__":
    main()
