"""Places to named fragments, and what differs inside exact matches."""

from __future__ import annotations

import pytest

from clonedetect.align import Fragments, compare_exact, exact_pairs
from clonedetect.domain import ClonePair, Forest
from clonedetect.fingerprint import fingerprint
from clonedetect.match import match_exact
from clonedetect.normalise import blind_labels, content_labels, kept_names, own_names, raw_labels

TEXT = """\
import functools


@functools.cache
# a note between
@staticmethod
def outer(a,
          b):
    \"\"\"Says.\"\"\"
    def inner(x):
        return x + a
    if a:
        class Deep:
            @property
            def here(self):
                return b
    return inner(b)


class Top:
    limit = 3

    async def run(self):
        await self.limit
"""


def test_names_kinds_and_lines(forest) -> None:
    made = forest({"pkg/mod.py": TEXT})
    fragments = Fragments(made)
    found = {}
    for place in range(len(made.statements.row)):
        f = fragments.fragment(place, place)
        if f.kind != "run":
            found[f.name] = (f.kind, f.start_line, f.end_line)
    assert found == {
        "": ("module", 1, 24),
        "outer": ("function", 4, 17),
        "outer.inner": ("function", 10, 11),
        "outer.Deep": ("class", 13, 16),
        "outer.Deep.here": ("method", 14, 16),
        "Top": ("class", 20, 24),
        "Top.run": ("method", 23, 24),
    }


def test_runs_are_named_by_what_holds_them(forest) -> None:
    made = forest(TEXT)
    fragments = Fragments(made)
    runs = {
        (f.name, f.start_line, f.end_line)
        for f in (fragments.fragment(p, p) for p in range(len(made.statements.row)))
        if f.kind == "run"
    }
    assert {("outer", 17, 17), ("outer.inner", 11, 11), ("Top", 21, 21), ("", 1, 1)} <= runs


def pairs_of(left: Forest, right: Forest) -> list[ClonePair]:
    own = own_names([left, right])
    prints = []
    for made in (left, right):
        blind = blind_labels(made)
        prints.append(fingerprint(made, blind, raw_labels(made, blind), content_labels(made, kept_names(made, own))))
    matches = match_exact(left, right, *prints)
    return exact_pairs(Fragments(left), Fragments(right), matches, compare_exact(left, right, matches))[0]


BODY = """\
def first(mass, thrust):
    spent = mass * thrust
    for step in range(spent):
        thrust += mass[step] - spent
    return thrust


def second(mass, other):
    rest = [mass, other, mass]
    for part in rest:
        other -= part ** 2
    return other
"""


def test_names_hold_within_functions(forest) -> None:
    right = BODY.replace("thrust", "pull").replace("mass", "load", 5)
    right = right[: right.index("def second")].replace("mass", "load") + right[right.index("def second") :].replace(
        "mass", "hull"
    ).replace("load", "hull")
    (pair,) = pairs_of(forest(BODY), forest(right, side="right"))
    assert (pair.type, pair.conflicts, pair.similarity) == (2, 0, 1.0)
    assert {("mass", "load"), ("mass", "hull"), ("thrust", "pull")} == {(r.left, r.right) for r in pair.renames}


@pytest.mark.parametrize(
    ("old", "new", "conflicts"), [("thrust += mass", "thrust += spent", 1), ("return other", "return mass", 1)]
)
def test_one_place_against_the_majority_is_a_conflict(forest, old: str, new: str, conflicts: int) -> None:
    (pair,) = pairs_of(forest(BODY), forest(BODY.replace(old, new), side="right"))
    assert pair.conflicts == conflicts and pair.similarity < 1.0


def test_literals_are_edits(forest) -> None:
    (pair,) = pairs_of(forest(BODY), forest(BODY.replace("** 2", "** 7"), side="right"))
    assert pair.type == 2 and [(e.kind, e.count) for e in pair.edits] == [("literal-changed", 1)]


def test_equal_text_is_type_one_whatever_the_layout(forest) -> None:
    right = "# head\n" + BODY.replace("    ", "\t").replace("mass * thrust", "(mass  *  thrust)  # why")
    (pair,) = pairs_of(forest(BODY), forest(right, side="right"))
    assert (pair.type, pair.renames, pair.edits, pair.left.kind) == (1, (), (), "module")


def test_one_file_compared_with_itself_lists_the_module_alone(forest) -> None:
    (pair,) = pairs_of(forest(TEXT), forest(TEXT, side="right"))
    assert (pair.left.start_line, pair.left.end_line, pair.left.kind) == (1, 24, "module")


def test_many_times_many_are_all_listed_in_their_class(forest) -> None:
    left = forest(*[BODY.replace("first", f"f{n}").replace("second", f"g{n}") for n in range(8)])
    right = forest(*[BODY.replace("first", f"h{n}").replace("second", f"k{n}") for n in range(9)], side="right")
    blind = [blind_labels(x) for x in (left, right)]
    own = own_names([left, right])
    prints = [
        fingerprint(x, b, raw_labels(x, b), content_labels(x, kept_names(x, own)))
        for x, b in zip((left, right), blind, strict=True)
    ]
    matches = match_exact(left, right, *prints)
    assert any(len(ls) == 8 and len(rs) == 9 for ls, rs in matches.classes)
    assert set(matches.left_first.tolist()) >= set(left.places[:-1].tolist())
    assert set(matches.right_first.tolist()) >= set(right.places[:-1].tolist())
