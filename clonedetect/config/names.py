"""How alike two keys are: equal, known aliases, renamed in the code, the same words written otherwise."""

from __future__ import annotations

import re
import tomllib
from functools import cache, lru_cache
from typing import TYPE_CHECKING

import numpy as np
from rapidfuzz.distance import JaroWinkler
from rapidfuzz.process import cdist

from clonedetect.grammar import grammars_dir

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

SAME, RENAMED, ALIAS = 7.0, 6.5, 5.0  # bits, in round figures, that a key's name says for a pair
FUZZY = 4.0  # of names with the same words; falls to -2 for names with nothing in common
UNLIKE = -2.0
ONE_SIDED = 0.3  # weight of a word that only one side has
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\d_]+")


@cache
def _data() -> dict[str, list]:
    return tomllib.loads((grammars_dir() / "model-config" / "aliases.toml").read_text("utf-8"))


@cache
def library_keys() -> frozenset[str]:
    """Keys that libraries read: no code of a project need name them."""
    return frozenset(_data()["library_keys"])


@cache
def _aliases() -> tuple[dict[str, int], dict[str, int]]:
    """Key to its group, word to its group; a word of two groups belongs to the first."""
    data = _data()
    keys: dict[str, int] = {}
    words: dict[str, int] = {}
    for number, group in enumerate(data["keys"]):
        for key in group:
            keys.setdefault(squeezed(key), number)
    for number, group in enumerate(data["words"]):
        for word in group:
            words.setdefault(word, number)
    return keys, words


def squeezed(key: str) -> str:
    """A key without its style: `hiddenSize`, `hidden-size` and `HIDDEN_SIZE` are one."""
    return "".join(words_of(key))


@lru_cache(maxsize=100_000)
def words_of(key: str) -> tuple[str, ...]:
    """The words of a key, in lower case."""
    return tuple(word.lower() for word in _WORD.findall(key))


def name_scores(
    left: Sequence[str], right: Sequence[str], renames: Mapping[str, str], learned: Mapping[str, str]
) -> NDArray[np.float64]:
    """Bits for each pair of keys. renames: the code's, left to right; learned: words that this pair renames alike."""
    keys, _ = _aliases()
    scores = UNLIKE + (FUZZY - UNLIKE) * _likeness(left, right, learned)
    squeezed_left, squeezed_right = [squeezed(k) for k in left], [squeezed(k) for k in right]
    # A key of no group is a group of its own, another one on each side.
    groups_left = [keys.get(key, -1 - 2 * i) for i, key in enumerate(squeezed_left)]
    groups_right = [keys.get(key, -2 - 2 * j) for j, key in enumerate(squeezed_right)]
    same_group = np.array(groups_left)[:, None] == np.array(groups_right)[None, :]
    scores[same_group] = np.maximum(scores[same_group], ALIAS)
    same = np.array(squeezed_left, object)[:, None] == np.array(squeezed_right, object)[None, :]
    scores[same] = SAME
    index: dict[str, list[int]] = {}
    for j, key in enumerate(right):
        index.setdefault(key, []).append(j)
    for i, key in enumerate(left):
        for j in index.get(renames.get(key, ""), ()):
            scores[i, j] = max(scores[i, j], RENAMED)
    return scores


def _likeness(left: Sequence[str], right: Sequence[str], learned: Mapping[str, str]) -> NDArray[np.float64]:
    """0..1: the share of words that two keys have in common, or the likeness of their letters where that is more."""
    _, groups = _aliases()
    # A word stands for its group; a word that this pair is known to rename stands for its new name's group.
    bags_left = [_bag(key, groups, learned) for key in left]
    bags_right = [_bag(key, groups, {}) for key in right]
    vocabulary = {w: i for i, w in enumerate(sorted({w for bag in (*bags_left, *bags_right) for w in bag}))}
    tables = []
    for bags in (bags_left, bags_right):
        table = np.zeros((len(bags), max(1, len(vocabulary))))
        for row, bag in enumerate(bags):
            table[row, [vocabulary[word] for word in bag]] = 1
        tables.append(table)
    # A word that the other side has nowhere is a prefix or a new word for something: it contradicts little.
    weight = np.where(tables[0].any(0) & tables[1].any(0), 1.0, ONE_SIDED)
    shared = (tables[0] * weight) @ tables[1].T
    either = (tables[0] @ weight)[:, None] + (tables[1] @ weight)[None, :] - shared
    words = shared / np.maximum(either, ONE_SIDED)
    letters = cdist(list(left), list(right), scorer=JaroWinkler.normalized_similarity, dtype=np.float64)
    return np.maximum(words, np.clip((letters - 0.7) / 0.3, 0, 1) * 0.9)


def _bag(key: str, groups: Mapping[str, int], learned: Mapping[str, str]) -> frozenset[str]:
    words = (learned.get(word, word) for word in words_of(key))
    return frozenset(f"group {groups[word]}" if word in groups else word for word in words)


def learn_words(pairs: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Words that stand opposite each other in at least two pairs of keys of equally many words: left to right."""
    votes: dict[tuple[str, str], set[tuple[str, str]]] = {}
    for left, right in pairs:
        a, b = words_of(left), words_of(right)
        if len(a) == len(b):
            for x, y in zip(a, b, strict=True):
                if x != y:
                    votes.setdefault((x, y), set()).add((left, right))
    best: dict[str, tuple[int, str]] = {}
    for (a, b), seen in sorted(votes.items()):
        if len(seen) >= 2 and (a not in best or len(seen) > best[a][0]):
            best[a] = (len(seen), b)
    return {a: b for a, (_, b) in best.items()}
