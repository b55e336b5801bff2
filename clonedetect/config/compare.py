"""Configuration files of two sides: which belong together, key by key, and what their equal values say."""

from __future__ import annotations

import math
from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from clonedetect.config.match import Leaf, Match, Matcher, leaves
from clonedetect.config.names import library_keys
from clonedetect.config.python import python_settings
from clonedetect.config.reading import PythonReader, Reader, read_configs
from clonedetect.config.values import Published, load_published, says_something, uncommon_spelling
from clonedetect.domain.config import ConfigFinding, ConfigPair, KeyPair, KeyRelation

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from clonedetect.domain.config import Setting

LEAST = 3  # settings of a file that is compared
FILES = 300  # of one side, those with most settings
CELLS = 4_000_000  # pairs of keys that one run scores in all
PAIRS = 40  # file pairs that are reported
RARE = 5.0  # bits: fewer than one in 32 published configurations has the value
LEAST_SCORE = 6.0  # bits of equal values and keys that two files must share to be put side by side
NULL = "configurations written independently, which share a value as often as published ones have it"
LIMITS = (
    "Equal configuration shows one architecture, not one origin: two models built on one published base have most "
    "values in common. Values of one family come together, so their bits add up to too much; rarity is counted over "
    "published model configurations only."
)


def compare_configs(
    left: Iterable[tuple[str, bytes]],
    right: Iterable[tuple[str, bytes]],
    read: Reader,
    renames: Mapping[str, str] | None = None,
    words: tuple[frozenset[str], frozenset[str]] = (frozenset(), frozenset()),
    inherited: Iterable[tuple[str, bytes]] = (),
    python: PythonReader = python_settings,
) -> ConfigFinding | str:
    """Compare the configuration files among (path, bytes) of two sides, or say why there is nothing to compare.

    read: reader of JSON, YAML and TOML; python: of Python source. renames: the code's rename map. words: all words in
    the code of each side, which tell keys that nothing reads. inherited: files of ancestors; a value that they have
    says nothing.
    """
    ours, skipped = read_configs(left, read, LEAST, python)
    theirs, skipped_right = read_configs(right, read, LEAST, python)
    if not ours or not theirs:
        sides = [side for side, found in (("left", ours), ("right", theirs)) if not found]
        return f"no configuration file on the {' and on the '.join(sides)}"
    published = load_published()
    old = {leaf.value for _, settings in read_configs(inherited, read, 1, python)[0] for leaf in leaves(settings)}
    sides = [_largest(ours), _largest(theirs)]
    known = dict(renames or {})
    side_by_side = _file_pairs(*sides, published, known)
    # What one pair of files renames, the others may rename too: a class and the file it reads have the same keys.
    matcher = Matcher(published)
    known = _renames(side_by_side, known, matcher) | known
    pairs = [_compare(a, b, known, words, matcher, old) for a, b in side_by_side]
    pairs = [pair for pair in pairs if any(key.left and key.right for key in pair.keys)]
    pairs.sort(key=lambda pair: (-pair.bits, pair.left, pair.right))
    return ConfigFinding(
        tuple(pairs[:PAIRS]),
        tuple(path for path, _ in ours),
        tuple(path for path, _ in theirs),
        (*skipped, *skipped_right),
        published.total,
        NULL,
        LIMITS,
    )


_File = tuple[str, list[Leaf]]


def _renames(pairs: Sequence[tuple[_File, _File]], renames: Mapping[str, str], matcher: Matcher) -> dict[str, str]:
    """Keys that the pairs of files rename in one way only."""
    seen: dict[str, set[str]] = {}
    for (_, ours), (_, theirs) in pairs:
        for match in matcher.match(ours, theirs, renames)[0]:
            seen.setdefault(ours[match.left].key, set()).add(theirs[match.right].key)
    return {a: next(iter(b)) for a, b in seen.items() if len(b) == 1 and a not in b}


def _largest(files: Sequence[tuple[str, tuple[Setting, ...]]]) -> list[_File]:
    ordered = sorted(files, key=lambda file: (-len(file[1]), file[0]))[:FILES]
    return sorted((path, leaves(settings)) for path, settings in ordered)


def _file_pairs(
    left: Sequence[_File], right: Sequence[_File], published: Published, renames: Mapping[str, str]
) -> list[tuple[_File, _File]]:
    """Files that share rare values or keys, each in one pair, the best first."""
    having: dict[tuple[str, str], list[tuple[int, int]]] = {}  # files on the right with an item, and how often
    for j, file in enumerate(right):
        for item, (n, _) in _bag(file, published, {}).items():
            having.setdefault(item, []).append((j, n))
    where = {item: np.array(found).T for item, found in having.items()}
    scored = []
    for i, file in enumerate(left):
        scores = np.zeros(len(right))
        for item, (n, bits) in _bag(file, published, renames).items():
            if item in where:
                at, count = where[item]
                scores[at] += np.minimum(count, n) * bits
        for j in np.flatnonzero(scores >= LEAST_SCORE).tolist():
            # Of equal scores the pair of files that look alike in name and size.
            near = file[0].rpartition("/")[2] == right[j][0].rpartition("/")[2]
            scored.append((-float(scores[j]), not near, abs(len(file[1]) - len(right[j][1])), i, j))
    taken: tuple[set[int], set[int]] = set(), set()
    pairs: list[tuple[_File, _File]] = []
    cells = 0
    for *_, i, j in sorted(scored):
        size = len(left[i][1]) * len(right[j][1])
        if i not in taken[0] and j not in taken[1] and cells + size <= CELLS:
            taken[0].add(i)
            taken[1].add(j)
            cells += size
            pairs.append((left[i], right[j]))
    return pairs


