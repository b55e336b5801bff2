"""A check as SARIF 2.1.0 (OASIS, 2020): what code scanning shows beside the lines."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any, Final
from urllib.parse import quote as percent_encoded

from clonedetect.domain import Check, CheckFinding
from clonedetect.report.escape import visible

_SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS: Final = {"weak": "note", "moderate": "warning", "strong": "error", "decisive": "error"}
_RULE: Final = {
    "id": "uncredited-copy",
    "name": "UncreditedCopy",
    "shortDescription": {"text": "A fragment is also in another repository, which is not credited."},
    "help": {"text": "Keep the notice of the source and name it, allow the finding with a reason, or write it anew."},
    "defaultConfiguration": {"level": "warning"},
}


def check_sarif(check: Check) -> str:
    """The findings as results; those that are credited, allowed or accepted are suppressed with their reason."""
    seen: Counter[str] = Counter()
    run = {
        "tool": {"driver": {"name": "clonedetect", "version": visible(check.version), "rules": [_RULE]}},
        "invocations": [
            {
                "executionSuccessful": True,
                "toolExecutionNotifications": [
                    {"level": "note", "message": {"text": _plain(note)}} for note in check.notes
                ],
            }
        ],
        "columnKind": "unicodeCodePoints",
        "results": [_result(finding, seen) for finding in check.findings],
    }
    log = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(log, indent=1, ensure_ascii=True, allow_nan=False) + "\n"


def _result(finding: CheckFinding, seen: Counter[str]) -> dict[str, Any]:
    here, there = finding.here, finding.there
    seen[finding.clone] += 1
    licence = finding.licence or "not known"
    text = f"{here.name or here.kind} is also in {finding.origin}, {there.path}:{there.start_line} {there.name}. "
    text += f"Licence: {licence}. To do: {finding.remedy}."
    result: dict[str, Any] = {
        "ruleId": _RULE["id"],
        "ruleIndex": 0,
        "level": _LEVELS.get(finding.strength, "note"),
        "message": {"text": _plain(text)},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": _uri(here.path)},
                    "region": {"startLine": here.start_line, "endLine": max(here.start_line, here.end_line)},
                }
            }
        ],
        # Equal copies of one fragment are told apart by their order.
        "partialFingerprints": {"clonedetectClone/v1": f"{finding.clone}:{seen[finding.clone]}"},
        "properties": {
            "origin": visible(finding.origin),
            "revision": visible(finding.revision) if finding.revision else None,
            "originPath": visible(there.path),
            "licence": visible(licence),
            "type": finding.type,
            "alike": finding.alike,
            "bits": finding.bits,
            "eValue": finding.e_value,
            "strength": finding.strength,
        },
    }
    if finding.state != "new":
        kind = "inSource" if finding.state in ("credited", "allowed") else "external"
        result["suppressions"] = [{"kind": kind, "justification": visible(f"{finding.state}: {finding.why}")}]
    return result


def _plain(text: str) -> str:
    """Text in which SARIF sees neither an embedded link nor a placeholder."""
    shown = visible(text).replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]")
    return shown.replace("{", "{{").replace("}", "}}")


def _uri(path: str) -> str:
    return percent_encoded(path.partition("#")[0].encode("utf-8", "surrogatepass"), safe="/")
