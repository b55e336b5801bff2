"""A corpus on disk: a manifest, swapped whole, and the segments it lists, never changed once they are there.

    CORPUS/manifest.json                                   what is in it; renamed into place
    CORPUS/segments/NAME/fragments/*.parquet               one row a fragment
    CORPUS/segments/NAME/prints/prefix=N/*.parquet         one row a fingerprint, by the first bits of its hash
    CORPUS/partial/                                        what is being written, or was when a writer was killed

A reader reads the manifest once and then the files it names: it waits for nobody and nobody waits for it. A writer
makes its segment aside, unseen, and holds the lock only while it swaps the manifest.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from clonedetect.domain import CorpusEntry
from clonedetect.errors import CorpusError

SCHEMA = "clonedetect-corpus/1"
LEFT_BEHIND = 86_400.0  # seconds after which what no manifest lists is taken for a killed writer's
MAX_MANIFEST = 256_000_000  # bytes


@dataclass(frozen=True, slots=True)
class Segment:
    """Some repositories' rows: its name, by content, and the size of each of its files by relative path."""

    name: str
    files: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a corpus holds. `form` says which fingerprints: those of another form are not comparable."""

    form: str
    entries: tuple[CorpusEntry, ...] = ()
    segments: tuple[Segment, ...] = ()


def read_manifest(root: Path, form: str) -> Manifest:
    """The manifest of a corpus, empty if there is none yet.

    Raises CorpusError for one that another version wrote or that is damaged.
    """
    found = read_any_manifest(root)
    if found is None:
        return Manifest(form)
    if found.form != form:
        raise CorpusError(
            f"the corpus {root} holds fingerprints of another version ({found.form}; this one makes {form}): "
            f"clonedetect corpus upgrade {root} makes them anew"
        )
    return found


def read_any_manifest(root: Path) -> Manifest | None:
    """The manifest whatever its form; None where there is none. Raises CorpusError."""
    path = root / "manifest.json"
    try:
        if path.stat().st_size > MAX_MANIFEST:
            raise CorpusError(f"{path} is too large for a manifest")
        data = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        if root.is_dir() and any(p.name not in ("segments", "partial", "lock") for p in root.iterdir()):
            raise CorpusError(f"{root} is a directory of something else: a corpus needs one of its own") from None
        return None
    except (OSError, ValueError, RecursionError) as error:
        raise CorpusError(f"{path} cannot be read ({error}): add the repositories to a new corpus") from error
    try:
        if data["schema"] != SCHEMA:
            raise CorpusError(
                f"the corpus {root} has the layout {data['schema']}, this version reads {SCHEMA}: "
                "use the version that wrote it, or add its repositories to a new corpus"
            )
        entries = tuple(CorpusEntry(**_tuples(entry)) for entry in data["entries"])
        segments = tuple(Segment(s["name"], tuple((str(f), int(n)) for f, n in s["files"])) for s in data["segments"])
        if any(not _inside(s.name) or not all(_inside(f) for f, _ in s.files) for s in segments):
            raise CorpusError(f"{path} names files outside the corpus")
        return Manifest(str(data["form"]), entries, segments)
    except (KeyError, TypeError, ValueError) as error:
        raise CorpusError(f"{path} is no manifest of a corpus ({type(error).__name__}: {error})") from error


def _tuples(entry: dict[str, Any]) -> dict[str, Any]:
    return {k: tuple(v) if isinstance(v, list) else v for k, v in entry.items()}


def _inside(name: str) -> bool:
    return bool(name) and not name.startswith("/") and "\\" not in name and ".." not in name.split("/")


def segment_name(form: str, keys: Iterable[int]) -> str:
    """A segment is named by what is in it."""
    return hashlib.sha256(f"{form} {sorted(keys)}".encode()).hexdigest()[:20]


@contextmanager
def partial(root: Path) -> Generator[Path]:
    """A directory of this writer's own to write in, removed in the end. Raises CorpusError where none can be made."""
    try:
        root.mkdir(parents=True, exist_ok=True)
        (root / "segments").mkdir(exist_ok=True)
        work = root / "partial" / f"{os.getpid()}-{os.urandom(6).hex()}"
        work.mkdir(parents=True)
    except OSError as error:
        raise CorpusError(f"cannot write to the corpus {root}: {error.strerror or error}") from error
    try:
        yield work
    except OSError as error:
        raise CorpusError(f"cannot write to the corpus {root}: {error.strerror or error}; it is as before") from error
    finally:
        shutil.rmtree(work, ignore_errors=True)


