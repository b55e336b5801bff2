"""Who had it first: planted histories, and histories whose dates say nothing."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from clonedetect import Options, scan
from clonedetect.domain import Comparison
from clonedetect.report import FORMATS
from clonedetect.report.json_reader import from_json

ROOT = Path(__file__).parents[2]
SOURCES = {
    f"pkg/{name}.py": (ROOT / "fixtures" / "vlm" / "original" / "heron" / f"{name}.py").read_text("utf-8")
    for name in ("resampler", "slicing", "tokenizer_utils", "train")
}
RENAMED = {
    path.replace("pkg/", "other/x_"): re.sub(r"\b(tokens|tile|config|self\.heads|latents)\b", r"the_\1", text)
    for path, text in SOURCES.items()
}
YEAR = 31_556_952
T0 = 1_600_000_000
OPTIONS = Options(jobs=1, cache=False, times=False)


def at(seconds: int) -> str:
    return f"{seconds} +0000"


def gradual(files: dict[str, str], start: int, step: int = 86_400 * 20) -> list[tuple[str, dict[str, str | None]]]:
    return [(at(start + n * step), {path: text}) for n, (path, text) in enumerate(sorted(files.items()))]


def whole(files: dict[str, str], when: int) -> list[tuple[str, dict[str, str | None]]]:
    return [(at(when), dict(files))]


@pytest.fixture(scope="module")
def fixture_pair(vlm: Path) -> tuple[Comparison, Comparison]:
    sides = str(vlm / "original"), str(vlm / "copy")
    return scan(*sides, options=OPTIONS), scan(*reversed(sides), options=OPTIONS)


def test_the_planted_direction_and_revision(fixture_pair: tuple[Comparison, Comparison]) -> None:
    found, _ = fixture_pair
    history = found.findings.history
    assert history is not None
    assert found.verdict.direction == history.direction == "right-from-left"
    assert found.verdict.best_revision == "v0.4.0"
    assert history.right_first == 0 and history.left_first > 90
    assert [flag.kind for flag in history.right.flags] == ["squashed"] and history.left.flags == ()
    assert history.p_value is not None and history.p_value < 0.05
    assert all(pair.left and pair.right and pair.left.commit and pair.right.path for pair in history.pairs)
    (best,) = history.best
    # what changed for 0.4.0: the cool-down and the warm-up
    assert any("ShadowWeights" in name or "fit.py" in name for name in best.deciding[:6])
    (evidence,) = (e for e in found.evidence if e.channel == "history")
    assert evidence.strength == "weak" and evidence.p_value == history.p_value


def test_the_mirror_swaps_sides_and_direction(fixture_pair: tuple[Comparison, Comparison]) -> None:
    one, other = (each.findings.history for each in fixture_pair)
    assert one is not None and other is not None
    assert other.direction == "left-from-right"
    assert (one.left, one.right, one.left_first, one.right_first) == (
        other.right,
        other.left,
        other.right_first,
        other.left_first,
    )
    assert {(p.left, p.right) for p in one.pairs} == {(p.right, p.left) for p in other.pairs}
    assert [(b.name, b.fits) for b in one.best] == [(b.name, b.fits) for b in other.best]
    assert fixture_pair[1].verdict.best_revision == "v0.4.0"


def test_the_unrelated_one_has_no_direction(vlm: Path) -> None:
    found = scan(vlm / "original", vlm / "unrelated", options=OPTIONS)
    assert found.verdict.direction == "unknown" and found.verdict.best_revision is None
    assert not [e for e in found.evidence if e.channel == "history"]


def test_left_out_on_request(vlm: Path) -> None:
    found = scan(vlm / "original", vlm / "copy", options=Options(jobs=1, cache=False, history=False))
    assert found.findings.history is None and found.verdict.direction == "unknown"
    assert dict(found.channels)["history"] == "left out by --no-history"


def test_without_git_the_direction_is_not_known(grow: Callable, write, tmp_path: Path) -> None:
    found = scan(write(tmp_path / "a", SOURCES), grow("b", gradual(RENAMED, T0)), options=OPTIONS)
    assert found.verdict.relation == "derived" and found.verdict.direction == "unknown"
    assert "no history" in dict(found.channels)["history"]


def test_two_histories_that_begin_with_everything_do_not_say_who_was_first(grow: Callable) -> None:
    found = scan(grow("a", whole(SOURCES, T0)), grow("b", whole(RENAMED, T0 + YEAR)), options=OPTIONS)
    assert found.verdict.relation == "derived" and found.verdict.direction == "unknown"
    history = found.findings.history
    assert history is not None and history.unclear == len(history.pairs) > 3
    assert any("most of the repository" in reason for reason in history.reasons)


def test_what_grew_before_the_other_had_it_was_first(grow: Callable) -> None:
    a, b = grow("a", gradual(SOURCES, T0)), grow("b", whole(RENAMED, T0 + YEAR))
    assert scan(a, b, options=OPTIONS).verdict.direction == "right-from-left"
    assert scan(b, a, options=OPTIONS).verdict.direction == "left-from-right"


def test_moved_files_keep_their_dates(grow: Callable) -> None:
    late: dict[str, str | None] = {path.replace("pkg/", "src/deep/"): text for path, text in SOURCES.items()}
    move = (at(T0 + 3 * YEAR), late | dict.fromkeys(SOURCES))
    found = scan(
        grow("a", [*gradual(SOURCES, T0), move]), grow("b", whole(RENAMED, T0 + YEAR)), options=OPTIONS
    ).findings.history
    assert found is not None and found.direction == "right-from-left"
    assert all(pair.left is not None and pair.left.path.startswith("pkg/") for pair in found.pairs)
    assert any("younger" in warning for warning in found.warnings)


def test_a_side_that_was_formatted_and_annotated_later_is_not_the_younger_one(grow: Callable) -> None:
    later = {path: text.replace('"', "'").replace("):\n", ") -> Any:\n") for path, text in SOURCES.items()}
    long = {path: re.sub(r"^( +)(\w+ = .+)$", r"\1\2  # kept as it was", t, flags=re.M) for path, t in later.items()}
    a = grow("a", [*gradual(SOURCES, T0), (at(T0 + 3 * YEAR), long)])
    b = grow("b", gradual(RENAMED, T0 + YEAR))
    assert scan(a, b, options=OPTIONS).verdict.direction == "right-from-left"
    assert scan(b, a, options=OPTIONS).verdict.direction == "left-from-right"


def test_a_shallow_clone_of_the_later_side_leaves_it_open(grow: Callable, tmp_path: Path) -> None:
    a, b = grow("a", gradual(SOURCES, T0)), grow("b", [*gradual(RENAMED, T0 + YEAR), (at(T0 + 2 * YEAR), {"n": "n"})])
    shallow = tmp_path / "shallow"
    subprocess.run(["git", "clone", "-q", "--depth", "1", b.as_uri(), str(shallow)], check=True)
    assert scan(a, b, options=OPTIONS).verdict.direction == "right-from-left"
    found = scan(a, shallow, options=OPTIONS)
    history = found.findings.history
    assert found.verdict.direction == "unknown" and history is not None
    assert "shallow" in {flag.kind for flag in history.right.flags}


@pytest.mark.parametrize("when", [0, 4_102_444_800 + YEAR])
def test_impossible_dates_decide_nothing(grow: Callable, when: int) -> None:
    odd = [(at(when), entry) for _, entry in gradual(SOURCES, T0)]
    found = scan(grow("a", odd), grow("b", whole(RENAMED, T0 + YEAR)), options=OPTIONS)
    history = found.findings.history
    assert found.verdict.direction == "unknown" and history is not None
    assert "clock-skew" in {flag.kind for flag in history.left.flags}


def test_a_rewritten_history_is_flagged(grow: Callable) -> None:
    now = T0 + 5 * YEAR
    files = {f"{name}{n}.py": text for name, text in SOURCES.items() for n in range(2)}
    commits = [(f"{at(T0 + n * 9_000_000)}|{at(now + n)}", entry) for n, (_, entry) in enumerate(gradual(files, T0))]
    found = scan(grow("a", commits), grow("b", whole(RENAMED, now - YEAR)), options=OPTIONS)
    history = found.findings.history
    assert history is not None and found.verdict.direction == "unknown"  # authored before, committed after
    assert "rewritten" in {flag.kind for flag in history.left.flags}


def test_code_that_went_both_ways_has_no_direction(grow: Callable) -> None:
    names, renamed = sorted(SOURCES), sorted(RENAMED)
    first = {path: SOURCES[path] for path in names[:2]}, {path: RENAMED[path] for path in renamed[2:]}
    later = {path: SOURCES[path] for path in names[2:]}, {path: RENAMED[path] for path in renamed[:2]}
    a = grow("a", [*gradual(first[0], T0), *gradual(later[0], T0 + 2 * YEAR)])
    b = grow("b", [*gradual(first[1], T0), *gradual(later[1], T0 + 2 * YEAR)])
    found = scan(a, b, options=OPTIONS)
    history = found.findings.history
    assert found.verdict.direction == "unknown" and history is not None
    assert history.left_first > 0 and history.right_first > 0


def test_one_repository_against_itself_is_not_derived_in_any_direction(grow: Callable) -> None:
    a = grow("a", gradual(SOURCES, T0))
    assert scan(a, a, options=OPTIONS).verdict.direction == "unknown"


def test_a_fork_shares_its_first_commits(grow: Callable) -> None:
    begun = gradual(SOURCES, T0)
    changed: dict[str, str | None] = {"pkg/train.py": SOURCES["pkg/train.py"].replace("loss", "cost")}
    a = grow("a", [*begun, (at(T0 + YEAR), {"NOTES": "kept up\n"})])
    b = grow("b", [*begun, (at(T0 + YEAR), changed), (at(T0 + 2 * YEAR), {"OTHER": "went on\n"})])
    found, mirrored = scan(a, b, options=OPTIONS), scan(b, a, options=OPTIONS)
    history = found.findings.history
    assert history is not None and history.common is not None and mirrored.findings.history is not None
    common = history.common
    assert (common.count, common.left_only, common.right_only) == (len(begun), 1, 2)
    assert common.subject == git(a, "log", "-1", "--format=%s", common.last)
    assert mirrored.findings.history.common == replace(common, left_only=2, right_only=1)
    assert found.verdict.direction == "unknown"
    assert {
        pair.why for pair in history.pairs if pair.left and pair.right and pair.left.commit == pair.right.commit
    } == {"both sides have it from one commit"}
    assert f"Commits that stand in both histories: {len(begun)}, the last {common.last[:12]}" in found.verdict.summary
    assert [e.strength for e in found.evidence if e.channel == "history"] == ["weak"]
    assert from_json(FORMATS["json"](found)).findings.history == history


def git(repository: Path, *words: str) -> str:
    return subprocess.run(["git", "-C", repository, *words], check=True, capture_output=True, text=True).stdout.strip()
