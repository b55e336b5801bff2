"""Two real renamed forks: the right direction where there is a history, "unknown" where there is none.

The packages are fetched by pinned version and hash. The original's history is made of the dates that its archive gives
to its files, the fork's of one commit at the last of them.
"""

from __future__ import annotations

import os
import sys
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks" / "packages"))
import fetch

from clonedetect import Options, scan

OPTIONS = Options(jobs=1, cache=False, times=False)
FORKS = [("flask-restplus", "flask-restx"), ("nose", "pynose")]
TEXTS = (".py", "LICENSE", "AUTHORS", "README.rst", "README.md", "METADATA")

pytestmark = [pytest.mark.registry, pytest.mark.slow]


def published(name: str) -> dict[str, tuple[int, str]]:
    """Each text of a pinned package with the seconds at which it was last changed."""
    pins = fetch.load(Path(fetch.__file__).with_name("derivation-packages.toml"))
    (pin,) = [pin for pin in pins if pin.name == name]
    try:
        fetch.download([pin])
    except fetch.Unavailable as reason:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(f"no package registry within reach: {reason}")
    texts = {}
    with zipfile.ZipFile(fetch.cache() / "wheels" / pin.file) as archive:
        for item in archive.infolist():
            if item.filename.endswith(TEXTS):
                changed = int(datetime(*item.date_time, tzinfo=UTC).timestamp())
                texts[item.filename] = changed, archive.read(item).decode("utf-8")
    return texts


def squashed(texts: dict[str, tuple[int, str]]) -> list[tuple[str, dict[str, str]]]:
    """One commit that brings everything."""
    return [(f"{max(at for at, _ in texts.values())} +0000", plain(texts))]


def grown(texts: dict[str, tuple[int, str]]) -> list[tuple[str, dict[str, str]]]:
    """A commit for each date at which files were changed."""
    dates = sorted({at for at, _ in texts.values()})
    return [(f"{date} +0000", {path: text for path, (at, text) in texts.items() if at == date}) for date in dates]


def plain(texts: dict[str, tuple[int, str]]) -> dict[str, str]:
    return {path: text for path, (_, text) in texts.items()}


@pytest.mark.parametrize(("original", "fork"), FORKS)
def test_a_renamed_fork(original: str, fork: str, grow: Callable, write: Callable, tmp_path: Path) -> None:
    first, second = published(original), published(fork)
    left, right = grow("left", grown(first)), grow("right", squashed(second))
    found, mirrored = scan(left, right, options=OPTIONS), scan(right, left, options=OPTIONS)
    assert (found.verdict.relation, found.verdict.direction) == ("derived", "right-from-left")
    assert (mirrored.verdict.relation, mirrored.verdict.direction) == ("derived", "left-from-right")
    assert found.verdict.strength in ("strong", "decisive") and mirrored.verdict.strength == found.verdict.strength
    both = scan(grow("once", squashed(first)), right, options=OPTIONS)
    assert (both.verdict.relation, both.verdict.direction) == ("derived", "unknown"), "two imports date nothing"
    bare = scan(write(tmp_path / "a", plain(first)), write(tmp_path / "b", plain(second)), options=OPTIONS)
    assert (bare.verdict.relation, bare.verdict.direction) == ("derived", "unknown")
    assert "no history was compared" in bare.verdict.summary
