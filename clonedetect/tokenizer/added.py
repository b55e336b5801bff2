"""Added tokens of two sides against each other: kept, moved to another id, renamed, dropped, added."""

from __future__ import annotations

import re
import tomllib
from collections import defaultdict
from functools import cache
from typing import TYPE_CHECKING

from clonedetect.domain.tokenizer import AddedToken
from clonedetect.grammar import grammars_dir

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

MAX_ADDED = 5_000  # of one side; the rest of a longer list are placeholders in every file seen
_ASSIGNED = r"(?:^|[^\w.])([A-Za-z_]\w*)\s*(?::[^=\n]{1,80})?=\s*[rbuRBU]?$"
_KEYED = r"(['\"])([^'\"\n]{1,80})\1\s*:\s*[rbuRBU]?$"
_WORD = re.compile(r"[^\W_]+")
_TAIL = 200  # characters before a literal that say what it is for


@cache
def _conventions() -> tuple[frozenset[str], tuple[re.Pattern[str], ...]]:
    data = tomllib.loads((grammars_dir() / "model-config" / "tokens.toml").read_text("utf-8"))
    return frozenset(data["conventional"]), tuple(re.compile(p) for p in data["numbered"])


def is_conventional(content: str) -> bool:
    """Whether independent tokenizers have this added token too."""
    known, numbered = _conventions()
    return content in known or any(pattern.fullmatch(content) for pattern in numbered)


def uses(contents: Iterable[str], sources: Iterable[str]) -> dict[str, frozenset[str]]:
    """What code says of added tokens: to each content that stands in a string literal, the names it is given there.

    `name:POND` where it is assigned to POND, `key:user` where it is the value of a dictionary's key; a content that is
    used without a name has the empty set, one that no code has is absent.
    """
    wanted = set(contents)
    found: dict[str, set[str]] = {}
    if not wanted:
        return {}
    ordered = sorted(wanted, key=len, reverse=True)
    literal = re.compile("(['\"])(" + "|".join(map(re.escape, ordered)) + r")\1")
    assigned, keyed = re.compile(_ASSIGNED), re.compile(_KEYED)
    for text in sources:
        for hit in literal.finditer(text):
            names = found.setdefault(hit[2], set())
            line = text.rfind("\n", 0, hit.start()) + 1
            before = text[max(line, hit.start() - _TAIL) : hit.start()]
            if name := assigned.search(before):
                names.add(f"name:{name[1]}")
            elif key := keyed.search(before):
                names.add(f"key:{key[2]}")
    return {content: frozenset(names) for content, names in found.items()}


def compare_added(
    left: Sequence[tuple[int, str]],
    right: Sequence[tuple[int, str]],
    left_uses: Mapping[str, frozenset[str]],
    right_uses: Mapping[str, frozenset[str]],
    renames: Mapping[str, str],
) -> tuple[AddedToken, ...]:
    """Every added token of either side once, by left id, then by right id.

    Equal content is kept or moved. Other contents are renamed where the code gives both the same use (under its own
    rename map), or where they take the same places in a run of tokens of the same make, or are the last of their make.
    """
    left, right = left[:MAX_ADDED], right[:MAX_ADDED]
    at_left, at_right = {t: i for i, t in left}, {t: i for i, t in right}
    rows: list[AddedToken] = []

    def row(relation, a: str | None, b: str | None, reason: str = "") -> None:
        rows.append(
            AddedToken(
                relation,
                a,
                at_left.get(a) if a is not None else None,
                b,
                at_right.get(b) if b is not None else None,
                reason,
                is_conventional(a if a is not None else b or ""),
                a in left_uses,
                b in right_uses,
            )
        )

    renamed = _renamed([t for _, t in left], [t for _, t in right], left_uses, right_uses, renames)
    taken = {new for new, _ in renamed.values()}
    for old, (new, reason) in renamed.items():
        row("renamed", old, new, reason)
    for content, i in at_left.items():
        if content in at_right:  # also where a new name stands beside the old one
            row("kept" if at_right[content] == i else "moved", content, content)
        elif content not in renamed:
            row("dropped", content, None)
    for content in at_right:
        if content not in at_left and content not in taken:
            row("added", None, content)
    return tuple(sorted(rows, key=_order))


