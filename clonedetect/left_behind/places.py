"""Where a term stands in a text: found again when it is to be shown, so that nothing needs to be remembered."""

from __future__ import annotations

import re
from functools import lru_cache

from clonedetect.domain.left_behind import Place, Text
from clonedetect.left_behind.terms import LONGEST, normal_text, parts


def place_of_name(text: Text, name: str) -> Place:
    """The first line that has a name, as a whole word if there is one."""
    found = re.search(rf"(?<!\w){re.escape(name)}(?!\w)", _decoded(text.data)) or re.search(
        re.escape(name), _decoded(text.data)
    )
    return _place(text, found.start() if found else 0)


def place_of_word(text: Text, word: str) -> Place:
    """The first line that has a word, also as a part of a name."""
    body = _decoded(text.data)
    for found in re.finditer(r"[^\W\d]\w*", body):
        if word in found[0].lower() and word in parts(found[0]):
            return _place(text, found.start())
    return _place(text, 0)


def place_of_text(text: Text, said: str) -> Place:
    """The first line that has a comment or message."""
    body = _decoded(text.data)
    probe = max(said.split("{}"), key=len).strip()
    at = body.find(probe)
    if at >= 0:
        return _place(text, at)
    start = 0
    for line in body.split("\n"):
        if normal_text(line) == said:
            return _place(text, start)
        start += len(line) + 1
    return _place(text, 0)


def place_of_import(text: Text, module: str, name: str) -> Place:
    """The line that imports a module, or a name from it."""
    body = _decoded(text.data)
    pattern = rf"^[ \t]*(?:from[ \t]+{re.escape(module)}[ \t]+import|import[ \t][^\n]*\b{re.escape(module)}\b)"
    for found in re.finditer(pattern, body, re.MULTILINE):
        if not name or re.match(rf"[^\n]*(?:\([^)]*)?\b{re.escape(name)}\b", body[found.start() :]):
            return _place(text, found.start())
    return place_of_name(text, name or module)


@lru_cache(maxsize=64)
def _decoded(data: bytes) -> str:
    return data[:LONGEST].decode("utf-8", "replace")


def _place(text: Text, offset: int) -> Place:
    return Place(text.path, _decoded(text.data).count("\n", 0, offset) + 1, text.blob, text.commit, text.gone)
