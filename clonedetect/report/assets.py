"""The page's own style and script: read from `templates/`, made lean, named by their hashes in the page's policy."""

from __future__ import annotations

import base64
import hashlib
import re
from functools import cache
from importlib import resources
from typing import Final

_COMMENT: Final = re.compile(r"/\*.*?\*/", re.S)
# What stays as it is: strings, templates, and regular expressions, which begin behind a bracket or `=`. Then the
# punctuation that needs no spaces around it.
_SCRIPT: Final = re.compile(
    r"""
    ( " (?: [^"\\] | \\. )* "
    | ` (?: [^`\\] | \\. )* `
    | (?<= [(] ) / (?: [^/\\\[] | \\. | \[ (?: [^\]\\] | \\. )* \] )+ /
    | (?<= =[ ] ) / (?: [^/\\\[] | \\. | \[ (?: [^\]\\] | \\. )* \] )+ /
    )
    | [ ]* ( => | [=!]== | [<>]=? | && | \|\| | \?\?=? | [{}();,:?=*] ) [ ]*
    """,
    re.X,
)
_AROUND: Final = re.compile(r"\s*([{};,])\s*|(?<=:) ")


@cache
def style() -> str:
    """The style sheet without comments and without the spaces that mean nothing."""
    text = _COMMENT.sub("", _read("report.css"))
    return _AROUND.sub(lambda match: match[1] or "", text).replace(";}", "}").strip()


@cache
def first_script() -> str:
    """What runs before the page is drawn."""
    return _lean(_read("head.js"))


@cache
def script() -> str:
    """The parts in `templates/script/`, in the order of their numbers, in one scope of their own."""
    folder = resources.files("clonedetect.report").joinpath("templates", "script")
    parts = sorted(each.name for each in folder.iterdir() if each.name.endswith(".js"))
    body = "\n".join(_lean(_read(f"script/{name}")) for name in parts)
    return f'"use strict";(() => {{\n{body}\n}})();'


def policy_hash(text: str) -> str:
    """How a content security policy names this inline script or style (CSP level 3, hash source)."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _lean(script: str) -> str:
    """Without indentation, spaces around punctuation and lines that are only a comment; lines stay lines."""
    lines = (line.strip() for line in script.split("\n"))
    kept = "\n".join(line for line in lines if line and not line.startswith("//"))
    return _SCRIPT.sub(lambda match: match[1] or match[2], kept)


def _read(name: str) -> str:
    return resources.files("clonedetect.report").joinpath("templates", *name.split("/")).read_text(encoding="utf-8")
