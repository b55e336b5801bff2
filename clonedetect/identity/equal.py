"""Equal files by content id, then by what is left without layout, then by the values of a JSON document."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from typing import Any, Final

from clonedetect.domain import Entry, Snapshot
from clonedetect.domain.history import HistoryWalk
from clonedetect.domain.identity import EqualFile, FileKind, Sameness

SMALL: Final = 256  # bytes; a smaller file is equal by chance or custom
LISTED: Final = 2_000
PARTNERS: Final = 20  # equal files of one content, a side
LARGEST_JSON: Final = 4_000_000
_WHITE: Final = b" \t\r\n\f\v"
_BOILERPLATE = re.compile(
    r"(^|/)(licen[cs]e|copying|notice|unlicense|py\.typed|__init__\.py|conftest\.py|setup\.py|manifest\.in|makefile|"
    r"code_of_conduct|contributing|security|\.(git|editorconfig|pre-commit|dockerignore|flake8|pylintrc|readthedocs)|"
    r"versioneer\.py|_version\.py|\.github/|requirements[^/]*\.txt$)",
    re.IGNORECASE,
)
_TOKENIZER = re.compile(
    r"(^|/)([^/]*tokenizer[^/]*|vocab\.(json|txt|bpe)|merges\.txt|special_tokens_map\.json|added_tokens\.json|"
    r"spiece\.model|sentencepiece[^/]*|[^/]*\.tiktoken|tekken\.json|generation_config\.json|config\.json)$",
    re.IGNORECASE,
)
_WEIGHTS = (".safetensors", ".bin", ".pt", ".pth", ".ckpt", ".gguf", ".onnx", ".h5", ".npz", ".msgpack", ".pdparams")


_Text = tuple[str, bytes]  # path, content


@dataclass(frozen=True, slots=True)
class _Seen:
    """A content of one side: a path that has it, its size, and the first commit if it is of the past only."""

    path: str
    size: int
    lfs: bool
    commit: str | None


def equal_files(
    left: Snapshot,
    right: Snapshot,
    left_walk: HistoryWalk | None,
    right_walk: HistoryWalk | None,
    ancestors: Iterable[Snapshot] = (),
) -> tuple[EqualFile, ...]:
    """Every pair of equal files, each content under the strictest way in which it is equal. Contents that an ancestor
    has too, and empty files, are nobody's."""
    ancestors = list(ancestors)
    known = {entry.lfs_oid or entry.blob for snapshot in ancestors for entry in snapshot.entries}
    sides = _present(left.entries), _present(right.entries)
    found: list[EqualFile] = []
    for oid in sorted(sides[0].keys() & sides[1].keys() - known):
        found += _pairs(oid, sides[0][oid], sides[1][oid], "lfs" if sides[0][oid][0].lfs else "bytes")
    rest = _texts(left, {each.left for each in found}), _texts(right, {each.right for each in found})
    for how, rough, exact in _MANNERS:
        pairs = _equal_up_to(how, rough, exact, rest, ancestors)
        found += pairs
        rest = _without(rest[0], {each.left for each in pairs}), _without(rest[1], {each.right for each in pairs})
    found += _past(sides[0], right_walk, sides[1].keys() | known, past_is_right=True)
    found += _past(sides[1], left_walk, sides[0].keys() | known, past_is_right=False)
    found.sort(key=lambda e: (-e.size, e.content_id, e.left, e.right))
    return tuple(found[:LISTED])


def weight_share(left: Snapshot, right: Snapshot, alike: Iterable[EqualFile]) -> float:
    """Of the bytes that a side has in weight files, the share in files that `alike` says are equal; the smaller of
    both sides. A helper model that both ship is a small part of what a model's repository holds."""
    equal = [each for each in alike if each.kind == "weights" and not (each.left_commit or each.right_commit)]
    shares = []
    for entries, paths in (
        (left.entries, {each.left for each in equal}),
        (right.entries, {each.right for each in equal}),
    ):
        sizes = {entry.path: entry.size for entry in entries if entry.path.endswith(_WEIGHTS)}
        shares.append(sum(sizes.get(path, 0) for path in paths) / max(sum(sizes.values()), 1))
    return min(shares)


def _present(entries: Iterable[Entry]) -> dict[str, list[_Seen]]:
    out: dict[str, list[_Seen]] = {}
    for entry in entries:
        if entry.size:
            seen = _Seen(entry.path, entry.size, entry.lfs_oid is not None, None)
            out.setdefault(entry.lfs_oid or entry.blob, []).append(seen)
    return out