def _order(row: AddedToken) -> tuple[int, int, str, str]:
    last = 1 << 60
    return (
        last if row.left_id is None else row.left_id,
        last if row.right_id is None else row.right_id,
        row.left or "",
        row.right or "",
    )


def _renamed(
    left: Sequence[str],
    right: Sequence[str],
    left_uses: Mapping[str, frozenset[str]],
    right_uses: Mapping[str, frozenset[str]],
    renames: Mapping[str, str],
) -> dict[str, tuple[str, str]]:
    """Left content to (right content, why)."""
    # A token may stay beside its new name; but one that both sides have is no new name for another that both have.
    both = set(left) & set(right)
    new = [t for t in right if not is_conventional(t)]
    old = [t for t in left if not is_conventional(t)]
    found: dict[str, tuple[str, str]] = {}
    taken: set[str] = set()
    right_names: dict[str, list[str]] = defaultdict(list)
    for token in new:
        for use in sorted(right_uses.get(token, ())):
            right_names[use].append(token)
    for token in old:
        for use in sorted(left_uses.get(token, ())):
            kind, _, name = use.partition(":")
            partners = right_names.get(f"{kind}:{renames.get(name, name) if kind == 'name' else name}", [])
            if len(partners) != 1 or partners[0] in taken or token in found or token == partners[0]:
                continue
            if token not in both or partners[0] not in both:
                found[token] = (partners[0], "same use in the code")
                taken.add(partners[0])
    for a, b in _runs([t for t in old if t not in found], [t for t in new if t not in taken], both):
        found[a] = (b, "same place in a run of tokens of one make")
        taken.add(b)
    gone = _by_make(t for t in old if t not in found and t not in both)
    rest = _by_make(t for t in new if t not in taken and t not in both)
    for make, tokens in gone.items():
        if len(tokens) == 1 == len(rest.get(make, ())):
            found[tokens[0]] = (rest[make][0], "the last of its make")
    return found


def _make(token: str) -> str:
    """A token with its words as one sign: `</pond_pad>` -> `</w_w>`."""
    return _WORD.sub("w", token)


def _by_make(tokens: Iterable[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for token in tokens:
        found.setdefault(_make(token), []).append(token)
    return found


MOST_RUNS = 20_000  # beginnings of runs that are tried
LEAST_RUN = 3  # tokens; shorter runs of one make are found between any two lists


def _runs(left: list[str], right: list[str], both: set[str]) -> list[tuple[str, str]]:
    """The longest runs of consecutive tokens with the same makes in which words stand for the same words throughout."""
    pairs: list[tuple[str, str]] = []
    if len(left) * len(right) > MOST_RUNS:
        return pairs
    while True:
        best: list[tuple[str, str]] = []
        for i in range(len(left)):
            for j in range(len(right)):
                run = _run(left[i:], right[j:], both)
                # A run of one make throughout (`<|a|>` five times) says nothing about which stands for which.
                if len(run) > len(best) and len({_make(a) for a, _ in run}) > 1:
                    best = run
        if len(best) < LEAST_RUN:
            return pairs
        pairs += best
        left = [t for t in left if t not in {a for a, _ in best}]
        right = [t for t in right if t not in {b for _, b in best}]


def _run(left: list[str], right: list[str], both: set[str]) -> list[tuple[str, str]]:
    words: dict[str, str] = {}
    back: dict[str, str] = {}
    run = []
    for a, b in zip(left, right, strict=False):
        if a in both and b in both:
            break
        pairs = list(zip(_WORD.findall(a), _WORD.findall(b), strict=False))
        if _make(a) != _make(b) or any(words.setdefault(x, y) != y or back.setdefault(y, x) != x for x, y in pairs):
            break
        run.append((a, b))
    return run
