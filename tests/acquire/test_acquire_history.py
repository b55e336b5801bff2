"""The walk over a history: what came when, whatever the commits claim, and what is said where it ends early."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from clonedetect.acquire import open_history
from clonedetect.domain.history import FileVersion, HistoryWalk
from clonedetect.errors import OriginError


def walk(repo, revision: str = "HEAD", **options) -> HistoryWalk:
    with open_history(str(repo.path), repo.git("rev-parse", revision), **options) as history:
        return history.walk


def spans(walked: HistoryWalk) -> dict[tuple[str, int], tuple[int, bool]]:
    return {(v.path, v.added): (v.removed, v.deleted) for v in walked.versions}


def test_each_content_comes_once_and_goes_once(make_repo: Callable) -> None:
    repo = make_repo()
    repo.put({"a.py": "a = 1\n", "b.py": "b = 1\n"})
    repo.commit("one\n\nwith a body", "2024-01-01T00:00:00+0200")
    repo.put({"a.py": "a = 2\n"})
    repo.commit("two", "2024-01-02T00:00:00+0000")
    (repo.path / "b.py").unlink()
    repo.commit("three", "2024-01-03T00:00:00+0000")
    repo.put({"a.py": "a = 1\n"})
    repo.git("tag", "v1")
    repo.commit("back", "2024-01-04T00:00:00+0000")
    found = walk(repo)
    assert [c.subject for c in found.commits] == ["one", "two", "three", "back"]
    assert found.commits[0].message == "one\n\nwith a body"
    assert found.commits[0].committed == 1704060000 and found.commits[0].author == "Test"
    assert found.commits[1].parents == (found.commits[0].id,)
    assert found.tags == (("v1", found.commits[2].id),)
    assert found.limits == () and found.shallow == () and not found.replaced
    # `a = 1` came with the first commit, went, and is there again
    assert spans(found) == {("a.py", 0): (-1, False), ("a.py", 1): (3, False), ("b.py", 0): (2, True)}


def test_contents_of_merged_branches_and_of_roots_without_common_ancestor(make_repo: Callable) -> None:
    repo = make_repo()
    repo.put({"a.py": "a = 1\n"})
    repo.commit("main", "2024-01-01T00:00:00+0000")
    repo.git("checkout", "-q", "--orphan", "other")
    repo.git("rm", "-rqf", ".")
    repo.put({"b.py": "b = 1\n"})
    repo.commit("other root", "2024-01-02T00:00:00+0000")
    repo.git("checkout", "-q", "main")
    repo.git("merge", "-q", "--allow-unrelated-histories", "-m", "join", "other", date="2024-01-03T00:00:00+0000")
    found = walk(repo)
    assert [c.subject for c in found.commits] == ["main", "other root", "join"]
    assert spans(found) == {("a.py", 0): (-1, False), ("b.py", 1): (-1, False)}
    assert [len(c.parents) for c in found.commits] == [0, 0, 2]


@pytest.mark.parametrize("date", ["@0 +0000", "4102444800 +0000", "@99999999999 +0000"])
def test_any_date_is_kept_as_a_number(make_repo: Callable, date: str) -> None:
    repo = make_repo()
    repo.put({"a.py": "a = 1\n"})
    repo.git("add", "-A")
    tree = repo.git("write-tree")
    stamp = date.lstrip("@")
    body = f"tree {tree}\nauthor A <a@b> {stamp}\ncommitter A <a@b> {stamp}\n\nodd\n"
    commit = repo.git("hash-object", "-t", "commit", "-w", "--stdin", stdin=body.encode())
    repo.git("update-ref", "refs/heads/main", commit)
    (found,) = walk(repo).commits
    assert found.committed == int(stamp.split()[0]) or found.committed == 0  # git itself reads some as 0
    assert found.subject == "odd"


def test_a_shallow_clone_names_its_edge(repo, tmp_path: Path) -> None:
    target = tmp_path / "shallow"
    subprocess.run(["git", "clone", "-q", "--depth", "2", repo.path.as_uri(), str(target)], check=True)
    head = subprocess.run(["git", "-C", target, "rev-parse", "HEAD"], capture_output=True, text=True, check=True)
    with open_history(str(target), head.stdout.strip()) as history:
        found = history.walk
    assert [c.subject for c in found.commits] == ["two", "three"]
    assert found.shallow == (found.commits[0].id,)
    assert {v.path for v in found.versions if v.added == 0} == {"a.py", "pkg/b.py", "README.md"}


def test_a_missing_tree_costs_only_its_commits(repo) -> None:
    tree = repo.git("rev-parse", "HEAD~1^{tree}")
    (repo.path / ".git" / "objects" / tree[:2] / tree[2:]).unlink()
    found = walk(repo)
    assert [c.subject for c in found.commits] == ["one", "two", "three"]
    assert any("could not be compared" in limit for limit in found.limits)
    assert {v.path for v in found.versions} == {"a.py", "pkg/b.py", "README.md"}


def test_a_missing_commit_ends_the_walk_there(repo) -> None:
    commit = repo.git("rev-parse", "HEAD~2")
    (repo.path / ".git" / "objects" / commit[:2] / commit[2:]).unlink()
    found = walk(repo)
    assert [c.subject for c in found.commits] == ["two", "three"] or not found.commits
    assert any("missing from the clone" in limit for limit in found.limits)


def test_bounds_are_said(repo) -> None:
    found = walk(repo, max_commits=2)
    assert [c.subject for c in found.commits] == ["one", "two"]
    assert found.limits == ("only the oldest 2 of 3 commits were walked",)
    stopped = walk(repo, max_seconds=0.0)
    assert stopped.limits


def test_a_directory_of_a_repository_is_walked_alone(repo) -> None:
    head = repo.git("rev-parse", "HEAD")
    with open_history(str(repo.path / "pkg"), head) as history:
        assert [v.path for v in history.walk.versions] == ["pkg/b.py"]
    with open_history(str(repo.path), head, subdir="pkg") as history:
        assert history.walk.versions == (FileVersion("pkg/b.py", repo.git("rev-parse", "HEAD:pkg/b.py"), 0, -1, False),)


def test_contents_are_read_by_id(repo) -> None:
    head = repo.git("rev-parse", "HEAD")
    with open_history(str(repo.path), head) as history:
        blob = next(v.blob for v in history.walk.versions if v.path == "a.py" and v.added == 0)
        assert list(history.read([blob, "0" * 40], 100)) == [(blob, b"version = 1\n"), ("0" * 40, None)]


def test_a_remote_history_is_walked_in_its_mirror(repo, http_root: str, tmp_path: Path) -> None:
    head = repo.git("rev-parse", "HEAD")
    with open_history(f"{http_root}/origin/.git", head, cache_dir=tmp_path / "cache") as history:
        assert len(history.walk.commits) == 3


def test_without_history_there_is_a_reason(tmp_path: Path, repo) -> None:
    plain = tmp_path / "plain"
    plain.mkdir()
    for directory, revision in ((plain, "0" * 40), (repo.path, None)):
        with pytest.raises(OriginError, match="not in a git repository"), open_history(str(directory), revision):
            pass


def test_configuration_of_the_repository_is_not_obeyed(repo, tmp_path: Path) -> None:
    trap = tmp_path / "trap"
    repo.git("config", "diff.external", f"touch {trap}")
    repo.git("config", "log.showSignature", "true")
    repo.git("config", "gpg.program", f"touch {trap}")
    repo.put({".gitattributes": "*.py diff=evil\n"})
    repo.git("config", "diff.evil.textconv", f"touch {trap};")
    repo.commit("attributes")
    assert len(walk(repo).commits) == 4
    assert not trap.exists()
