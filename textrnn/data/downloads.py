"""Download a known corpus as a file, or as a folder unpacked from an archive.

A file is downloaded under another name beside TARGET, and renamed after its size and SHA-256 were
checked; a failure leaves nothing. An archive is downloaded in the same way as TARGET.tar.gz, and
unpacked.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from textrnn import files
from textrnn.data import addresses, archives, http
from textrnn.errors import DownloadError, cannot_write


@dataclass(frozen=True, kw_only=True)
class KnownCorpus:
    """A public corpus, with the checks of its download.

    `size` and `sha256` are those of the text or archive at `url`.
    """

    name: str
    title: str
    url: str
    licence: str
    size: int  # bytes
    sha256: str
    file: str  # default name of the file, or of the archive's folder
    kind: Literal["text", "archive"] = "text"
    task: Literal["generator", "classifier"] = "generator"


_LISTED = (
    KnownCorpus(
        name="tinyshakespeare",
        title="40,000 lines of Shakespeare's plays, the corpus of char-rnn",
        url="https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare/input.txt",
        licence="public domain",
        size=1_115_394,
        sha256="86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed",
        file="tinyshakespeare.txt",
    ),
    KnownCorpus(
        name="imdb",
        title="100,000 film reviews, half of them labelled (Maas et al. 2011)",
        url="https://ai.stanford.edu/~amaas/data/sentiment/aclImdb_v1.tar.gz",
        licence="research use; see address",  # the authors name no licence; they ask for a citation
        size=84_125_825,
        sha256="c40f74a18d3b61f90feba1e17730e0d38e8b97c05fde7008942e91923d1658fe",
        file="aclImdb",
        kind="archive",
        task="classifier",
    ),
)
KNOWN: Mapping[str, KnownCorpus] = MappingProxyType({corpus.name: corpus for corpus in _LISTED})


def fetch(
    corpus: KnownCorpus,
    target: Path,
    *,
    on_progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Download `corpus` as `target`, a file or a folder, all or nothing, and return `target`.

    If `target` is already this corpus, nothing is requested; anything else of that name is never
    overwritten. `on_progress` is called with the bytes received and the bytes in total.
    DownloadError when the download fails or the bytes are wrong.
    """
    try:
        if corpus.kind == "archive":
            _fetch_folder(corpus, target, on_progress)
        elif not _is_there(corpus, target):
            _download(corpus, target, on_progress)
    except OSError as error:  # from the disk: network errors are DownloadErrors already
        raise DownloadError(cannot_write(target, error)) from error
    return target


def _fetch_folder(
    corpus: KnownCorpus, target: Path, on_progress: Callable[[int, int], None] | None
) -> None:
    if archives.is_unpacked(target, corpus.sha256):
        return
    if target.is_dir():
        raise DownloadError(
            f"{target} already exists and is not a download of this command; name a new folder, "
            f"such as {target / corpus.file}"
        )
    if target.exists():
        raise DownloadError(f"{target} is a file; name a new folder, such as {corpus.file}")
    archive = target.with_name(target.name + ".tar.gz")
    existed = _is_there(corpus, archive)
    if not existed:
        _download(corpus, archive, on_progress)
    try:
        archives.unpack(archive, corpus.file, target, sha256=corpus.sha256)
    finally:
        if not existed:
            archive.unlink(missing_ok=True)


def _is_there(corpus: KnownCorpus, target: Path) -> bool:
    if not target.exists():
        return False
    if target.is_dir():
        raise DownloadError(f"{target} is a folder; name a file, such as {target / corpus.file}")
    if target.is_file() and target.stat().st_size == corpus.size:
        with target.open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() == corpus.sha256:
                return True
    raise DownloadError(
        f"{target} already exists and is not {corpus.name}; choose another name, or move that "
        f"file away first"
    )


def _download(
    corpus: KnownCorpus, target: Path, on_progress: Callable[[int, int], None] | None
) -> None:
    done = 0
    with files.writing(target, "wb") as (file, part):
        for chunk in _checked_chunks(corpus):
            file.write(chunk)
            done += len(chunk)
            if on_progress:
                on_progress(done, corpus.size)
        files.publish(file, part, target)


def _checked_chunks(corpus: KnownCorpus) -> Iterator[bytes]:
    """The bytes at the URL of `corpus`; DownloadError after the last if size or SHA-256 differ."""
    done, digest, url = 0, hashlib.sha256(), addresses.shown(corpus.url)
    noun = "file" if corpus.kind == "text" else "folder in it"
    otherwise = (
        f"check the network, name another address with --url, or download {url} by other means and "
        f"pass the {noun} to `textrnn train {corpus.task}`"
    )
    for chunk in http.chunks(corpus.url, most=corpus.size, advice=otherwise):
        done += len(chunk)
        if done > corpus.size:
            break
        digest.update(chunk)
        yield chunk
    advice = "try again, or name another address with --url"
    if done != corpus.size:
        got = f"more than {corpus.size:,}" if done > corpus.size else f"{done:,}"
        raise DownloadError(
            f"{url} sent {got} bytes, but {corpus.name} has {corpus.size:,}: the download "
            f"was cut short or is another file; {advice}"
        )
    if digest.hexdigest() != corpus.sha256:
        raise DownloadError(
            f"{url} sent another file than {corpus.name}: its sha256 is "
            f"{digest.hexdigest()}, expected {corpus.sha256}; {advice}"
        )
