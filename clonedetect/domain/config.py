"""Configuration: settings with their places, and which of two sides belong together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from clonedetect.domain.trees import Skipped

ValueKind = Literal["string", "number", "bool", "null", "list", "name"]
KeyRelation = Literal["equal", "renamed", "changed", "dropped", "added"]


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting of a configuration file: its keys from the root, its value as written, and its lines.

    kind `name`: something that is no literal (an expression, an alias of YAML).
    """

    path: tuple[str, ...]
    text: str
    kind: ValueKind
    line: int
    end_line: int


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A key of the left and its counterpart on the right.

    left, right: keys from the root, joined by dots; lines and values of each. A key without a value (a group of
    keys) has an empty value. relation: equal (key and value), renamed (another key), changed (another value),
    dropped (left only), added (right only). why: what says so. bits: how much the equal value says, log2 of one over
    the share of published configurations that have it. rare: no published configuration has it. dead: read by no code
    on either side.
    """

    relation: KeyRelation
    left: str | None
    left_line: int | None
    left_value: str
    right: str | None
    right_line: int | None
    right_value: str
    why: str
    bits: float
    rare: bool
    dead: bool


@dataclass(frozen=True, slots=True)
class ConfigPair:
    """Two configuration files side by side.

    bits: of all equal values together; rare_values: equal values that no published configuration has; spellings:
    equal numbers that both spell in the same uncommon way; order: Kendall's tau of the matched keys (None where both
    are sorted by name), order_p its p-value.
    """

    left: str
    right: str
    keys: tuple[KeyPair, ...]
    bits: float
    rare_values: tuple[str, ...]
    spellings: tuple[str, ...]
    order: float | None
    order_p: float | None


@dataclass(frozen=True, slots=True)
class ConfigFinding:
    """The files that belong together, those that say most first. published: configurations behind the rarity."""

    pairs: tuple[ConfigPair, ...]
    left_files: tuple[str, ...]
    right_files: tuple[str, ...]
    skipped: tuple[Skipped, ...]
    published: int
    null_hypothesis: str
    limits: str
