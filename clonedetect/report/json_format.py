"""report.json: `to_json` writes it, `json_reader.from_json` reads it back, `schema` is its JSON Schema."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from importlib import resources
from typing import Any, Final

from clonedetect.domain import ClonePair, Comparison, Evidence, Findings, Fragment, SideSummary
from clonedetect.domain.candidates import Ranking
from clonedetect.domain.identity import EqualFile
from clonedetect.report.codec import encode, schema_of
from clonedetect.report.json_reader import SCHEMA_ID, from_json

__all__ = ["SCHEMA_ID", "from_json", "schema", "to_json"]

# ASCII only: no invisible or bidirectional character reaches a terminal, and lone surrogates survive.
_encode: Final = json.JSONEncoder(ensure_ascii=True, allow_nan=False).encode


def schema() -> str:
    """The JSON Schema (2020-12) of report.json, as text: schema.json with the channels' findings put in."""
    made = json.loads(resources.files("clonedetect.report").joinpath("schema.json").read_text(encoding="utf-8"))
    channels = schema_of(Findings)
    made["properties"] |= channels["properties"]
    made["required"] += channels["required"]
    made["properties"]["ranking"] = schema_of(Ranking)
    made["properties"]["identity"]["properties"]["alike"] = schema_of(tuple[EqualFile, ...])
    made["properties"]["identity"]["properties"]["weight_share"] = schema_of(float)
    return json.dumps(made, indent=1, ensure_ascii=False)


def to_json(comparison: Comparison) -> str:
    """`comparison` as report.json (schema `clonedetect-report/1`): one line for each item of a list.

    Equal comparisons give equal bytes. A number that is not finite is written as null.
    """
    tool: dict[str, Any] = {
        "name": "clonedetect",
        "version": comparison.version,
        "options": {key: _finite(value) for key, value in comparison.options},
    }
    if comparison.seconds:
        tool["seconds"] = {stage: _finite(seconds) for stage, seconds in comparison.seconds}
    verdict = comparison.verdict
    parts: list[tuple[str, Any]] = [
        ("schema", SCHEMA_ID),
        ("tool", tool),
        ("left", _side(comparison.left)),
        ("right", _side(comparison.right)),
        ("ancestors", (_side(ancestor) for ancestor in comparison.ancestors)),
        ("clone_pairs", (_pair(pair) for pair in comparison.clone_pairs)),
        (
            "clone_classes",
            (
                {"id": each.id, "fragments": [{"side": f.side, **_fragment(f)} for f in each.fragments]}
                for each in comparison.clone_classes
            ),
        ),
        (
            "file_pairs",
            (
                {"left": f.left, "right": f.right, "relation": f.relation, "similarity": _finite(f.similarity)}
                for f in comparison.file_pairs
            ),
        ),
        (
            "rename_map",
            (
                {"left": r.left, "right": r.right, "kind": r.kind, "support": r.support, "conflicts": r.conflicts}
                for r in comparison.rename_map
            ),
        ),
        *encode(comparison.findings).items(),
        (
            "identity",
            {
                "files": [{"left": a, "right": b, "content_id": oid} for a, b, oid in comparison.identity.files],
                "alike": [encode(each) for each in comparison.identity.alike],
                "weight_share": comparison.identity.weight_share,
            },
        ),
        *([("ranking", encode(comparison.ranking))] if comparison.ranking is not None else []),
        ("channels", ({"channel": channel, "reason": reason} for channel, reason in comparison.channels)),
        ("evidence", (_evidence(evidence) for evidence in comparison.evidence)),
        (
            "verdict",
            {
                "strength": verdict.strength,
                "relation": verdict.relation,
                "direction": verdict.direction,
                "summary": verdict.summary,
                "best_revision": verdict.best_revision,
            },
        ),
        (
            "quotes",
            (
                {"side": q.side, "path": q.path, "blob": q.blob, "start_line": q.start_line, "text": q.text}
                for q in comparison.quotes
            ),
        ),
    ]
    return "{\n" + ",\n".join(f'"{key}": {_block(value)}' for key, value in parts) + "\n}\n"


def _block(value: Any) -> str:
    """A list one item a line, so that two reports can be compared line by line; anything else on one line.

    Items are encoded as they are made: to hold them all would cost the garbage collector more than the encoding.
    """
    if isinstance(value, Iterator):
        lines = ",\n".join(map(_encode, value))
        return f"[\n{lines}\n]" if lines else "[]"
    return _encode(value)


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _side(side: SideSummary) -> dict[str, Any]:
    return {
        "origin": side.origin,
        "revision": side.revision,
        "dirty": side.dirty,
        "files": side.files,
        "lines": side.lines,
        "languages": dict(side.languages),
        "skipped": [{"path": each.path, "reason": each.reason} for each in side.skipped],
        "first_commit": side.first_commit,
        "last_commit": side.last_commit,
        "notes": list(side.notes),
    }


def _fragment(fragment: Fragment) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "path": fragment.path,
        "start_line": fragment.start_line,
        "end_line": fragment.end_line,
        "name": fragment.name,
        "kind": fragment.kind,
    }
    if fragment.cell is not None:
        shown["cell"] = fragment.cell
    return shown


def _pair(pair: ClonePair) -> dict[str, Any]:
    return {
        "id": pair.id,
        "type": pair.type,
        "similarity": _finite(pair.similarity),
        "containment": _finite(pair.containment),
        "bits": _finite(pair.bits),
        "e_value": _finite(pair.e_value),
        "explained_by": pair.explained_by,
        "left": _fragment(pair.left),
        "right": _fragment(pair.right),
        "regions": [{"left": [*r.left], "right": [*r.right]} for r in pair.regions],
        "renames": [{"left": r.left, "right": r.right, "kind": r.kind, "count": r.count} for r in pair.renames],
        "edits": [{"kind": e.kind, "count": e.count} for e in pair.edits],
        "conflicts": pair.conflicts,
        "features": [{"text": f.text, "bits": _finite(f.bits), "count": f.count} for f in pair.features],
    }


def _evidence(evidence: Evidence) -> dict[str, Any]:
    return {
        "channel": evidence.channel,
        "claim": evidence.claim,
        "strength": evidence.strength,
        "statistic": evidence.statistic,
        "value": _finite(evidence.value),
        "null_hypothesis": evidence.null_hypothesis,
        "p_value": _finite(evidence.p_value),
        "e_value": _finite(evidence.e_value),
        "exhibits": list(evidence.exhibits),
        "limits": evidence.limits,
        "follows": evidence.follows,
    }
