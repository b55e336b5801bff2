"""Two repositories' statements side by side: kept, changed, on one side only; and where one names the other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from clonedetect.attribution.credit import claims_in, credits_in
from clonedetect.attribution.licences import LICENCE_FILE
from clonedetect.attribution.names import names_of
from clonedetect.attribution.stated import HEAD, Said, called, statements
from clonedetect.domain.attribution import (
    AttributionFinding,
    Claim,
    Credit,
    KeptHolder,
    Notice,
    NoticeKind,
    NoticeRelation,
    Stated,
)

if TYPE_CHECKING:
    from clonedetect.domain import Side, Snapshot

LISTED: Final = 500  # notices, credits and claims, each
MOST_NAMES: Final = 12  # packages of one repository that it may be called by; of more, none names the whole
LEAST_NAME: Final = 4  # characters of a name that is looked for; with fewer it is part of anything
# Packages are called so in many repositories, so they name none.
_ANYBODY: Final = frozenset(
    {"core", "common", "config", "data", "main", "model", "models", "train", "client", "server", "types", "base"}
    | {"version", "network", "layers", "modules", "module", "app", "nets", "ops", "text", "cli", "api", "demo"}
    | {"python", "copy", "original", "package", "project", "source", "plugin", "library", "torch", "numpy"}
)
_ORDER: Final[tuple[NoticeRelation, ...]] = ("changed", "left-only", "right-only", "kept")
_KINDS: Final[tuple[NoticeKind, ...]] = ("licence", "holder", "citation", "notice-file", "licence-tag")
_NULL = (
    "files of another project name a holder who is the other side's own only where both took them from a third project "
    "of that holder"
)
_LIMITS = (
    "Words are compared, no rights: what a licence asks for is not judged. A holder of many projects may stand behind "
    "both sides. A credit in other words, or outside documents and files that share code, is not seen. Wording that is "
    "missing says nothing of how the code came about."
)

Grouped = dict[tuple[NoticeKind, str], tuple[str, Stated]]  # (kind, what is compared) -> (what is shown, where)


def compare_attribution(
    left: Snapshot, right: Snapshot, sharing: Sequence[tuple[str, str]], ancestors: Iterable[Snapshot] = ()
) -> AttributionFinding | str:
    """What both sides say of their makers and terms; a reason in words where neither says anything.

    sharing: (left path, right path) of files that share code beyond chance. Statements that an ancestor has as well are
    counted and left out.
    """
    known = {(said.kind, said.key) for ancestor in ancestors for said in statements(ancestor)}
    said = statements(left), statements(right)
    names = _names(left, right)
    credits = [*_credits("left", left, sharing, names[1]), *_credits("right", right, sharing, names[0])]
    claims: list[Claim] = [*claims_in("left", left.documents), *claims_in("right", right.documents)]
    if not (said[0] or said[1] or credits or claims):
        return "neither side states a licence, a holder or a citation"
    new = [[each for each in side if (each.kind, each.key) not in known] for side in said]
    explained = len({(s.kind, s.key) for s in said[0]} & {(s.kind, s.key) for s in said[1]} & known)
    grouped = _grouped(new[0]), _grouped(new[1])
    return AttributionFinding(
        left_licences=_licences(said[0]),
        right_licences=_licences(said[1]),
        notices=tuple(_notices(*grouped)[:LISTED]),
        credits=tuple(credits[:LISTED]),
        claims=tuple(claims[:LISTED]),
        kept=tuple(_kept(new[0], new[1], sharing)),
        explained=explained,
        null_hypothesis=_NULL,
        limits=_LIMITS,
    )


def _grouped(said: Sequence[Said]) -> Grouped:
    """Each statement once, where the project as a whole says it, else where it stands first."""
    groups: dict[tuple[NoticeKind, str], list[Said]] = {}
    for each in said:
        groups.setdefault((each.kind, each.key), []).append(each)
    out: Grouped = {}
    for key, places in groups.items():
        first = min(places, key=_rank)
        files = len({each.path for each in places})
        out[key] = first.what, Stated(first.path, first.line, first.text, files, first.own)
    return out


def _rank(said: Said) -> tuple[bool, bool, int, str, int]:
    """Which place of a statement is named: that of the project as a whole, in a licence file, at the top."""
    in_licence = LICENCE_FILE.fullmatch(said.path) is not None
    return not said.own, not in_licence, said.path.count("/"), said.path, said.line


def _notices(left: Grouped, right: Grouped) -> list[Notice]:
    rows: list[Notice] = []
    for key in sorted(left.keys() | right.keys(), key=lambda key: (_KINDS.index(key[0]), key[1])):
        one, two = left.get(key), right.get(key)
        relation: NoticeRelation = "kept" if one and two else "left-only" if one else "right-only"
        what = (one or two or ("", None))[0]
        rows.append(Notice(relation, key[0], what, one and one[1], two and two[1]))
    for kind in ("licence", "citation", "holder"):
        rows = _changed(rows, kind)
    return sorted(rows, key=lambda row: (not _is_own(row), _ORDER.index(row.relation), _KINDS.index(row.kind)))


def _changed(rows: list[Notice], kind: NoticeKind) -> list[Notice]:
    """Where both projects as a whole state one of a kind, and neither has the other's, the one stands for the other. A
    holder does so only in a licence file: authors come and go."""

    def alone(relation: NoticeRelation) -> list[Notice]:
        return [r for r in rows if r.kind == kind and r.relation == relation and _is_own(r)]

    if any(r.kind == kind and r.relation == "kept" and _is_own(r) for r in rows):
        return rows
    one, two = alone("left-only"), alone("right-only")
    if kind == "holder":
        one = [r for r in one if r.left and LICENCE_FILE.fullmatch(r.left.path)]
        two = [r for r in two if r.right and LICENCE_FILE.fullmatch(r.right.path)]
    if len(one) != 1 or len(two) != 1:
        return rows
    both = replace(one[0], relation="changed", what=f"{one[0].what} → {two[0].what}", right=two[0].right)
    return [both, *(row for row in rows if row is not one[0] and row is not two[0])]


def _is_own(row: Notice) -> bool:
    return any(stated is not None and stated.own for stated in (row.left, row.right))


def _licences(said: Iterable[Said]) -> tuple[str, ...]:
    """Of a project as a whole."""
    return tuple(dict.fromkeys(each.what for each in said if each.own and each.kind in ("licence", "licence-tag")))


def _kept(left: Sequence[Said], right: Sequence[Said], sharing: Sequence[tuple[str, str]]) -> list[KeptHolder]:
    own = [{each.key for each in side if each.kind == "holder" and each.own} for side in (left, right)]
    sides: tuple[tuple[Side, Sequence[Said], set[str], int], ...] = (
        ("left", left, own[1] - own[0], 0),
        ("right", right, own[0] - own[1], 1),
    )
    found = []
    for side, said, others, place in sides:
        partner = {pair[place]: pair[1 - place] for pair in reversed(sharing)}
        seen: set[str] = set()
        for each in said:
            if each.kind == "holder" and not each.own and each.key in others and each.path in partner.keys() - seen:
                seen.add(each.path)
                found.append(KeptHolder(side, each.path, each.line, each.text, partner[each.path]))
    return found


def _names(left: Snapshot, right: Snapshot) -> tuple[tuple[list[str], list[str]], ...]:
    """For each side what it is called and what its work is titled, without what the other is called too."""
    names, titles = [], []
    for snapshot in (left, right):
        here = snapshot.origin.startswith(("/", "."))  # the name of a directory is its owner's, not the project's
        stated, titled = called(snapshot)
        found = names_of(replace(snapshot, origin="") if here else snapshot)
        if len(found) > MOST_NAMES:
            found = tuple(name for name in found if "/" in name)
        found = {*found, *stated}
        found |= {name.rpartition("/")[2] for name in found}
        names.append({n.lower() for n in found if len(n) >= LEAST_NAME and n.lower() not in _ANYBODY})
        titles.append({title.lower() for title in titled})
    return (
        (sorted(names[0] - names[1]), sorted(titles[0] - titles[1])),
        (sorted(names[1] - names[0]), sorted(titles[1] - titles[0])),
    )


def _credits(
    side: Side, snapshot: Snapshot, sharing: Sequence[tuple[str, str]], other: tuple[list[str], list[str]]
) -> list[Credit]:
    paths = {pair[side == "right"] for pair in sharing}
    texts = [(d.path, d.data, True) for d in snapshot.documents]
    texts += [(f.path, f.data[: 16 * HEAD], False) for f in snapshot.files if f.path in paths]
    return list(credits_in(side, texts, *other))