def publish(
    root: Path, form: str, written: Path, entries: list[CorpusEntry], gone: frozenset[str] = frozenset()
) -> list[CorpusEntry]:
    """Make a written segment part of the corpus and take the segments `gone` out of it.

    Returns the entries whose trees another writer has added meanwhile; then nothing was changed, and the segment is to
    be written again without them. `written` holds the segment's files; with no entries it is ignored.
    """
    files = tuple(
        sorted((p.relative_to(written).as_posix(), p.stat().st_size) for p in written.rglob("*.parquet") if p.is_file())
    )
    with _lock(root):
        now = read_manifest(root, form)
        stays = {e.key for e in now.entries if e.segment not in gone}
        twice = [e for e in entries if e.key in stays]
        if twice:
            return twice
        segments = [s for s in now.segments if s.name not in gone]
        if entries:
            name = segment_name(form, [e.key for e in entries])
            target = root / "segments" / name
            shutil.rmtree(target, ignore_errors=True)  # of a writer that was killed before its manifest was in place
            _synced(written)
            written.rename(target)
            segments.append(Segment(name, files))
            entries = [replace(e, segment=name) for e in entries]
        kept = [e for e in now.entries if e.segment not in gone]
        write_manifest(root, Manifest(form, tuple(kept + entries), tuple(segments)))
    return []


def write_manifest(root: Path, manifest: Manifest) -> None:
    """Swap the manifest: a reader sees the old one or the new one, whole."""
    data = {
        "schema": SCHEMA,
        "form": manifest.form,
        "entries": [asdict(e) for e in sorted(manifest.entries, key=lambda e: (e.origin, e.revision or "", e.key))],
        "segments": [asdict(s) for s in sorted(manifest.segments, key=lambda s: s.name)],
    }
    path = root / "manifest.json"
    new = root / f"partial/manifest-{os.getpid()}.json"
    new.parent.mkdir(exist_ok=True)
    with new.open("w", encoding="utf-8") as stream:
        json.dump(data, stream, indent=1)
        stream.flush()
        os.fsync(stream.fileno())
    new.replace(path)


def replace_corpus(root: Path, new: Path) -> None:
    """Put a corpus that was made beside another one in its place. Raises CorpusError."""
    old = root.with_name(root.name + ".old")
    try:
        root.rename(old)
        new.rename(root)
        shutil.rmtree(old)
    except OSError as error:
        raise CorpusError(f"cannot put {new} in the place of {root}: {error.strerror or error}") from error


def _synced(directory: Path) -> None:
    """Files on disk before the manifest that names them."""
    for path in directory.rglob("*.parquet"):
        with path.open("rb") as stream:
            os.fsync(stream.fileno())


@contextmanager
def _lock(root: Path) -> Generator[None]:
    """One writer at a time may swap the manifest; the lock goes with the process that holds it."""
    import fcntl  # not on every system that reads a corpus

    with (root / "lock").open("w") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield


def sweep(root: Path, form: str) -> None:
    """Remove what killed writers and replaced segments have left, once no reader can still want it."""
    with _lock(root):
        listed = {s.name for s in read_manifest(root, form).segments}
        for path in [*(root / "segments").glob("*"), *(root / "partial").glob("*")]:
            old = time.time() - path.stat().st_mtime > LEFT_BEHIND
            if old and path.name not in listed:
                shutil.rmtree(path, ignore_errors=True)
                path.unlink(missing_ok=True)


def usable(root: Path, manifest: Manifest) -> tuple[list[Segment], list[str]]:
    """The segments with those of their files that are there and whole, and in words what is not.

    Without its fragments a segment says nothing; without a part of its fingerprints it says less.
    """
    good, wrong = [], []
    for segment in manifest.segments:
        kept = []
        for name, size in segment.files:
            path = root / "segments" / segment.name / name
            reason = _defect(path, size)
            if reason is None:
                kept.append((name, size))
            else:
                wrong.append(f"segments/{segment.name}/{name}: {reason}")
        lost = len(kept) < len(segment.files)
        if lost and {n for n, _ in segment.files if n.startswith("fragments/")} - {n for n, _ in kept}:
            names = [e.origin for e in manifest.entries if e.segment == segment.name]
            wrong.append(f"segment {segment.name} is left out: {', '.join(names[:5])}{', ...' if names[5:] else ''}")
            continue
        good.append(Segment(segment.name, tuple(kept)))
    return good, wrong


def _defect(path: Path, size: int) -> str | None:
    try:
        found = path.stat().st_size
        if found != size:
            return f"truncated or changed ({found:,} bytes, {size:,} were written)"
        with path.open("rb") as stream:
            stream.seek(-4, os.SEEK_END)
            return None if stream.read(4) == b"PAR1" else "damaged (it does not end as a Parquet file)"
    except FileNotFoundError:
        return "missing"
    except OSError as error:
        return f"cannot be read ({error.strerror or error})"
