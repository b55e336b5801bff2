"""Configuration written as Python: defaults of dataclasses, pydantic models, `__init__` methods, and dictionaries."""

from __future__ import annotations

import ast
import re
import warnings
from bisect import bisect_right
from typing import TYPE_CHECKING

from clonedetect.domain.config import Setting, ValueKind

if TYPE_CHECKING:
    from collections.abc import Iterator

_WORD = r"(?:Config|Configuration|Settings|Args|Arguments|Options|Params|Hparams|HParams|Defaults|Hyperparameters)"
_CLASS = re.compile(_WORD + "$")
_BASE = re.compile(_WORD + "$|^(?:BaseModel|NamedTuple|TypedDict|Struct)$")
_TABLE = re.compile(
    r"(?:^|_)(?:config|cfg|settings|args|params|options|hparams|defaults?|hyperparameters)$", re.IGNORECASE
)
_MARKS = ("dataclass", "define", "frozen", "attrs", "configclass")
# Whatever the rules below could take for a configuration, and more.
_MAYBE = re.compile(
    rf"^[ \t]*@[\w.]*\b(?:{'|'.join(_MARKS)})\b"
    rf"|^[ \t]*class\s[^:]{{0,400}}?(?:{_WORD}|BaseModel|NamedTuple|TypedDict|Struct)\b"
    r"|^(?i:\w*(?:config|cfg|settings|args|params|options|hparams|defaults?|hyperparameters))\s*(?::[^=]{0,300})?"
    r"=[\s(\\]*(?:[\w.]*\bdict\s*\(|\{)",
    re.MULTILINE,
)
_HEAD = re.compile(r"^(?:@|[^\W\d])", re.MULTILINE)
LEAST_KEYS = 2  # a class or dictionary with fewer is no configuration
TEXT = 400
MAX_BYTES = 1_000_000


def python_settings(data: bytes) -> tuple[Setting, ...]:
    """The settings of a Python file, each below the name of its class or dictionary. Raises ValueError."""
    text = data.decode("utf-8", "replace")
    if not _MAYBE.search(text):
        return ()
    if len(data) > MAX_BYTES:
        raise ValueError(f"larger than {MAX_BYTES:,} bytes")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the repository's own odd escapes
            try:
                return tuple(s for line, piece in _pieces(text) for s in _settings(piece, line))
            except SyntaxError:  # a line that begins like a statement and is none: all of the file says what it is
                return tuple(_settings(text, 0))
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ValueError(f"does not parse as Python ({type(error).__name__})") from error


def _pieces(text: str) -> Iterator[tuple[int, str]]:
    """The statements of the file's top level that may be configuration: lines before, source.

    Most of a file is other code, and to parse it would take many times longer. Raises SyntaxError where a piece seems
    to begin inside a string.
    """
    heads = [head.start() for head in _HEAD.finditer(text)]
    plain = [at for at in heads if text[at] != "@"]
    done = seen = lines = 0
    quotes = [0, 0]
    for maybe in _MAYBE.finditer(text):
        if maybe.start() < done:
            continue
        n = bisect_right(plain, maybe.start()) - 1
        if n < 0 or text[maybe.start()] == "@":
            n += 1
        if n == len(plain):
            return
        # Decorators belong to what follows them.
        first, last = bisect_right(heads, plain[n - 1]) if n else 0, bisect_right(heads, plain[n])
        begin, done = heads[first], heads[last] if last < len(heads) else len(text)
        if text.startswith(("class ", "class\t"), plain[n]) or maybe.start() == plain[n]:
            lines += text.count("\n", seen, begin)
            quotes = [n + text.count(mark, seen, begin) for n, mark in zip(quotes, ('"""', "'''"), strict=True)]
            seen = begin
            if quotes[0] % 2 or quotes[1] % 2:
                raise SyntaxError("inside a string")
            yield lines, text[begin:done]


def _settings(text: str, before: int) -> Iterator[Setting]:
    """The settings of some statements behind so many lines. Raises what `ast.parse` does."""
    lines = text.encode().splitlines()
    for group in _groups(ast.parse(text)):
        settings = [_setting(node, path, lines, before) for node, path in group]
        if len({s.path for s in settings}) >= LEAST_KEYS:
            yield from settings


_Value = tuple[ast.expr, tuple[str, ...]]


