"""Which parser reads a language, and what its symbol ids mean by the grammar's data."""

from __future__ import annotations

from functools import cache
from importlib.metadata import version
from typing import TYPE_CHECKING

import numpy as np
import tree_sitter_python
from tree_sitter import Language, Parser

from clonedetect.domain import Kinds
from clonedetect.grammar import grammar

if TYPE_CHECKING:
    from numpy.typing import NDArray

# A closed table: grammar data names a key of it, never a module.
_PARSERS = {"python": tree_sitter_python}
KEEP, INNER = 1, 2  # flags of a symbol id: keep its rows; look at what is inside


@cache
def _language(key: str) -> Language:
    return Language(_PARSERS[key].language())


@cache
def parser(language: str) -> Parser:
    """The parser of a language, made once per process."""
    return Parser(_language(grammar(language).parser))


@cache
def parser_version(language: str) -> str:
    """Part of the cache key: columns of another parser, grammar or layout are not these columns."""
    key = grammar(language).parser
    return f"6:{version('tree-sitter')}:{version('tree-sitter-' + key)}:{grammar(language).version}"


@cache
def kinds(language: str) -> Kinds:
    """The meanings of a language's symbol ids. One name may have several ids."""
    lang, data = _language(grammar(language).parser), grammar(language)
    names = tuple(lang.node_kind_for_id(i) or "" for i in range(lang.node_kind_count))
    masks = {meaning: np.array([name in wanted for name in names]) for meaning, wanted in data.kinds}
    roles = ("", "name", *dict.fromkeys(rule.role for rule in data.roles))
    return Kinds(language, names, roles, masks)


@cache
def flags(language: str) -> bytes:
    """Per symbol id what the walk does with it: `KEEP` a row, look at the `INNER` nodes.

    Ids that no name stands for are errors (65535): both.
    """
    lang, table = _language(grammar(language).parser), kinds(language)
    out = bytearray([KEEP | INNER]) * 65536
    for i in range(len(table.names)):
        named = lang.node_kind_is_named(i)
        keep = (named and not table.mask("noise")[i]) or table.mask("operators")[i]
        inner = named and not table.mask("atomic")[i] and not table.mask("identifier")[i]
        out[i] = (KEEP if keep else 0) | (INNER if inner else 0)
    return bytes(out)


@cache
def role_rules(language: str) -> tuple[tuple[int, NDArray[np.bool_], int], ...]:
    """(role index, mask of parent kinds, position) in the order in which they apply."""
    table = kinds(language)
    return tuple(
        (table.roles.index(rule.role), np.isin(np.array(table.names), rule.parents), rule.position)
        for rule in grammar(language).roles
    )
