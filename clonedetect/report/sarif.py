"""SARIF 2.1.0 (OASIS, 2020): each clone pair is a result on the left with its counterpart as related location."""

from __future__ import annotations

import hashlib
import json
import math
from collections import Counter
from typing import Any, Final
from urllib.parse import quote as percent_encoded

from clonedetect.domain import ClonePair, Comparison, Fragment, SideSummary, Skipped
from clonedetect.report import wording
from clonedetect.report.escape import visible
from clonedetect.report.quoted import Quoted

_SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
FINGERPRINT: Final = "clonedetectFragment/v1"
"""The key of the fingerprint: a hash of what the two fragments say, not of where they stand."""

_RULES: Final = (
    ("clone-identical", "IdenticalFragment", "Two fragments are equal up to layout and comments."),
    ("clone-renamed", "RenamedFragment", "Two fragments are equal up to names and literals."),
    ("clone-edited", "EditedFragment", "Two fragments match with edits."),
)
_SURE, _LIKELY = 1e-6, 1e-2  # E-values up to which a result is an error, a warning


def to_sarif(comparison: Comparison) -> str:
    """The comparison as a SARIF log. Equal comparisons give equal bytes.

    Levels: `none` for an explained pair, `error` up to an E-value of 1e-6, `warning` up to 0.01, else `note`; a pair
    without an E-value takes its level from the verdict's strength.
    """
    quoted = Quoted(comparison.quotes)
    seen: Counter[str] = Counter()
    results = [_result(pair, comparison, quoted, seen) for pair in comparison.clone_pairs]
    verdict = comparison.verdict
    run: dict[str, Any] = {
        "tool": {
            "driver": {
                "name": "clonedetect",
                "version": visible(comparison.version),
                "rules": [
                    {
                        "id": rule,
                        "name": name,
                        "shortDescription": {"text": text},
                        "defaultConfiguration": {"level": "note"},
                    }
                    for rule, name, text in _RULES
                ],
            }
        },
        "invocations": [
            {
                "executionSuccessful": True,
                "toolExecutionNotifications": [
                    _notification(label, each)
                    for label, side in (("LEFT", comparison.left), ("RIGHT", comparison.right))
                    for each in side.skipped
                ],
            }
        ],
        "originalUriBaseIds": {
            "LEFT": {"description": {"text": _plain(f"left: {wording.origin(comparison.left)}")}},
            "RIGHT": {"description": {"text": _plain(f"right: {wording.origin(comparison.right)}")}},
        },
        "columnKind": "unicodeCodePoints",
        "results": results,
        "properties": {
            "verdict": {
                "strength": verdict.strength,
                "relation": verdict.relation,
                "direction": verdict.direction,
                "summary": visible(" ".join(wording.told(verdict))),
            },
            "left": _side(comparison.left),
            "right": _side(comparison.right),
        },
    }
    log = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(log, indent=1, ensure_ascii=True, allow_nan=False) + "\n"


def _side(side: SideSummary) -> dict[str, Any]:
    revision = visible(side.revision) if side.revision else None
    return {"origin": visible(side.origin), "revision": revision, "files": side.files, "lines": side.lines}


def _plain(text: str) -> str:
    """Text in which SARIF sees neither an embedded link (`[..](..)`) nor a placeholder (`{0}`)."""
    shown = visible(text).replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]")
    return shown.replace("{", "{{").replace("}", "}}")


def _result(pair: ClonePair, comparison: Comparison, quoted: Quoted, seen: Counter[str]) -> dict[str, Any]:
    rule = _RULES[pair.type - 1][0]
    text = f"{wording.name(pair.left)} on the left and {wording.name(pair.right)} on the right are "
    text += f"{wording.percent(pair.similarity)} alike ({wording.TYPES[pair.type]})"
    if pair.bits is not None:
        text += f", {wording.bits(pair.bits)} bits"
    if pair.e_value is not None:
        text += f", E = {wording.figure(pair.e_value)}"
    if pair.explained_by is not None:
        text += f", explained by {pair.explained_by}"
    level = _level(pair, comparison)
    fingerprint = _fingerprint(pair, quoted)
    seen[fingerprint] += 1
    return {
        "ruleId": rule,
        "ruleIndex": pair.type - 1,
        "kind": "informational" if level == "none" else "fail",
        "level": level,
        "message": {"text": f"{_plain(text)}."},
        "locations": [_location(pair.left)],
        "relatedLocations": [{"id": 1, **_location(pair.right), "message": {"text": "the counterpart on the right"}}],
        # Equal copies of one fragment are told apart by their order.
        "partialFingerprints": {FINGERPRINT: f"{fingerprint}:{seen[fingerprint]}"},
        "properties": {
            "pair": visible(pair.id),
            "type": pair.type,
            "similarity": _finite(pair.similarity),
            "containment": _finite(pair.containment),
            "bits": _finite(pair.bits),
            "eValue": _finite(pair.e_value),
            "explainedBy": None if pair.explained_by is None else visible(pair.explained_by),
            "renames": [f"{visible(r.left)} -> {visible(r.right)}" for r in pair.renames],
            "edits": [visible(edit.kind) for edit in pair.edits],
        },
    }


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _level(pair: ClonePair, comparison: Comparison) -> str:
    if pair.explained_by is not None:
        return "none"
    if pair.e_value is not None:
        return "error" if pair.e_value <= _SURE else "warning" if pair.e_value <= _LIKELY else "note"
    by_strength = {"decisive": "error", "strong": "error", "moderate": "warning"}
    return by_strength.get(comparison.verdict.strength, "note")


def _uri(path: str) -> str:
    # Names that are no UTF-8 arrive with lone surrogates; their bytes stay recognisable.
    return percent_encoded(path.encode("utf-8", "surrogatepass"), safe="/")


def _location(fragment: Fragment) -> dict[str, Any]:
    location: dict[str, Any] = {
        "physicalLocation": {
            "artifactLocation": {"uri": _uri(fragment.path), "uriBaseId": fragment.side.upper()},
            "region": {"startLine": fragment.start_line, "endLine": max(fragment.start_line, fragment.end_line)},
        }
    }
    if fragment.name:
        kinds = {"class": "type", "method": "member", "module": "module"}
        name = visible(fragment.name)
        location["logicalLocations"] = [{"fullyQualifiedName": name, "kind": kinds.get(fragment.kind, "function")}]
    return location


def _fingerprint(pair: ClonePair, quoted: Quoted) -> str:
    """Hash of the two fragments' own text, indentation and blank lines aside; of their names where it is not quoted."""
    digest = hashlib.sha256()
    for fragment in (pair.left, pair.right):
        lines = [line.strip() for _, line in quoted.lines(fragment)] or [fragment.path, fragment.kind, fragment.name]
        digest.update("\n".join(filter(None, lines)).encode("utf-8", "surrogatepass") + b"\0")
    return digest.hexdigest()[:32]


def _notification(side: str, skipped: Skipped) -> dict[str, Any]:
    return {
        "level": "note",
        "message": {"text": _plain(f"not examined: {skipped.reason}")},
        "locations": [{"physicalLocation": {"artifactLocation": {"uri": _uri(skipped.path), "uriBaseId": side}}}],
    }
