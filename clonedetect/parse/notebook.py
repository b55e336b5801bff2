"""Notebooks: their code cells as one source, and the way back from a line of it to a cell and its line."""

from __future__ import annotations

import json
import re

_MAGIC = re.compile(rb"^(\s*)[%!?]", re.MULTILINE)
MAX_DEPTH = 64


def code(data: bytes) -> tuple[bytes, tuple[tuple[int, int], ...]]:
    """The joined code cells and, per cell, (its 1-based number among all cells, its first line in the joined code).

    Shell and magic lines become comments. Raises ValueError where the file is no notebook.
    """
    if _depth(data) > MAX_DEPTH:
        raise ValueError("notebook nested too deeply")
    try:
        cells = json.loads(data.decode("utf-8", "replace"))["cells"]
        parts, starts, line = [], [], 1
        for number, cell in enumerate(cells, 1):
            if cell.get("cell_type") != "code":
                continue
            text = cell.get("source", "")
            raw = ("".join(text) if isinstance(text, list) else str(text)).encode("utf-8", "replace")
            raw = b"" if raw.startswith(b"%%") else _MAGIC.sub(rb"\1#", raw)
            starts.append((number, line))
            parts.append(raw + b"\n")
            line += raw.count(b"\n") + 1
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError("not a readable notebook") from error
    return b"".join(parts), tuple(starts)


def _depth(data: bytes) -> int:
    """How deep brackets nest, strings left out: json.loads recurses."""
    depth = deepest = 0
    for token in re.finditer(rb'"(?:[^"\\]|\\.)*"|[\[{]|[\]}]', data):
        c = token.group()[:1]
        if c != b'"':
            depth += 1 if c in b"[{" else -1
            deepest = max(deepest, depth)
    return deepest
