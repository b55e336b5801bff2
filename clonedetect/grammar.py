"""Language knowledge as data: finds and reads `grammars/<language>/grammar.toml`. No parser is loaded here."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ANY, LAST = -1, -2


@dataclass(frozen=True, slots=True)
class Role:
    """An identifier that is the `position`-th kept child of one of `parents` names a `role`."""

    role: str
    parents: tuple[str, ...]
    position: int


@dataclass(frozen=True, slots=True)
class Grammar:
    """One language: which node kinds mean what. `kinds` maps a meaning to kind names of the parser."""

    name: str
    parser: str
    extensions: tuple[str, ...]
    kinds: tuple[tuple[str, tuple[str, ...]], ...]
    roles: tuple[Role, ...]
    builtins: tuple[str, ...]
    version: str  # changes whenever the data changes: part of the cache key

    def of(self, meaning: str) -> tuple[str, ...]:
        """The kind names of a meaning (`function`, `noise`, ...)."""
        return dict(self.kinds)[meaning]


def grammars_dir() -> Path:
    """Where the grammar data lies: in the installed package, or at the root of an editable checkout."""
    inside = Path(__file__).parent / "grammars"
    return inside if inside.is_dir() else Path(__file__).parent.parent / "grammars"


@cache
def grammar(language: str) -> Grammar:
    """The grammar of a language. Raises FileNotFoundError for one we have no data for."""
    import hashlib

    raw = (grammars_dir() / language / "grammar.toml").read_bytes()
    data = tomllib.loads(raw.decode())
    return Grammar(
        name=data["name"],
        parser=data["parser"],
        extensions=tuple(data["extensions"]),
        kinds=tuple((meaning, tuple(names)) for meaning, names in sorted(data["kinds"].items())),
        roles=tuple(Role(r["role"], tuple(r["parents"]), r["position"]) for r in data["roles"]),
        builtins=tuple(data["builtins"]),
        version=hashlib.sha256(raw).hexdigest()[:16],
    )


def languages_by_extension() -> dict[str, str]:
    """`.py` -> `python`, for every grammar that has data (directories without a grammar.toml are other knowledge)."""
    found: dict[str, str] = {}
    for path in sorted(grammars_dir().glob("*/grammar.toml")):
        for extension in grammar(path.parent.name).extensions:
            found["." + extension] = path.parent.name
    return found
