"""The Spark engine on a real standalone cluster: the answers of DuckDB, with one worker or two, and when one goes."""

from __future__ import annotations

import os
import shutil
import threading
import time
from pathlib import Path

import pytest

pytest.importorskip("ibis", reason="the extra `corpus` is not installed")

ROOT = Path(__file__).parents[2]
ORIGINS = [str(ROOT / "fixtures" / name) for name in ("vlm/original", "condensed/original", "vlm/unrelated")]


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the cluster runs; skips, or fails in CI, where it cannot."""
    missing = [] if shutil.which("java") else ["java"]
    try:
        import pyspark  # noqa: F401 - only whether it is there
    except ImportError:
        missing.append("pyspark")
    if missing:
        reason = f"a cluster needs {' and '.join(missing)}"
        if os.environ.get("CI") == "true":
            pytest.fail(f"CI needs it: {reason}")
        pytest.skip(reason)
    return tmp_path_factory.mktemp("spark")


@pytest.mark.slow
def test_the_cluster_gives_the_answers_of_one_machine(logs: Path, tmp_path: Path, monkeypatch) -> None:
    from cluster import cluster, kill

    from clonedetect.pipeline import corpus_add, corpus_list
    from clonedetect.pipeline.search import corpus_search

    monkeypatch.setenv("SPARK_LOCAL_IP", "127.0.0.1")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    ours = str(shutil.copytree(ROOT / "fixtures" / "vlm" / "copy", tmp_path / "ours"))
    corpus_add(tmp_path / "duck", ORIGINS)
    expected = corpus_search(tmp_path / "duck", ours)
    assert expected.matches[0].origin.endswith("vlm/original")

    def alike(name: str) -> None:
        here = [(e.key, e.fragments, e.lines) for e in corpus_list(tmp_path / name)]
        assert here == [(e.key, e.fragments, e.lines) for e in corpus_list(tmp_path / "duck")]
        assert corpus_search(tmp_path / name, ours) == expected, "DuckDB reads what Spark wrote"

    with cluster(logs, workers=1) as running:
        corpus_add(tmp_path / "one", ORIGINS, engine=running.master)
        alike("one")
        running.add_worker()
        assert corpus_search(tmp_path / "one", ours, engine=running.master) == expected

        done: list[Exception | None] = []

        def add() -> None:
            try:
                corpus_add(tmp_path / "two", ORIGINS, engine=running.master)
                done.append(None)
            except Exception as error:
                done.append(error)

        adding = threading.Thread(target=add)
        adding.start()
        # In the middle: once an executor of the first worker has work.
        end = time.monotonic() + 120
        while time.monotonic() < end and adding.is_alive() and not list(tmp_path.glob("two/partial/*/repositories/*")):
            time.sleep(0.05)
        time.sleep(1.0)
        assert adding.is_alive(), "the worker is to go while there is work"
        kill(running.workers[0])
        adding.join(timeout=400)
        assert done == [None]
        alike("two")
        assert corpus_search(tmp_path / "two", ours, engine=running.master) == expected, "with the worker that is left"
