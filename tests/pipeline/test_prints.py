"""What a corpus keeps of a fragment: it hangs little on the repository around it, and on how a condition is written."""

import numpy as np
import pytest

from clonedetect.normalise import own_names
from clonedetect.pipeline.prints import forest_prints, outermost

FUNCTION = """
def settle(client, rows, limit):
    found = []
    for row in rows:
        if row.total < limit and row.state is not None:
            found.append(client.session.post("/settle", timeout=limit, data=row.body))
        elif row.total == limit or not row.open:
            client.log.warning("limit reached: %s", row.total)
    return sorted(found, key=len)
"""


def features_of(found, number=0):
    part = slice(found.start[number], found.start[number + 1])
    return dict(zip(found.feature[part].tolist(), found.count[part].tolist(), strict=True))


@pytest.fixture
def prints(forest):
    def make(*sources):
        parsed = forest(*sources)
        return forest_prints(parsed, own_names([parsed]))

    return make


def test_what_else_a_repository_defines_changes_which_names_are_own_and_nothing_else(prints):
    session = "class Session:\n    def post(self):\n        pass\n\n    def body(self):\n        pass\n"
    other = session.replace("post", "push").replace("body", "past")
    alone, owner = prints({"a.py": FUNCTION, "z.py": other}), prints({"a.py": FUNCTION, "z.py": session})
    assert features_of(alone) == features_of(owner)
    first = slice(0, owner.start[1])
    own = set(owner.feature[first][owner.own[first]].tolist())
    assert len(own) == 2 and not alone.own.any()
    weights = owner.weight[first] * (1 + np.log2(owner.count[first])) / 16
    assert owner.bits[0] == pytest.approx(weights[~owner.own[first]].sum(), rel=1e-5)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("row.total < limit", "limit > row.total"),
        ("row.state is not None", "None is not row.state"),
        ("row.total == limit or not row.open", "limit == row.total or not row.open"),
        ("timeout=limit, data=row.body", "data=row.body, timeout=limit"),
    ],
)
def test_operands_in_another_order_change_nothing(prints, old, new):
    assert old in FUNCTION
    assert features_of(prints(FUNCTION)) == features_of(prints(FUNCTION.replace(old, new)))


def test_a_negated_comparison_changes_nothing_but_the_branches(prints):
    plain = features_of(prints(FUNCTION))
    assert plain == features_of(prints(FUNCTION.replace("row.total ==", "row.total !=")))
    assert plain != features_of(prints(FUNCTION.replace("row.total ==", "row.total <")))
    assert plain != features_of(prints(FUNCTION.replace("post", "patch")))


def test_a_function_within_a_function_is_a_fragment_as_it_is_alone(prints):
    inner = "".join(f"    {line}\n" if line else "\n" for line in FUNCTION.split("\n"))
    both = prints(f"def outer(x):\n    y = [x, 'outer', 17]\n{inner}\n    return settle(y, y, len(y))\n")
    assert [n.split(".")[-1] for n in both.name] == ["outer", "settle"]
    assert features_of(both, 1).keys() <= features_of(both, 0).keys()
    alone = prints(FUNCTION)
    assert features_of(both, 1) == features_of(alone)
    assert both.blind[1] == alone.blind[0] and both.bits[0] > both.bits[1] > 0


def test_only_some_files_give_the_same_fragments_of_these(forest):
    parsed = forest({"a.py": FUNCTION, "b.py": FUNCTION.replace("settle", "other")})
    own = own_names([parsed])
    whole, some = forest_prints(parsed, own), forest_prints(parsed, own, frozenset({"b.py"}))
    assert whole.path == ("a.py", "b.py") and some.path == ("b.py",)
    assert features_of(whole, 1) == features_of(some, 0) and whole.bits[1] == some.bits[0]


def test_what_lies_within_a_function_found_in_the_same_repository_is_not_told_again(prints):
    inner = "".join(f"    {line}\n" if line else "\n" for line in FUNCTION.split("\n"))
    found = prints(
        f"class A:\n    a = {list(range(20))}\n{inner}\n", f"def outer(x):\n    y = [x, 17]\n{inner}\n    return y\n"
    )
    assert found.kind == ("class", "method", "function", "function")
    assert outermost(found, {0: 1, 1: 1, 2: 1, 3: 1}) == [0, 1, 2]  # a class is without its methods
    assert outermost(found, {0: 1, 2: 1, 3: 2}) == [0, 2, 3]
    assert outermost(found, {1: 1, 3: 1}) == [1, 3]
