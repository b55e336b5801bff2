"""One form for built strings: `%`, `str.format`, `+` and f-strings all become f-strings."""

from __future__ import annotations

import ast
import re
import string

from clonedetect.normalise.canonical.nodes import at, is_call

_DIRECTIVE = re.compile(r"%(?:(%)|([-0+ #]*)(\d*)(\.\d+)?([sdrfgexX]))")


def _text(value: str) -> ast.expr:
    return ast.Constant(value=value)


def _value(node: ast.expr, spec: str = "", conversion: int = -1) -> ast.expr:
    form = ast.JoinedStr(values=[_text(spec)]) if spec else None
    return ast.FormattedValue(value=node, conversion=conversion, format_spec=form)


def _joined(parts: list[ast.expr], old: ast.expr) -> ast.expr:
    """Neighbouring texts merged; a plain constant where nothing is inserted."""
    merged: list[ast.expr] = []
    for part in parts:
        if isinstance(part, ast.Constant):
            if part.value == "":
                continue
            if merged and isinstance(merged[-1], ast.Constant):
                merged[-1] = _text(str(merged[-1].value) + str(part.value))
                continue
        merged.append(part)
    if all(isinstance(part, ast.Constant) for part in merged):
        return at(_text("".join(str(part.value) for part in merged if isinstance(part, ast.Constant))), old)
    return at(ast.JoinedStr(values=merged), old)


def percent(node: ast.expr, bound: frozenset[str]) -> ast.expr | None:
    """`'%s: %d' % (a, b)` -> `f'{a}: {b:d}'`; approximate for `%d` of a float, which a format refuses."""
    if not isinstance(node, ast.BinOp) or not isinstance(node.op, ast.Mod):
        return None
    if not isinstance(node.left, ast.Constant) or not isinstance(node.left.value, str):
        return None
    template = node.left.value
    if not isinstance(node.right, (ast.Tuple, ast.Constant, ast.Name, ast.Attribute, ast.Call, ast.Subscript)):
        return None
    single = not isinstance(node.right, ast.Tuple)
    values = [node.right] if not isinstance(node.right, ast.Tuple) else list(node.right.elts)
    if any(isinstance(value, ast.Starred) for value in values):
        return None
    parts: list[ast.expr] = []
    place = used = 0
    for found in _DIRECTIVE.finditer(template):
        before = template[place : found.start()]
        if "%" in before:
            return None
        parts.append(_text(before))
        place = found.end()
        whole, flags, width, precision, kind = found.groups()
        if whole:
            parts.append(_text("%"))
            continue
        # Padding differs between the two languages for text; numbers with zero fill or precision agree.
        if used >= len(values) or set(flags) - {"0"} or (width and kind in "sr") or (precision and kind in "srdxX"):
            return None
        if kind in "sr":
            parts.append(_value(values[used], conversion=114 if kind == "r" else -1))
        else:
            default = ".6" if kind in "feg" and not precision else ""
            spec = flags + width + (precision or default) + kind
            parts.append(_value(values[used], spec="" if spec == "d" else spec))
        used += 1
    rest = template[place:]
    if "%" in rest or used != len(values) or used == 0:
        return None
    if single and isinstance(node.right, (ast.Name, ast.Call, ast.Attribute, ast.Subscript)) and used != 1:
        return None
    return _joined([*parts, _text(rest)], node)


def format_call(node: ast.expr, bound: frozenset[str]) -> ast.expr | None:
    """`'{}: {x}'.format(a, x=b)` -> `f'{a}: {b}'`, where every argument is used once and in order."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or node.func.attr != "format":
        return None
    base = node.func.value
    if not isinstance(base, ast.Constant) or not isinstance(base.value, str):
        return None
    if any(isinstance(arg, ast.Starred) for arg in node.args) or any(part.arg is None for part in node.keywords):
        return None
    given: dict[str, ast.expr] = {str(index): arg for index, arg in enumerate(node.args)}
    given.update({part.arg or "": part.value for part in node.keywords})
    order: list[str] = []
    parts: list[ast.expr] = []
    try:
        for text, name, spec, conversion in string.Formatter().parse(base.value):
            parts.append(_text(text))
            if name is None:
                continue
            key = name or str(len(order))
            if key not in given or "{" in (spec or ""):
                return None
            order.append(key)
            parts.append(_value(given[key], spec or "", ord(conversion) if conversion and conversion != "s" else -1))
    except ValueError:
        return None
    return _joined(parts, node) if order == list(given) else None


def concatenation(node: ast.expr, bound: frozenset[str]) -> ast.expr | None:
    """`'a' + str(b) + c` -> `f'a{b}{c}'`: one text in the chain makes all of it text."""
    if not isinstance(node, ast.BinOp) or not isinstance(node.op, ast.Add):
        return None
    parts: list[ast.expr] = []
    known = False
    for term in _terms(node):
        if isinstance(term, ast.Constant) and isinstance(term.value, str):
            known = True
            parts.append(term)
        elif isinstance(term, ast.JoinedStr):
            known = True
            parts.extend(term.values)
        elif isinstance(term, ast.Call) and is_call(term, "str") and "str" not in bound and len(term.args) == 1:
            parts.append(_value(term.args[0]))
        elif isinstance(term, (ast.Name, ast.Attribute, ast.Call, ast.Subscript)):
            parts.append(_value(term))
        else:
            return None
    return _joined(parts, node) if known else None


def _terms(node: ast.expr) -> list[ast.expr]:
    terms: list[ast.expr] = []
    while isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        terms.append(node.right)
        node = node.left
    terms.append(node)
    return terms[::-1]


def joined(node: ast.expr, bound: frozenset[str]) -> ast.expr | None:
    """`f'{str(x)!s}'` -> `f'{x}'`, in place."""
    if isinstance(node, ast.JoinedStr):
        for part in node.values:
            if isinstance(part, ast.FormattedValue):
                inner = part.value
                if part.conversion == 115:
                    part.conversion = -1
                plain = part.format_spec is None and part.conversion == -1
                shown = plain and isinstance(inner, ast.Call) and is_call(inner, "str") and "str" not in bound
                if isinstance(inner, ast.Call) and shown and len(inner.args) == 1 and not inner.keywords:
                    part.value = inner.args[0]
    return None
