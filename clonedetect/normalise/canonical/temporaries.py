"""Temporaries of one statement inlined, and the loops that build one value folded, under a liveness analysis.

Every assignment to a local name is a version of its own, as in single-assignment form: it may be inlined into the
only statement that uses it, if once or if it is a little arithmetic, when that version is dead afterwards, whatever
other versions of the name do. Liveness is the classic backward data flow (Kildall 1973) over structured statements,
with the local names as bits of an integer. What an expression does (`INERT`, `READS`, `ACTS`) decides what it may be
moved across: two things that may change state never change their order, and nothing that may change state becomes
conditional or repeated.
"""

from __future__ import annotations

import ast
from typing import NamedTuple

from clonedetect.normalise.canonical import loops
from clonedetect.normalise.canonical.nodes import (
    ACTS,
    BUILTINS,
    COMPREHENSIONS,
    FUNCTIONS,
    INERT,
    LARGEST_EXPRESSION,
    LOOPS,
    READS,
    Trace,
    at,
    blocks,
    children,
    clone,
    effect_of,
    loads,
    size,
    walk,
)
from clonedetect.normalise.canonical.uses import TRY, Search, cheap, header, jumps, may_fail

MOST_USES = 4  # in one statement, of a temporary that is inlined
FURTHEST = 40  # statements between a definition and the use it is inlined into
_DEFINITIONS = frozenset({*FUNCTIONS, ast.ClassDef})
_MAY_ACT = frozenset({*TRY, ast.Match})
_STARTS = (ast.List, ast.Dict, ast.Constant, ast.Call, ast.Attribute, ast.UnaryOp)  # of a loop's result
_PINNED = (ast.Yield, ast.YieldFrom, ast.NamedExpr, ast.Starred)


class Info(NamedTuple):
    """Local names a statement loads and stores (as bits) and the strongest effect inside it."""

    loads: int
    stores: int
    level: int


