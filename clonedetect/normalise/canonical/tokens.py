"""Canonical statements as token sequences, names a copier may change marked as `name:x`."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

from clonedetect.domain import Statement
from clonedetect.normalise.canonical.names import Names, literal
from clonedetect.normalise.canonical.nodes import FUNCTIONS, MADE, Trace

_OPERATORS: dict[type[ast.AST], str] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//", ast.Mod: "%", ast.Pow: "**",
    ast.MatMult: "@", ast.LShift: "<<", ast.RShift: ">>", ast.BitOr: "|", ast.BitAnd: "&", ast.BitXor: "^",
    ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Is: "is",
    ast.IsNot: "is not", ast.In: "in", ast.NotIn: "not in", ast.And: "and", ast.Or: "or", ast.Not: "not",
    ast.USub: "neg", ast.UAdd: "pos", ast.Invert: "~",
}  # fmt: skip


class Tokens:
    """Writes statements as tokens."""

    def __init__(self, names: Names, trace: Trace, shift: int) -> None:
        self.names = names
        self.trace = trace
        self.shift = shift  # added to every line number

    # ------------------------------------------------------------ statements

    def statements(self, block: list[ast.stmt], depth: int) -> Iterator[Statement]:
        """All statements of a block, headers before their bodies."""
        for stmt in block:
            yield from self._statement(stmt, depth)

    def _one(
        self, stmt: ast.stmt, depth: int, tokens: list[str], first: int, last: int, marked: bool = True
    ) -> Statement:
        marks: tuple[str, ...] = ()
        if marked:
            marks = self.trace.marks.get(stmt, ())
            if isinstance(stmt, ast.Assert):
                marks = (*marks, "assert")
            # Lines of what was folded in, as far as they adjoin: a far definition must not stretch the range.
            # From the nearest to the furthest on either side, so that each may adjoin the one before.
            spans = sorted(self.trace.spans.get(stmt, ()))
            for start, end in (*reversed(spans), *spans):
                if start <= last + 2 and end >= first - 2:
                    first, last = min(first, start), max(last, end)
        return Statement(first + self.shift, last + self.shift, depth, tuple(tokens), marks)

    def _statement(self, stmt: ast.stmt, depth: int) -> Iterator[Statement]:
        if isinstance(stmt, ast.Pass) or (isinstance(stmt, ast.Expr) and isinstance(stmt.value, ast.Constant)):
            return
        out: list[str] = []
        if isinstance(stmt, (*FUNCTIONS, ast.ClassDef)):
            for decorator in stmt.decorator_list:
                line = decorator.lineno
                yield self._one(stmt, depth, ["@", *self.of(decorator)], line, decorator.end_lineno or line, False)
            last = stmt.lineno
            if isinstance(stmt, ast.ClassDef):
                out += ["class", f"name:{stmt.name}"]
                for base in stmt.bases:
                    if not (isinstance(base, ast.Name) and base.id == "object"):
                        self._add(base, out)
                for keyword in stmt.keywords:
                    self._add(keyword, out)
            else:
                out += ["def", f"name:{stmt.name}"]
                self._arguments(stmt.args, out)
                last = max([last, *(part.end_lineno or 0 for part in (*stmt.args.args, *stmt.args.kwonlyargs))])
            yield self._one(stmt, depth, out, stmt.lineno, last)
            yield from self.statements(stmt.body, depth + 1)
            return
        last = stmt.end_lineno or stmt.lineno
        match stmt:
            case ast.If() | ast.While():
                out.append("if" if isinstance(stmt, ast.If) else "while")
                self._add(stmt.test, out)
                last = stmt.test.end_lineno or last
            case ast.For() | ast.AsyncFor():
                out.append("for")
                self._add(stmt.target, out)
                out.append("in")
                self._add(stmt.iter, out)
                last = stmt.iter.end_lineno or last
            case ast.With() | ast.AsyncWith():
                out.append("with")
                for item in stmt.items:
                    self._add(item.context_expr, out)
                    if item.optional_vars is not None:
                        out.append("as")
                        self._add(item.optional_vars, out)
                    last = item.context_expr.end_lineno or last
            case ast.Try():
                yield self._one(stmt, depth, ["try"], stmt.lineno, stmt.lineno)
                yield from self.statements(stmt.body, depth + 1)
                for handler in stmt.handlers:
                    out = ["except"]
                    if handler.type is not None:
                        self._add(handler.type, out)
                    yield self._one(stmt, depth, out, handler.lineno, handler.lineno, False)
                    yield from self.statements(handler.body, depth + 1)
                yield from self.statements(stmt.orelse, depth + 1)
                if stmt.finalbody:
                    line = stmt.finalbody[0].lineno
                    yield self._one(stmt, depth, ["finally"], line, line, False)
                    yield from self.statements(stmt.finalbody, depth + 1)
                return
            case ast.Match():
                out.append("match")
                self._add(stmt.subject, out)
                yield self._one(stmt, depth, out, stmt.lineno, stmt.subject.end_lineno or stmt.lineno)
                for case in stmt.cases:
                    out = ["case"]
                    self._add(case.pattern, out)
                    if case.guard is not None:
                        out.append("if")
                        self._add(case.guard, out)
                    yield self._one(stmt, depth, out, case.pattern.lineno, case.pattern.lineno, False)
                    yield from self.statements(case.body, depth + 1)
                return
            case _:
                self._simple(stmt, out)
                yield self._one(stmt, depth, out, stmt.lineno, last)
                return
        last = max(last, stmt.lineno) if last <= (stmt.end_lineno or last) else stmt.lineno
        yield self._one(stmt, depth, out, stmt.lineno, last)
        for name in ("body", "orelse"):
            yield from self.statements(getattr(stmt, name, []), depth + 1)

    def _simple(self, stmt: ast.stmt, out: list[str]) -> None:
        match stmt:
            case ast.Assign():
                for target in stmt.targets:
                    self._add(target, out)
                    out.append("=")
                self._add(stmt.value, out)
            case ast.AugAssign():
                self._add(stmt.target, out)
                out.append(_OPERATORS[type(stmt.op)] + "=")
                self._add(stmt.value, out)
            case ast.Return():
                out.append("return")
                self._add(stmt.value, out)
            case ast.Expr():
                self._add(stmt.value, out)
            case ast.Import() | ast.ImportFrom():
                out.append("import")
                if isinstance(stmt, ast.ImportFrom):
                    out.append("." * stmt.level + (stmt.module or ""))
                out += [alias.name for alias in stmt.names]
            case ast.Global() | ast.Nonlocal():
                out.append("global" if isinstance(stmt, ast.Global) else "nonlocal")
                out += [f"name:{name}" for name in stmt.names]
            case _:
                self._other(stmt, out)

    # ------------------------------------------------------------ expressions

    def of(self, node: ast.AST) -> list[str]:
        """The tokens of one expression."""
        out: list[str] = []
        self._add(node, out)
        return out

    def _add(self, node: ast.AST | None, out: list[str]) -> None:
        if node is None:
            return
        if isinstance(node, ast.Name):
            made = node.id.startswith(MADE)
            out.append("name:" if made else f"name:{node.id}" if self.names.changeable(node.id) else node.id)
            return
        method = _METHODS.get(node.__class__)
        if method is None:
            self._other(node, out)
        else:
            method(self, node, out)

    def _all(self, nodes: list[ast.expr], out: list[str]) -> None:
        for node in nodes:
            self._add(node, out)

    def _constant(self, node: ast.Constant, out: list[str]) -> None:
        out.append(literal(node.value))

    def _attribute(self, node: ast.Attribute, out: list[str], called: bool = False) -> None:
        parts = [node.attr]
        base: ast.expr = node.value
        while isinstance(base, ast.Attribute):
            parts.append(base.attr)
            base = base.value
        parts.reverse()
        chain = ""
        if isinstance(base, ast.Name):
            if base.id in ("self", "cls") or (self.names.own is not None and self.names.changeable(base.id, root=True)):
                chain = base.id
                # The longest run of own attributes is one name; a method called on an own object stays visible.
                end = 0
                while end < len(parts) and self.names.attribute(parts[end]):
                    end += 1
                if called and end == len(parts) > 1:
                    end -= 1
                elif not called and end == 1 < len(parts) and self.names.setting(base.id, parts[1]):
                    end = 2
                chain = ".".join((chain, *parts[:end]))
                parts = parts[end:]
                out.append(f"name:{chain}")
            else:
                out.append(f"name:{base.id}" if self.names.changeable(base.id, root=True) else base.id)
        else:
            self._add(base, out)
        for part in parts:
            if self.names.own is not None and part in self.names.own:
                out += (".", f"name:{part}")
            else:
                out.append(f".{part}")

    def _call(self, node: ast.Call, out: list[str]) -> None:
        start = len(out)
        if isinstance(node.func, ast.Attribute):
            self._attribute(node.func, out, called=True)
        else:
            self._add(node.func, out)
        own = len(out) == start + 1 and out[start].startswith("name:")
        out.append("(")
        self._all(node.args, out)
        for keyword in node.keywords:
            if keyword.arg is None:
                out.append("**")
            elif own:
                out += (f"name:{keyword.arg}", "=")
            else:
                out.append(f"{keyword.arg}=")
            self._add(keyword.value, out)
        out.append(")")

    def _keyword(self, node: ast.keyword, out: list[str]) -> None:
        out.append(f"{node.arg}=" if node.arg else "**")
        self._add(node.value, out)

    def _operation(self, node: ast.BinOp, out: list[str]) -> None:
        self._add(node.left, out)
        out.append(_OPERATORS[type(node.op)])
        self._add(node.right, out)

    def _unary(self, node: ast.UnaryOp, out: list[str]) -> None:
        out.append(_OPERATORS[type(node.op)])
        self._add(node.operand, out)

    def _boolean(self, node: ast.BoolOp, out: list[str]) -> None:
        for place, value in enumerate(node.values):
            if place:
                out.append(_OPERATORS[type(node.op)])
            self._add(value, out)

    def _compare(self, node: ast.Compare, out: list[str]) -> None:
        self._add(node.left, out)
        for op, right in zip(node.ops, node.comparators, strict=True):
            out.append(_OPERATORS[type(op)])
            self._add(right, out)

    def _choice(self, node: ast.IfExp, out: list[str]) -> None:
        self._add(node.body, out)
        out.append("if")
        self._add(node.test, out)
        out.append("else")
        self._add(node.orelse, out)

    def _subscript(self, node: ast.Subscript, out: list[str]) -> None:
        self._add(node.value, out)
        out.append("[")
        if isinstance(node.slice, ast.Tuple):
            self._all(node.slice.elts, out)
        else:
            self._add(node.slice, out)
        out.append("]")

    def _slice(self, node: ast.Slice, out: list[str]) -> None:
        self._add(node.lower, out)
        out.append(":")
        self._add(node.upper, out)
        if node.step is not None:
            out.append(":")
            self._add(node.step, out)

    def _display(self, node: ast.List | ast.Tuple | ast.Set, out: list[str]) -> None:
        opening, closing = {ast.List: "[]", ast.Tuple: "()"}.get(node.__class__, "{}")
        out.append(opening)
        self._all(node.elts, out)
        out.append(closing)

    def _dict(self, node: ast.Dict, out: list[str]) -> None:
        out.append("{")
        for key, value in zip(node.keys, node.values, strict=True):
            if key is None:
                out.append("**")
            else:
                self._add(key, out)
                out.append(":")
            self._add(value, out)
        out.append("}")

    def _comprehension(
        self, node: ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp, out: list[str]
    ) -> None:
        opening, closing = {ast.ListComp: "[]", ast.GeneratorExp: "()"}.get(node.__class__, "{}")
        out.append(opening)
        if isinstance(node, ast.DictComp):
            self._add(node.key, out)
            out.append(":")
            self._add(node.value, out)
        else:
            self._add(node.elt, out)
        for generator in node.generators:
            out.append("for")
            self._add(generator.target, out)
            out.append("in")
            self._add(generator.iter, out)
            for test in generator.ifs:
                out.append("if")
                self._add(test, out)
        out.append(closing)

    def _lambda(self, node: ast.Lambda, out: list[str]) -> None:
        out.append("lambda")
        self._arguments(node.args, out)
        out.append(":")
        self._add(node.body, out)

    def _arguments(self, node: ast.arguments, out: list[str]) -> None:
        plain = [*node.posonlyargs, *node.args]
        defaults: list[ast.expr | None] = [*[None] * (len(plain) - len(node.defaults)), *node.defaults]
        pairs = [*zip(plain, defaults, strict=True), *zip(node.kwonlyargs, node.kw_defaults, strict=True)]
        for place, (argument, default) in enumerate(pairs):
            if place == 0 and argument.arg in ("self", "cls"):
                continue  # a method made a function loses it
            out.append("name:" if argument.arg.startswith(MADE) else f"name:{argument.arg}")
            if default is not None:
                out.append("=")
                self._add(default, out)
        for stars, extra in (("*", node.vararg), ("**", node.kwarg)):
            if extra is not None:
                out += (stars, f"name:{extra.arg}")

    def _joined(self, node: ast.JoinedStr, out: list[str]) -> None:
        out.append('f"')
        self._all(node.values, out)
        out.append('"')

    def _formatted(self, node: ast.FormattedValue, out: list[str]) -> None:
        self._add(node.value, out)
        if node.conversion > 0:
            out.append(f"!{chr(node.conversion)}")
        if isinstance(node.format_spec, ast.JoinedStr):
            out.append(":")
            self._all(node.format_spec.values, out)

    def _starred(self, node: ast.Starred, out: list[str]) -> None:
        out.append("*")
        self._add(node.value, out)

    def _other(self, node: ast.AST, out: list[str]) -> None:
        out.append(node.__class__.__name__.lower())
        for name in node._fields:
            value = getattr(node, name, None)
            for item in value if isinstance(value, list) else [value]:
                if isinstance(item, (ast.expr_context, ast.stmt)):
                    continue
                if isinstance(item, ast.AST):
                    self._add(item, out)
                elif isinstance(item, str):
                    out.append(f"name:{item}")


_METHODS: dict[type[ast.AST], Callable[..., None]] = {
    ast.Constant: Tokens._constant,
    ast.Attribute: Tokens._attribute,
    ast.Call: Tokens._call,
    ast.keyword: Tokens._keyword,
    ast.BinOp: Tokens._operation,
    ast.UnaryOp: Tokens._unary,
    ast.BoolOp: Tokens._boolean,
    ast.Compare: Tokens._compare,
    ast.IfExp: Tokens._choice,
    ast.Subscript: Tokens._subscript,
    ast.Slice: Tokens._slice,
    ast.List: Tokens._display,
    ast.Tuple: Tokens._display,
    ast.Set: Tokens._display,
    ast.Dict: Tokens._dict,
    ast.ListComp: Tokens._comprehension,
    ast.SetComp: Tokens._comprehension,
    ast.DictComp: Tokens._comprehension,
    ast.GeneratorExp: Tokens._comprehension,
    ast.Lambda: Tokens._lambda,
    ast.JoinedStr: Tokens._joined,
    ast.FormattedValue: Tokens._formatted,
    ast.Starred: Tokens._starred,
}
