"""A comparison that was made before is read, not made again, and says the same; whatever it hung on is noticed."""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from clonedetect import Options, scan
from clonedetect.domain import Identity, Skipped
from clonedetect.parse import TOO_SLOW
from clonedetect.parse.cache import Cache
from clonedetect.pipeline import remembered
from clonedetect.pipeline.remembered import Examined, Memory, SourceFound
from clonedetect.pipeline.scan import read_sides
from clonedetect.report.json_format import to_json

VLM = Path(__file__).parents[2] / "fixtures" / "vlm"
CODE = """
def nest(reeds, depth):
    for reed in reeds:
        if reed.width > depth:
            yield reed.cut(depth)
"""
CELL = {"cells": [{"cell_type": "code", "source": CODE}], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
LEFT = {"a.py": CODE * 3, "b.py": CODE, "n.ipynb": json.dumps(CELL), "broken.ipynb": "{"}
RIGHT = {"a.py": CODE.replace("reed", "twig") * 3, "b.py": CODE, "m.ipynb": json.dumps(CELL)}


@pytest.fixture
def options(tmp_path: Path) -> Options:
    return Options(jobs=1, cache_dir=tmp_path / "cache", times=False)


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """One entry for each comparison of source that was made."""
    done: list[int] = []
    real = remembered.grouped
    monkeypatch.setattr("clonedetect.pipeline.scan.grouped", lambda *given: (done.append(1), real(*given))[1])
    return done


@pytest.mark.parametrize("rewritten", [True, False])
def test_what_is_read_says_what_was_made(tmp_path: Path, made: list[int], write: Callable, rewritten: bool) -> None:
    left, right, known = (write(tmp_path / n, f) for n, f in (("l", LEFT), ("r", RIGHT), ("k", {"b.py": CODE})))
    for sides in ((VLM / "original", VLM / "copy", []), (left, right, [known]), (right, left, [known])):
        given = Options(jobs=1, cache_dir=tmp_path / "cache", times=False, rewritten=rewritten)
        plain = to_json(scan(*sides, options=replace(given, cache=False)))
        made.clear()
        assert [to_json(scan(*sides, options=given)) for _ in range(3)] == [plain] * 3
        assert made == [1]


def test_whatever_a_result_hangs_on_is_noticed(
    tmp_path: Path, made: list[int], options: Options, write: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    left, right, other = write(tmp_path / "l", LEFT), write(tmp_path / "r", RIGHT), write(tmp_path / "o", RIGHT)

    def runs(ancestors: tuple[Path, ...] = (), **changed: bool) -> int:
        made.clear()
        scan(left, right, ancestors, options=replace(options, **changed))
        return len(made)

    assert [runs(), runs()] == [1, 0]
    assert [runs((right,)), runs((other,)), runs((other,))] == [1, 1, 0], "an ancestor's name is in the report"
    assert [runs(rewritten=False), runs(rewritten=False), runs()] == [1, 0, 0]
    assert [runs(cache=False), runs(history=False)] == [1, 0]
    (left / "README.md").write_text("reeds")
    assert runs() == 0, "no source"
    (left / "c.py").write_text("x = 1\n")
    assert [runs(), runs()] == [1, 0]
    (left / "c.py").rename(left / "d.py")
    assert [runs(), runs()] == [1, 0]
    monkeypatch.setattr(remembered, "_tool", lambda: "another version")
    assert [runs(), runs()] == [1, 0]


@pytest.mark.parametrize("content", [b"", b"{}", zlib.compress(b"{}"), zlib.compress(b"[[],[]]"), zlib.compress(b"[")])
def test_a_damaged_entry_is_made_again(options: Options, made: list[int], content: bytes) -> None:
    first = to_json(scan(VLM / "original", VLM / "unrelated", options=options))
    assert options.cache_dir
    path = options.cache_dir / "comparisons.sqlite"
    with closing(sqlite3.connect(path)) as db:
        ((key, version),) = db.execute("SELECT key, version FROM known").fetchall()
    Cache(path).put([(key, content)], version)
    assert to_json(scan(VLM / "original", VLM / "unrelated", options=options)) == first
    assert made == [1, 1]


def test_what_hung_on_the_speed_of_the_machine_is_not_kept(tmp_path: Path, options: Options, write: Callable) -> None:
    sides = read_sides(write(tmp_path / "l", LEFT), write(tmp_path / "r", RIGHT), [], options)
    slow = Skipped("slow.py", TOO_SLOW)
    memory = Memory(tmp_path / "kept.sqlite", sides, Identity(()), True)
    found = SourceFound((), (), (), (), ((), ()))
    memory.keep(found, [Examined((), (), (slow,)), Examined((), (), ())])
    assert memory.recall() is None
    memory.keep(found, [Examined((), (), ())] * 2)
    assert memory.recall() == found


def test_the_oldest_make_room(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "cache.sqlite")
    for n in range(9):
        cache.put([(str(n), bytes(1000))], "1", 3500)
    assert sorted(cache.get(map(str, range(9)), "1")) == ["6", "7", "8"]
    cache.put([("6", bytes(3000))], "2", 3500)
    assert not cache.get(["7", "8"], "1") and cache.get(["6"], "2")
