"""The background: what is counted, what is rare, and that one project and its vendored copies make nothing common."""

import numpy as np
import pytest

from clonedetect.corpus import Counts, load_background, read_pins, save_background
from clonedetect.domain import Features
from clonedetect.errors import CloneDetectError


def bags(*features):
    """One bag a list of features."""
    start = np.cumsum([0, *(len(f) for f in features)])
    flat = np.array([x for f in features for x in sorted(f)], np.uint64) << np.uint64(20)
    distinct, number = np.unique(flat, return_inverse=True)
    none = np.zeros(0, np.int64)
    n = len(features)
    return Features(
        place=np.arange(n),
        kind=np.full(n, 2, np.uint8),
        tokens=np.full(n, 10),
        distinct=distinct,
        start=start,
        number=number,
        count=np.ones(len(flat), np.uint16),
        row=np.zeros(len(flat), np.int64),
        node_row=none,
        node_number=none,
        whole=np.zeros(n, np.uint64),
    )


def key(x):
    return np.array([x], np.uint64) << np.uint64(20)


def test_common_features_have_few_bits_and_unknown_ones_many():
    counts = Counts()
    for n in range(10):
        counts.add(bags([1, 100 + n], [1], [1], [2]))
    background = counts.background()
    assert background.bits(key(1))[0] < 1 < background.bits(key(2))[0] < background.unseen
    assert background.packages(key(1))[0] == 10
    assert background.bits(key(100))[0] == background.unseen  # one package only
    assert background.bits(key(999))[0] == background.unseen


def test_a_vendored_copy_of_a_package_keeps_its_evidence():
    counts = Counts()
    for n in range(100):
        counts.add(bags(*([1000 * n + k] for k in range(20))))
    counts.add(bags(*([7, 700_000 + k] for k in range(30))))  # the source
    counts.add(bags(*([7, 700_000 + k] for k in range(30)), *([9000 + k] for k in range(300))))  # vendors it
    background = counts.background()
    assert background.bits(key(700_010))[0] > 10
    assert background.packages(key(700_010))[0] == 2


def test_a_saved_background_reads_the_same(tmp_path):
    counts = Counts()
    for _ in range(3):
        counts.add(bags([1, 2], [3]))
    save_background(counts.background(), tmp_path / "b.npy")
    assert np.array_equal(load_background(tmp_path / "b.npy").table, counts.background().table)


def test_the_shipped_background_is_sorted_and_within_its_size():
    table = load_background().table
    assert len(table) > 200_000
    assert table.nbytes <= 8_000_000
    assert (np.diff((table >> np.uint64(16)).astype(np.int64)) > 0).all()


def test_an_absent_background_makes_everything_rare(tmp_path):
    background = load_background(tmp_path / "no.npy")
    assert background.bits(key(1))[0] == background.unseen
    assert background.packages(key(1))[0] == 0


def test_a_list_that_is_none_is_one_clear_line(tmp_path):
    (tmp_path / "x.toml").write_text("nonsense")
    with pytest.raises(CloneDetectError, match="no list of pinned packages"):
        read_pins(tmp_path / "x.toml")
