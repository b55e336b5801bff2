"""Makes the invisible visible: every reporter passes text of a repository through `visible` first."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

# Control (Cc), format (Cf: bidirectional overrides, zero-width and tag characters), surrogate (Cs) and line or
# paragraph separator (Zl, Zp) characters. Written out because asking unicodedata about a million code points costs
# 0.2 s at import; a test keeps the list equal to the Unicode database.
_HIDDEN: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\ud800-\udfff\ufeff\ufff9-\ufffb\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3"
    "\U0001d173-\U0001d17a\U000e0001\U000e0020-\U000e007f]"
)
_SHORT: Final = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def _escaped(match: re.Match[str]) -> str:
    character = match[0]
    code = ord(character)
    if character in _SHORT:
        return _SHORT[character]
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


@lru_cache(maxsize=65536)
def visible(text: str) -> str:
    """`text` on one line, with control, bidirectional and other invisible characters as escapes (`\\x1b`, `\\u202e`).

    Nothing else changes: markup is each format's own matter. The result never holds a line break.
    """
    return _HIDDEN.sub(_escaped, text)


def visible_line(line: str, tab: int = 4) -> str:
    """A line of source, tabs expanded to columns of `tab`, the line's own break removed, the rest as in `visible`."""
    return visible(line.rstrip("\r\n").expandtabs(tab))
