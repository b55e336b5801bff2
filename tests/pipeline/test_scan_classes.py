"""A class put together anew from copied methods carries what its methods show."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from clonedetect import Options, scan

VLM = Path(__file__).parents[2] / "fixtures" / "vlm"


def test_renames_and_edits_of_the_methods_add_up():
    options = Options(jobs=1, include=("*train.py", "*fit.py"))
    pairs = scan(VLM / "original", VLM / "copy", options=options).clone_pairs
    whole = next(pair for pair in pairs if pair.left.name == "Trainer")
    methods = [pair for pair in pairs if pair.left.name.startswith("Trainer.")]
    assert len(methods) > 4
    places = Counter({(r.left, r.right, r.kind): 0 for r in whole.renames})
    edits = Counter({"moved": 1})
    for pair in methods:
        for rename in pair.renames:
            places[rename.left, rename.right, rename.kind] += rename.count
        for edit in pair.edits:
            edits[edit.kind] += edit.count
    assert {(r.left, r.right, r.kind): r.count for r in whole.renames} == places
    assert {edit.kind: edit.count for edit in whole.edits} == edits
    assert whole.renames == tuple(sorted(whole.renames, key=lambda r: (-r.count, r.left, r.right, r.kind)))