def _bag(file: _File, published: Published, renames: Mapping[str, str]) -> dict[tuple[str, str], tuple[int, float]]:
    """Values and keys of a file, how often it has each, and what one of them says."""
    counts: Counter[tuple[str, str]] = Counter()
    for leaf in file[1]:
        counts["key", renames.get(leaf.key, leaf.key)] += 1
        if says_something(leaf.value):
            counts["value", leaf.value] += 1
    return {(kind, text): (n, published.bits(text) if kind == "value" else 1.0) for (kind, text), n in counts.items()}


def _compare(
    left: _File,
    right: _File,
    renames: Mapping[str, str],
    words: tuple[frozenset[str], frozenset[str]],
    matcher: Matcher,
    inherited: set[str],
) -> ConfigPair:
    ours, theirs, published = left[1], right[1], matcher.published
    matches, groups = matcher.match(ours, theirs, renames)
    rows = [_row(ours[m.left], theirs[m.right], m.why, words, published, inherited) for m in matches]
    rows += _group_rows(ours, theirs, groups, matches)
    paired_left, paired_right = {m.left for m in matches}, {m.right for m in matches}
    rows += [_alone("dropped", leaf) for i, leaf in enumerate(ours) if i not in paired_left]
    rows += [_alone("added", leaf) for j, leaf in enumerate(theirs) if j not in paired_right]
    last = 1 << 30
    rows.sort(key=lambda r: (r.left_line or last, r.right_line or last, r.left or "", r.right or ""))
    order, p = _order(ours, theirs, matches)
    both = [(ours[m.left], theirs[m.right]) for m in matches]
    spellings = [a.setting.text for a, b in both if a.setting.text == b.setting.text and uncommon_spelling(a.setting)]
    return ConfigPair(
        left[0],
        right[0],
        tuple(rows),
        round(sum(row.bits for row in rows), 1),
        tuple(dict.fromkeys(row.left_value for row in rows if row.rare)),
        tuple(dict.fromkeys(spellings)),
        order,
        p,
    )


def _dotted(path: Sequence[str]) -> str:
    return ".".join(path)


def _row(
    left: Leaf,
    right: Leaf,
    why: str,
    words: tuple[frozenset[str], frozenset[str]],
    published: Published,
    inherited: set[str],
) -> KeyPair:
    same_value = left.value == right.value
    relation: KeyRelation = "renamed" if left.key != right.key else ("equal" if same_value else "changed")
    speaks = same_value and says_something(left.value) and left.value not in inherited
    bits = round(published.bits(left.value), 1) if speaks else 0.0
    dead = (
        left.key == right.key
        and not any(left.key in side for side in words)
        and left.key not in published.keys
        and left.key not in library_keys()
    )
    return KeyPair(
        relation,
        _dotted(left.setting.path),
        left.setting.line,
        left.setting.text,
        _dotted(right.setting.path),
        right.setting.line,
        right.setting.text,
        why,
        bits,
        bits >= RARE,
        dead and any(words),
    )


def _group_rows(
    ours: Sequence[Leaf],
    theirs: Sequence[Leaf],
    groups: Mapping[tuple[str, ...], tuple[str, ...]],
    matches: Sequence[Match],
) -> list[KeyPair]:
    """Groups of keys with another name on the other side."""
    support = Counter((ours[m.left].group, theirs[m.right].group) for m in matches)
    rows = []
    for a, b in sorted(groups.items()):
        if a and b and a[-1] != b[-1] and support[a, b]:
            lines = [min(x.setting.line for x in side if x.group == g) for side, g in ((ours, a), (theirs, b))]
            why = f"{support[a, b]} keys inside belong together"
            rows.append(KeyPair("renamed", _dotted(a), lines[0], "", _dotted(b), lines[1], "", why, 0.0, False, False))
    return rows


def _alone(relation: KeyRelation, leaf: Leaf) -> KeyPair:
    setting, path = leaf.setting, _dotted(leaf.setting.path)
    if relation == "dropped":
        return KeyPair(relation, path, setting.line, setting.text, None, None, "", "", 0.0, False, False)
    return KeyPair(relation, None, None, "", path, setting.line, setting.text, "", 0.0, False, False)


def _order(ours: Sequence[Leaf], theirs: Sequence[Leaf], matches: Sequence[Match]) -> tuple[float | None, float | None]:
    """Kendall's tau of the matched keys' order and its p-value against a random order (Kendall 1938).

    None where both sides are sorted by name, which says nothing, or where fewer than five keys are matched.
    """
    n = len(matches)
    if n < 5 or all(_is_sorted([x.setting.path for x in side]) for side in (ours, theirs)):
        return None, None
    there = np.array([m.right for m in matches])  # matches are in the left's order
    balance = float(np.sign(there[None, :] - there[:, None])[np.triu_indices(n, 1)].sum())
    p = math.erfc(balance / math.sqrt(n * (n - 1) * (2 * n + 5) / 9)) / 2  # beyond it under a normal law
    return round(balance / (n * (n - 1) / 2), 3), p


def _is_sorted(paths: Sequence[tuple[str, ...]]) -> bool:
    return all(a <= b for a, b in pairwise(paths))
