"""Which names count as a repository's own, and which nobody can rename."""

from __future__ import annotations

import numpy as np

from clonedetect.normalise import content_labels, kept_names, own_names, own_texts

TEXT = """\
import numpy as np
from torch import nn
import helpers


class Net(nn.Module):
    depth = 2

    def forward(self, image, scale=1):
        pooled = np.mean(image, axis=0)
        self.cache = pooled
        for row in pooled.reshape(-1):
            helpers.note(row, scale=scale)
        return self.cache.sum() + len(image)


def mean(values):
    return sum(values)
"""


def kept(made) -> set[str]:
    rows = np.flatnonzero(kept_names(made, own_names([made])))
    return {made.source(int(r)).decode() for r in rows}


def test_own_names_are_what_the_repository_defines(forest) -> None:
    made = forest(TEXT)
    own = own_texts([made], own_names([made]))
    assert {"Net", "forward", "image", "scale", "pooled", "cache", "row", "mean", "values", "depth"} <= own
    assert own & {"np", "nn", "Module", "len", "sum", "reshape", "axis", "torch"} == set()


def test_what_a_copier_cannot_rename_is_kept(forest) -> None:
    found = kept(forest(TEXT))
    assert {"np", "nn", "Module", "len", "axis", "reshape", "numpy", "torch"} <= found
    assert found & {"image", "pooled", "cache", "row", "Net", "values", "self"} == set()


def test_an_own_name_on_an_imported_module_is_the_modules(forest) -> None:
    made = forest(TEXT)
    rows = np.flatnonzero(kept_names(made, own_names([made])))
    means = [int(r) for r in rows if made.source(int(r)) == b"mean"]
    assert [made.source(r - 1) for r in means] == [b"np"], "np.mean is numpy's, `def mean` is not"


def test_both_sides_define_names_for_both(forest) -> None:
    left = forest("import shared\n\n\nx = shared.thing(1)\n")
    right = forest("def thing(a):\n    return a\n", side="right")
    assert "thing" in own_texts([left, right], own_names([left, right]))
    assert "thing" not in own_texts([left], own_names([left]))


def test_content_labels_forget_own_names_alone(forest) -> None:
    def labels(text: str) -> np.ndarray:
        made = forest(text)
        return content_labels(made, kept_names(made, own_names([made])))

    base = labels(TEXT)
    own = TEXT.replace("image", "picture").replace("pooled", "mixed").replace("Net", "Web").replace("cache", "memo")
    assert np.array_equal(base, labels(own))
    for old, new in (("axis", "keepdims"), ("np.mean", "np.median"), ("len(", "min("), ("axis=0", "axis=1")):
        assert not np.array_equal(base, labels(TEXT.replace(old, new))), old
