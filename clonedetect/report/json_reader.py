"""Reads report.json back into a `Comparison`. The file may come from anyone: every value's type is checked."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any, Final, TypeVar, get_args

from clonedetect.domain import (
    CloneClass,
    ClonePair,
    Comparison,
    Direction,
    Edit,
    Evidence,
    Feature,
    FilePair,
    Findings,
    Fragment,
    Identity,
    Quote,
    Region,
    Relation,
    Rename,
    RenameEntry,
    Side,
    SideSummary,
    Skipped,
    Strength,
    Verdict,
)
from clonedetect.domain.candidates import Ranking
from clonedetect.domain.identity import EqualFile
from clonedetect.errors import ReportError
from clonedetect.report.codec import decode
from clonedetect.report.escape import visible

SCHEMA_ID: Final = "clonedetect-report/1"

T = TypeVar("T")
_STRENGTHS: Final = get_args(Strength)
_KINDS: Final = {str: "text", int: "a whole number", float: "a number", bool: "true or false", list: "a list"}


def from_json(text: str) -> Comparison:
    """The comparison that `to_json` wrote.

    Raises ReportError, with the place of the first defect on one line, for text that is not JSON, of another
    schema, or damaged. Keys that this version does not know are ignored.
    """
    try:
        loaded = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ReportError(f"report.json is not JSON: {visible(str(error))}") from None
    if not isinstance(loaded, dict):
        raise ReportError("report.json: expected an object")
    if loaded.get("schema") != SCHEMA_ID:
        found = visible(str(loaded.get("schema"))[:80])
        raise ReportError(f"report.json is of schema {found}; this version reads {SCHEMA_ID}")
    report = _Object(loaded, "report.json")
    tool = report.object("tool")
    return Comparison(
        version=tool.text("version"),
        options=tuple((key, tool.object("options").option(key)) for key in tool.object("options").names()),
        left=_side(report.object("left")),
        right=_side(report.object("right")),
        ancestors=report.list("ancestors", _side),
        clone_pairs=report.list("clone_pairs", _pair),
        clone_classes=report.list(
            "clone_classes", lambda o: CloneClass(o.text("id"), o.list("fragments", lambda f: _fragment(f, f.side())))
        ),
        file_pairs=report.list(
            "file_pairs",
            lambda o: FilePair(o.text("left"), o.text("right"), o.text("relation"), o.number("similarity")),
        ),
        rename_map=report.list(
            "rename_map",
            lambda o: RenameEntry(
                o.text("left"), o.text("right"), o.text("kind"), o.integer("support"), o.integer("conflicts")
            ),
        ),
        identity=Identity(
            report.object("identity").list("files", lambda o: (o.text("left"), o.text("right"), o.text("content_id"))),
            decode(tuple[EqualFile, ...], loaded["identity"].get("alike", []), "report.json.identity.alike"),
            decode(float, loaded["identity"].get("weight_share", 0.0), "report.json.identity.weight_share"),
        ),
        evidence=report.list("evidence", _evidence),
        verdict=_verdict(report.object("verdict")),
        findings=decode(Findings, loaded, "report.json"),
        channels=report.list("channels", lambda o: (o.text("channel"), o.text("reason"))),
        ranking=None if loaded.get("ranking") is None else decode(Ranking, loaded["ranking"], "report.json.ranking"),
        quotes=report.list("quotes", _quote),
        seconds=_seconds(tool),
    )


class _Object:
    """A JSON object with its place in the report; each method reads one key and checks what it holds."""

    def __init__(self, values: dict[str, Any], where: str) -> None:
        self._values = values
        self._where = where

    def names(self) -> tuple[str, ...]:
        return tuple(self._values)

    def _get(self, key: str, kind: type[T], optional: bool = False) -> Any:
        value = self._values.get(key)
        if value is None and optional:
            return None
        if isinstance(value, kind) and (kind is bool or not isinstance(value, bool)):
            return value
        found = "nothing" if value is None else type(value).__name__
        raise self.defect(key, f"expected {_KINDS.get(kind, 'an object')}, found {found}")

    def defect(self, key: str, problem: str) -> ReportError:
        return ReportError(f"{self._where}.{visible(key)}: {problem}")

    def text(self, key: str) -> str:
        return self._get(key, str)

    def optional_text(self, key: str) -> str | None:
        return self._get(key, str, optional=True)

    def integer(self, key: str) -> int:
        return self._get(key, int)

    def line(self, key: str) -> int:
        value = self.integer(key)
        if not 1 <= value < 2**31:
            raise self.defect(key, "lines count from 1")
        return value

    def boolean(self, key: str) -> bool:
        return self._get(key, bool)

    def number(self, key: str) -> float:
        value = self.optional_number(key)
        return math.nan if value is None else value

    def optional_number(self, key: str) -> float | None:
        value = self._values.get(key)
        if value is None:
            return None
        if isinstance(value, int | float) and not isinstance(value, bool):
            try:
                return float(value)
            except OverflowError:
                raise self.defect(key, "the number is too large") from None
        raise self.defect(key, f"expected a number, found {type(value).__name__}")

    def option(self, key: str) -> str | int | float | bool | None:
        value = self._values[key]
        if value is None or isinstance(value, str | int | float | bool):
            return value
        raise self.defect(key, f"expected a plain value, found {type(value).__name__}")

    def word(self, key: str, words: tuple[T, ...]) -> T:
        value = self.text(key)
        for word in words:
            if word == value:
                return word
        raise self.defect(key, f"unknown word {visible(value[:40])!r}, known: {', '.join(map(str, words))}")

    def side(self) -> Side:
        return self.word("side", get_args(Side))

    def object(self, key: str) -> _Object:
        return _Object(self._get(key, dict), f"{self._where}.{key}")

    def list(self, key: str, read: Callable[[_Object], T]) -> tuple[T, ...]:
        items = []
        for index, value in enumerate(self._get(key, list)):
            where = f"{self._where}.{key}[{index}]"
            if not isinstance(value, dict):
                raise ReportError(f"{where}: expected an object, found {type(value).__name__}")
            items.append(read(_Object(value, where)))
        return tuple(items)

    def texts(self, key: str) -> tuple[str, ...]:
        values = self._get(key, list)
        if not all(isinstance(value, str) for value in values):
            raise self.defect(key, "expected a list of texts")
        return tuple(values)

    def span(self, key: str) -> tuple[int, int]:
        values = self._get(key, list)
        if len(values) == 2 and all(isinstance(v, int) and not isinstance(v, bool) and 1 <= v < 2**31 for v in values):
            return values[0], values[1]
        raise self.defect(key, "expected two line numbers")


def _side(o: _Object) -> SideSummary:
    languages = o.object("languages")
    return SideSummary(
        origin=o.text("origin"),
        revision=o.optional_text("revision"),
        dirty=o.boolean("dirty"),
        files=o.integer("files"),
        lines=o.integer("lines"),
        languages=tuple((language, languages.integer(language)) for language in languages.names()),
        skipped=o.list("skipped", lambda s: Skipped(s.text("path"), s.text("reason"))),
        first_commit=o.optional_text("first_commit"),
        last_commit=o.optional_text("last_commit"),
        notes=o.texts("notes"),
    )


def _fragment(o: _Object, side: Side) -> Fragment:
    start, end = o.line("start_line"), o.line("end_line")
    cell = o.line("cell") if "cell" in o.names() else None
    return Fragment(side, o.text("path"), start, end, o.text("name"), o.text("kind"), cell)


def _pair(o: _Object) -> ClonePair:
    return ClonePair(
        id=o.text("id"),
        type=_clone_type(o),
        similarity=o.number("similarity"),
        containment=o.number("containment"),
        bits=o.optional_number("bits"),
        e_value=o.optional_number("e_value"),
        explained_by=o.optional_text("explained_by"),
        left=_fragment(o.object("left"), "left"),
        right=_fragment(o.object("right"), "right"),
        regions=o.list("regions", lambda r: Region(r.span("left"), r.span("right"))),
        renames=o.list(
            "renames", lambda r: Rename(r.text("left"), r.text("right"), r.text("kind"), r.integer("count"))
        ),
        edits=o.list("edits", lambda e: Edit(e.text("kind"), e.integer("count"))),
        conflicts=o.integer("conflicts"),
        features=o.list("features", lambda f: Feature(f.text("text"), f.number("bits"), f.integer("count"))),
    )


def _clone_type(o: _Object) -> int:
    value = o.integer("type")
    if value not in (1, 2, 3):
        raise o.defect("type", "expected 1, 2 or 3")
    return value


def _evidence(o: _Object) -> Evidence:
    return Evidence(
        channel=o.text("channel"),
        claim=o.text("claim"),
        strength=o.word("strength", _STRENGTHS),
        statistic=o.text("statistic"),
        value=o.optional_number("value"),
        null_hypothesis=o.text("null_hypothesis"),
        p_value=o.optional_number("p_value"),
        e_value=o.optional_number("e_value"),
        exhibits=o.texts("exhibits"),
        limits=o.text("limits"),
        follows=o.optional_text("follows"),
    )


def _verdict(o: _Object) -> Verdict:
    return Verdict(
        strength=o.word("strength", _STRENGTHS),
        relation=o.word("relation", get_args(Relation)),
        direction=o.word("direction", get_args(Direction)),
        summary=o.text("summary"),
        best_revision=o.optional_text("best_revision"),
    )


def _quote(o: _Object) -> Quote:
    return Quote(o.side(), o.text("path"), o.text("blob"), o.line("start_line"), o.text("text"))


def _seconds(tool: _Object) -> tuple[tuple[str, float], ...]:
    if "seconds" not in tool.names():
        return ()
    seconds = tool.object("seconds")
    return tuple((stage, seconds.number(stage)) for stage in seconds.names())
