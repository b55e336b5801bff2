"""What clone pairs say together: the rename map, clone classes, file pairs."""

from __future__ import annotations

from clonedetect.domain import ClonePair, Fragment, Region, Rename
from clonedetect.group import clone_classes, file_pairs, rename_map


def fragment(side: str, path: str, start: int, end: int, name: str = "f", kind: str = "function") -> Fragment:
    return Fragment(side, path, start, end, name, kind)  # type: ignore[arg-type]


def pair(left: Fragment, right: Fragment, *renames: tuple[str, str, str], type: int = 2) -> ClonePair:
    return ClonePair(
        id=f"{left.path}{left.start_line}{right.path}{right.start_line}",
        type=type,
        similarity=1.0,
        containment=1.0,
        bits=None,
        e_value=None,
        explained_by=None,
        left=left,
        right=right,
        regions=(Region((left.start_line, left.end_line), (right.start_line, right.end_line)),),
        renames=tuple(Rename(a, b, kind, 3) for a, b, kind in renames),
    )


def at(n: int, *renames: tuple[str, str, str]) -> ClonePair:
    return pair(fragment("left", f"l{n}.py", 1, 9), fragment("right", f"r{n}.py", 1, 9), *renames)


def test_support_counts_pairs_and_conflicts_count_other_partners() -> None:
    votes = [at(n, ("old", "new", "variable")) for n in range(3)]
    votes += [at(3, ("old", "other", "variable")), at(4, ("third", "new", "variable"))]
    entries = {(e.left, e.right): (e.support, e.conflicts) for e in rename_map(votes)}
    assert entries == {("old", "new"): (3, 2), ("old", "other"): (1, 3), ("third", "new"): (1, 3)}
    assert next((e.left, e.right) for e in rename_map(votes)) == ("old", "new")


def test_names_in_another_order_contradict_each_other_and_least_contradicted_support_comes_first() -> None:
    votes = [at(n, ("width", "height", "keyword"), ("height", "width", "keyword")) for n in range(9)]
    votes += [at(n, ("old", "new", "variable")) for n in range(20, 26)]
    votes += [at(n, ("old", f"new{n}", "variable")) for n in range(30, 33)]
    votes += [at(n, ("first", "second", "variable")) for n in range(40, 45)]
    votes += [at(50, ("second", "first", "variable"))]
    shown = [(e.left, e.right, e.support, e.conflicts) for e in rename_map(votes) if e.support > 1]
    assert shown[:2] == [("first", "second", 5, 1), ("old", "new", 6, 3)]
    assert sorted(shown[2:]) == [("height", "width", 9, 9), ("width", "height", 9, 9)]


def test_a_name_is_what_the_most_telling_place_says() -> None:
    votes = [at(0, ("Old", "New", "variable")), at(1, ("Old", "New", "class")), at(2, ("Old", "New", "keyword"))]
    assert [(e.kind, e.support) for e in rename_map(votes)] == [("class", 3)]


def test_parts_of_names_that_change_alike_are_a_stem() -> None:
    names = ("Layer", "Model", "Config", "Pooler")
    votes = [at(n, (f"Heron{name}", f"Osprey{name}", "class")) for n, name in enumerate(names)]
    votes.append(at(9, ("heron_size", "osprey_size", "variable")))
    stems = [e for e in rename_map(votes) if e.kind == "stem"]
    assert [(e.left, e.right, e.support, e.conflicts) for e in stems] == [("Heron", "Osprey", 4, 0)]
    assert not [e for e in rename_map(votes[:2]) if e.kind == "stem"], "two names are no stem"


def test_classes_and_files_vote_for_their_own_names() -> None:
    methods = [
        pair(
            fragment("left", "a/old.py", n, n + 8, f"Old.m{n}", "method"),
            fragment("right", "b/new.py", n, n + 8, f"New.m{n}", "method"),
        )
        for n in (1, 11)
    ]
    stray = pair(
        fragment("left", "a/old.py", 21, 29, "Old.x", "method"),
        fragment("right", "b/else.py", 1, 9, "Else.x", "method"),
    )
    files = file_pairs([*methods, stray], [], {"a/old.py": 29}, {"b/new.py": 19, "b/else.py": 99})
    entries = {(e.left, e.right, e.kind) for e in rename_map([*methods, stray], files)}
    assert entries == {("Old", "New", "class"), ("old", "new", "module"), ("a", "b", "module")}


def test_the_map_mirrors_and_does_not_depend_on_order() -> None:
    votes = [at(n, ("old", "new", "variable"), ("a", f"b{n}", "parameter")) for n in range(3)]
    back = [at(n, *((r.right, r.left, r.kind) for r in p.renames)) for n, p in enumerate(votes)]
    there = {(e.left, e.right, e.kind, e.support, e.conflicts) for e in rename_map(votes)}
    assert there == {(e.right, e.left, e.kind, e.support, e.conflicts) for e in rename_map(back)}
    assert rename_map(votes) == rename_map(votes[::-1])
    assert rename_map([]) == ()


def test_classes_are_what_copies_connect() -> None:
    a, b = fragment("left", "a.py", 1, 5), fragment("left", "b.py", 1, 5)
    x, y, z = (fragment("right", f"{n}.py", 2, 6) for n in "xyz")
    (found,) = clone_classes([pair(a, x), pair(b, x), pair(a, y)], [])
    assert found.fragments == (a, b, x, y)
    assert clone_classes([pair(a, x)], []) == (), "two are a pair"
    assert clone_classes([pair(a, x, type=3), pair(b, x, type=3)], []) == (), "similar is not transitive"
    (grouped,) = clone_classes([pair(a, x)], [[a, b, z]])
    assert set(grouped.fragments) == {a, b, x, z}
    assert clone_classes([pair(b, x), pair(a, y), pair(a, x)], [])[0].id == found.id


def test_a_file_that_is_one_function_is_that_function() -> None:
    module = fragment("right", "x.py", 1, 9, "", "module")
    function = fragment("right", "x.py", 1, 9, "top")
    a, b = fragment("left", "a.py", 3, 11, "one"), fragment("left", "b.py", 1, 9, "", "module")
    (found,) = clone_classes([pair(a, function), pair(b, module)], [])
    assert found.fragments == (a, b, function)


def test_file_pairs() -> None:
    lines = {"a.py": 20, "b.py": 10, "m.py": 9}, {"x.py": 10, "y.py": 40, "n.py": 9}
    pairs = [
        pair(fragment("left", "a.py", 1, 10), fragment("right", "x.py", 1, 8)),
        pair(fragment("left", "a.py", 5, 12), fragment("right", "x.py", 3, 10)),
        pair(fragment("left", "m.py", 1, 9, "", "module"), fragment("right", "n.py", 1, 9, "", "module")),
    ]
    found = {(f.left, f.right): (f.relation, f.similarity) for f in file_pairs(pairs, [("b.py", "y.py")], *lines)}
    assert found == {
        ("b.py", "y.py"): ("identical", 1.0),
        ("m.py", "n.py"): ("renamed", 1.0),
        ("a.py", "x.py"): ("similar", 1.0),  # all ten lines of x.py, overlaps counted once
    }
