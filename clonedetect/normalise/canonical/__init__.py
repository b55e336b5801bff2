"""Canonical statements: what a fragment says once the ways of saying it are unified (DESIGN.md, section 4).

Python only. The source is parsed with `ast.parse` and never compiled or run. Rewrites keep the meaning of programs
that raise no exception and whose operators behave as the builtin types' do; those marked approximate in their own
docstring assume a little more (a total order, numbers that divide without remainder below zero, ...), which is
enough for comparing and is not enough for changing code.
"""

from __future__ import annotations

import ast
import contextlib
import re
import warnings
from collections.abc import Container, Sequence

from clonedetect.domain import Statement
from clonedetect.normalise.canonical import assignments, branches, expressions
from clonedetect.normalise.canonical.dead import idle, name_constants
from clonedetect.normalise.canonical.names import Names
from clonedetect.normalise.canonical.nodes import (
    COMPOUND,
    FUNCTIONS,
    LOOPS,
    Function,
    Trace,
    at,
    blocks,
    statements_of,
)
from clonedetect.normalise.canonical.sorting import sort_in_place
from clonedetect.normalise.canonical.survey import Member, Survey, first_line_of, members, survey
from clonedetect.normalise.canonical.temporaries import Temporaries
from clonedetect.normalise.canonical.tokens import Tokens
from clonedetect.normalise.canonical.uses import local_names

__all__ = ["canonical", "canonical_tree", "canonicals"]

LARGEST = 200_000  # bytes of source
ROUNDS = 4  # of all rewrites over one function
LARGEST_FUNCTION = 1_500  # statements; a longer function gets one round and no inlining


def canonical(source: str, first_line: int = 1, own: Container[str] | None = None) -> tuple[Statement, ...] | None:
    """The canonical statements of one fragment, or None where it cannot be canonicalised.

    `source` may be indented as it stood in its file; its first line is line `first_line` there. `own` are the names
    the repository defines, where known: they, and no other free names and attributes, count as changeable.
    None: over 200 kB, nested too deeply, or no syntax of the running Python; compare it uncanonicalised then.
    """
    return canonicals(source, [(0, first_line, own)])[0]


def canonicals(
    source: str, parts: Sequence[tuple[int, int, Container[str] | None]]
) -> list[tuple[Statement, ...] | None]:
    """The canonical statements of a fragment and of members of its classes: each as `canonical` gives it by itself.

    A part is the line of `source`, counted from 0, on which it begins, and what `canonical` takes. None also where no
    member of a class begins on that line.
    """
    try:
        parsed = _parse(source)
        found = parsed and survey(parsed[0])
        if parsed is None or found is None:
            return [None] * len(parts)
        tree, shift = parsed
        inner = members(tree, found)
        trace = canonical_tree(tree, found=found, inner=inner)
        begin = {first_line_of(node) - 1 - shift: (node, own) for node, own in inner}
        out: list[tuple[Statement, ...] | None] = []
        for offset, first_line, own in parts:
            node, known = begin.get(offset, (None, found)) if offset else (None, found)
            block: list[ast.stmt] = [node] if node is not None else tree.body
            writer = Tokens(Names(known, own), trace, first_line - 1 - shift - offset)
            out.append(tuple(writer.statements(block, 0)) if node is not None or not offset else None)
        return out
    except (SyntaxError, RecursionError, MemoryError, ValueError):
        return [None] * len(parts)


def _parse(source: str) -> tuple[ast.Module, int] | None:
    """The tree and how many lines stand before the source's first; None where it is too large."""
    if len(source) > LARGEST or len(source.encode("utf-8", "surrogatepass")) > LARGEST:
        return None
    shift = 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # An indented first line is known to fail: a fragment is parsed once.
        indented = source[:1] in (" ", "\t") and source.partition("\n")[0].lstrip()[:1] not in ("", "#", "\\")
        tree = None
        with contextlib.suppress(IndentationError):
            tree = None if indented else ast.parse(source)
        if tree is None:
            # Indented as in its class: under a header of our own no line, and no text over several, changes.
            head, _, rest = source.partition("\n")
            if not head[:1].isspace():
                later = re.search(r"^([ \t]+)(?:@|def |class |async )", rest, re.MULTILINE)
                source = (later.group(1) if later else "") + source
            tree = ast.parse("if 1:\n" + source)
            shift = 1
            wrapper = tree.body[0]
            if len(tree.body) != 1 or not isinstance(wrapper, ast.If):
                return None
            tree.body = wrapper.body
    return tree, shift


def canonical_tree(
    tree: ast.Module,
    only: frozenset[str] | None = None,
    found: Survey | None = None,
    inner: Sequence[Member] = (),
) -> Trace:
    """Rewrite a module's tree in place to its canonical form; `only` limits the rewrites to these tags.

    `found`: the survey of the tree, where the caller has it; `inner`: members of its classes, to be rewritten as if
    each stood by itself. ValueError: nested too deeply.
    """
    trace = Trace()
    found = found or survey(tree)
    if found is None:
        raise ValueError("nested too deeply")
    for node in (*found.functions, *found.classes):
        _strip(node, trace)
    bound = frozenset(found.bound)
    bounds: dict[ast.stmt, frozenset[str]] = {}
    for node, own in inner:  # of those that one holds in the other the inner one last
        bounds.update(dict.fromkeys((node, *own.functions, *own.classes), frozenset(own.bound)))
    for function in found.functions:
        _Function(function, bounds.get(function, bound), trace, only).run()
    _Block(bound, frozenset(), trace, only).rounds(tree.body, "", 2)
    for node in found.classes:
        block = _Block(bounds.get(node, bound), frozenset(), trace, only)
        block.bounds = bounds
        block.rounds(node.body, "", 2)
    return trace