def _groups(tree: ast.Module) -> Iterator[list[_Value]]:
    """The values of each class or dictionary that is a configuration, with their keys."""
    todo: list[tuple[tuple[str, ...], ast.stmt]] = [((), node) for node in reversed(tree.body)]
    while todo:
        above, node = todo.pop()
        if isinstance(node, ast.ClassDef):
            path = (*above, node.name)
            if _is_configuration(node):
                yield [*_fields(node, path)]
                yield [*_parameters(node, path)]
            todo += [(path, inner) for inner in reversed(node.body) if isinstance(inner, ast.ClassDef)]
        elif isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            if isinstance(target, ast.Name) and _TABLE.search(target.id):
                yield [*_table(node.value, (*above, target.id))]


def _is_configuration(node: ast.ClassDef) -> bool:
    marks = [d.func if isinstance(d, ast.Call) else d for d in node.decorator_list]
    if any(_last(mark) in _MARKS for mark in marks):
        return True
    return bool(_CLASS.search(node.name)) or any(_BASE.search(_last(base)) for base in node.bases)


def _last(node: ast.expr) -> str:
    """The last name of a dotted one, "" for anything else."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _fields(node: ast.ClassDef, path: tuple[str, ...]) -> Iterator[_Value]:
    for inner in node.body:
        if isinstance(inner, ast.AnnAssign) and isinstance(inner.target, ast.Name) and inner.value is not None:
            yield from _value(inner.value, (*path, inner.target.id))
        elif isinstance(inner, ast.Assign) and len(inner.targets) == 1 and isinstance(inner.targets[0], ast.Name):
            yield from _value(inner.value, (*path, inner.targets[0].id))


def _parameters(node: ast.ClassDef, path: tuple[str, ...]) -> Iterator[_Value]:
    """Defaults of `__init__`, the way PretrainedConfig writes its fields."""
    for inner in node.body:
        if isinstance(inner, ast.FunctionDef) and inner.name == "__init__":
            named = [*inner.args.posonlyargs, *inner.args.args]
            pairs = list(zip(named[len(named) - len(inner.args.defaults) :], inner.args.defaults, strict=True))
            pairs += [(a, d) for a, d in zip(inner.args.kwonlyargs, inner.args.kw_defaults, strict=True) if d]
            for argument, default in pairs:
                yield from _value(default, (*path, argument.arg))


def _table(value: ast.expr, path: tuple[str, ...]) -> Iterator[_Value]:
    if isinstance(value, ast.Dict) or (isinstance(value, ast.Call) and _last(value.func) == "dict"):
        yield from _value(value, path)


def _value(value: ast.expr, path: tuple[str, ...]) -> Iterator[_Value]:
    """A value's settings: dictionaries have one a key, `field(default=x)` and `Field(x)` stand for x."""
    todo = [(value, path)]
    while todo:
        node, at = todo.pop()
        if isinstance(node, ast.Call) and _last(node.func) in ("field", "Field", "ib", "attrib"):
            given = [k.value for k in node.keywords if k.arg == "default"] or node.args[:1]
            if given:
                todo.append((given[0], at))
                continue
        if isinstance(node, ast.Call) and _last(node.func) == "dict" and not node.args:
            todo += [(k.value, (*at, k.arg)) for k in reversed(node.keywords) if k.arg]
        elif isinstance(node, ast.Dict) and node.keys:
            named = [(k.value, v) for k, v in zip(node.keys, node.values, strict=True) if isinstance(k, ast.Constant)]
            todo += [(v, (*at, str(k))) for k, v in reversed(named)]
        elif len(at) <= 40:
            yield node, at


def _setting(node: ast.expr, path: tuple[str, ...], lines: list[bytes], before: int) -> Setting:
    kind, text = _literal(node)
    if kind == "number" and node.lineno == node.end_lineno:  # as it is spelt, which its value does not say
        text = lines[node.lineno - 1][node.col_offset : node.end_col_offset].decode("utf-8", "replace")
    return Setting(path, text[:TEXT], kind, before + node.lineno, before + (node.end_lineno or node.lineno))


def _literal(node: ast.expr) -> tuple[ValueKind, str]:
    negative = isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub)
    inner = node.operand if isinstance(node, ast.UnaryOp) and negative else node
    if isinstance(inner, ast.Constant):
        value = inner.value
        if isinstance(value, bool):
            return "bool", str(value)
        if value is None:
            return "null", "None"
        if isinstance(value, int | float):
            return "number", ("-" if negative else "") + repr(value)
        return "string", value if isinstance(value, str) else repr(value)
    if isinstance(node, ast.List | ast.Tuple | ast.Set) and all(
        isinstance(i, ast.Constant | ast.UnaryOp) for i in node.elts
    ):
        return "list", ", ".join(_literal(item)[1] for item in node.elts[:100])
    return "name", _last(node) or type(node).__name__
