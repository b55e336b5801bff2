"""What channels read of each file is the same read here, in a process beside, or from the cache."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clonedetect.config import python_settings
from clonedetect.domain import SourceFile
from clonedetect.left_behind import python_terms
from clonedetect.pipeline import readings
from clonedetect.pipeline.readings import reading

SOURCES = [
    f"import os\n# the reed of pond {n} stays\nclass PondConfig:\n    a{n} = 1\n    b = {n}\n" for n in range(40)
]
SOURCES += ["class PondConfig:\n  x = (\n", "", "\x0c\n", "# h\xe9ron \u2028 in the marsh over there\nx = '\\n'\n"]
FILES = [SourceFile(f"{n}.py", f"{n:040x}", text.encode(), "python") for n, text in enumerate(SOURCES)]


def check(found: readings.Readings) -> None:
    for file in FILES:
        assert found.terms(file.data) == python_terms(file.data)
        try:
            expected = python_settings(file.data)
        except ValueError as error:
            with pytest.raises(ValueError) as raised:
                found.settings(file.data)
            assert str(raised.value) == str(error)
        else:
            assert found.settings(file.data) == expected


def test_a_process_beside_reads_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readings, "_LOCAL", 0)
    monkeypatch.setattr(readings, "_CHUNK", 300)
    for jobs in (1, 2):
        with reading(FILES, jobs, None) as found:
            check(found)


def test_what_was_read_is_not_read_again_and_damage_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = tmp_path / "readings.sqlite"
    with reading(FILES[:20], 1, cache) as found:
        found.terms(FILES[0].data)
    with reading(FILES, 1, cache) as found:
        check(found)
    with monkeypatch.context() as patch:
        patch.setattr(readings, "_read", lambda *_: pytest.fail("read again"))
        with reading(FILES, 1, cache) as found:
            check(found)
    with sqlite3.connect(cache) as db:
        db.execute("UPDATE known SET raw = substr(raw, 1, 9)")
    db.close()
    with reading(FILES, 1, cache) as found:
        check(found)


@given(st.text(max_size=200))
def test_any_source_survives_packing(text: str) -> None:
    data = text.encode("utf-8", "surrogatepass")
    assert readings._unpacked(readings._read(data))[0] == python_terms(data)
