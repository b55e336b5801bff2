"""A snapshot to JSON and back: all that was read of a repository but the contents, which are named by their SHA-256."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import Any

from clonedetect.domain import Document, Entry, Skipped, Snapshot, SourceFile
from clonedetect.errors import BundleError


def contents(snapshot: Snapshot) -> Iterator[tuple[str, str, bytes]]:
    """(blob id, sha256, bytes) of everything that was read."""
    for each in (*snapshot.files, *snapshot.documents):
        yield each.blob, hashlib.sha256(each.data).hexdigest(), each.data


def snapshot_to_json(snapshot: Snapshot) -> bytes:
    """The snapshot without its contents. Equal snapshots give equal bytes."""
    known = {
        "origin": snapshot.origin,
        "revision": snapshot.revision,
        "dirty": snapshot.dirty,
        "first_commit": snapshot.first_commit,
        "last_commit": snapshot.last_commit,
        "notes": list(snapshot.notes),
        "files": [[f.path, f.blob, _sha256(f.data), f.language, f.notebook] for f in snapshot.files],
        "documents": [[d.path, d.blob, _sha256(d.data)] for d in snapshot.documents],
        "entries": [[*asdict(entry).values()] for entry in snapshot.entries],
        "skipped": [[each.path, each.reason] for each in snapshot.skipped],
    }
    return json.dumps(known, indent=0, ensure_ascii=True).encode()


def snapshot_from_json(text: bytes, content: Callable[[str, str], bytes]) -> Snapshot:
    """The snapshot again; `content(blob, sha256)` gives what each file holds. Raises BundleError for a damaged text."""
    try:
        known: dict[str, Any] = json.loads(text)
        return Snapshot(
            origin=_text(known["origin"]),
            revision=_optional(known["revision"]),
            dirty=bool(known["dirty"]),
            files=tuple(
                SourceFile(_text(path), _text(blob), _verified(content, blob, sha256), _text(language), bool(notebook))
                for path, blob, sha256, language, notebook in known["files"]
            ),
            entries=tuple(
                Entry(_text(path), _text(blob), int(size), _optional(oid)) for path, blob, size, oid in known["entries"]
            ),
            skipped=tuple(Skipped(_text(path), _text(reason)) for path, reason in known["skipped"]),
            first_commit=_optional(known["first_commit"]),
            last_commit=_optional(known["last_commit"]),
            notes=tuple(map(_text, known["notes"])),
            documents=tuple(
                Document(_text(path), _text(blob), _verified(content, blob, sha256))
                for path, blob, sha256 in known["documents"]
            ),
        )
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise BundleError(f"the record of a repository is damaged: {error}") from None


def _verified(content: Callable[[str, str], bytes], blob: Any, sha256: Any) -> bytes:
    data = content(_text(blob), _text(sha256))
    if _sha256(data) != sha256:
        raise BundleError(f"a file's content does not have the SHA-256 {sha256} that is recorded for it")
    return data


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("expected text")
    return value


def _optional(value: Any) -> str | None:
    return None if value is None else _text(value)
