"""Trees of any bytes in bounded time: pieces that do not parse are left out where they would spoil the rest.

A parser that meets an unclosed bracket may give up on everything behind it. Definitions parse on their own, so the ones
that do not are blanked (spaces for bytes, line ends kept: every position stays what it was) and the rest parsed again.
"""

from __future__ import annotations

import re
import time
from itertools import count, pairwise
from typing import TYPE_CHECKING

from clonedetect.parse.language import parser

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Node, Tree

# The scanner looks to the end of a run of comments or of line continuations at each of them: 100,000 take minutes.
LONG_RUN = 400
_CONTINUATIONS = re.compile(rb"(?:^[^\n]*\\\r?\n){%d,}" % LONG_RUN, re.MULTILINE)
_CONTINUATION = re.compile(rb"\\(?=\r?\n)")
_COMMENTS = re.compile(rb"(?:^[ \t\f]*(?:#[^\n]*)?\n){%d,}" % LONG_RUN, re.MULTILINE)
# A line that begins a statement of a level, with the decorators before it.
_HEAD = re.compile(rb"^([ \t]*)(?:@[^\n]*\n[ \t]*){0,20}(?:async[ \t]+def|def|class)\b", re.MULTILINE)
_TOP = re.compile(rb"^()(?:@[^\n]*\n){0,20}(?!(?:else|elif|except|finally|case)\b)[A-Za-z_]", re.MULTILINE)
_NOT_LINE_END = re.compile(rb"[^\r\n]")
SMALL = 50_000  # bytes that even quadratic behaviour gets through in a few seconds
SECONDS = 15.0  # of CPU for one file; 2 MB of ordinary code take less than two
MOST_PIECES = 20_000  # a broken file of more statements is taken as the parser gives it
TOO_SLOW = "the parser takes too long for it"
LEVELS = 3  # of definitions inside definitions that are looked into


class TooSlowError(ValueError):
    """A file that the parser did not get through in `SECONDS` of CPU."""


def parsed(data: bytes, language: str) -> Tree:
    """The tree of a file: the parser's own, or that of its sound pieces where more definitions are left of these.

    Raises TooSlowError.
    """
    data = _shortened(data)
    tree = _bounded(data, language)
    if not tree.root_node.has_error:
        return tree
    sound, blanked = _sound(data, language, 0)
    if not blanked:
        return tree
    again = _bounded(sound, language)
    gained = _definitions(again) - _definitions(tree)
    # As many definitions, and little lost: what the parser guesses around an error is worth less than nothing.
    return again if gained > 0 or (gained == 0 and blanked <= 4 * _lost(tree) + 500) else tree


def _bounded(data: bytes, language: str) -> Tree:
    """Parse with a clock where quadratic behaviour of the parser could hurt."""
    engine = parser(language)
    if len(data) < SMALL:
        return engine.parse(data)
    until = time.process_time() + SECONDS
    ticks = count()  # to ask the system for the time takes longer than what the parser does between two questions
    try:
        return engine.parse(
            lambda at, _: data[at : at + 65536],
            progress_callback=lambda *_: not next(ticks) % 16 and time.process_time() > until,
        )
    except ValueError:  # stopped by the clock; a stopped parser would go on with this file at the next one
        parser.cache_clear()
        raise TooSlowError(TOO_SLOW) from None


def _definitions(tree: Tree) -> int:
    """Functions and classes that stand in a block, or on the file's top level."""
    count = 0
    cursor = tree.walk()
    wanted, blocks = ("function_definition", "class_definition"), ("module", "block", "decorated_definition")
    above = [""]
    while True:
        kind = cursor.node.type if cursor.node else ""
        count += kind in wanted and above[-1] in blocks
        if cursor.goto_first_child():
            above.append(kind)
            continue
        while not cursor.goto_next_sibling():
            if not cursor.goto_parent():
                return count
            above.pop()


def _shortened(data: bytes) -> bytes:
    """Very long runs of comment lines as blank lines, and of continued lines without their backslashes."""
    if data.count(b"#") >= LONG_RUN:
        data = _COMMENTS.sub(lambda run: _NOT_LINE_END.sub(b" ", run.group()), data)
    if data.count(b"\\") >= LONG_RUN:
        data = _CONTINUATIONS.sub(lambda run: _CONTINUATION.sub(b" ", run.group()), data)
    return data


def _lost(tree: Tree) -> int:
    """Bytes inside error nodes: what stands there is no statement of any block."""
    lost = 0
    todo: list[Node] = [tree.root_node]
    while todo:
        node = todo.pop()
        if node.is_error:
            lost += node.end_byte - node.start_byte
        elif node.has_error:
            todo.extend(node.children)
    return lost


def _sound(data: bytes, language: str, level: int) -> tuple[bytes, int]:
    """The source with the pieces that do not parse blanked, and how many bytes these are."""
    edges = list(_edges(data, level))
    if len(edges) > MOST_PIECES:
        return data, 0
    out, blanked = [data[: edges[0]] if edges else data], 0
    for begin, end in pairwise([*edges, len(data)]):
        piece = data[begin:end]
        if _bounded(piece, language).root_node.has_error:
            inner, gone = _sound(piece, language, level + 1) if level + 1 < LEVELS else (piece, 0)
            if gone and not _bounded(inner, language).root_node.has_error:
                piece = inner
            else:
                piece, gone = _NOT_LINE_END.sub(b" ", piece), len(piece)
            blanked += gone
        out.append(piece)
    return b"".join(out), blanked


def _edges(data: bytes, level: int) -> Iterator[int]:
    """Where the statements of the file begin, or the definitions inside a definition."""
    if not level:
        yield from (head.start() for head in _TOP.finditer(data))
        return
    heads = [(len(head.group(1).expandtabs(8)), head.start()) for head in _HEAD.finditer(data)]
    inner = [head for head in heads if head[1] > 0]
    least = min((width for width, _ in inner), default=0)
    yield from (at for width, at in inner if width == least)
