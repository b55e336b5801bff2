"""What contents that are gone still said: only lines that no other content has shown before are read."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from clonedetect.domain.left_behind import Place, Text
from clonedetect.left_behind.terms import LEAST_TEXT, normal_text, parts
from clonedetect.left_behind.voice import Voice

MOST_LINES: Final = 3_000_000  # distinct lines of one side's history
_NAME = re.compile(r"[^\W\d]\w*")
_SAID = re.compile(r"#([^\n]*)|\"((?:[^\"\\]++|\\.)*+)(?:\"|\\?\Z)|'((?:[^'\\]++|\\.)*+)(?:'|\\?\Z)")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for: names, project words and phrases of the other side that this side does not have today."""

    names: frozenset[str]
    words: frozenset[str]
    phrases: frozenset[str]


@dataclass(slots=True)
class Found:
    """Where each wanted term stood first, and how many texts were looked into."""

    names: dict[str, Place] = field(default_factory=dict)
    words: dict[str, Place] = field(default_factory=dict)
    phrases: dict[str, Place] = field(default_factory=dict)
    texts: int = 0
    stopped: bool = False


def look_back(old: Iterable[Text], present: Voice, wanted: Wanted) -> Found:
    """Look into texts that the present revision does not have, in the order given, oldest first."""
    found = Found()
    seen: set[bytes] = set()
    for text in old:
        if not found.texts:
            seen.update(line.strip() for each in present.texts for line in each.data.split(b"\n"))
        found.texts += 1
        for number, raw in enumerate(text.data.split(b"\n"), 1):
            line = raw.strip()
            if line in seen:
                continue
            seen.add(line)
            _read(line.decode("utf-8", "replace"), text, number, wanted, found)
        if len(seen) > MOST_LINES:
            found.stopped = True
            break
    return found


def _read(line: str, text: Text, number: int, wanted: Wanted, found: Found) -> None:
    place = Place(text.path, number, text.blob, text.commit, text.gone)
    for name in _NAME.findall(line):
        if name in wanted.names:
            found.names.setdefault(name, place)
        for word in wanted.words.intersection(parts(name)):
            found.words.setdefault(word, place)
    if len(line) < LEAST_TEXT or line.count(" ") < 2:
        return
    pieces = ["".join(groups) for groups in _SAID.findall(line)] if text.python else []
    for piece in (*pieces, line):
        said = normal_text(piece)
        if said in wanted.phrases:
            found.phrases.setdefault(said, place)
