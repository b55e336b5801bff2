"""How many pairs chance shows between repositories and corpora of several sizes, against what E-values state.

    python benchmarks/corpus/calibrate.py [--half development|test]

Each fragment of the packages that are kept out of the corpus counts once, with its best pair. Pairs that checked.toml
lists as true copies, and classes (whose findings are always weak), are left out. The constants of
clonedetect/assess/shared.py come from the development half: the exponential fit of the tail in each corpus, and the
power of the corpus's size by which its height grows. The test half says whether they hold.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import numpy as np
from store import Pin, add, canonical, checked, corpus_pins, full, home, kept_out, unpacked

from clonedetect.acquire import acquire
from clonedetect.assess import shared_e_values, shared_score
from clonedetect.corpus import open_corpus
from clonedetect.grammar import languages_by_extension
from clonedetect.normalise import own_names
from clonedetect.parse import parse
from clonedetect.pipeline.library import corpus_form, source_files
from clonedetect.pipeline.prints import forest_prints

TAIL = 10.0  # bits: pairs above are the tail that is fitted


def best_pairs(root: Path, pins: list[Pin]) -> tuple[np.ndarray, np.ndarray, int, int]:
    """Score and E-value of the best unrelated pair of each fragment, fragments here, fragments in the corpus."""
    trees, scores, stated, here, size = unpacked(pins), [], [], 0, 0
    with open_corpus(root, corpus_form()) as corpus:
        for pin in pins:
            snapshot = acquire(str(trees[pin.name]), extensions=languages_by_extension())
            (forest,) = parse([("left", source_files(snapshot))])
            ours = forest_prints(forest, own_names([forest]))
            found = corpus.search(ours)
            own = {e.key for e in found.entries if e.origin == f"pypi:{canonical(pin.name)}"}
            known = checked(pin.name)
            pairs = [p for p in found.pairs if p.repository not in own and ours.kind[p.fragment] != "class"]
            pairs = [p for p in pairs if not known(ours.path[p.fragment], ours.name[p.fragment])]
            best: dict[int, tuple[float, float]] = {}
            for pair, e in zip(pairs, shared_e_values(pairs, len(ours.path), found.fragments), strict=True):
                best[pair.fragment] = max(best.get(pair.fragment, (-np.inf, 0.0)), (shared_score(pair), e))
            scores += [z for z, _ in best.values()]
            stated += [e for _, e in best.values()]
            here, size = here + len(ours.path), found.fragments
    return np.array(scores), np.array(stated), here, size


def main(arguments: list[str] | None = None) -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--half", choices=("development", "test"), default="development")
    given = parser.parse_args(arguments)
    pins, whole, sizes, heights = corpus_pins(), full(), [], []
    for parts in (8, 4, 1):
        root = whole if parts == 1 else home() / f"part-{parts}"
        if parts > 1:
            add(root, pins[: len(pins) // parts])
        scores, stated, here, size = best_pairs(root, kept_out(given.half))
        over = scores[scores > TAIL] - TAIL
        print(f"corpus of {size:,} fragments, {here:,} here: {len(over)} pairs above {TAIL:g}, ", end="")
        print(f"exponent {len(over) / max(over.sum(), 1e-9):.3f} a bit, highest {np.sort(scores)[::-1][:8].round()}")
        for e in (1.0, 0.1, 0.01):
            print(f"  E <= {e:<4}: {int((stated <= e).sum())} observed, {e * len(kept_out(given.half)):.2f} stated")
        sizes.append(np.log(size))
        heights.append(np.log(max(len(over), 1) / here))
    power, height = np.polyfit(sizes, heights, 1)
    print(f"pairs above {TAIL:g} a fragment: e^{height:.2f} times the corpus's fragments to the power of {power:.2f}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
