"""The first commit that holds a fragment, found by its lines and not by its path.

A content holds a fragment if it has nearly all of the fragment's lines, whatever the layout within a line and the
order of the lines. Every content is looked into once: only lines that occur in some fragment are counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from clonedetect.domain.history import HistoryWalk

WHOLE: Final = 0.9  # share of a fragment's lines that a content must have to hold it
BEGUN: Final = 0.5  # share that is more than chance and less than the fragment
SHORTEST: Final = 4  # characters of a line that says something
LAYOUT: Final = b" \t\r\f\v\"'"  # quotes too: formatters exchange them


@dataclass(frozen=True, slots=True)
class Passage:
    """When contents first held a fragment: places in `HistoryWalk.commits`, None for never.

    whole: the first with at least 90 % of its lines, in `blob` at `path`; begun: the first with at least half of them.
    """

    whole: int | None
    begun: int | None
    path: str
    blob: str


def earliest(own: Passage, other: Passage) -> Passage:
    """When a history first held a fragment, in its own words of today or in the other side's."""
    first = min((p for p in (own, other) if p.whole is not None), key=lambda p: p.whole or 0, default=own)
    begun = min((p.begun for p in (own, other) if p.begun is not None), default=None)
    return Passage(first.whole, begun, first.path, first.blob)


def lines_of(data: bytes) -> list[bytes]:
    """The lines of a text without layout; places are kept, so line n of the text is entry n - 1."""
    return data.translate(None, LAYOUT).split(b"\n")


class Search:
    """Looks for fragments in the contents of a history, one content at a time."""

    def __init__(self, fragments: Sequence[Iterable[bytes]], walk: HistoryWalk) -> None:
        """`fragments` are the lines of each, as `lines_of` gives them."""
        self._lines: list[frozenset[bytes]] = [
            frozenset(line for line in fragment if len(line) >= SHORTEST) for fragment in fragments
        ]
        self._holders: dict[bytes, list[int]] = {}
        for number, lines in enumerate(self._lines):
            for line in sorted(lines):
                self._holders.setdefault(line, []).append(number)
        self._interesting = frozenset(self._holders)
        self._added: dict[str, tuple[int, str]] = {}
        for version in walk.versions:
            best = self._added.get(version.blob)
            if best is None or (version.added, version.path) < best:
                self._added[version.blob] = version.added, version.path
        self._whole: list[tuple[int, str, str] | None] = [None] * len(self._lines)
        self._begun: list[int | None] = [None] * len(self._lines)
        self.contents = 0
        self.holding: set[str] = set()  # blobs that hold at least half of some fragment

    def look(self, blob: str, data: bytes) -> None:
        """Look into one content of the walk."""
        place = self._added.get(blob)
        if place is None:
            return
        self.contents += 1
        shared = self._interesting.intersection(lines_of(data))
        if not shared:
            return
        counts: Counter[int] = Counter()
        for line in shared:
            counts.update(self._holders[line])
        for number, count in counts.items():
            size = len(self._lines[number])
            if count < BEGUN * size:
                continue
            self.holding.add(blob)
            begun = self._begun[number]
            if begun is None or place[0] < begun:
                self._begun[number] = place[0]
            found = (place[0], place[1], blob)
            whole = self._whole[number]
            if count >= WHOLE * size and (whole is None or found < whole):
                self._whole[number] = found

    def passages(self) -> list[Passage]:
        """What was found of each fragment."""
        return [
            Passage(whole[0] if whole else None, begun, whole[1] if whole else "", whole[2] if whole else "")
            for whole, begun in zip(self._whole, self._begun, strict=True)
        ]
