"""README and docs: every example runs, every link leads somewhere, the README stays short."""

import re
import runpy
from itertools import pairwise
from pathlib import Path

import pytest
from support.documents import Block, Sandbox, blocks, stripped
from support.paths import ROOT, SCRIPTS

README = ROOT / "README.md"
DOCS = ROOT / "docs"
DOCUMENTS = [README, *sorted(DOCS.glob("*.md"))]
PAGES = [
    page for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")
    if (page := ROOT / name).exists()
] + sorted(DOCS.rglob("*.md"))  # fmt: skip
LANGUAGES = {"sh", "python", "text", "json", "toml"}
WORDS = {"slow", "no-run", "output", "session", "indented"}
NO_RUN_AT_MOST = 5  # blocks that need a network, a large data set or an hour
TRAINS = re.compile(
    r"textrnn (?:train (?!settings)\w+|finetune|export) |\btrain_\w+\(|\.finetune\("
)
INSTALLS = (3, 4)  # lines of the README that .ci/run executes, in an environment of their own


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_row_of_a_table_is_one(page):
    lines = page.read_text(encoding="utf-8").splitlines()
    after = [line for above, line in pairwise(lines) if above.startswith("| ") and line.strip()]
    assert [line for line in after if not line.startswith("|")] == []


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


def examples(document: Path) -> list[Block]:
    found = blocks(document)
    return [block for block in found if document != README or block.line not in INSTALLS]


def run(document: Path, folder: Path, *, slow: bool) -> None:
    """Run the examples of a document in order, and compare what it shows of their output."""
    sandbox, printed = Sandbox(folder), ""
    for block in examples(document):
        if "session" in block.words and block.runs(slow=slow):
            shown, printed = sandbox.replay(block)
            assert stripped(printed) == stripped(shown), f"line {block.line}"
        elif block.runs(slow=slow):
            printed = sandbox.run(block)
        elif "output" in block.words:
            assert stripped(printed) == stripped(block.text), f"line {block.line}"


def with_examples(*, slow: bool) -> list[Path]:
    """The documents with something to run; of those that train, with a training."""
    return [
        document
        for document in DOCUMENTS
        if any(
            block.runs(slow=slow) and (not slow or "slow" in block.words)
            for block in examples(document)
        )
    ]


@pytest.mark.subprocess
@pytest.mark.parametrize("document", with_examples(slow=False), ids=name_of)
def test_every_example_runs(document, tmp_path):
    run(document, tmp_path, slow=False)


@pytest.mark.slow
@pytest.mark.subprocess
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("document", with_examples(slow=True), ids=name_of)
def test_every_example_of_a_training_runs(document, tmp_path):
    run(document, tmp_path, slow=True)


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_a_fence_says_only_what_the_tests_know(document):
    for block in blocks(document):
        assert block.language in LANGUAGES, f"line {block.line}"
        assert block.words <= WORDS, f"line {block.line}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_an_example_that_trains_is_marked_as_slow(document):
    for block in examples(document):
        if block.is_code and TRAINS.search(block.text):
            assert block.words & {"slow", "no-run"}, f"line {block.line}"


def test_few_examples_are_not_run():
    kept = [block for document in DOCUMENTS for block in blocks(document)]
    assert sum("no-run" in block.words for block in kept) <= NO_RUN_AT_MOST


def test_the_readme_shows_the_shell_python_and_their_output():
    shown = {(block.language, "output" in block.words) for block in examples(README)}
    assert {("sh", False), ("python", False), ("text", True)} <= shown


def test_the_readme_begins_with_the_two_commands_of_a_fresh_machine():
    lines = README.read_text(encoding="utf-8").splitlines()[2:4]
    assert all(re.match(r" {4}\S", line) for line in lines)
    assert "pip install -e '.[train]' && " in lines[0]
    assert lines[0].endswith('textrnn generate --prime "ROMEO" --temperature 0.5')
    assert lines[1].endswith("pip install -e '.[dev]' && scripts/check")
    assert "'3,4s/^    //p' README.md" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def test_the_readme_has_at_most_150_lines():
    assert len(README.read_text(encoding="utf-8").splitlines()) <= 150


# ---- links --------------------------------------------------------------------------------------

LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")


def prose(page: Path) -> str:
    """A page without its code."""
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
    return re.sub(r"`[^`\n]*`", "code", text)


def anchors(page: Path) -> set[str]:
    """The names of a page's headings, as GitHub makes them."""
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
    headings = re.findall(r"^#+ (.*)$", text, re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def links(page: Path) -> list[tuple[Path, str]]:
    """Where a page's links within the repository lead: a file, and a heading or nothing."""
    found = []
    for target in LINK.findall(prose(page)):
        if "://" not in target:
            path, _, anchor = target.partition("#")
            found.append(((page.parent / path).resolve() if path else page, anchor))
    return found


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_leads_somewhere(page):
    for target, anchor in links(page):
        assert target.exists(), target
        assert not anchor or anchor in anchors(target), f"{target}#{anchor}"


def test_every_page_can_be_reached_from_the_readme():
    reached, todo = set(), [page for page in PAGES if page.parent == ROOT]
    while todo:
        page = todo.pop()
        if page not in reached and page.suffix == ".md":
            reached.add(page)
            todo += [target for target, _ in links(page)]
    assert set(PAGES) <= reached


PATH = re.compile(r"(?<![\w/.-])(?:textrnn|tests|scripts|docs|corpora)/[\w./-]*[\w/]")


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_every_path_of_the_repository_exists(document):
    for path in PATH.findall(document.read_text(encoding="utf-8")):
        assert (ROOT / path).exists(), path


# ---- references ---------------------------------------------------------------------------------


def test_the_references_are_what_the_code_gives():
    written = runpy.run_path(str(SCRIPTS / "docs.py"))["pages"]()
    for name, text in written.items():
        committed = (DOCS / "reference" / name).read_text(encoding="utf-8")
        assert committed == text, f"run scripts/docs.py: docs/reference/{name} is stale"
