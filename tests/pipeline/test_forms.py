"""A canonical form is the same made here, in a worker, or from the cache; and holds only for the same own names."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from clonedetect.domain import Forest, SourceFile, StandIns
from clonedetect.normalise.canonical import canonical
from clonedetect.parse import parse
from clonedetect.pipeline import forms
from clonedetect.pipeline.forms import Forms

SOURCE = """
class Pond:
    def depth(self, reeds):
        found = []
        for reed in reeds:
            found.append(self.measure(reed) + other(reed))
        return found

def shallow(marsh, limit=3):
    if marsh.depth > limit:
        return "caf\\u00e9\\n"
    return None

def broken(:
    pass
"""
OWN = frozenset({"Pond", "depth", "measure", "shallow"})
NONE = StandIns(np.zeros(0, np.int64), np.zeros(0, np.int64), ())


def forests() -> tuple[Forest, Forest]:
    left = [SourceFile(f"{n}.py", f"{n:040x}", ("\n" * n + SOURCE).encode(), "python") for n in range(3)]
    found = parse([("left", left), ("right", left[:1])], jobs=1)
    return found[0], found[1]


def made(both: tuple[Forest, Forest], own: frozenset[str], jobs: int, cache: Path | None = None) -> list[object]:
    found = Forms(both, (NONE, NONE), own, jobs, cache)
    places = [(side, place) for side in (0, 1) for place in range(len(both[side].statements.row))]
    found.prepare(places)
    return [found.of(found.key(*place)) for place in places]


def test_forms_are_those_of_the_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    both = forests()
    place = 1  # the class, behind its module
    assert both[0].source(int(both[0].statements.row[place])).startswith(b"class Pond")
    expected = canonical(SOURCE[SOURCE.index("class") : SOURCE.index("\ndef shallow")].rstrip(), 1, OWN)
    here = made(both, OWN, 1)
    assert here[place] == expected
    second = int(both[0].places[1]) + place
    assert here[second] is not None and here[second] == expected
    monkeypatch.setattr(forms, "_LOCAL", 0)
    monkeypatch.setattr(forms, "_CHUNK", 3)
    assert made(both, OWN, 2) == here
    cache = tmp_path / "forms.sqlite"
    assert made(both, OWN, 2, cache) == here
    with monkeypatch.context() as patch:
        patch.setattr(Forms, "make", lambda *_: pytest.fail("made again"))
        assert made(both, OWN, 1, cache) == here


@pytest.mark.parametrize("own", [OWN - {"measure"}, OWN | {"other"}, frozenset()])
def test_a_form_made_for_other_own_names_is_made_again(own: frozenset[str], tmp_path: Path) -> None:
    both, cache = forests(), tmp_path / "forms.sqlite"
    made(both, OWN, 1, cache)
    assert made(both, own, 1, cache) == made(both, own, 1)


def test_own_names_that_nothing_asks_for_leave_forms_as_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    both, cache = forests(), tmp_path / "forms.sqlite"
    before = made(both, OWN, 1, cache)
    monkeypatch.setattr(Forms, "make", lambda *_: pytest.fail("made again"))
    assert made(both, OWN | {"nobody_says_this"}, 1, cache) == before