def _pairs(oid: str, left: list[_Seen], right: list[_Seen], how: Sameness) -> list[EqualFile]:
    return [
        EqualFile(a.path, b.path, how, _kind(a, b), oid, max(a.size, b.size), a.commit, b.commit)
        for a in left[:PARTNERS]
        for b in right[:PARTNERS]
    ]


def _past(
    present: dict[str, list[_Seen]], walk: HistoryWalk | None, skip: Iterable[str], past_is_right: bool
) -> list[EqualFile]:
    """Files of one side that the other had in some commit and has no more."""
    if walk is None:
        return []
    apart = frozenset(skip)
    wanted = {oid for oid, seen in present.items() if oid not in apart and not seen[0].lfs}
    first: dict[str, tuple[int, str]] = {}
    for version in walk.versions:
        at = (version.added, version.path)
        if version.blob in wanted and at < first.get(version.blob, (len(walk.commits), "")):
            first[version.blob] = at
    out = []
    for oid, (place, path) in sorted(first.items()):
        old = [_Seen(path, present[oid][0].size, False, walk.commits[place].id)]
        left, right = (present[oid], old) if past_is_right else (old, present[oid])
        out += _pairs(oid, left, right, "bytes")
    return out


def _texts(snapshot: Snapshot, settled: set[str]) -> list[_Text]:
    every = [*((f.path, f.data) for f in snapshot.files), *((d.path, d.data) for d in snapshot.documents)]
    return [(path, data) for path, data in every if path not in settled]


def _without(texts: list[_Text], paths: set[str]) -> list[_Text]:
    return [(path, data) for path, data in texts if path not in paths]


def _equal_up_to(
    how: Sameness,
    rough: Callable[[str, bytes], Hashable],
    exact: Callable[[bytes], bytes | None],
    sides: tuple[list[_Text], list[_Text]],
    ancestors: Iterable[Snapshot],
) -> list[EqualFile]:
    """Texts of both sides with one `exact` form. Only those whose `rough` form, which costs little, the other side has
    as well are brought into it."""
    roughly = [[(rough(path, data), path, data) for path, data in texts] for texts in sides]
    both = {key for key, _, _ in roughly[0]} & {key for key, _, _ in roughly[1]} - {None}
    forms = []
    for texts in roughly:
        found: dict[str, list[_Seen]] = {}
        for key, path, data in texts:
            if key in both and (form := exact(data)) is not None:
                found.setdefault(_digest(form), []).append(_Seen(path, len(data), False, None))
        forms.append(found)
    common = forms[0].keys() & forms[1].keys()
    if common:
        older = [(path, data) for snapshot in ancestors for path, data in _texts(snapshot, set())]
        known = (exact(data) for path, data in older if rough(path, data) in both)
        common -= {_digest(form) for form in known if form is not None}
    return [pair for key in sorted(common) for pair in _pairs(key, forms[0][key], forms[1][key], how)]


def _bare(data: bytes) -> bytes:
    """What is left of a text without white space."""
    return data.translate(None, _WHITE).removeprefix(b"\xef\xbb\xbf")


def _bare_length(_: str, data: bytes) -> int | None:
    return len(_bare(data)) or None


def _marks(path: str, data: bytes) -> tuple[int, ...] | None:
    """How many of its marks a JSON document has: no order of keys changes that."""
    if not path.endswith(".json") or len(data) > LARGEST_JSON:
        return None
    return tuple(map(data.count, (b"{", b"[", b":", b",", b'"')))


def _values(data: bytes) -> bytes | None:
    """A JSON document's values, whatever the order of keys; None for what is too deep or no JSON."""
    try:
        text = json.dumps(json.loads(data, object_pairs_hook=_unique), sort_keys=True)
    except (ValueError, RecursionError):
        return None
    return text.encode("utf-8", "surrogatepass")


_MANNERS: Final[tuple[tuple[Sameness, Callable[[str, bytes], Hashable], Callable[[bytes], bytes | None]], ...]] = (
    ("layout", _bare_length, _bare),
    ("key-order", _marks, _values),
)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) != len(pairs):
        raise ValueError("a key stands twice: what the document means depends on its reader")
    return values


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _kind(a: _Seen, b: _Seen) -> FileKind:
    paths = (a.path, b.path)
    if any(_BOILERPLATE.search(path) for path in paths):
        return "boilerplate"
    if max(a.size, b.size) < SMALL:
        return "small"
    if any(path.endswith((".py", ".ipynb")) for path in paths):
        return "source"
    if any(_TOKENIZER.search(path) for path in paths):
        return "tokenizer"
    return "weights" if any(path.endswith(_WEIGHTS) for path in paths) else "data"
