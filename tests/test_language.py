"""The language of code and documents: the field's terms, and none of the words they replaced."""

import re
from pathlib import Path

from support.paths import ROOT

# docs/glossary.md gives the standard term for each. A teacher (of distillation) is a standard term.
RETIRED = re.compile(
    r"""foretell\w*|foretold
    |verdicts?
    |judg(?:e|es|ed|ing)
    |opinions?
    |learnt|taught|teach(?:es|ing)?""",
    re.IGNORECASE | re.VERBOSE,
)
# The parts of a name: snake_case, CamelCase and what joins words with a hyphen.
PART = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
PLACES = (
    "textrnn", "tests", "scripts", "docs", "README.md", "CONTRIBUTING.md", "SECURITY.md",
    "CITATION.cff", "pyproject.toml", ".github",
)  # fmt: skip
SUFFIXES = {".py", ".md", ".json", ".toml", ".sh", ".cff", ".yml"}
GLOSSARY = "docs/glossary.md"
# What people and models wrote is theirs: vocabularies, and the samples in a model's card.
THEIRS = re.compile(r"textrnn/pretrained/[^/]+/tokenizer\.json")
SAMPLES = re.compile(r"^```text\n.*?^```$", re.MULTILINE | re.DOTALL)
ITSELF = "tests/test_language.py"
# Names in old records, which the module upgrades.
OLD_NAMES = ("textrnn/artifacts/format_1.py", "tests/artifacts/test_format_1.py")


def texts() -> list[Path]:
    """The text files of all places, except the glossary, old names and what is not ours."""
    places = [ROOT / name for name in PLACES if (ROOT / name).exists()]
    files = [file for place in places for file in (place.rglob("*") if place.is_dir() else [place])]
    return [
        file
        for file in sorted(files)
        if (file.suffix in SUFFIXES or not file.suffix) and file.is_file()
        if (name := file.relative_to(ROOT).as_posix()) not in (GLOSSARY, ITSELF, *OLD_NAMES)
        and not THEIRS.fullmatch(name)
    ]


def retired_words(text: str) -> list[str]:
    """Where retired words stand in a text: "line: word", words in names included."""
    return [
        f"{number}: {part}"
        for number, line in enumerate(text.splitlines(), 1)
        for part in PART.findall(line)
        if RETIRED.fullmatch(part)
    ]


def ours(path: Path) -> str:
    """The text of a file; of a model's card without samples, whose lines stay counted."""
    text = path.read_text(encoding="utf-8")
    if "pretrained" in path.parts:
        text = SAMPLES.sub(lambda sample: "\n" * sample[0].count("\n"), text)
    return text


def test_no_file_uses_a_retired_word():
    found = {str(path.relative_to(ROOT)): retired_words(ours(path)) for path in texts()}
    assert {name: words for name, words in found.items() if words} == {}
    assert len(found) > 300


def test_a_retired_word_is_found_wherever_it_stands():
    found = retired_words("Judge the texts\nimb.learnt_ids, RETAUGHT, soft-opinions, TAUGHT\n")
    assert found == ["1: Judge", "2: learnt", "2: opinions", "2: TAUGHT"]
    assert retired_words("a teacher, teachers, judgement, learned, KNOWN\n") == []


def test_the_glossary_has_every_retired_word():
    glossary = (ROOT / GLOSSARY).read_text(encoding="utf-8")
    for word in (
        "foretell",
        "foretold",
        "verdict",
        "judge",
        "opinions",
        "learnt",
        "taught",
        "teach",
    ):
        assert word in glossary, word
