# ruff: noqa: E402 - benchmarks are scripts: they add their own directories before importing each other
"""Left-behind marks between independent packages: how often chance shows what, and how strong it would be called.

    python benchmarks/left_behind/unrelated.py [--list unrelated.toml] [--limit N]

Every pair of the pinned packages of a list that the background does not hold is compared; files count as paired where
their names are equal, which asks more of the rule for unused imports than real pairs do. For each kind of mark the
table shows the pairs of packages with any, the p-values stated against those observed, and the strengths.
"""

from __future__ import annotations

import argparse
import itertools
import sys
from collections import Counter, defaultdict
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "packages")]

from fetch import fetch, load

from clonedetect.assess import left_behind_evidence
from clonedetect.corpus import load_terms
from clonedetect.domain.left_behind import Text
from clonedetect.left_behind.compare import compare_voices
from clonedetect.left_behind.voice import listen

ORDER = ("none", "weak", "moderate", "strong", "decisive")


def texts(tree: Path) -> list[Text]:
    """The Python files of an unpacked package."""
    found = sorted(path for path in tree.rglob("*.py") if "_vendor" not in path.parts)
    return [Text(p.relative_to(tree).as_posix(), str(p), p.read_bytes(), True) for p in found]


def main(arguments: list[str] | None = None) -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--list", default="unrelated.toml")
    parser.add_argument("--limit", type=int, default=400, help="pairs at most, evenly chosen")
    given = parser.parse_args(arguments)
    voices = {name: listen(texts(tree)) for name, tree in fetch(load(HERE.parent / "packages" / given.list)).items()}
    counts, nobody = load_terms(), listen([])
    p_values, strengths, loud = defaultdict(list), defaultdict(Counter), []
    pairs = list(itertools.combinations(sorted(voices), 2))
    pairs = pairs[:: max(1, -(-len(pairs) // given.limit))]
    for left, right in pairs:
        names = [{t.path.rpartition("/")[2]: t.path for t in voices[side].texts} for side in (left, right)]
        paired = [(names[0][name], names[1][name]) for name in sorted(names[0].keys() & names[1].keys())]
        sides = {"left": voices[left], "right": voices[right]}
        finding = compare_voices(sides, {"left": (), "right": ()}, paired, nobody, counts)
        top: dict[str, str] = {}
        for count, evidence in zip(finding.counts, left_behind_evidence(finding), strict=True):
            p_values[count.kind].append(count.p_value)
            top[count.kind] = max(top.get(count.kind, "none"), evidence.strength, key=ORDER.index)
            if ORDER.index(evidence.strength) >= 2:
                loud.append((count.p_value, left, right, evidence))
        for kind, strength in top.items():
            strengths[kind][strength] += 1
    print(f"{len(voices)} packages, {len(pairs):,} pairs")
    print("kind                 p <= .05   .001    1e-5    1e-9 | strengths")
    for kind in sorted(p_values):
        observed = [sum(p <= level for p in p_values[kind]) / len(pairs) for level in (0.05, 1e-3, 1e-5, 1e-9)]
        print(f"{kind:20}", *(f"{share:7.4f}" for share in observed), "|", dict(strengths[kind]))
    for p, left, right, evidence in sorted(loud, key=lambda row: row[:3]):
        print(f"{left} {right}: {evidence.strength} p={p:.2g} {evidence.claim}", *evidence.exhibits[:6], sep="\n    ")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
