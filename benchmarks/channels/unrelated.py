# ruff: noqa: E402 - benchmarks are scripts: they add their own directories before importing each other
"""The channels beside the source code between independent packages: how strong chance is called, and what it costs.

    python benchmarks/channels/unrelated.py [--list unrelated.toml] [--limit N]

Pairs of the pinned packages of a list are compared by the channels attribution and identity; files count
as sharing code where their names are equal, which asks more of the rules than real pairs do. The table shows for each
channel how many pairs have which strength, then every pair above weak with its exhibits, then CPU seconds a pair.
"""

from __future__ import annotations

import argparse
import itertools
import sys
import time
from collections import Counter, defaultdict
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "packages")]

from fetch import cache, fetch, load

from clonedetect.acquire.packages import read_wheel
from clonedetect.acquire.select import Selection
from clonedetect.assess import attribution_evidence, identity_evidence
from clonedetect.attribution import compare_attribution
from clonedetect.domain import Evidence, Identity, Snapshot
from clonedetect.grammar import languages_by_extension
from clonedetect.identity import equal_files, weight_share

ORDER = ("none", "weak", "moderate", "strong", "decisive")


def attribution(left: Snapshot, right: Snapshot) -> list[Evidence]:
    """Files of one name, other than those that every package has, stand for files that share code."""
    names = [{f.path.rpartition("/")[2]: f.path for f in side.files} for side in (left, right)]
    shared = sorted(names[0].keys() & names[1].keys() - {"__init__.py", "__main__.py"})
    found = compare_attribution(left, right, [(names[0][name], names[1][name]) for name in shared])
    return [] if isinstance(found, str) else list(attribution_evidence(found))


def identity(left: Snapshot, right: Snapshot) -> list[Evidence]:
    """Equal files as a scan without histories finds them."""
    alike = equal_files(left, right, None, None)
    files = tuple((e.left, e.right, e.content_id) for e in alike if e.how == "bytes")
    found = identity_evidence(Identity(files, alike, weight_share(left, right, alike)))
    return [found] if found else []


CHANNELS = {"attribution": attribution, "identity": identity}


def main(arguments: list[str] | None = None) -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--list", default="unrelated.toml")
    parser.add_argument("--limit", type=int, default=400, help="pairs at most, evenly chosen")
    given = parser.parse_args(arguments)
    pins, rules = load(HERE.parent / "packages" / given.list), Selection(languages_by_extension())
    fetch(pins)
    read = {pin.key: read_wheel(cache() / "wheels" / pin.file, f"pypi:{pin.name}", rules) for pin in pins}
    pairs = list(itertools.combinations(sorted(read), 2))
    pairs = pairs[:: max(1, -(-len(pairs) // given.limit))]
    strengths: dict[str, Counter[str]] = defaultdict(Counter)
    seconds: dict[str, list[float]] = defaultdict(list)
    loud = []
    for left, right in pairs:
        for name, compare in CHANNELS.items():
            began = time.process_time()
            evidence = compare(read[left], read[right])
            seconds[name].append(time.process_time() - began)
            strengths[name][max((e.strength for e in evidence), default="none", key=ORDER.index)] += 1
            loud += [(left, right, e) for e in evidence if ORDER.index(e.strength) >= 2]
    print(f"{len(read)} packages, {len(pairs):,} pairs")
    for name, counted in strengths.items():
        told = ", ".join(f"{strength} {counted[strength]:,}" for strength in ORDER if counted[strength])
        mean, most = sum(seconds[name]) / len(pairs), max(seconds[name])
        print(f"{name:14} {told} | {mean:.3f} s of CPU a pair, {most:.3f} at most")
    for left, right, each in loud:
        print(f"{left} {right}: {each.channel} {each.strength} {each.claim}", *each.exhibits[:6], sep="\n    ")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
