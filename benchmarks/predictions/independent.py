"""Simulated models that know nothing of each other, on items of uneven difficulty: how often are two called related?

    python benchmarks/predictions/independent.py [--pairs 1200] [--items 1000] [--copies 200] [--out FILE.json]

Each simulated world draws how uneven the items are, how many options they have, how much one wrong option tempts, and
for each model its strength and how steeply it falls with difficulty. Left, right and one to six controls answer
independently given the item. Copies answer like the left but for a share of the items (2 to 40 %), where they answer
anew. The table counts strengths with and without the controls.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from clonedetect.pipeline import compare_predictions

STRENGTHS = ("none", "weak", "moderate", "strong", "decisive")


class World:
    """Items with their difficulty, and models that answer them."""

    def __init__(self, random: np.random.Generator, items: int) -> None:
        self.random, self.items = random, items
        self.options = int(random.choice((2, 4, 4, 5, 10)))
        self.hard = random.normal(0, random.uniform(0, 3), items)
        self.level = random.uniform(-2.5, 0.5)
        self.pull = random.uniform(0, 0.9)
        self.gold = random.integers(0, self.options, items)
        self.tempting = random.integers(1, self.options, items)

    def model(self) -> np.ndarray:
        """One model's answers."""
        slope, strength = np.exp(self.random.normal(0, 0.2)), self.random.normal(0, 0.4)
        wrong = self.random.random(self.items) < 1 / (1 + np.exp(-(slope * self.hard + self.level + strength)))
        tempted = self.random.random(self.items) < self.pull
        slip = np.where(tempted, self.tempting, self.random.integers(1, self.options, self.items))
        return (self.gold + wrong * slip) % self.options

    def write(self, path: Path, answers: np.ndarray) -> Path:
        """The answers as CSV."""
        rows = (f"{n},{g},{p}" for n, (g, p) in enumerate(zip(self.gold.tolist(), answers.tolist(), strict=True)))
        path.write_text("id,gold,pred\n" + "\n".join(rows), encoding="utf-8")
        return path


def judge(random: np.random.Generator, items: int, copied: bool, folder: Path) -> tuple[str, str, int]:
    """Strength with and without controls, and how many controls there were."""
    world = World(random, items)
    left = world.model()
    right = world.model()
    if copied:
        right = np.where(random.random(items) < random.uniform(0.02, 0.4), right, left)
    sides = [world.write(folder / f"{name}.csv", each) for name, each in (("left", left), ("right", right))]
    count = int(random.integers(1, 7))
    controls = [world.write(folder / f"control{n}.csv", world.model()) for n in range(count)]
    return compare_predictions(*sides, None, controls).strength, compare_predictions(*sides).strength, count


def main(arguments: list[str] | None = None) -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=1200)
    parser.add_argument("--copies", type=int, default=200)
    parser.add_argument("--items", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args(arguments)
    random, rows = np.random.default_rng(given.seed), []
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as name:
        for n in range(given.pairs + given.copies):
            copied = n >= given.pairs
            rows.append((copied, *judge(random, given.items, copied, Path(name))))
    print("| pairs | controls | " + " | ".join(STRENGTHS) + " |\n" + "|---" * (2 + len(STRENGTHS)) + "|")
    for copied, words in ((False, "independent"), (True, "copies, 2 to 40 % answered anew")):
        for at, how in ((1, "1 to 6"), (2, "none")):
            counts = Counter(row[at] for row in rows if row[0] == copied)
            print(f"| {words} | {how} | " + " | ".join(str(counts[s]) for s in STRENGTHS) + " |")
    print(f"\n{len(rows)} pairs of {given.items} items in {time.perf_counter() - start:.0f} s")
    if given.out:
        given.out.write_text(json.dumps(rows), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
