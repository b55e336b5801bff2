"""The runs with a corpus: add repositories to it, take them out, ask it who shares rare fragments with one."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from clonedetect.acquire import acquire, acquire_installed
from clonedetect.attribution import licence_of, names_of, notices_of
from clonedetect.corpus import open_corpus, read_any_manifest, replace_corpus
from clonedetect.domain import CorpusEntry
from clonedetect.errors import CloneDetectError, CorpusError, OriginError
from clonedetect.grammar import languages_by_extension
from clonedetect.parse import parser_version
from clonedetect.pipeline.prints import FORM, prints

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from clonedetect.domain import Snapshot, SourceFile

    Progress = Callable[[str, float | None], None]

BATCH_BYTES = 64_000_000  # source that becomes one segment: what a killed run loses, and what it holds in memory


def corpus_form() -> str:
    """Which fingerprints this version makes: those of another form cannot be compared with them."""
    return f"{FORM}/{parser_version('python')}"


def source_files(snapshot: Snapshot) -> tuple[SourceFile, ...]:
    """The files of which fingerprints are made."""
    return tuple(f for f in snapshot.files if f.language == "python")


def entry_of(snapshot: Snapshot) -> CorpusEntry:
    """A snapshot as an entry of a corpus, known by its content."""
    files = source_files(snapshot)
    digest = hashlib.sha256()
    for file in files:
        digest.update(f"{file.path}\0{file.blob}\n".encode("utf-8", "surrogatepass"))
    return CorpusEntry(
        key=int.from_bytes(digest.digest()[:8]) >> 1,
        origin=snapshot.origin,
        revision=snapshot.revision,
        tree=digest.hexdigest(),
        licence=licence_of(snapshot.documents),
        names=names_of(snapshot),
        notices=notices_of(snapshot.documents),
        files=len(files),
        lines=sum(f.data.count(b"\n") for f in files),
        fragments=0,
        skipped=0,
        segment="",
    )


def corpus_add(
    root: Path,
    origins: Sequence[str],
    installed: bool = False,
    engine: str = "duckdb",
    jobs: int | None = None,
    cache_dir: Path | None = None,
    progress: Progress | None = None,
) -> tuple[list[CorpusEntry], list[CorpusEntry], list[str]]:
    """Add repositories to a corpus: (added, there already, what could not be read and why).

    Each batch of repositories becomes part of the corpus as a whole; a killed run leaves those before it. Raises
    CorpusError, and OriginError where the only origin cannot be read.
    """
    added: list[CorpusEntry] = []
    seen: list[CorpusEntry] = []
    failed: list[str] = []
    with open_corpus(root, corpus_form(), engine, jobs) as corpus:
        batch: list[tuple[CorpusEntry, Snapshot]] = []

        def flush() -> None:
            done = corpus.add([(entry, source_files(snapshot)) for entry, snapshot in batch], prints)
            new = {e.key for e in done}
            added.extend(done)
            seen.extend(e for e, _ in batch if e.key not in new)
            batch.clear()

        size = 0
        for snapshot in _snapshots(origins, installed, cache_dir, failed, progress):
            batch.append((entry_of(snapshot), snapshot))
            size += sum(len(f.data) for f in source_files(snapshot))
            if size > BATCH_BYTES:
                flush()
                size = 0
        flush()
        corpus.merge()
    return added, seen, failed


def _snapshots(
    origins: Sequence[str], installed: bool, cache_dir: Path | None, failed: list[str], progress: Progress | None
) -> Iterator[Snapshot]:
    for done, origin in enumerate(origins):
        if progress:
            progress(origin, done / len(origins))
        try:
            snapshot = acquire(origin, cache_dir=cache_dir, extensions=languages_by_extension())
        except OriginError as error:
            if len(origins) == 1 and not installed:
                raise
            failed.append(f"{origin}: {error}")
            continue
        if source_files(snapshot):
            yield snapshot
        else:
            failed.append(f"{origin}: no file to examine was found")
    if installed:
        yield from acquire_installed(languages_by_extension())


def corpus_list(root: Path) -> tuple[CorpusEntry, ...]:
    """What is in a corpus, by origin."""
    with open_corpus(root, corpus_form()) as corpus:
        return corpus.manifest().entries


def corpus_remove(root: Path, names: Sequence[str], engine: str = "duckdb") -> list[CorpusEntry]:
    """Take repositories out, by origin, `origin@revision` or key. Raises CloneDetectError for a name it has not."""
    with open_corpus(root, corpus_form(), engine) as corpus:
        entries = corpus.manifest().entries
        for name in names:
            if not any(name in _spellings(e) for e in entries):
                raise CloneDetectError(f"{root} has no {name}: clonedetect corpus list {root} shows what it has")
        return corpus.remove(lambda e: any(name in _spellings(e) for name in names))


def corpus_upgrade(
    root: Path,
    engine: str = "duckdb",
    jobs: int | None = None,
    cache_dir: Path | None = None,
    progress: Progress | None = None,
) -> tuple[list[CorpusEntry], list[str]]:
    """Make a corpus anew in this version's form, from its repositories' origins: no source text is kept in it.

    (what is in it now, what could not be read again and why). It is made beside the old one, which is replaced in the
    end, and stays as it is where nothing could be read.
    """
    old = read_any_manifest(root)
    if old is None:
        raise CorpusError(f"{root} is no corpus")
    new = root.with_name(root.name + ".upgrade")
    origins = [_pinned(e) for e in old.entries]
    added, known, failed = corpus_add(new, origins, False, engine, jobs, cache_dir, progress)
    if origins and not added and not known:
        raise CorpusError(f"none of the origins of {root} can be read, it is as before: {failed[0]}")
    replace_corpus(root, new)
    return added + known, failed


def _pinned(entry: CorpusEntry) -> str:
    """An entry's origin at its revision."""
    if entry.revision is None:
        return entry.origin
    return (
        f"{entry.origin}=={entry.revision}" if entry.origin.startswith("pypi:") else f"{entry.origin}@{entry.revision}"
    )


def _spellings(entry: CorpusEntry) -> set[str]:
    revision = entry.revision or ""
    return {entry.origin, f"{entry.origin}@{revision}", f"{entry.origin}=={revision}", entry.tree[:16], entry.tree}
