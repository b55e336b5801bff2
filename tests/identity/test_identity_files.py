"""Equal files are found under other names, in other layout and in the past; what everybody has stays weak."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clonedetect import Options, scan
from clonedetect.assess import identity_evidence
from clonedetect.domain import Comparison, Document, Entry, Identity, Snapshot
from clonedetect.domain.identity import EqualFile
from clonedetect.identity import equal_files, weight_share
from clonedetect.report import FORMATS

OPTIONS = Options(jobs=1, cache=False, times=False)
T = [f"{1_600_000_000 + n * 86_400} +0000" for n in range(5)]
POEM = "\n".join(f"line {n} of a long poem about reeds and herons" for n in range(200))
SETTINGS = {"name": "heron", "sizes": [1, 2, 3], "depth": {"a": 1, "b": [True, None]}, "note": "x" * 300}


def alike(comparison: Comparison) -> set[tuple[str, str, str]]:
    return {(each.left, each.right, each.how) for each in comparison.identity.alike}


def evidence(comparison: Comparison):
    return next((e for e in comparison.evidence if e.channel == "identity"), None)


def test_equal_in_bytes_layout_or_order(write: Callable, tmp_path: Path) -> None:
    turned = json.dumps(dict(reversed(SETTINGS.items())), indent=4)
    left = write(
        tmp_path / "a",
        {"poem.txt": POEM, "b.md": "one two\nthree " * 50, "conf.json": json.dumps(SETTINGS), "e.txt": ""},
    )
    right = write(
        tmp_path / "b",
        {"deep/song.txt": POEM, "c.md": "one\ttwo\r\nthree\n" * 50, "other.json": turned, "empty.txt": ""},
    )
    found = scan(left, right, options=OPTIONS)
    assert alike(found) == {
        ("poem.txt", "deep/song.txt", "bytes"),
        ("b.md", "c.md", "layout"),
        ("conf.json", "other.json", "key-order"),
    }
    mirrored = scan(right, left, options=OPTIONS)
    assert alike(mirrored) == {(b, a, how) for a, b, how in alike(found)}


def test_a_file_of_the_past_is_found_with_its_commit(grow: Callable) -> None:
    left = grow("left", [(T[0], {"poem.txt": POEM})])
    right = grow("right", [(T[1], {"x/old.txt": POEM, "k.txt": "kept"}), (T[2], {"x/old.txt": None})])
    found, mirrored = scan(left, right, options=OPTIONS), scan(right, left, options=OPTIONS)
    (each,) = found.identity.alike
    commits = subprocess.run(["git", "-C", right, "rev-list", "HEAD"], capture_output=True, text=True, check=True)
    assert (each.left, each.right, each.left_commit) == ("poem.txt", "x/old.txt", None)
    assert each.right_commit == commits.stdout.split()[-1]
    (other,) = mirrored.identity.alike
    assert (other.right, other.left, other.left_commit) == (each.left, each.right, each.right_commit)
    for format in ("text", "md", "html", "json"):
        assert "old.txt" in FORMATS[format](found)


def test_a_large_file_behind_lfs_pointers_is_equal_without_being_fetched(grow: Callable) -> None:
    def pointer(oid: str, size: int) -> str:
        return f"version https://git-lfs.github.com/spec/v1\noid sha256:{oid * 64}\nsize {size}\n"

    files = {f"model-{n}.safetensors": pointer(n, 5_000_000_000) for n in "ab"}
    left = grow("left", [(T[0], files)])
    right = grow("right", [(T[1], {f"weights/{name}": text for name, text in files.items()})])
    found = scan(left, right, options=OPTIONS)
    assert {(e.how, e.kind, e.size) for e in found.identity.alike} == {("lfs", "weights", 5_000_000_000)}
    assert evidence(found).strength == "strong" and evidence(found).value == 2


def test_boilerplate_small_and_tokenizer_files_stay_weak(write: Callable, tmp_path: Path) -> None:
    files = {
        "LICENSE": POEM,
        "pkg/__init__.py": "",
        "py.typed": "",
        ".gitignore": "*.pyc\n" * 100,
        "tokenizer.json": json.dumps({"vocab": {f"t{n}": n for n in range(5_000)}}),
        "merges.txt": POEM * 3,
        "small.csv": "a,b\n1,2\n",
    }
    found = scan(write(tmp_path / "a", files), write(tmp_path / "b", files), options=OPTIONS)
    assert {e.kind for e in found.identity.alike} == {"boilerplate", "tokenizer", "small"}
    assert evidence(found).strength == "weak" and found.verdict.strength == "weak"


def test_what_an_ancestor_has_is_not_listed(write: Callable, tmp_path: Path) -> None:
    sides = [write(tmp_path / name, {"poem.txt": POEM}) for name in "abc"]
    assert scan(*sides[:2], options=OPTIONS).identity.alike
    assert not scan(*sides[:2], [sides[2]], options=OPTIONS).identity.alike


@pytest.mark.parametrize(
    "text",
    ["[" * 10_000 + "]" * 10_000, '{"a": 1, "a": 2}', '{"a": ' + "9" * 5_000 + "}", "\ufeff{}", '"\\ud800"', "nul"],
)
def test_odd_json_is_equal_by_bytes_alone(write: Callable, tmp_path: Path, text: str) -> None:
    left, right = write(tmp_path / "a", {"x.json": text}), write(tmp_path / "b", {"y.json": text})
    assert alike(scan(left, right, options=OPTIONS)) == {("x.json", "y.json", "bytes")}
    other = write(tmp_path / "c", {"z.json": text + " \n"})
    assert {how for *_, how in alike(scan(left, other, options=OPTIONS))} == {"layout"}


def snapshot(name: str, data: bytes) -> Snapshot:
    return Snapshot(
        name, None, False, (), (Entry("f.json", name, len(data)),), (), documents=(Document("f.json", name, data),)
    )


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-99, 99) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.text(max_size=4), json_values, min_size=1, max_size=5), st.integers(0, 4))
def test_order_and_layout_of_json_never_matter(value: dict, indent: int) -> None:
    def turned(part):
        if isinstance(part, dict):
            return {key: turned(inner) for key, inner in reversed(part.items())}
        return [turned(inner) for inner in part] if isinstance(part, list) else part

    one = json.dumps(value, separators=(",", ":")).encode()
    other = json.dumps(turned(value), indent=indent, ensure_ascii=False).encode()
    (found,) = equal_files(snapshot("left", one), snapshot("right", other), None, None)
    assert found.how in ("layout", "key-order")


def equal(name: str, kind: str = "weights", size: int = 10**9) -> EqualFile:
    return EqualFile(name, name, "lfs", kind, name * 8, size)


def test_one_weight_file_may_be_a_published_one() -> None:
    found = identity_evidence(Identity((), (equal("a.bin"),), 1.0))
    assert found is not None and found.strength == "moderate" and "third project" in found.limits
    assert identity_evidence(Identity(())) is None


def test_helper_models_and_data_that_both_ship_are_weak() -> None:
    for alike, share in (
        ((equal("a.onnx"), equal("b.pt")), 0.3),
        ((equal("a.woff", "data"), equal("b.js", "data")), 0),
    ):
        found = identity_evidence(Identity((), alike, share))
        assert found is not None and found.strength == "weak"


def test_the_share_is_that_of_the_side_with_less() -> None:
    left = Snapshot("l", None, False, (), (Entry("a.bin", "1", 100), Entry("b.bin", "2", 300)), ())
    right = Snapshot("r", None, False, (), (Entry("c.bin", "1", 100),), ())
    alike = equal_files(left, right, None, None)
    assert [(e.left, e.right) for e in alike] == [("a.bin", "c.bin")]
    assert weight_share(left, right, (replace(alike[0], kind="weights"),)) == 0.25
    assert weight_share(right, left, ()) == 0.0
