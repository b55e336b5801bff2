# ruff: noqa: E402 - benchmarks are scripts: they add their own directories before importing each other
"""Weight indexes of public models: what is aligned between derived and between independent ones, and how strong.

    python benchmarks/channels/weight_index.py [--folder DIR]

The models are those of benchmarks/weights/real.py, of whose files only the headers are read: derived pairs are
conversions (mostly with new names), independent ones have one architecture and its names, or two architectures (every
model of one package against every model of another).
"""

from __future__ import annotations

import argparse
import itertools
import sys
import tempfile
import time
from collections import Counter, defaultdict
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "weights")]

import real

from clonedetect.assess import weight_index_evidence
from clonedetect.corpus import load_terms
from clonedetect.domain.weight_index import IndexTensor, TensorIndex
from clonedetect.weight_index import compare_indexes
from clonedetect.weights import open_weights


def index_of(place: str, folder: Path) -> TensorIndex:
    """What the headers of one model list."""
    with open_weights(real.locate(place, folder)) as checkpoint:
        tensors = tuple(IndexTensor(t.name, t.file, t.shape, t.dtype) for t in checkpoint.tensors)
    return TensorIndex(place, tensors, None)


def main(arguments: list[str] | None = None) -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, help="where the packages are kept")
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        known = [(place, kind) for kind, pairs in (("d", real.DERIVED), ("i", real.INDEPENDENT)) for place in pairs]
        places = sorted({place for pair, _ in known for place in pair})
        indexes = {place: index_of(place, folder) for place in places}
    labelled = {frozenset(pair): "derived" if kind == "d" else "one architecture" for pair, kind in known}
    terms, rows, spent = load_terms(), defaultdict(list), time.process_time()
    for one, two in itertools.combinations(places, 2):
        kind = labelled.get(frozenset((one, two)))
        if kind is None and one.partition("==")[0] == two.partition("==")[0]:
            continue  # neither is known
        finding = compare_indexes([indexes[one]], [indexes[two]], [], lambda name: terms.count("name", name))
        assert not isinstance(finding, str)
        pair = finding.pairs[0]
        strength = next((e.strength for e in weight_index_evidence(finding)), "none")
        larger = max(pair.left_tensors, pair.right_tensors)
        rows[kind or "two architectures"].append((strength, pair.matched / larger, pair.equal_names / larger, one, two))
    spent = time.process_time() - spent
    for kind, found in rows.items():
        aligned = sorted(share for _, share, *_ in found)
        named = sum(equal > 0.5 for _, _, equal, *_ in found)
        print(
            f"{kind:18} {len(found):4} pairs | {dict(Counter(strength for strength, *_ in found))} | aligned "
            f"{aligned[0]:.2f} to {aligned[-1]:.2f}, median {aligned[len(aligned) // 2]:.2f} | {named} of one name"
        )
    for strength, share, equal, one, two in (row for kind, found in rows.items() if kind != "derived" for row in found):
        if strength not in ("none", "weak"):
            print(f"{strength}: {one} and {two} ({share:.2f} aligned, {equal:.2f} of one name)")
    print(f"{spent / sum(map(len, rows.values())):.3f} s of CPU a pair")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
