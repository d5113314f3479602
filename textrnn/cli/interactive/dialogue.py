"""Read lines and execute them until the user quits; nothing that was written is lost then."""

from collections.abc import Callable, Iterable
from pathlib import Path

from textrnn.artifacts.generator import GeneratorArtifact
from textrnn.cli.interactive.draft import Draft
from textrnn.cli.interactive.session import Session
from textrnn.cli.interactive.settings import Settings
from textrnn.cli.signals import Terminated
from textrnn.config.sampling import SamplingConfig, Until
from textrnn.engine.stopping import stop_texts
from textrnn.errors import TextRNNError

Read = Callable[[str], str]
WELCOME = "(Enter continues, words are written on, h lists the commands, q quits)\n"


def write_interactively(
    model: GeneratorArtifact,
    *,
    prime: str,
    length: int,
    sampling: SamplingConfig,
    seed: int,
    stop: str | Iterable[str],
    read: Read,
    write: Callable[[str], None],
    until: Until = "sentence",
    unknown: str = "error",
    ask: bool = False,
    draft: Draft | None = None,
) -> str:
    """Write a text in turns with the user until they quit, and return the whole text.

    `read` shows a prompt and returns a line, or raises EOFError to quit; `write` shows text. The
    same seed and lines give the same text; the first continuation equals `stream` with `seed`.
    With `ask` the user is asked whether to save an unsaved text; the `draft` keeps it in any case.
    TextRNNError if the initial settings are wrong; a wrong line only prints its error.
    """
    settings = Settings(sampling, length, until, stop_texts(stop), seed, unknown)
    session = Session(model, settings, draft or Draft(), write)
    try:
        session.begin(prime)
        write(WELCOME)
        _execute_lines(session, read)
    except KeyboardInterrupt as stopped:
        kept = _leave(session, read, ask=ask and not isinstance(stopped, Terminated))
        stopped.args = (f"; {kept}" if kept else "",)
        raise
    if kept := _leave(session, read, ask=ask):
        write(f"{kept}\n")
    return session.text


def _execute_lines(session: Session, read: Read) -> None:
    going = True
    while going:
        try:
            line = read("> ")
        except EOFError:
            session.write("\n")
            return
        try:
            going = session.execute(line)
        except TextRNNError as error:
            session.write(f"{error}\n")


def _leave(session: Session, read: Read, *, ask: bool) -> str:
    """Offer to save what is unsaved; a sentence that tells where the text is otherwise."""
    if not session.unsaved:
        return ""
    if ask:
        _offer(session, read)
    if not session.unsaved:
        return ""
    if session.draft.problem:
        return f"the text is not saved; no draft could be kept: {session.draft.problem}"
    return f"the text is not saved; a draft of it is {session.draft.path}"


def _offer(session: Session, read: Read) -> None:
    name = session.file or _free_name()
    while session.unsaved:
        try:
            answer = read(f"save the text as {name}? [Y/n/another name] ").strip()
        except (EOFError, KeyboardInterrupt):
            session.write("\n")
            return
        if answer.lower() in ("n", "no", "q", "quit"):
            return
        yes = answer.lower() in ("", "y", "yes")
        if not yes and len(answer) == 1:
            session.write("type y, n, or the name of a file\n")
            continue
        try:
            session.save(name if yes else answer, overwrite=yes and name == session.file)
        except TextRNNError as error:
            session.write(f"{error}\n")


def _free_name() -> str:
    names = ("story.txt", *(f"story-{number}.txt" for number in range(2, 1000)))
    return next((name for name in names if not Path(name).exists()), "story-1000.txt")
