"""Real small models from packages: derived pairs are found, independent ones are not. Fetched by version and hash."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks" / "weights"))
import real

from clonedetect.weights import compare_weights

PAIRS = [
    ("derived", real.AT + "attacut-c/model.pth", real.LE + "attacut-c.onnx", "identical"),
    ("derived", real.NEW, real.R2, "fine-tuned"),
    ("derived", real.S6 + "silero_vad.jit", real.S6 + "silero_vad.onnx", "identical"),
    ("independent", real.OLD, real.NEW, "unrelated"),
    ("independent", real.S5 + "silero_vad.jit", real.S6 + "silero_vad.jit", "unrelated"),
    ("independent", real.SP + "1.h5", real.SP + "2.h5", "unrelated"),
]


@pytest.fixture(scope="session")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("packages")


@pytest.mark.registry
@pytest.mark.slow
@pytest.mark.parametrize(("kind", "left", "right", "word"), PAIRS)
def test_real_pairs(packages: Path, kind: str, left: str, right: str, word: str) -> None:
    if left.endswith(".h5"):
        pytest.importorskip("h5py", reason="the extra `formats` is not installed")
    try:
        paths = real.locate(left, packages), real.locate(right, packages)
    except subprocess.CalledProcessError:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip("no package registry within reach")
    finding = compare_weights(*paths)
    assert finding.mechanism == word
    assert finding.statistic is not None
    if kind == "independent":
        assert finding.strength == "none" and abs(finding.statistic) < 3
    else:
        assert finding.strength == "decisive"
