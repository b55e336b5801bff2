"""A channel's finding to JSON, back again, and its JSON Schema, all from the type hints of its frozen dataclasses.

Known types: str, int, float, bool, None, Literal, `X | None`, `tuple[X, ...]`, `tuple[X, Y]` and dataclasses of these.
A dataclass is an object with a key a field; a number that is not finite is null.
"""

from __future__ import annotations

import math
import types
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any, Final, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from clonedetect.errors import ReportError
from clonedetect.report.escape import visible

T = TypeVar("T")
_WORDS: Final[dict[Any, str]] = {
    str: "text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    type(None): "nothing",
}
_SCHEMAS: Final[dict[Any, dict[str, Any]]] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": ["number", "null"]},
    bool: {"type": "boolean"},
    type(None): {"type": "null"},
}


def encode(value: Any) -> Any:
    """A finding as values that `json` writes; equal findings give equal values in equal order."""
    if is_dataclass(value) and not isinstance(value, type):
        return {name: encode(getattr(value, name)) for name in _hints(type(value))}
    if isinstance(value, tuple):
        return [encode(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def decode(kind: type[T], value: Any, where: str) -> T:
    """What `encode` made of a `kind`; unknown keys are ignored. Raises ReportError with the place of a defect."""
    return _decoder(kind)(value, where)


def schema_of(kind: Any) -> dict[str, Any]:
    """The JSON Schema of what `encode` makes of a `kind`."""
    if kind in _SCHEMAS:
        return dict(_SCHEMAS[kind])
    if is_dataclass(kind):
        hints = _hints(kind)
        properties = {name: schema_of(hint) for name, hint in hints.items()}
        return {"type": "object", "required": [*hints], "properties": properties, "additionalProperties": False}
    arguments = get_args(kind)
    if get_origin(kind) is Literal:
        return {"enum": [*arguments]}
    if get_origin(kind) is tuple and arguments[1:] == (...,):
        return {"type": "array", "items": schema_of(arguments[0])}
    if get_origin(kind) is tuple:
        return {"type": "array", "prefixItems": [schema_of(a) for a in arguments], "minItems": len(arguments)}
    if get_origin(kind) in (Union, types.UnionType):
        return {"anyOf": [schema_of(argument) for argument in arguments]}
    raise TypeError(f"{kind} is no type of a finding")


@cache
def _hints(kind: Any) -> dict[str, Any]:
    hints = get_type_hints(kind)
    return {field.name: hints[field.name] for field in fields(kind)}


@cache
def _decoder(kind: Any) -> Callable[[Any, str], Any]:
    if kind in _WORDS:
        return lambda value, where: _plain(kind, value, where)
    if is_dataclass(kind) and isinstance(kind, type):
        return lambda value, where: _object(kind, value, where)
    arguments = get_args(kind)
    if get_origin(kind) is Literal:
        return lambda value, where: _word(arguments, value, where)
    if get_origin(kind) is tuple:
        return lambda value, where: _sequence(arguments, value, where)
    if get_origin(kind) in (Union, types.UnionType):
        (inner,) = (argument for argument in arguments if argument is not type(None))
        return lambda value, where: None if value is None else _decoder(inner)(value, where)
    raise TypeError(f"{kind} is no type of a finding")


def _plain(kind: type, value: Any, where: str) -> Any:
    if kind is float:
        if value is None:
            return math.nan
        if isinstance(value, int | float) and not isinstance(value, bool):
            try:
                return float(value)
            except OverflowError:
                raise ReportError(f"{where}: the number is too large") from None
    elif isinstance(value, kind) and (kind is bool or not isinstance(value, bool)):
        return value
    raise ReportError(f"{where}: expected {_WORDS[kind]}, found {type(value).__name__}")


def _word(words: tuple[Any, ...], value: Any, where: str) -> Any:
    for word in words:
        if word == value and type(word) is type(value):
            return word
    raise ReportError(f"{where}: unknown word {visible(str(value)[:40])!r}, known: {', '.join(map(str, words))}")


def _sequence(arguments: tuple[Any, ...], value: Any, where: str) -> tuple[Any, ...]:
    if not isinstance(value, list):
        raise ReportError(f"{where}: expected a list, found {type(value).__name__}")
    kinds = (arguments[0],) * len(value) if arguments[1:] == (...,) else arguments
    if len(kinds) != len(value):
        raise ReportError(f"{where}: expected {len(kinds)} items, found {len(value)}")
    return tuple(
        _decoder(kind)(item, f"{where}[{index}]") for index, (kind, item) in enumerate(zip(kinds, value, strict=True))
    )


def _object(kind: type, value: Any, where: str) -> Any:
    if not isinstance(value, dict):
        raise ReportError(f"{where}: expected an object, found {type(value).__name__}")
    return kind(**{name: _decoder(hint)(value.get(name), f"{where}.{name}") for name, hint in _hints(kind).items()})
