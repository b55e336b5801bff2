# ruff: noqa: E402 - benchmarks are scripts: they add their own directories before importing each other
"""Holds the E-values of a corpus search against what was observed among independent packages.

    python benchmarks/accuracy/corpus_chance.py [--half development|test] [--show N]

All packages of one half of unrelated.toml become a corpus, and each is searched in it, itself left out. What is found
is chance, but for the true copies of copies.toml. A search states x pairs at E <= x; of pairs whose lines mostly lie in
a stronger one only the stronger counts. The last lines fit the tail of the same scores and name the strongest pairs.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "packages")]

from fetch import Unavailable, fetch, load
from scans import ROOT, maximal
from unrelated import LEVELS, known_copies

sys.path.insert(0, str(ROOT))
TAIL = 40  # strongest pairs that the tail is fitted on


def searched(trees: dict[str, Path], folder: Path) -> list[tuple[float, float, float, str, str]]:
    """(score, E-value, pairs of fragments looked at, where, where) of the chance pairs of all searches."""
    from clonedetect.acquire import acquire
    from clonedetect.assess import shared_e_values, shared_score
    from clonedetect.corpus import open_corpus
    from clonedetect.grammar import languages_by_extension
    from clonedetect.pipeline.library import corpus_add, corpus_form, entry_of, source_files
    from clonedetect.pipeline.prints import prints

    corpus_add(folder / "corpus", [str(tree) for tree in trees.values()], jobs=1, cache_dir=folder / "cache")
    names = {str(tree): name for name, tree in trees.items()}
    copies, out = known_copies(), []
    with open_corpus(folder / "corpus", corpus_form(), jobs=1) as corpus:
        for name, tree in trees.items():
            snapshot = acquire(str(tree), cache_dir=folder / "cache", extensions=languages_by_extension())
            ours, own = prints(source_files(snapshot)), entry_of(snapshot).key
            found = corpus.search(ours)
            there = {entry.key: names[entry.origin] for entry in found.entries}
            pairs = [p for p in found.pairs if p.repository != own]
            e_values = shared_e_values(pairs, len(ours.path), found.fragments)
            rows = sorted(zip(pairs, e_values, strict=True), key=lambda row: row[1])
            rows = [
                (p, e)
                for p, e in rows
                if not any(
                    (*sorted((name, there[p.repository])), part) in copies
                    for part in (*p.name.split("."), *ours.name[p.fragment].split("."))
                )
            ]
            spans = [
                (
                    (ours.path[p.fragment], int(ours.first[p.fragment]), int(ours.last[p.fragment])),
                    (f"{p.repository}/{p.path}", p.first, p.last),
                )
                for p, _ in rows
            ]
            size = float(max(300, len(ours.path))) * max(300, found.fragments)
            for n in maximal(spans):
                p, e = rows[n]
                where = f"{name} {ours.path[p.fragment]}:{ours.first[p.fragment]} {ours.name[p.fragment]}"
                out.append((shared_score(p), e, size, where, f"{there[p.repository]} {p.path}:{p.first} {p.name}"))
    return out


def main(arguments: list[str] | None = None) -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--half", choices=("development", "test"), default="development")
    parser.add_argument("--show", type=int, default=15)
    given = parser.parse_args(arguments)
    try:
        trees = fetch([p for p in load(HERE.parent / "packages" / "unrelated.toml") if p.half == given.half])
    except Unavailable as error:
        print(f"not available: {error}", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as folder:
        rows = sorted(searched(trees, Path(folder)), key=lambda row: row[1])
    print("| E at most | stated pairs | observed pairs | observed / stated |\n|---|---|---|---|")
    for level in LEVELS:
        observed, stated = sum(row[1] <= level for row in rows), level * len(trees)
        print(f"| {level:g} | {stated:g} | {observed} | {observed / stated:.2f} |")
    z = np.sort([row[0] for row in rows])[::-1][:TAIL]
    rate = 1.0 / max(float((z - z[-1]).mean()), 1e-9)
    space = sum({row[3].split()[0]: row[2] for row in rows}.values())
    print(f"\n{len(trees)} searches; tail of the {len(z)} strongest: LAMBDA {rate:.3f}, ", end="")
    print(f"log K {np.log(len(z) / space) + rate * z[-1]:.2f}")
    for score, e, _, left, right in rows[: given.show]:
        print(f"{score:.0f} bits, E {e:.2g}: {left} / {right}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
