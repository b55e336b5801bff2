"""The rename map: rules that the pairs' names follow, inferred after the pairing and only reported."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from clonedetect.domain.weights import NameRule

SEPARATOR = re.compile(r"[./:]")
NUMBER = re.compile(r"\d+")


def _rule(left: str, right: str) -> tuple[str, str]:
    """The part in which two paths differ, what is equal before and behind it replaced by `*`."""
    first, second = SEPARATOR.split(left), SEPARATOR.split(right)
    tail = 0
    while tail < min(len(first), len(second)) and first[-1 - tail] == second[-1 - tail]:
        tail += 1
    first, second = first[: len(first) - tail], second[: len(second) - tail]
    head = 0
    while head < min(len(first), len(second)) and first[head] == second[head]:
        head += 1
    first, second = first[head:], second[head:]

    def pattern(parts: list[str]) -> str:
        middle = ".".join(NUMBER.sub("{n}", part) if part.isdigit() else part for part in parts)
        pieces = ["*"] * (head > 0) + [middle] * bool(middle) + ["*"] * (tail > 0)
        return ".".join(pieces)

    return pattern(first), pattern(second)


def rename_rules(pairs: Iterable[tuple[str, str]]) -> tuple[NameRule, ...]:
    """Rules with the number of tensors that follow each, the commonest first; equal names need none."""
    counted = Counter(_rule(left, right) for left, right in pairs if left != right)
    ordered = sorted(counted.items(), key=lambda item: (-item[1], item[0]))
    return tuple(NameRule(left, right, count) for (left, right), count in ordered)


def common_prefixes(names: Iterable[str], limit: int = 4) -> tuple[str, ...]:
    """A few short descriptions of where names lie: their first path parts with counts, commonest first."""
    counted = Counter(SEPARATOR.split(name)[0] for name in names)
    return tuple(f"{part}.* ({count})" for part, count in sorted(counted.items(), key=lambda i: (-i[1], i[0]))[:limit])
