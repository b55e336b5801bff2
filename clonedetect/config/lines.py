"""INI and .env files: a setting a line."""

from __future__ import annotations

import re

from clonedetect.domain.config import Setting, ValueKind

_SECTION = re.compile(r"\s*\[([^\]\n]{1,200})\]\s*(?:[#;].*)?$")
_PAIR = re.compile(r"(?:export\s+)?([\w.\-/ ]{1,200}?)\s*[=:]\s*(.*)$")
_COMMENT = re.compile(r"\s+[#;].*$")
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
TEXT = 400


def line_settings(data: bytes) -> tuple[Setting, ...]:
    """The settings of an INI or .env file, below their section. Lines that go on are part of the value before."""
    found: list[Setting] = []
    section: tuple[str, ...] = ()
    for number, line in enumerate(data.decode("utf-8", "replace").splitlines(), 1):
        if not line.strip() or line.lstrip()[0] in "#;":
            continue
        if head := _SECTION.match(line):
            section = tuple(part.strip("\"' ") for part in head[1].split("."))
        elif line[0] in " \t" and found and found[-1].path[: len(section)] == section:
            last = found[-1]
            text = ", ".join(part for part in (last.text, line.strip()) if part)[:TEXT]
            found[-1] = Setting(last.path, text, "list", last.line, number)
        elif pair := _PAIR.match(line.strip()):
            text = _COMMENT.sub("", pair[2]).strip()
            found.append(Setting((*section, pair[1].strip()), *_value(text), number, number))
    return tuple(found)


def _value(text: str) -> tuple[str, ValueKind]:
    if text[:1] in ("'", '"') and text[-1:] == text[:1] and len(text) > 1:
        return text[1:-1][:TEXT], "string"
    if _NUMBER.fullmatch(text):
        return text, "number"
    if text.lower() in ("true", "false", "yes", "no", "on", "off"):
        return text, "bool"
    return text[:TEXT], "string" if text else "null"
