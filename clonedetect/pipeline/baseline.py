"""The baseline of a check: findings that a person has looked at and accepted, reviewed like a lock file."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from clonedetect.errors import CloneDetectError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from clonedetect.domain import CheckFinding

NAME = "clonedetect-baseline.json"
SCHEMA = "clonedetect-baseline/1"


def read_baseline(directory: Path) -> frozenset[str]:
    """The clone fingerprints that are accepted. Raises CloneDetectError for a file that is no baseline."""
    path = directory / NAME
    try:
        data = json.loads(path.read_text("utf-8"))
        if data["schema"] != SCHEMA:
            raise CloneDetectError(f"{path} is of another version: {data['schema']}")
        return frozenset(str(one["clone"]) for one in data["accepted"])
    except FileNotFoundError:
        return frozenset()
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise CloneDetectError(f"{path} is no baseline: {error}; delete it, or write it anew with --accept") from error


def write_baseline(directory: Path, findings: Sequence[CheckFinding], keep: frozenset[str] | None) -> Path:
    """Write the findings as accepted; those in `keep` stay where not all files were looked at.

    The rest of an entry is for the reader of the diff; only `clone` counts. Equal findings give equal bytes.
    """
    path = directory / NAME
    rows = {
        f.clone: {
            "clone": f.clone,
            "path": f.here.path,
            "name": f.here.name,
            "origin": f.origin,
            "licence": f.licence,
            "strength": f.strength,
        }
        for f in findings
    }
    if keep is not None:
        old = json.loads(path.read_text("utf-8"))["accepted"] if path.is_file() else []
        rows = {one["clone"]: one for one in old if one["clone"] in keep} | rows
    ordered = sorted(rows.values(), key=lambda row: (row["path"], row["name"], row["origin"], row["clone"]))
    try:
        partial = path.with_suffix(".part")
        partial.write_text(json.dumps({"schema": SCHEMA, "accepted": ordered}, indent=1) + "\n", "utf-8")
        partial.replace(path)
    except OSError as error:
        raise CloneDetectError(f"cannot write {path}: {error.strerror or error}") from error
    return path
