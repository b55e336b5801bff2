"""Which files are configuration, and their settings."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from clonedetect.config.lines import line_settings
from clonedetect.config.python import python_settings
from clonedetect.domain import Skipped

if TYPE_CHECKING:
    from collections.abc import Iterable

    from clonedetect.domain.config import Setting

Reader = Callable[[bytes, str], "tuple[Setting, ...]"]
"""Settings of JSON, YAML or TOML bytes, given the language: the parser lives in another room."""

_TREES = {".json": "json", ".yaml": "yaml", ".yml": "yaml", ".toml": "toml"}
_LINES = (".ini", ".cfg", ".conf", ".env")
# Data, locks and what other channels read.
_NOT = re.compile(
    r"package-lock\.json|composer\.lock|.*\.index\.json|.*(?:tokenizer|vocab|merges|tekken|added_tokens|special_tokens)[^/]*\.json"
    r"|.*\.(?:ipynb|lock)|citation\.cff",
    re.IGNORECASE,
)


PythonReader = Callable[[bytes], "tuple[Setting, ...]"]
"""Settings of Python source: `python_settings`, or what remembers its result."""


def settings_of(path: str, data: bytes, read: Reader, python: PythonReader = python_settings) -> tuple[Setting, ...]:
    """The settings of a file, none where its name is no configuration's. Raises ValueError with the reason."""
    name = path.rpartition("/")[2].lower()
    if _NOT.fullmatch(name):
        return ()
    if name.endswith(".py"):
        return python(data)
    if name.endswith(_LINES) or name.startswith(".env"):
        return line_settings(data)
    language = next((language for suffix, language in _TREES.items() if name.endswith(suffix)), None)
    return read(data, language) if language else ()


def read_configs(
    files: Iterable[tuple[str, bytes]], read: Reader, least: int, python: PythonReader = python_settings
) -> tuple[list[tuple[str, tuple[Setting, ...]]], list[Skipped]]:
    """(path, settings) of each file with at least `least` of them, and the files that could not be read."""
    found: list[tuple[str, tuple[Setting, ...]]] = []
    skipped: list[Skipped] = []
    for path, data in files:
        try:
            settings = settings_of(path, data, read, python)
        except ValueError as error:
            if not path.endswith(".py"):  # source that does not parse is the parser's affair
                skipped.append(Skipped(path, f"configuration not read: {error}"))
            continue
        if len({s.path for s in settings}) >= least:
            found.append((path, settings))
    return found, skipped
