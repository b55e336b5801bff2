"""How many of the functions condensed by hand are found, ranked first, with their regions.

    python benchmarks/accuracy/condensed.py [FIXTURE]

FIXTURE is `condensed` (the default), which alignment was mended on, or `condensed_jobs`, which nothing is tuned on.

A pair is found if it is reported and unexplained, significant if its E-value is at most .01 too; ranked first if no
other function is as strong for the condensed one, which may be made of two originals; its regions are right if at least
.7 of the lines that ought to stand opposite each other do, on both sides; beside: the share of all lines reported that
ought to, for reporting whole functions would be right too. Renames are counted over the pairs found.
"""

from __future__ import annotations

import sys
import tempfile
import tomllib
from pathlib import Path
from shutil import copytree

sys.path.insert(0, str(Path(__file__).resolve().parent))

from scans import ROOT, scan_here

RIGHT = 0.7  # share of the expected lines


def lines(regions: list[dict], side: str) -> set[int]:
    """All lines of the regions of one side."""
    return {n for region in regions for n in range(region[side][0], region[side][1] + 1)}


def place(pair: dict, side: str) -> tuple[str, str]:
    """Path and name of a reported pair's definition."""
    return pair[side]["path"], pair[side]["name"]


def main() -> int:
    """Command line."""
    fixture = ROOT / "fixtures" / (sys.argv[1] if len(sys.argv) > 1 else "condensed")
    expected = tomllib.loads((fixture / "expected.toml").read_text(encoding="utf-8"))["pairs"]
    with tempfile.TemporaryDirectory() as folder:  # outside any repository
        sides = [copytree(fixture / side, Path(folder) / side) for side in ("original", "condensed")]
        report = scan_here(*sides, cache=False)
    pairs = [p for p in report["clone_pairs"] if p["left"]["kind"] != "module"]
    wanted_pairs = {((t["left"], t["left_name"]), (t["right"], t["right_name"])) for t in expected}
    found = significant = first = regions = renames = wanted = reported = opposite = every = 0
    for truth in expected:
        both = (truth["left"], truth["left_name"]), (truth["right"], truth["right_name"])
        mine = [p for p in pairs if (place(p, "left"), place(p, "right")) == both]
        if not mine or mine[0]["explained_by"] is not None:
            print(f"missed: {truth['left_name']} / {truth['right_name']}")
            continue
        pair, found = mine[0], found + 1
        significant += pair["e_value"] <= 0.01
        rivals = [p for p in pairs if place(p, "right") == both[1] and (place(p, "left"), both[1]) not in wanted_pairs]
        best = all(pair["e_value"] < p["e_value"] or pair["bits"] > p["bits"] for p in rivals)
        first += best
        if not best:
            print(f"not first: {truth['left_name']} / {truth['right_name']}")
        shares = []
        for side in ("left", "right"):
            ought, told = lines(truth["regions"], side), lines(pair["regions"], side)
            shares.append(len(ought & told) / len(ought))
            reported, opposite = reported + len(told), opposite + len(ought & told)
        regions += min(shares) >= RIGHT
        if min(shares) < RIGHT:
            print(f"regions: {truth['left_name']} / {truth['right_name']}: {shares[0]:.2f} left, {shares[1]:.2f} right")
        named = {(r["left"], r["right"]) for r in pair["renames"]}
        wanted += len(truth["renames"])
        right = sum((r["left"], r["right"]) in named for r in truth["renames"])
        renames += right
        every += best and min(shares) >= RIGHT and right >= RIGHT * len(truth["renames"])
    print(f"{len(expected)} pairs: {found} found ({significant} significant), {first} ranked first,", end=" ")
    print(f"{regions} with the right regions; {opposite / reported:.3f} of the lines reported ought to be;", end=" ")
    print(f"{renames} of {wanted} renames; first, with the regions and .7 of the renames: {every}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