def _strip(node: Function | ast.ClassDef, trace: Trace) -> None:
    """Docstring and annotations off."""
    first = node.body[0]
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
        trace.note(node, "docstring-dropped")
        node.body[0:1] = [] if len(node.body) > 1 else [ast.copy_location(ast.Pass(), first)]
    if isinstance(node, FUNCTIONS):
        node.returns = None
        arguments = node.args
        for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs):
            argument.annotation = None
        for extra in (arguments.vararg, arguments.kwarg):
            if extra is not None:
                extra.annotation = None


class _Block:
    """All rewrites of the statements of one scope, to a fixed point."""

    def __init__(self, bound: frozenset[str], local: frozenset[str], trace: Trace, only: frozenset[str] | None) -> None:
        self.bound = bound
        self.local = local
        self.trace = trace
        self.only = only
        self.bounds: dict[ast.stmt, frozenset[str]] = {}  # what statements bind that are seen by themselves
        self.first = True
        self.changed = False

    def rounds(self, block: list[ast.stmt], tail: str, limit: int) -> None:
        """Rewrite until nothing changes, at most `limit` times."""
        self.todo: set[ast.stmt] = set()
        for _ in range(limit):
            self.changed = False
            self.trace.touched.clear()
            self.tidy(block, tail)
            self.after(block)
            if not self.changed:
                break
            self.first = False
            self.todo = set(self.trace.touched)

    def after(self, block: list[ast.stmt]) -> None:
        """What follows the rewriting of statements and branches in every round."""

    def tidy(self, block: list[ast.stmt], tail: str) -> None:
        """Expressions, single statements, then branches; inner blocks first."""
        out: list[ast.stmt] = []
        for stmt in block:
            if isinstance(stmt, ast.Pass) and len(block) > 1:
                self.changed = True
                continue
            if self.first or stmt in self.todo:
                tags: list[str] = []
                expressions.rewrite(stmt, self.bounds.get(stmt, self.bound), tags, self.only)
                for tag in tags:
                    self.trace.note(stmt, tag)
                self._simple(stmt, out, 0)
            else:
                out.append(stmt)
        if not out:
            out += block[:1]
        block[:] = out
        for place, stmt in enumerate(block):
            if stmt.__class__ not in COMPOUND or isinstance(stmt, (*FUNCTIONS, ast.ClassDef)):
                continue  # the latter are scopes of their own
            inner = ""
            if isinstance(stmt, LOOPS):
                inner = "continue"
            elif place + 1 == len(block) and isinstance(stmt, (ast.If, ast.With)):
                inner = tail
            for part in blocks(stmt):
                self.tidy(part, inner if part is not getattr(stmt, "orelse", None) or isinstance(stmt, ast.If) else "")
        if self.only is None or "dead-code" in self.only:
            for place, stmt in enumerate(block):
                if idle(stmt):
                    block[place] = at(ast.Pass(), stmt)
                    self.trace.note(block[place], "dead-code")
                    self.changed = True
        allowed = self.only is None or "early-return" in self.only
        if allowed and branches.spare_jump(block, len(block) - 1, tail, self.trace):
            self.changed = True
        index = len(block) - 1
        while index >= 0:
            if index < len(block) and block[index].__class__ is ast.If:
                for tag, rewrite in branches.REWRITES:
                    if (self.only is None or tag in self.only) and rewrite(block, index, tail, self.trace):
                        self.changed = True
                        if index >= len(block) or block[index].__class__ is not ast.If:
                            break
            index -= 1

    def _simple(self, stmt: ast.stmt, out: list[ast.stmt], depth: int) -> None:
        for tag, rule in assignments.RULES.get(stmt.__class__, ()):
            if self.only is not None and tag not in self.only:
                continue
            made = rule(stmt, self.local)
            if made is not None and depth < 30:
                for new in made:
                    if new is not stmt:
                        self.trace.note(new, "", *())
                        self.trace.marks[new] = (*self.trace.marks.get(stmt, ()), *((tag,) if tag else ()))
                    self._simple(new, out, depth + 1)
                self.changed = True
                return
        out.append(stmt)


class _Function(_Block):
    """A function's body: with liveness, so temporaries and loops too."""

    def __init__(self, function: Function, bound: frozenset[str], trace: Trace, only: frozenset[str] | None) -> None:
        super().__init__(bound, local_names(function), trace, only)
        self.function = function

    def run(self) -> None:
        """Rewrite the function in place."""
        statements = len(statements_of(self.function))
        if statements > LARGEST_FUNCTION:
            self.local = frozenset()
        if (self.only is None or "inlined" in self.only) and assignments.drop_aliases(self.function, self.local):
            self.trace.note(self.function, "inlined")
        if self.local and (self.only is None or "sorted" in self.only):
            sort_in_place(self.function, self.local, self.trace)
        if self.local and (self.only is None or "inlined" in self.only):
            name_constants(self.function, self.local, self.trace)
        self.rounds(self.function.body, "return", ROUNDS if self.local or statements <= LARGEST_FUNCTION else 1)

    def after(self, block: list[ast.stmt]) -> None:
        """Temporaries and loops."""
        if self.local:
            passed = Temporaries(self.local, self.trace, self.only)
            passed.run(block)
            self.changed = self.changed or passed.changed
