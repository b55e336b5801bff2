"""Values of any finding's type, with one text wherever a text stands: what a hostile repository could make of it."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from clonedetect.domain import Findings


def invented(kind: Any, text: str) -> Any:
    """A value of `kind`: every text is `text`, every list has two items, every choice is its last."""
    if is_dataclass(kind):
        hints = get_type_hints(kind)
        return kind(**{field.name: invented(hints[field.name], text) for field in fields(kind)})
    arguments, origin = get_args(kind), get_origin(kind)
    if origin in (Union, UnionType):
        return invented(next(argument for argument in arguments if argument is not type(None)), text)
    if origin is Literal:
        return arguments[-1]
    if origin is tuple:
        inner = arguments[:1] * 2 if arguments[1:] == (...,) else arguments
        return tuple(invented(each, text) for each in inner)
    return {str: text, int: 3, float: 0.5, bool: True, type(None): None}[kind]


def channels() -> list[str]:
    """The channels that this version can examine."""
    return [name for name, hint in get_type_hints(Findings).items() if hint is not type(None)]


def findings(text: str) -> Findings:
    """A finding of every channel."""
    return invented(Findings, text)
