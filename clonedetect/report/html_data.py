"""What the page's script needs: quoted source once per file, its syntax classes, and the pairs, as compact JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from markupsafe import Markup

from clonedetect.domain import ClonePair, Comparison, Fragment, Rename, RenameEntry
from clonedetect.report import colours, wording
from clonedetect.report.escape import visible, visible_line
from clonedetect.report.quoted import quote_path, split_lines

FEATURES: Final = 4
"""Features of a pair that the page shows, rarest first."""

COLOURED: Final = 150_000
"""Characters of source that get syntax classes, strongest pairs first: Pygments reads 0.2 megabytes a second."""


@dataclass(frozen=True, slots=True)
class Source:
    """One quoted range of a file, ready to be shown."""

    side: str
    path: str
    blob: str
    numbers: str
    code: Markup
    start_line: int
    lines: tuple[str, ...]


class SourceIndex:
    """Numbers the paths and the quoted ranges of a comparison, so that the page names each once."""

    def __init__(self, comparison: Comparison) -> None:
        self.paths: dict[str, dict[str, int]] = {"left": {}, "right": {}}
        self.files: dict[str, dict[str, int]] = {"left": {}, "right": {}}
        self.file_of: dict[str, dict[int, int]] = {"left": {}, "right": {}}  # path number -> file number
        starts: dict[tuple[str, str], set[int]] = {}
        for pair in comparison.clone_pairs:
            for fragment in (pair.left, pair.right):
                self.path(fragment)
                starts.setdefault((fragment.side, quote_path(fragment)), set()).add(fragment.start_line)
        for quote in comparison.quotes:
            self.paths[quote.side].setdefault(quote.path, len(self.paths[quote.side]))
        self.sources = [
            self._source(q.side, q.path, q.blob, q.start_line, q.text, starts.get((q.side, q.path), set()))
            for q in comparison.quotes
        ]

    def path(self, fragment: Fragment) -> int:
        """The number under which the fragment's text is quoted on its side."""
        paths, files = self.paths[fragment.side], self.files[fragment.side]
        number = paths.setdefault(quote_path(fragment), len(paths))
        # The cells of a notebook are quoted each for itself and belong to one file.
        self.file_of[fragment.side].setdefault(number, files.setdefault(fragment.path, len(files)))
        return number

    def anchor(self, fragment: Fragment) -> str:
        """The id of the place in the listing where the fragment starts."""
        return f"{fragment.side[0]}{self.path(fragment)}-{fragment.start_line}"

    def _source(self, side: str, path: str, blob: str, start: int, text: str, anchors: set[int]) -> Source:
        lines = tuple(visible_line(line) for line in split_lines(text))
        # Escaped as a whole, not line by line: a large report has hundreds of thousands of lines.
        escaped = "\n".join(lines).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").split("\n")
        for number in anchors:
            if 0 <= number - start < len(lines):
                anchor = f"{side[0]}{self.paths[side][path]}-{number}"
                escaped[number - start] = f"<a id={anchor}></a>{escaped[number - start]}"
        # Every fifth line is numbered, and the first.
        numbers = "\n".join([str(n) if n % 5 == 0 or n == start else "" for n in range(start, start + len(lines))])
        return Source(side, path, blob, numbers, Markup("\n".join(escaped)), start, lines)


def feature_list(pairs: Iterable[ClonePair]) -> list[tuple[str, float]]:
    """(text, bits) of the features that the page shows, each once, rarest first."""
    found = {(f.text, f.bits) for pair in pairs for f in pair.features[:FEATURES]}
    return sorted(found, key=lambda feature: (-feature[1], feature[0]))