class Temporaries:
    """One pass over a function; `changed` says whether anything was rewritten."""

    def __init__(self, local: frozenset[str], trace: Trace, only: frozenset[str] | None = None) -> None:
        self.bits = {name: 1 << place for place, name in enumerate(sorted(local))}
        self.trace = trace
        self.only = only
        self.changed = False
        self._known: dict[ast.AST, Info] = {}
        self._jumping: dict[ast.stmt, bool] = {}  # of statements whose blocks are rewritten already

    def run(self, block: list[ast.stmt]) -> None:
        """Rewrite a function's body in place."""
        self._block(block, 0, 0, 0, 0, True)

    # ------------------------------------------------------------ what a statement touches

    def _scan(self, node: ast.AST) -> Info:
        known = self._known.get(node)
        if known is not None:
            return known
        bits, loads, stores, level = self.bits, 0, 0, INERT
        stack: list[ast.AST] = [node]
        if node.__class__ is ast.Assign:  # its value is asked for by itself too
            loads, stores, level = self._scan(node.value)
            stack = list(node.targets)
        while stack:
            inner = stack.pop()
            cls = inner.__class__
            if cls is ast.Constant:
                continue
            if cls is ast.Name:
                bit = bits.get(inner.id, 0)  # ty: ignore
                if not bit:
                    if inner.ctx.__class__ is not ast.Load:  # ty: ignore
                        level = ACTS  # others read it
                    elif level == INERT and inner.id not in BUILTINS:  # ty: ignore
                        level = READS
                elif inner.ctx.__class__ is ast.Load:  # ty: ignore
                    loads |= bit
                else:
                    stores |= bit
            elif cls is ast.Attribute or cls is ast.Subscript:
                own = READS if inner.ctx.__class__ is ast.Load else ACTS  # ty: ignore
                if own > level:
                    level = own
                stack.append(inner.value)  # ty: ignore
                if cls is ast.Subscript:
                    stack.append(inner.slice)  # ty: ignore
            elif cls in COMPREHENSIONS:
                part = self._comprehension(inner)  # ty: ignore
                loads, stores, level = loads | part.loads, stores | part.stores, max(level, part.level)
            elif cls is ast.Lambda:
                for name in walk(inner.body):  # ty: ignore
                    if isinstance(name, ast.Name):
                        loads |= bits.get(name.id, 0)
            elif cls in _DEFINITIONS:
                level = ACTS  # decorators, bases and defaults run here; its names are no locals
            else:
                if level < ACTS:
                    level = ACTS if cls in _MAY_ACT else max(level, effect_of(inner, bits))
                stack += children(inner)
        info = Info(loads, stores, level)
        self._known[node] = info
        return info

    def _comprehension(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp) -> Info:
        hidden = loads = stores = 0
        level = INERT
        for place, generator in enumerate(node.generators):
            for part in walk(generator.target):
                if isinstance(part, ast.Name):
                    hidden |= self.bits.get(part.id, 0)
            for inner in (generator.iter, *generator.ifs):
                info = self._scan(inner)
                loads |= info.loads if (place == 0 and inner is generator.iter) else info.loads & ~hidden
                stores, level = stores | info.stores, max(level, info.level)
        for inner in (node.key, node.value) if isinstance(node, ast.DictComp) else (node.elt,):
            info = self._scan(inner)
            loads, stores, level = loads | info.loads & ~hidden, stores | info.stores, max(level, info.level)
        return Info(loads, stores, max(level, READS))

    def _jumps(self, stmt: ast.stmt) -> bool:
        known = self._jumping.get(stmt)
        if known is None:
            known = self._jumping[stmt] = jumps(stmt)
        return known

    # ------------------------------------------------------------ liveness

    def _block(self, block: list[ast.stmt], out: int, leave: int, again: int, pinned: int, change: bool) -> int:
        """Names live before the block. `out`, `leave`, `again`: live at its end, at a break, at a continue.

        `pinned` are live everywhere in it (an exception may lead to their readers). With `change`, rewrites.
        """
        live = out | pinned
        done: list[ast.stmt] = []  # in reverse order
        after: list[int] = []
        for stmt in reversed(block):
            if change and self._unread(stmt, live | pinned):
                self.changed = True
                self.trace.note(done[-1] if done else stmt, "dead-code")
                continue
            before = self._statement(stmt, live, leave, again, pinned, change) | pinned
            if change:
                if isinstance(stmt, ast.Assign) and self._assignment(stmt, done, after, pinned):
                    live = before
                    continue
                if isinstance(stmt, ast.For) and done and not pinned and self._allows("loop-to-comprehension"):
                    new = loops.searching(stmt, done[-1])
                    if new is not None:
                        self.trace.note(new, "loop-to-comprehension", stmt, done.pop())
                        after.pop()
                        self.changed, stmt, live = True, new, 0
                        before = self._scan(new).loads
            done.append(stmt)
            # Where a branch may jump, what is live there is live right after the statement's header too.
            after.append(live | leave | again if (leave | again) and change and self._jumps(stmt) else live)
            live = before
        if change and block:
            block[:] = done[::-1] or [at(ast.Pass(), block[0])]
        return live

    def _unread(self, stmt: ast.stmt, live: int) -> bool:
        """Whether a statement only gives a local name a value that nobody reads, and does nothing else."""
        if not isinstance(stmt, ast.Assign) or len(stmt.targets) != 1 or not isinstance(stmt.targets[0], ast.Name):
            return False
        bit = self.bits.get(stmt.targets[0].id, 0)
        return bool(bit) and not bit & live and self._allows("dead-code") and self._scan(stmt.value).level < ACTS

    def _statement(self, stmt: ast.stmt, live: int, leave: int, again: int, pinned: int, change: bool) -> int:
        if stmt.__class__ is ast.Assign:
            info = self._scan(stmt)
            return (live & ~info.stores) | info.loads
        if isinstance(stmt, ast.If):
            test = self._scan(stmt.test).loads
            body = self._block(stmt.body, live, leave, again, pinned, change)
            orelse = self._block(stmt.orelse, live, leave, again, pinned, change) if stmt.orelse else live
            result = test | body | orelse
        elif isinstance(stmt, LOOPS):
            head = self._scan(stmt.test if isinstance(stmt, ast.While) else stmt.iter).loads
            target = 0 if isinstance(stmt, ast.While) else self._scan(stmt.target).stores
            target_loads = 0 if isinstance(stmt, ast.While) else self._scan(stmt.target).loads
            other = self._block(stmt.orelse, live, leave, again, pinned, change) if stmt.orelse else live
            around = live | other | head | target_loads
            around |= self._block(stmt.body, 0, 0, 0, 0, False) & ~target
            if change:
                self._block(stmt.body, around, live, around, pinned, True)
            result = around
        elif isinstance(stmt, TRY):
            held = pinned | live | self._scan(stmt).loads & ~self._own_loads(stmt)
            for block in blocks(stmt):
                held |= self._block(block, 0, 0, 0, 0, False) if block is not stmt.body else 0
            result = held
            for block in blocks(stmt):
                result |= self._block(block, held, leave | held, again | held, held, change)
        elif isinstance(stmt, (ast.With, ast.AsyncWith)):
            result = self._block(stmt.body, live, leave, again, pinned | live, change)
            for item in stmt.items:
                result |= self._scan(item).loads
        elif isinstance(stmt, ast.Match):
            result = live | self._scan(stmt.subject).loads
            for case in stmt.cases:
                result |= self._block(case.body, live, leave, again, pinned, change)
                result |= self._scan(case.pattern).loads | (self._scan(case.guard).loads if case.guard else 0)
        elif isinstance(stmt, ast.Break):
            return leave
        elif isinstance(stmt, ast.Continue):
            return again
        else:
            info = self._scan(stmt)
            if isinstance(stmt, (ast.Return, ast.Raise)):
                return info.loads
            return live | info.loads
        self._known.pop(stmt, None)
        return result

    def _own_loads(self, stmt: ast.Try) -> int:
        loads = 0
        for inner in stmt.body:
            loads |= self._scan(inner).loads
        return loads

    # ------------------------------------------------------------ rewrites

    def _allows(self, tag: str) -> bool:
        return self.only is None or tag in self.only

    def _assignment(self, stmt: ast.Assign, done: list[ast.stmt], after: list[int], pinned: int) -> bool:
        """Fold an assignment into what follows it; True where it vanished."""
        target = stmt.targets[0]
        if len(stmt.targets) != 1 or not isinstance(target, ast.Name):
            return False
        bit = self.bits.get(target.id, 0)
        if not bit or bit & pinned:
            return False
        value = self._scan(stmt.value)
        level, movable, names = INERT, True, value.loads
        starts = isinstance(stmt.value, _STARTS)
        for place in range(len(done) - 1, max(-1, len(done) - 1 - FURTHEST), -1):
            follower = done[place]
            info = self._scan(follower)
            if (info.loads | info.stores) & bit:
                if starts and isinstance(follower, ast.For) and self._fold(stmt, bit, place, done, after):
                    return True
                if movable and info.loads & bit and self._allows("inlined"):
                    return self._inline(stmt, target.id, value, level, place, done, after)
                return False
            if movable and (
                info.stores & names
                or self._jumps(follower)
                or (info.level == ACTS and value.level)
                or (info.level and value.level == ACTS)
            ):
                if not starts:
                    return False
                movable = False
            level = max(level, info.level)
        return False

    def _fold(self, stmt: ast.Assign, bit: int, place: int, done: list[ast.stmt], after: list[int]) -> bool:
        loop = done[place]
        if not isinstance(loop, ast.For):
            return False
        stored = (part.id for part in walk(loop) if isinstance(part, ast.Name) and not isinstance(part.ctx, ast.Load))
        if any(name not in self.bits for name in stored):
            return False  # others may read it after the loop
        stores = self._scan(loop).stores & ~bit
        dead = not stores & after[place]
        new: ast.stmt | None = None
        tag = "loop-to-comprehension"
        if dead and self._allows(tag):
            new = loops.collect(stmt, loop) or loops.total(stmt, loop) or loops.flagged(stmt, loop)
        second = -1
        if new is None and self._allows("loop-to-min"):
            tag = "loop-to-min"
            found = loops.extreme([stmt], loop) if dead else None
            for other in range(place + 1, len(done)):
                inner = done[other]
                if found is None and isinstance(inner, ast.Assign) and self._scan(inner).stores & stores:
                    found, second = loops.extreme([stmt, inner], loop), other
            if found is None:
                return False
            new, score = found
            kept = bit | (self._scan(done[second]).stores if second >= 0 else 0)
            if score is not None:
                kept &= ~self.bits.get(score, 0)
            if (self._scan(loop).stores & ~kept) & after[place]:
                return False
        if new is None:
            return False
        sources = [stmt, loop, *loop.body]
        for inner in loop.body:  # marks only: their lines are the loop's
            sources.extend(deeper for block in blocks(inner) for deeper in block)
        self.trace.note(new, tag, *sources)
        done[place] = new
        if second >= 0:
            self.trace.note(new, "", done[second])
            del done[second], after[second]
        self.changed = True
        return True

    def _inline(
        self, stmt: ast.Assign, name: str, value: Info, level: int, place: int, done: list[ast.stmt], after: list[int]
    ) -> bool:
        follower = done[place]
        killed = isinstance(follower, ast.Assign) and any(
            isinstance(part, ast.Name) and part.id == name for part in follower.targets
        )
        if after[place] & self.bits[name] and not killed:
            return False
        stores = [part for part in walk(follower) if isinstance(part, ast.Name) and not isinstance(part.ctx, ast.Load)]
        count = loads(follower, name) - killed
        if count < 1 or sum(part.id == name for part in stores) != killed:
            return False
        if count > 1 and (count > MOST_USES or value.loads & self.bits[name] or not cheap(stmt.value)):
            return False
        head = header(follower)
        if not head:
            return False
        uses = []
        for others in range(count):
            search = Search(name, self.bits, others)
            if isinstance(follower, ast.AugAssign):
                search.level = READS
            use = next((use for parent, field in head if (use := search.find(parent, field)) is not None), None)
            if use is None or use.repeated:
                return False
            if use.conditional and not others and (value.level > READS or may_fail(stmt.value)):
                return False
            if value.level == ACTS and (level != INERT or use.level != INERT):
                return False
            if value.level == READS and (level == ACTS or use.level == ACTS):
                return False
            uses.append(use)
        if any(isinstance(inner, _PINNED) for inner in walk(stmt.value)):
            return False
        room = LARGEST_EXPRESSION - size(stmt.value) * count
        for parent, field in head:
            values = getattr(parent, field)
            room -= sum(size(part) for part in (values if isinstance(values, list) else [values]))
        if room < 0:
            return False
        for use in uses:
            new = stmt.value if use is uses[0] else clone(stmt.value)
            if use.index < 0:
                setattr(use.parent, use.field, new)
            else:
                getattr(use.parent, use.field)[use.index] = new
        for parent, field in head:
            self._known.pop(parent, None)
            values = getattr(parent, field)
            for part in values if isinstance(values, list) else [values]:
                for node in walk(part):
                    self._known.pop(node, None)
        self._known.pop(follower, None)
        for between in range(place + 1, len(after)):
            after[between] |= value.loads
        self.trace.note(follower, "inlined", stmt)
        self.changed = True
        return True
