# ruff: noqa: E402 - benchmarks are scripts: they add their own directories before importing each other
"""Fits the score of a pair and its E-value on the development packages, and shows how well they are calibrated there.

    python benchmarks/accuracy/fit.py [--rows FILE.npz] [--pairs N] [--package NAME]... [--level LEVEL]...

Negatives are the pairs of fragments that scans of independent packages weigh (development half of unrelated.toml, true
copies left out, each line used by one pair, the strongest); positives are the true pairs in laundered copies of the
development packages. The score is their logistic regression; LAMBDA and K are such that the E-values of the negatives
have the tail that they state (maximum likelihood above a threshold). `--rows` keeps the scans' numbers, or reads them
if the file is there. Nothing is changed: the figures of `assess/significance.py` are set by hand from these, and the
last table shows what those in force come to.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq, minimize

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "packages")]

from fetch import cache, fetch, load
from scans import ROOT, maximal, scan_here
from table import COLUMNS, material
from truth import Matches, read_truth, report_matches
from unrelated import LEVELS, known_copies, pairs

TERMS = ("log bits", "log similarity", "log containment", "log idiom", "conflicts", "log rare", "constant")
TAIL = 0.5  # pairs a scan above the threshold from which the tail is fitted


@dataclass(frozen=True, slots=True)
class Rows:
    """Numbers of pairs (`pipeline.found`), which are no chance pairs, their scans, and fragment pairs of each scan."""

    numbers: NDArray[np.float64]
    true: NDArray[np.bool_]
    scan: NDArray[np.int64]
    space: NDArray[np.float64]


def recorded(left: Path, right: Path) -> tuple[list, dict, float]:
    """What a scan weighed (pairs, numbers, explanations), its report, and how many pairs of fragments it has."""
    import clonedetect.pipeline.source as run
    from clonedetect.assess.significance import LEAST_SIZE

    seen: list = []
    weigh = run.weighed

    def recording(sides, found, why):
        sizes = [max(LEAST_SIZE, len(side.bags.place)) for side in sides]
        seen.extend((found, why, float(sizes[0]) * sizes[1]))
        return weigh(sides, found, why)

    run.weighed = recording
    try:
        report = scan_here(left, right, cache=False)  # a comparison that is remembered weighs nothing
    finally:
        run.weighed = weigh
    return seen[:2], report, seen[2]


def negatives(limit: int | None) -> Rows:
    """Chance pairs of independent packages, each line used once on each side."""
    from clonedetect.pipeline.found import scores

    numbers, scan, space = [], [], []
    copies = known_copies()
    for n, (left, right) in enumerate(pairs("development", limit)):
        (found, why), _, size = recorded(left[1], right[1])
        one, two = sorted((left[0], right[0]))
        known = {name for a, b, name in copies if (a, b) == (one, two)}
        good = [
            i
            for i in np.argsort(-scores(found.numbers), kind="stable").tolist()
            if why[i] is None
            and not known & {*found.pairs[i].left.name.split("."), *found.pairs[i].right.name.split(".")}
        ]
        kept = maximal([(_lines(found.pairs[i].left), _lines(found.pairs[i].right)) for i in good])
        rows = [good[k] for k in kept]
        numbers.append(found.numbers[rows])
        scan.append(np.full(len(rows), n))
        space.append(size)
        print(f"{left[0]} / {right[0]}: {len(rows)} pairs", file=sys.stderr)
    every = np.concatenate(numbers)
    return Rows(every, np.zeros(len(every), bool), np.concatenate(scan), np.array(space))


def _lines(fragment) -> tuple[str, int, int]:
    return fragment.path, fragment.start_line, fragment.end_line


def positives(packages: list[str], levels: list[str]) -> Rows:
    """The true pairs in laundered copies of development packages."""
    numbers = []
    trees = fetch([pin for pin in load(HERE.parent / "packages" / "development.toml") if pin.name in packages])
    for package, tree in trees.items():
        for level in levels:
            work = cache() / "accuracy" / "development"
            out = material(tree, work, package, level)
            (found, _), report, _ = recorded(work / package / "orig", out / "tree")
            right = {
                (d.left.path, d.left.name): (d.right.path, d.right.start_line, d.right.end_line)
                for d in read_truth(out / "truth.json").definitions
                if d.right is not None and d.left.code_lines >= 6
            }
            rows = [
                i
                for i, p in enumerate(found.pairs)
                if right.get((p.left.path, p.left.name)) == (p.right.path, p.right.start_line, p.right.end_line)
            ]
            numbers.append(found.numbers[rows])
            listed = len(Matches(report_matches(report)).by_pair)
            print(f"{package} {level}: {len(rows)} true pairs of {len(right)}; {listed} file pairs", file=sys.stderr)
    every = np.concatenate(numbers)
    return Rows(every, np.ones(len(every), bool), np.zeros(len(every), np.int64), np.zeros(0))


def design(numbers: NDArray[np.float64]) -> NDArray[np.float64]:
    """The terms of the score, one column each."""
    bits, _, similarity, containment, _, idiom, conflicts, rare = numbers.T
    logs = np.log1p(bits), np.log(similarity + 0.02), np.log(containment + 0.02), np.log1p(idiom)
    return np.column_stack((*logs, conflicts, np.log1p(rare), np.ones(len(numbers))))


def fitted(rows: Rows) -> NDArray[np.float64]:
    """Coefficients of the logistic regression, both classes of equal weight; more shared never makes a pair weaker."""
    x = design(rows.numbers)
    scale = np.maximum(x.std(axis=0), 1e-9)
    scale[-1] = 1.0
    weight = np.where(rows.true, 0.5 / rows.true.sum(), 0.5 / (~rows.true).sum())
    sign = np.where(rows.true, 1.0, -1.0)

    def loss(w: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        margin = sign * (x / scale @ w)
        slope = -sign * weight / (1.0 + np.exp(np.clip(margin, -500, 500)))
        return float(weight @ np.logaddexp(0.0, -margin) + 1e-5 * w @ w), (x / scale).T @ slope + 2e-5 * w

    bounds = [(0, None)] * 3 + [(None, 0)] * 2 + [(0, None), (None, None)]
    return minimize(loss, np.zeros(x.shape[1]), jac=True, bounds=bounds, method="L-BFGS-B").x / scale


def tail(z: NDArray[np.float64], rows: Rows) -> tuple[float, float]:
    """LAMBDA and log K of the scores of `rows`: those for which the E-values of chance pairs have the tail they state.

    That of the TAIL pairs a scan with the lowest E is exponential, of rate 1. A tail of the scores themselves will not
    do: the largest scans, of most fragments, have the highest scores, and would stand for all.
    """
    chance, scans = ~rows.true, len(rows.space)
    z, space = z[chance], np.log(rows.space[rows.scan[chance]])
    count = min(len(z), int(TAIL * scans))

    def lowest(rate: float) -> NDArray[np.float64]:
        return np.sort(rate * z - space)[::-1][:count]

    rate = float(brentq(lambda rate: float((lowest(rate) - lowest(rate)[-1]).mean()) - 1.0, 0.05, 20.0))
    return rate, float(np.log(count / scans) + lowest(rate)[-1])


def calibration(z: NDArray[np.float64], rows: Rows, rate: float, log_k: float) -> str:
    """Observed against stated numbers of chance pairs, and the share of true pairs at each level."""
    e = np.exp(log_k + np.log(rows.space[rows.scan]) - rate * z)
    chance, scans = e[~rows.true], len(rows.space)
    typical = np.exp(log_k + np.log(np.median(rows.space)) - rate * z[rows.true])
    lines = ["| E at most | stated | observed | observed / stated | true pairs, alone |", "|---|---|---|---|---|"]
    for level in LEVELS:
        seen = int((chance <= level).sum())
        share = (typical <= level).mean()
        lines.append(f"| {level:g} | {level * scans:g} | {seen} | {seen / (level * scans):.2f} | {share:.3f} |")
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=Path)
    parser.add_argument("--pairs", type=int)
    parser.add_argument("--package", action="append")
    parser.add_argument("--level", action="append", choices=COLUMNS)
    given = parser.parse_args(arguments)
    sys.path.insert(0, str(ROOT))
    from clonedetect.assess.significance import LAMBDA, LOG_K
    from clonedetect.pipeline.found import scores

    if given.rows and given.rows.is_file():
        with np.load(given.rows) as data:
            rows = Rows(data["numbers"], data["true"], data["scan"], data["space"])
    else:
        good = positives(given.package or ["httpx", "rich"], given.level or ["4", "6", "condensed", "minifier"])
        bad = negatives(given.pairs)
        rows = Rows(
            np.concatenate((bad.numbers, good.numbers)),
            np.concatenate((bad.true, good.true)),
            np.concatenate((bad.scan, good.scan)),
            bad.space,
        )
        if given.rows:
            np.savez(given.rows, numbers=rows.numbers, true=rows.true, scan=rows.scan, space=rows.space)
    print(f"{rows.true.sum()} true pairs, {(~rows.true).sum()} chance pairs of {len(rows.space)} scans\n")
    coefficients = fitted(rows)
    z = design(rows.numbers) @ coefficients
    rate, log_k = tail(z, rows)
    print("Fitted: " + ", ".join(f"{name} {value:.3g}" for name, value in zip(TERMS, coefficients, strict=True)))
    print(f"LAMBDA {rate:.3g}, log K {log_k:.4g}\n\n{calibration(z, rows, rate, log_k)}\n")
    now = scores(rows.numbers)
    rate, log_k = tail(now, rows)
    print(f"Score in force; its fitted tail: LAMBDA {rate:.3g}, log K {log_k:.4g}")
    print(f"\n{calibration(now, rows, rate, log_k)}\n\nIn force: LAMBDA {LAMBDA}, log K {LOG_K}\n")
    print(calibration(now, rows, LAMBDA, LOG_K))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
