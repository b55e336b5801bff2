"""JSON, YAML and TOML as settings with their lines. Nothing is expanded: an alias of YAML stays a name."""

from __future__ import annotations

import re
import time
from functools import cache
from typing import TYPE_CHECKING

import tree_sitter_json
import tree_sitter_toml
import tree_sitter_yaml
from tree_sitter import Language, Parser

from clonedetect.domain.config import Setting, ValueKind

if TYPE_CHECKING:
    from tree_sitter import Node, Tree

_LANGUAGES = {"json": tree_sitter_json, "yaml": tree_sitter_yaml, "toml": tree_sitter_toml}
BYTES = 500_000  # of one file, and
SETTINGS = 5_000  # settings of one file; more are data, not configuration
DEPTH = 40
SECONDS = 5.0  # of CPU for one file
TEXT = 400  # characters of a value that are kept
_MAPPINGS = {"object", "block_mapping", "flow_mapping", "inline_table"}
_PAIRS = {"pair", "block_mapping_pair", "flow_pair"}
_LISTS = {"array", "block_sequence", "flow_sequence"}
_TABLES = {"table", "table_array_element"}
_WRAPPERS = {"document", "stream", "block_node", "flow_node", "block_sequence_item", "plain_scalar"}
_BESIDE = {"comment", "anchor", "tag", "directive", "yaml_directive", "tag_directive"}
_KINDS: dict[str, ValueKind] = {
    "string": "string",
    "string_scalar": "string",
    "double_quote_scalar": "string",
    "single_quote_scalar": "string",
    "block_scalar": "string",
    "number": "number",
    "integer": "number",
    "float": "number",
    "integer_scalar": "number",
    "float_scalar": "number",
    "boolean": "bool",
    "true": "bool",
    "false": "bool",
    "boolean_scalar": "bool",
    "null": "null",
    "null_scalar": "null",
}


def settings(data: bytes, language: str) -> tuple[Setting, ...]:
    """The settings of a file in their order; `language` is json, yaml or toml.

    A list of scalars is one setting, a list of anything else has its numbers in the paths. Raises ValueError with the
    reason where the file does not parse, is nested too deeply, holds too many settings or takes too long.
    """
    if len(data) > BYTES:
        raise ValueError(f"larger than {BYTES:,} bytes: data rather than configuration")
    if language == "yaml" and _indents(data) > DEPTH:
        raise ValueError(f"nested deeper than {DEPTH} levels")
    root = _tree(data, language).root_node
    if root.has_error:
        raise ValueError(f"does not parse as {language.upper()}")
    found: list[Setting] = []
    arrays: dict[tuple[str, ...], int] = {}
    todo: list[tuple[Node, tuple[str, ...]]] = [(root, ())]
    while todo:
        node, path = todo.pop()
        if len(path) > DEPTH:
            raise ValueError(f"nested deeper than {DEPTH} levels")
        inner = _inner(node, path, arrays)
        if inner is not None:
            todo.extend(reversed(inner))
        elif path:
            found.append(_setting(node, path))
        if node.type in _PAIRS and not inner and node.named_children:  # a key without a value
            found.append(Setting((*path, *_keys(node.named_children[0])), "", "null", *_lines(node)))
        if len(found) > SETTINGS:
            raise ValueError(f"more than {SETTINGS:,} settings: data rather than configuration")
    return tuple(found)


@cache
def _parser(language: str) -> Parser:
    return Parser(Language(_LANGUAGES[language].language()))


_LINE = re.compile(rb"^[ \t]*((?:[-?:][ \t]+)*)(?=[^ \t\r\n])", re.MULTILINE)


def _indents(data: bytes) -> int:
    """At most how deep the block structure of YAML nests.

    The grammar's scanner keeps its indentations in a buffer of fixed size and dies where they outgrow it, so this is
    known before it sees the file.
    """
    columns: list[int] = []
    deepest = 0
    for line in _LINE.finditer(data):
        begin = line.start(1) - line.start()
        while columns and columns[-1] > begin:
            columns.pop()
        inside = [m.end() - line.start() for m in re.finditer(rb"[-?:][ \t]+", line[0])]
        columns += [column for column in (begin, *inside) if not columns or column > columns[-1]]
        deepest = max(deepest, len(columns))
    return deepest


def _tree(data: bytes, language: str) -> Tree:
    until = time.process_time() + SECONDS
    try:
        return _parser(language).parse(
            lambda at, _: data[at : at + 65536], progress_callback=lambda *_: time.process_time() > until
        )
    except ValueError:
        _parser.cache_clear()  # a stopped parser would go on with this file at the next one
        raise ValueError("the parser takes too long for it") from None


def _inner(
    node: Node, path: tuple[str, ...], arrays: dict[tuple[str, ...], int]
) -> list[tuple[Node, tuple[str, ...]]] | None:
    """The nodes inside one that is no value, with their paths; None for a value."""
    children = [child for child in node.named_children if child.type not in _BESIDE]
    kind = node.type
    if kind in _PAIRS:
        return _pair(node, children, path)
    if kind in _TABLES:
        head = (*path, *_keys(children[0]))
        if kind == "table_array_element":
            arrays[head] = arrays.get(head, -1) + 1
            head = (*head, str(arrays[head]))
        return [(child, head) for child in children[1:]]
    if kind in _LISTS:
        items = [_unwrapped(child) for child in children]
        if all(item is None or item.type not in _MAPPINGS | _LISTS for item in items):
            return None
        return [(child, (*path, str(i))) for i, child in enumerate(children)]
    if kind in _MAPPINGS or (kind in _WRAPPERS and children):
        return [(child, path) for child in children]
    return None


def _pair(node: Node, children: list[Node], path: tuple[str, ...]) -> list[tuple[Node, tuple[str, ...]]]:
    """The value of a pair below its key; nothing where it has none."""
    key, value = node.child_by_field_name("key"), node.child_by_field_name("value")
    if key is None and value is None and len(children) > 1:  # TOML names no fields
        key, value = children[0], children[1]
    return [] if key is None or value is None else [(value, (*path, *_keys(key)))]


def _keys(node: Node) -> tuple[str, ...]:
    """The keys that a key's node names: several for a dotted key of TOML."""
    if node.type == "dotted_key":
        return tuple(key for child in node.named_children for key in _keys(child))
    return (_text(node).strip("\"'"),)


def _unwrapped(node: Node) -> Node | None:
    """What stands inside wrappers; None for nothing."""
    while node.type in _WRAPPERS:
        inside = [child for child in node.named_children if child.type not in _BESIDE]
        if not inside:
            return None
        node = inside[0]
    return node


def _setting(node: Node, path: tuple[str, ...]) -> Setting:
    kind: ValueKind = "name"
    if node.type in _LISTS:
        kind, text = "list", ", ".join(_text(child) for child in node.named_children if child.type not in _BESIDE)
    else:
        kind, text = _KINDS.get(node.type, "name"), _text(node)
    if kind == "string":
        text = text[1:-1] if text[:1] in ("'", '"') and text[-1:] == text[:1] and len(text) > 1 else text
    return Setting(path, text[:TEXT], kind, *_lines(node))


def _lines(node: Node) -> tuple[int, int]:
    return node.start_point[0] + 1, node.end_point[0] + 1


def _text(node: Node) -> str:
    return (node.text or b"").decode("utf-8", "replace")
