# ruff: noqa: E402 - benchmarks are scripts: they add their own directories before importing each other
"""Scans every pair of the independent packages of one half and holds the E-values against what was observed.

    python benchmarks/accuracy/unrelated.py [--half development|test|both] [--jobs 2] [--limit N] [--out FILE.json]

No pair of these packages is a copy, so every reported pair is a chance match, but for the true copies found inside
(COPIES below: labelled by hand, each listed, left out of the counts). At E <= x, x chance pairs a scan are stated;
the table shows how many were observed (one whose lines mostly lie in a stronger one is the same pair), and the share
of lines that lie in pairs at E <= .01.
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
import time
import tomllib
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "packages")]

from fetch import Unavailable, fetch, load
from scans import maximal, scan_here
from truth import count_lines, flagged, report_matches

LEVELS = (1.0, 0.1, 0.01)
COPIES = HERE / "copies.toml"  # [[copy]] left, right (packages), name (last part of a definition), why


@dataclass(frozen=True, slots=True)
class Outcome:
    """One scan: lines of both sides, lines flagged at E <= .01, pairs at each level, the strongest pairs."""

    left: str
    right: str
    lines: int
    flagged: int
    observed: tuple[int, ...]
    strongest: tuple[tuple[float, str, str], ...]
    strength: str
    seconds: float
    failed: str = ""


def known_copies() -> set[tuple[str, str, str]]:
    """(package, package, definition) of the true copies that were found among independent packages."""
    if not COPIES.is_file():
        return set()
    rows = tomllib.loads(COPIES.read_text(encoding="utf-8")).get("copy", [])
    return {(*sorted((row["left"], row["right"])), row["name"]) for row in rows}


def without_copies(report: dict, left: str, right: str, copies: set[tuple[str, str, str]]) -> dict:
    """The report without the pairs that are labelled as true copies."""
    one, two = sorted((left, right))
    names = {name for a, b, name in copies if (a, b) == (one, two)}
    if not names:
        return report

    def known(pair: dict) -> bool:
        return any(names & set(pair[side]["name"].split(".")) for side in ("left", "right"))

    return {**report, "clone_pairs": [pair for pair in report["clone_pairs"] if not known(pair)]}


def judge(left: tuple[str, Path], right: tuple[str, Path]) -> Outcome:
    """Scans one pair of packages."""
    start = time.perf_counter()
    lines = count_lines(left[1]) + count_lines(right[1])
    try:
        report = without_copies(scan_here(left[1], right[1]), left[0], right[0], known_copies())
    except Exception as error:  # a failed scan is an outcome that the table must show
        return Outcome(left[0], right[0], lines, 0, (0, 0, 0), (), "", time.perf_counter() - start, repr(error))
    rated = [p for p in report["clone_pairs"] if p["e_value"] is not None and not p["explained_by"]]
    rated.sort(key=lambda p: p["e_value"])
    rated = [rated[n] for n in maximal([(_lines(p["left"]), _lines(p["right"])) for p in rated])]
    observed = tuple(sum(p["e_value"] <= level for p in rated) for level in LEVELS)
    matches = report_matches(report, max_e=0.01)
    strongest = sorted((p["e_value"], _where(p["left"]), _where(p["right"])) for p in rated if p["e_value"] <= 0.1)[:5]
    total = flagged(matches, "left") + flagged(matches, "right")
    seconds = time.perf_counter() - start
    return Outcome(left[0], right[0], lines, total, observed, tuple(strongest), report["verdict"]["strength"], seconds)


def _lines(fragment: dict) -> tuple[str, int, int]:
    return fragment["path"], fragment["start_line"], fragment["end_line"]


def _where(fragment: dict) -> str:
    return f"{fragment['path']}:{fragment['start_line']} {fragment['name']}"


def pairs(half: str, limit: int | None) -> list[tuple[tuple[str, Path], tuple[str, Path]]]:
    """All pairs of the packages of a half, in a fixed order; with a limit, an even sample of them."""
    pins = [pin for pin in load(HERE.parent / "packages" / "unrelated.toml") if half in ("both", pin.half)]
    trees = fetch(pins)
    every = list(itertools.combinations(sorted(trees.items()), 2))
    return every if limit is None else every[:: max(1, len(every) // limit)][:limit]


def table(outcomes: list[Outcome]) -> str:
    """What was observed, as Markdown."""
    done = [o for o in outcomes if not o.failed]
    count = max(len(done), 1)
    rows = ["| E at most | stated pairs | observed pairs | observed / stated |", "|---|---|---|---|"]
    for index, level in enumerate(LEVELS):
        observed = sum(o.observed[index] for o in done)
        rows.append(f"| {level:g} | {level * count:g} | {observed} | {observed / (level * count):.2f} |")
    lines, bad = sum(o.lines for o in done), sum(o.flagged for o in done)
    mean = sum(o.flagged / max(o.lines, 1) for o in done) / count
    strengths = Counter(o.strength for o in done)
    rows += [
        "",
        f"{len(done)} scans, {len(outcomes) - len(done)} failed; lines flagged at E <= .01: {bad} of {lines} "
        f"({100 * bad / max(lines, 1):.3f} %), mean of the scans {100 * mean:.3f} %; "
        f"verdicts: {dict(sorted(strengths.items()))}",
    ]
    return "\n".join(rows)


def main(arguments: list[str] | None = None) -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--half", choices=("development", "test", "both"), default="development")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--limit", type=int)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args(arguments)
    try:
        todo = pairs(given.half, given.limit)
    except Unavailable as error:
        print(f"not available: {error}", file=sys.stderr)
        return 1
    with ProcessPoolExecutor(given.jobs) as pool:
        outcomes = list(pool.map(judge, *zip(*todo, strict=True), chunksize=4))
    print(table(outcomes))
    worst = sorted((o for o in outcomes if o.flagged), key=lambda o: -o.flagged / max(o.lines, 1))[:25]
    for o in worst:
        print(f"{o.left} / {o.right}: {o.flagged} of {o.lines} lines; strongest {o.strongest[:2]}", file=sys.stderr)
    for o in outcomes:
        if o.failed:
            print(f"failed: {o.left} / {o.right}: {o.failed}", file=sys.stderr)
    if given.out:
        given.out.write_text(json.dumps([asdict(o) for o in outcomes], indent=1), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
