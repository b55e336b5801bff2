"""Forests: files end to end, notebooks, worker processes, the cache."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import signal
import sqlite3
import time
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from clonedetect.domain import Forest, SourceFile
from clonedetect.parse import parse
from clonedetect.parse.notebook import code


def source_file(path: str, data: bytes | str) -> SourceFile:
    raw = data.encode() if isinstance(data, str) else data
    return SourceFile(
        path, hashlib.sha1(raw, usedforsecurity=False).hexdigest(), raw, "python", path.endswith(".ipynb")
    )


ROOT = Path(__file__).parents[2]
FILES = [source_file(p.relative_to(ROOT).as_posix(), p.read_bytes()) for p in sorted((ROOT / "fixtures").rglob("*.py"))]


def equal(a: Forest, b: Forest) -> bool:
    for part in ("columns", "statements"):
        for f in fields(getattr(a, part)):
            x, y = getattr(getattr(a, part), f.name), getattr(getattr(b, part), f.name)
            if x.dtype != y.dtype or not np.array_equal(x, y):
                return False
    return (
        a.files == b.files
        and a.skipped == b.skipped
        and all(np.array_equal(getattr(a, n), getattr(b, n)) for n in ("rows", "places", "lines"))
    )


def test_files_stand_end_to_end() -> None:
    (forest,) = parse([("left", FILES)], jobs=1)
    assert forest.rows[-1] == len(forest.columns.kind) and forest.places[-1] == len(forest.statements.row)
    for f, file in enumerate(FILES):
        (alone,) = parse([("left", [file])], jobs=1)
        rows = slice(forest.rows[f], forest.rows[f + 1])
        assert np.array_equal(alone.columns.kind, forest.columns.kind[rows])
        assert np.array_equal(alone.columns.after + np.uint32(forest.rows[f]), forest.columns.after[rows])
        places = slice(forest.places[f], forest.places[f + 1])
        assert np.array_equal(alone.statements.row + np.uint32(forest.rows[f]), forest.statements.row[places])
        parent = alone.statements.parent
        moved = np.where(parent >= 0, parent + forest.places[f], -1)
        assert np.array_equal(moved, forest.statements.parent[places])
        assert forest.file_of(int(forest.rows[f])) == f and forest.lines[f] == file.data.count(b"\n")


def test_no_files_and_empty_files() -> None:
    left, right = parse([("left", []), ("right", [source_file("a.py", b""), source_file("b.py", b"\n")])], jobs=1)
    assert (len(left.columns.kind), len(left.statements.row), left.rows.tolist()) == (0, 0, [0])
    assert len(right.files) == 2 and right.lines.tolist() == [0, 1]


def test_worker_processes_change_nothing() -> None:
    more = [source_file(f"{n}/{f.path}", f.data + b"# %d\n" % n) for n in range(6) for f in FILES]
    assert sum(len(f.data) for f in more) > 600_000, "or no workers are started"
    sides = [("left", more), ("right", FILES)]
    one, two = parse(sides, jobs=1), parse(sides, jobs=2)
    assert all(equal(a, b) for a, b in zip(one, two, strict=True))


# ---------------------------------------------------------------- cache


def test_the_cache_changes_nothing_and_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = tmp_path / "deep" / "columns.sqlite"
    bare, cold, warm = (parse([("left", FILES)], jobs=1, cache=c)[0] for c in (None, cache, cache))
    assert equal(bare, cold) and equal(bare, warm)
    monkeypatch.setattr("clonedetect.parse.forest.many_columns", lambda *_: pytest.fail("parsed again"))
    assert equal(parse([("left", FILES)], jobs=1, cache=cache)[0], bare)


@pytest.mark.parametrize("damage", ["garbage", "cut", "empty", "rows", "zeros", "directory", "other table", "version"])
def test_a_damaged_cache_reads_as_empty(damage: str, tmp_path: Path) -> None:
    cache = tmp_path / "columns.sqlite"
    bare = parse([("left", FILES)], jobs=1)[0]
    parse([("left", FILES)], jobs=1, cache=cache)
    raw = cache.read_bytes()
    if damage == "garbage":
        cache.write_bytes(b"not a database" * 1000)
    elif damage == "cut":
        cache.write_bytes(raw[: len(raw) // 2])
    elif damage == "empty":
        cache.write_bytes(b"")
    elif damage == "directory":
        cache.unlink()
        cache.mkdir()
    else:
        with sqlite3.connect(cache) as db:
            if damage == "rows":
                db.execute("UPDATE known SET raw = substr(raw, 1, 40)")
            elif damage == "version":
                db.execute("UPDATE known SET version = 'older', raw = zeroblob(8)")
            else:
                db.execute("DROP TABLE known")
                db.execute("CREATE TABLE known (other TEXT)")
        db.close()
    assert equal(parse([("left", FILES)], jobs=1, cache=cache)[0], bare)
    assert equal(parse([("left", FILES)], jobs=1, cache=cache)[0], bare)


def _write_for_ever(cache: Path) -> None:
    n = 0
    while True:
        n += 1
        parse([("left", [source_file(f"{n}.py", f"x = {n}\n" * 500)])], jobs=1, cache=cache)


def test_a_killed_writer_leaves_a_usable_cache(tmp_path: Path) -> None:
    cache = tmp_path / "columns.sqlite"
    writer = multiprocessing.get_context("fork").Process(target=_write_for_ever, args=(cache,))
    writer.start()
    until = time.monotonic() + 20
    while time.monotonic() < until and not cache.exists():
        time.sleep(0.02)
    time.sleep(0.15)
    assert writer.pid
    os.kill(writer.pid, signal.SIGKILL)
    writer.join()
    bare = parse([("left", FILES)], jobs=1)[0]
    assert equal(parse([("left", FILES)], jobs=1, cache=cache)[0], bare)
    with sqlite3.connect(cache) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert db.execute("SELECT count(*) FROM known").fetchone()[0] >= len({f.blob for f in FILES})
    db.close()


def test_an_unwritable_cache_is_done_without(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("here")
    assert len(parse([("left", FILES[:3])], jobs=1, cache=blocked / "columns.sqlite")[0].files) == 3


# ---------------------------------------------------------------- notebooks


def notebook(*cells: tuple[str, object]) -> bytes:
    return json.dumps({"cells": [{"cell_type": kind, "source": text} for kind, text in cells]}).encode()


def test_cells_of_a_notebook() -> None:
    data = notebook(
        ("markdown", "# Title"),
        ("code", ["import a\n", "%matplotlib inline\n", "x = 1"]),
        ("code", "%%bash\nrm -rf nothing"),
        ("code", ["!ls\n", "def f():\n", "    return 2\n"]),
    )
    source, cells = code(data)
    assert source == b"import a\n#matplotlib inline\nx = 1\n\n#ls\ndef f():\n    return 2\n\n"
    assert cells == ((2, 1), (3, 4), (4, 5))
    (forest,) = parse([("left", [source_file("n.ipynb", data)])], jobs=1)
    assert forest.files[0].cells == cells and forest.files[0].data == source


@pytest.mark.parametrize(
    "data",
    [
        b"", b"{", b"[]", b"null", b"{}", b'{"cells": 3}', b'{"cells": [1]}', b"\x00\xff", b"[" * 100_000,
        b'{"a":' * 100_000, b'{"cells": null}', b'{"cells": [null]}', b"1e999999", b"9" * 100_000,
    ],
)  # fmt: skip
def test_what_is_no_notebook_is_skipped_with_a_reason(data: bytes) -> None:
    files = [source_file("bad.ipynb", data), source_file("good.py", b"x = 1\n")]
    (forest,) = parse([("left", files)], jobs=1)
    assert [f.path for f in forest.files] == ["good.py"]
    (skipped,) = forest.skipped
    assert skipped.path == "bad.ipynb" and "notebook" in skipped.reason


def test_odd_cells_do_no_harm() -> None:
    data = notebook(("code", None), ("code", ["x = 1\n", "\ud800"]), ("raw", "y"), ("code", "z = (\n"))
    (forest,) = parse([("left", [source_file("n.ipynb", data)])], jobs=1)
    assert len(forest.files) == 1 and forest.skipped == ()


def test_a_file_the_parser_is_slow_on_is_skipped(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("clonedetect.parse.recover.SECONDS", 0.0)
    slow = source_file("slow.py", b"x = [1, 2, 3]\n" * 5000)
    for _ in range(2):
        (forest,) = parse([("left", [slow, source_file("ok.py", b"x = 1\n")])], jobs=1, cache=tmp_path / "c.sqlite")
        assert [f.path for f in forest.files] == ["ok.py"]
        assert [(s.path, s.reason) for s in forest.skipped] == [("slow.py", "the parser takes too long for it")]
    (after,) = parse([("left", [source_file("next.py", b"y = 2\n")])], jobs=1)
    assert after.columns.end.max() <= 6, "the stopped parser does not go on with the slow file"
