"""Values as what they mean, and how common each is in published configurations."""

from __future__ import annotations

import math
import re
import tomllib
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from clonedetect.grammar import grammars_dir

if TYPE_CHECKING:
    from pathlib import Path

    from clonedetect.domain.config import Setting

_NUMBER = re.compile(r"[+-]?(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_WORDS = {"true": "true", "yes": "true", "on": "true", "false": "false", "no": "false", "off": "false"}
_NOTHING = {"null", "none", "~", ""}
LONGEST = 200  # characters of a value in the table


@dataclass(frozen=True, slots=True)
class Published:
    """How many published configurations (one a family) have each value and each key."""

    total: int
    values: dict[str, int]
    keys: dict[str, int]

    def bits(self, value: str) -> float:
        """Log2 of one over the share of configurations with this value; one that none has counts as half a one."""
        return math.log2((self.total + 1) / (self.values.get(value, 0) + 0.5))


def canonical(setting: Setting) -> str:
    """A value as what it means, however it is written: 1e-6 and 0.000001, True and true, 'x' and "x" are one each."""
    text = setting.text.strip()
    if setting.kind == "list":
        return "[" + ", ".join(_scalar(item.strip(), quoted=False) for item in text.split(",") if item.strip()) + "]"
    if setting.kind == "name":
        return f"name {text}"
    return _scalar(text, quoted=setting.kind == "string" and not _NUMBER.fullmatch(text))


def _scalar(text: str, quoted: bool) -> str:
    if not quoted:
        lower = text.lower()
        if lower in _NOTHING:
            return "null"
        if lower in _WORDS:
            return _WORDS[lower]
        if (number := _number(text)) is not None:
            return number
    return f'"{text.strip(chr(34) + chr(39))[:LONGEST]}"'


def _number(text: str) -> str | None:
    if len(text) > 60 or not _NUMBER.fullmatch(text):
        return None
    try:
        value = float(text.replace("_", ""))
    except ValueError:
        return None
    if not math.isfinite(value):
        return None
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)


def uncommon_spelling(setting: Setting) -> bool:
    """Whether a number is written otherwise than a program writes it: `1e-6` where Python writes 1e-06."""
    text = setting.text.strip()
    if setting.kind != "number" or _number(text) is None:
        return False
    value = float(text.replace("_", ""))
    usual = {repr(value), str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)}
    return text not in usual


def says_something(value: str) -> bool:
    """Whether a value is one at all: an expression, nothing and an empty list are equal everywhere."""
    return value not in ("null", "[]", '""') and not value.startswith("name ")


@cache
def load_published(path: Path | None = None) -> Published:
    """The shipped table, `grammars/model-config/published.tsv`: kind, count and text a line, the total first.

    Written by `benchmarks/config/count_published.py`.
    """
    values: dict[str, int] = {}
    keys: dict[str, int] = {}
    total = 0
    lines = (path or grammars_dir() / "model-config" / "published.tsv").read_text("utf-8").splitlines()
    for line in lines:
        kind, count, text = line.split("\t", 2)
        if kind == "total":
            total = int(count)
        else:
            (values if kind == "value" else keys)[text] = int(count)
    common = tomllib.loads((grammars_dir() / "model-config" / "aliases.toml").read_text("utf-8"))["common_values"]
    values |= {value: max(values.get(value, 0), total // 4) for value in common}
    return Published(total, values, keys)