def page_data(comparison: Comparison, index: SourceIndex, map_rows: int) -> str:
    """The pairs and the index of the source as JSON that is safe inside a script element.

    The first `map_rows` renames and features stand in the page's tables, where its script reads them.
    """
    pairs = wording.ranked(comparison.clone_pairs)
    texts = _Numbers()
    renames = _Renames(comparison.rename_map[:map_rows])
    features = _Numbers(feature_list(pairs)[:map_rows])
    rows = [
        [
            visible(pair.id),
            pair.type,
            _rounded(pair.similarity),
            _rounded(pair.containment),
            _rounded(pair.bits),
            None if pair.e_value is None or not math.isfinite(pair.e_value) else float(f"{pair.e_value:.3g}"),
            -1 if pair.explained_by is None else texts(pair.explained_by),
            _fragment(pair.left, index, texts),
            _fragment(pair.right, index, texts),
            [number for region in pair.regions for number in (*region.left, *region.right)],
            _flat((renames(r), r.count) for r in pair.renames),
            _flat((texts(e.kind), e.count) for e in pair.edits),
            pair.conflicts,
            _flat((features(f.text, f.bits), f.count) for f in pair.features[:FEATURES]),
        ]
        for pair in pairs
    ]
    coloured = _coloured(comparison, index)
    words, runs = colours.syntax(["\n".join(index.sources[number].lines) for number in coloured])
    runs_of = dict(zip(coloured, runs, strict=True))
    data = {
        "origins": [wording.origin(comparison.left), wording.origin(comparison.right)],
        "types": wording.TYPES,
        "paths": [[visible(path) for path in index.paths[side]] for side in ("left", "right")],
        "files": [
            [index.file_of[side].get(number, -1) for number in range(len(index.paths[side]))]
            for side in ("left", "right")
        ],
        "sources": [
            [
                int(source.side == "right"),
                index.paths[source.side][source.path],
                source.start_line,
                visible(source.blob)[:12],
                runs_of.get(number),  # None where the source has no colours
            ]
            for number, source in enumerate(index.sources)
        ],
        "pairs": rows,
        "words": words,
        "texts": texts.new,
        "renames": renames.new,
        "features": features.new,
    }
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    # JSON has these three only inside strings; as escapes no tag or comment can begin or end.
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


class _Numbers:
    """Numbers values in the order they are first seen, after the `known` ones that the page holds elsewhere."""

    def __init__(self, known: Iterable[tuple[Any, ...]] = ()) -> None:
        self.new: list[Any] = []
        self._at: dict[Any, int] = {}
        self._known = 0
        for value in known:
            self._at.setdefault(_shown(value), self._known)
            self._known += 1

    def __call__(self, *value: str | float | None) -> int:
        shown = _shown(value)
        number = self._at.get(shown)
        if number is None:
            number = self._at[shown] = self._known + len(self.new)
            self.new.append(shown if len(shown) > 1 else shown[0])
        return number


class _Renames:
    """Numbers renames by their two names: first those of the page's map, whose kind speaks for all, then the others."""

    def __init__(self, known: Iterable[RenameEntry]) -> None:
        self.new: list[tuple[str, ...]] = []
        self._at: dict[tuple[str, str], int] = {}
        self._known = 0
        for entry in known:
            self._at.setdefault((entry.left, entry.right), self._known)
            self._known += 1

    def __call__(self, rename: Rename) -> int:
        key = rename.left, rename.right
        if key not in self._at:
            self._at[key] = self._known + len(self.new)
            self.new.append(_shown((*key, rename.kind)))
        return self._at[key]


def _shown(value: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(visible(part) if isinstance(part, str) else part for part in value)


def _fragment(fragment: Fragment, index: SourceIndex, texts: _Numbers) -> list[int]:
    row = [index.path(fragment), fragment.start_line, fragment.end_line]
    return [*row, texts(fragment.name), texts(fragment.kind)]


def _flat(pairs: Iterable[tuple[int, int]]) -> list[int]:
    return [number for pair in pairs for number in pair]


def _rounded(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else round(value, 3)


def _coloured(comparison: Comparison, index: SourceIndex) -> list[int]:
    """Numbers of the sources that get syntax classes: those of the strongest pairs, up to `COLOURED` characters."""
    by_file: dict[tuple[str, str], list[int]] = {}
    for number, source in enumerate(index.sources):
        if colours.can_colour(source.path, source.lines):
            by_file.setdefault((source.side, source.path), []).append(number)
    chosen: list[int] = []
    budget = COLOURED
    for pair in wording.ranked(comparison.clone_pairs):
        for fragment in (pair.left, pair.right):
            for number in by_file.pop((fragment.side, quote_path(fragment)), ()):
                budget -= sum(map(len, index.sources[number].lines))
                if budget < 0:
                    return chosen
                chosen.append(number)
    return chosen
