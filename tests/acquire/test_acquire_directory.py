"""Directories: work trees, plain ones, odd and hostile ones."""

from __future__ import annotations

import hashlib
import os
import socket
from pathlib import Path

import pytest

from clonedetect.acquire import acquire, tree
from clonedetect.domain import Skipped, Snapshot
from clonedetect.errors import OriginError

POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:%s\nsize %d\n"


def paths(snapshot: Snapshot) -> list[str]:
    return [f.path for f in snapshot.files]


def reasons(snapshot: Snapshot) -> dict[str, str]:
    return {s.path: s.reason for s in snapshot.skipped}


def test_clean_work_tree_equals_its_commit(repo) -> None:
    tree = acquire(str(repo.path))
    commit = acquire(f"{repo.path}@HEAD")
    assert not tree.dirty
    assert (tree.files, tree.entries, tree.skipped, tree.revision) == (
        commit.files, commit.entries, commit.skipped, commit.revision,
    )  # fmt: skip
    assert (tree.first_commit, tree.last_commit) == ("2024-01-10T12:00:00Z", "2024-05-10T12:00:00Z")
    assert tree.notes == ()
    assert acquire(str(repo.path)) == tree


@pytest.mark.parametrize("change", ["edit", "delete", "untracked", "staged", "none", "touch", "ignored", "restaged"])
def test_dirty(repo, change: str) -> None:
    repo.put({".gitignore": "build/\n"})
    repo.commit()
    expected = ["a.py", "pkg/b.py"]
    match change:
        case "edit":
            repo.put({"a.py": "changed = 1\n"})
        case "delete":
            (repo.path / "a.py").unlink()
            expected = ["pkg/b.py"]
        case "untracked":
            repo.put({"new.py": "n = 1\n"})
            expected = ["a.py", "new.py", "pkg/b.py"]
        case "staged":
            repo.put({"a.py": "changed = 1\n"})
            repo.git("add", "a.py")
        case "touch":
            os.utime(repo.path / "a.py", (1, 1))
        case "ignored":
            repo.put({"build/x.py": "x = 1\n"})
        case "restaged":
            repo.put({"a.py": "changed = 1\n"})
            repo.git("add", "a.py")
            repo.put({"a.py": "version = 3\n"})
    snapshot = acquire(str(repo.path))
    assert snapshot.dirty is (change not in ("none", "touch", "ignored"))
    assert paths(snapshot) == expected
    for file in snapshot.files:
        assert file.data == (repo.path / file.path).read_bytes()
        assert file.blob == hashlib.sha1(b"blob %d\0" % len(file.data) + file.data).hexdigest()


def test_subdirectories(repo) -> None:
    for snapshot in (
        acquire(str(repo.path / "pkg")),
        acquire(str(repo.path), subdir="pkg"),
        acquire(str(repo.path), subdir="./pkg/"),
        acquire(f"{repo.path}@v1", subdir="pkg"),
        acquire(f"{repo.path}/pkg@v1"),
        acquire(str(repo.path), subdir="pkg/b.py"),
    ):
        assert paths(snapshot) == ["pkg/b.py"]
        assert [e.path for e in snapshot.entries] == ["pkg/b.py"]
    for origin in (str(repo.path), f"{repo.path}@v1"):
        with pytest.raises(OriginError, match=r"no pkgs in it; did you mean pkg\?"):
            acquire(origin, subdir="pkgs")
        with pytest.raises(OriginError, match="leads out"):
            acquire(origin, subdir="../x")


def test_missing_path_and_file(tmp_path: Path) -> None:
    with pytest.raises(OriginError, match="no such directory"):
        acquire(str(tmp_path / "absent"))
    (tmp_path / "f.py").write_text("x = 1\n")
    with pytest.raises(OriginError, match="not a directory"):
        acquire(str(tmp_path / "f.py"))
    with pytest.raises(OriginError, match="not in a git repository"):
        acquire(f"{tmp_path}@main")


def test_unknown_revision_of_a_directory(repo) -> None:
    with pytest.raises(OriginError, match=r"did you mean feature/x\?"):
        acquire(f"{repo.path}@feature/y")
    assert acquire(f"{repo.path}@{{2024-03-11}}").revision == repo.git("rev-parse", "main~1")


def test_bare_shallow_and_linked(repo, tmp_path: Path) -> None:
    repo.git("clone", "-q", "--bare", str(repo.path), str(tmp_path / "bare.git"))
    bare = acquire(str(tmp_path / "bare.git"))
    assert paths(bare) == ["a.py", "pkg/b.py"]
    assert acquire(f"{tmp_path}/bare.git@v1").files[0].data == b"version = 1\n"
    repo.git("clone", "-q", "--depth", "1", f"file://{repo.path}", str(tmp_path / "shallow"))
    shallow = acquire(str(tmp_path / "shallow"))
    assert shallow.first_commit == "2024-05-10T12:00:00Z"
    assert any("shallow" in note for note in shallow.notes)
    assert not shallow.dirty
    repo.git("worktree", "add", "-q", str(tmp_path / "linked"), "feature/x")
    linked = acquire(str(tmp_path / "linked"))
    assert linked.files[0].data == b"version = 'x'\n"
    assert not linked.dirty
    assert linked.revision == repo.git("rev-parse", "feature/x")


def test_sha256_and_split_index(make_repo) -> None:
    modern = make_repo("modern", "--object-format=sha256")
    modern.put({"a.py": "a = 1\n"})
    modern.commit()
    modern.git("update-index", "--split-index")
    snapshot = acquire(str(modern.path))
    assert not snapshot.dirty
    assert snapshot.files[0].blob == modern.git("rev-parse", "HEAD:a.py")
    assert snapshot.files == acquire(f"{modern.path}@HEAD").files


def test_no_commits_yet_and_no_python(make_repo) -> None:
    fresh = make_repo("fresh")
    assert acquire(str(fresh.path)).notes == ("the repository has no commits yet", "no file to examine was found")
    with pytest.raises(OriginError, match="no commits"):
        acquire(f"{fresh.path}@{{2024-01-01}}")
    fresh.put({"a.py": "a = 1\n", "Makefile": "all:\n", "x.c": "int x;\n"})
    unborn = acquire(str(fresh.path))
    assert (unborn.revision, unborn.dirty, paths(unborn)) == (None, True, ["a.py"])
    (fresh.path / "a.py").unlink()
    fresh.commit()
    snapshot = acquire(str(fresh.path))
    assert snapshot.files == ()
    assert snapshot.notes == ("no file to examine was found",)
    assert snapshot.skipped == (
        Skipped("(no extension)", "no grammar (1 file)"),
        Skipped("*.c", "no grammar (1 file)"),
    )


def odd_files(root: Path) -> None:
    """Files that break careless readers."""
    (root / "sub").mkdir()
    files = {
        b"ok.py": b"x = 1\n",
        b"nul.py": b"x = 1\0\n",
        b"latin.py": b"# caf\xe9\n",
        b"new\nline.py": b"x = 2\n",
        b"bad\xff.py": b"x = 3\n",
        b"esc\x1b[31m.py": b"x = 4\n",
        b"large.py": b"#" * 3000,
        b"sub/_pb2.py": b"x = 5\n",
        b"nb.ipynb": b'{"cells": []}',
        b"weights.bin": POINTER % (b"cd" * 32, 10**9),
    }
    for name, data in files.items():
        (root / os.fsdecode(name)).write_bytes(data)
    (root / "self.py").symlink_to("self.py")
    (root / "out.py").symlink_to("/etc/passwd")
    (root / "dir").symlink_to("/etc")


def test_odd_files_in_work_tree_commit_and_plain_directory(make_repo, tmp_path: Path) -> None:
    repo = make_repo("odd")
    odd_files(repo.path)
    repo.commit()
    plain = tmp_path / "plain"
    plain.mkdir()
    odd_files(plain)
    for name in ("pipe.py", "pipe"):
        os.mkfifo(repo.path / name)
        os.mkfifo(plain / name)
    listener = socket.socket(socket.AF_UNIX)
    previous = Path.cwd()
    os.chdir(plain)  # socket names are short
    listener.bind("s.py")
    os.chdir(previous)
    tree, commit, walked = (acquire(p, max_bytes=2000) for p in (str(repo.path), f"{repo.path}@HEAD", str(plain)))
    listener.close()
    link = "symbolic link (never followed)"
    expected = {
        "large.py": "larger than 2,000 bytes (3,000)",
        "nul.py": "binary (holds NUL bytes)",
        "out.py": link,
        "self.py": link,
        "dir": link,
        "sub/_pb2.py": "generated (protocol buffers)",
        "weights.bin": "Git LFS pointer (its content is not fetched)",
    }
    odd = "not a regular file"
    assert reasons(tree) == reasons(commit) == expected
    assert reasons(walked) == expected | {"pipe.py": odd, "pipe": odd, "s.py": odd}
    assert tree.files == commit.files == walked.files
    assert tree.entries == commit.entries == walked.entries
    assert paths(tree) == ["bad\\xff.py", "esc\\x1b[31m.py", "latin.py", "nb.ipynb", "new\\nline.py", "ok.py"]
    assert [f.notebook for f in tree.files] == [False, False, False, True, False, False]
    assert tree.files[2].data == b"# caf\xe9\n"
    weights = next(e for e in tree.entries if e.path == "weights.bin")
    assert (weights.lfs_oid, weights.size) == ("cd" * 32, 10**9)
    assert (walked.revision, walked.dirty, walked.first_commit) == (None, False, None)
    assert [s.path for s in commit.skipped] == sorted(expected)


def test_a_linked_directory_is_not_walked_into(repo, tmp_path: Path) -> None:
    """A tracked file below a directory that was replaced by a link out of the tree."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "b.py").write_text("secret = 1\n")
    (repo.path / "pkg" / "b.py").unlink()
    (repo.path / "pkg").rmdir()
    (repo.path / "pkg").symlink_to(outside)
    snapshot = acquire(str(repo.path))
    assert paths(snapshot) == ["a.py"]
    assert "symbolic link (never followed)" in reasons(snapshot).values()
    narrowed = acquire(str(repo.path), subdir="pkg")
    assert narrowed.files == ()
    assert set(reasons(narrowed).values()) == {"symbolic link (never followed)"}


def test_tracked_file_replaced_by_fifo(repo) -> None:
    (repo.path / "a.py").unlink()
    os.mkfifo(repo.path / "a.py")
    snapshot = acquire(str(repo.path))
    assert reasons(snapshot)["a.py"] == "not a regular file"
    assert snapshot.dirty


def test_submodule_and_nested_repository(repo, make_repo) -> None:
    other = make_repo("other")
    other.put({"o.py": "o = 1\n"})
    other.commit()
    repo.git("-c", "protocol.file.allow=always", "submodule", "add", "-q", str(other.path), "lib/sub")
    repo.commit()
    repo.git("clone", "-q", str(other.path), "nested")
    tree, commit = acquire(str(repo.path)), acquire(f"{repo.path}@HEAD")
    assert reasons(tree)["lib/sub"] == reasons(commit)["lib/sub"] == "submodule (scan it on its own)"
    assert reasons(tree)["nested/"] == "nested git repository (scan it on its own)"
    assert paths(acquire(str(repo.path / "lib" / "sub"))) == ["o.py"]


def test_lfs_content_in_place_of_its_pointer(make_repo) -> None:
    content = b"w" * 5000
    repo = make_repo("lfs")
    oid = hashlib.sha256(content).hexdigest()
    repo.put({"w.bin": POINTER % (oid.encode(), len(content)), "a.py": "a = 1\n"})
    repo.commit()
    asleep = acquire(str(repo.path))
    repo.put({"w.bin": content})
    awake = acquire(str(repo.path))
    assert not awake.dirty
    assert awake.entries == asleep.entries
    assert awake.entries[1].lfs_oid == oid
    repo.put({"w.bin": content[:-1] + b"x"})
    assert acquire(str(repo.path)).dirty


def test_line_endings_converted_on_checkout(make_repo, tmp_path: Path) -> None:
    repo = make_repo("crlf")
    repo.put({".gitattributes": "*.py text eol=crlf\n", "a.py": "a = 1\nb = 2\n"})
    repo.commit()
    repo.git("clone", "-q", str(repo.path), str(tmp_path / "copy"))
    snapshot = acquire(str(tmp_path / "copy"))
    assert not snapshot.dirty
    assert snapshot.files[0].data == b"a = 1\r\nb = 2\r\n"
    assert snapshot.files[0].blob == hashlib.sha1(b"blob 14\0" + snapshot.files[0].data).hexdigest()
    assert snapshot.entries[1].blob == repo.git("rev-parse", "HEAD:a.py")


def test_sparse_checkout(repo) -> None:
    repo.git("sparse-checkout", "set", "--no-cone", "/a.py")
    assert not (repo.path / "pkg").exists()
    snapshot = acquire(str(repo.path))
    assert paths(snapshot) == ["a.py", "pkg/b.py"]
    assert not snapshot.dirty
    assert "sparse checkout" in snapshot.notes[0]


def test_ignored_directory_is_read_as_it_is(repo) -> None:
    repo.put({".gitignore": "/env\n", "env/site-packages/p/a.py": "p = 1\n"})
    snapshot = acquire(str(repo.path / "env" / "site-packages"))
    assert paths(snapshot) == ["p/a.py"]
    assert "ignored by the repository around it" in snapshot.notes[0]


def test_subdirectory_of_a_plain_directory(tmp_path: Path) -> None:
    (tmp_path / "vendor" / "p").mkdir(parents=True)
    (tmp_path / "vendor" / "p" / "a.py").write_text("a = 1\n")
    (tmp_path / "b.py").write_text("b = 1\n")
    assert paths(acquire(str(tmp_path))) == ["b.py"]
    for subdir in ("vendor", "vendor/p", "vendor/p/a.py"):
        assert paths(acquire(str(tmp_path), subdir=subdir)) == ["vendor/p/a.py"]
    (tmp_path / "out").symlink_to("/etc")
    for subdir in ("out", "absent"):
        with pytest.raises(OriginError, match=f"no {subdir} in it"):
            acquire(str(tmp_path), subdir=subdir)


def test_the_users_ignore_rules_count_and_filters_do_not_run(repo, tmp_path: Path) -> None:
    mark, script, ignore = tmp_path / "ran", tmp_path / "filter", tmp_path / "ignore"
    script.write_text(f"#!/bin/sh\ntouch {mark}\ncat\n")
    script.chmod(0o755)
    ignore.write_text("mine/\n")
    config = Path(os.environ["HOME"]) / ".gitconfig"
    with config.open("a") as stream:
        stream.write(f"[core]\n\texcludesFile = {ignore}\n")
    repo.put({".gitattributes": "*.py filter=f\n", "mine/x.py": "x = 1\n"})
    repo.commit()
    with config.open("a") as stream:
        stream.write(f'[filter "f"]\n\tclean = {script}\n')
    os.utime(repo.path / "a.py", (1, 1))
    snapshot = acquire(str(repo.path))
    assert paths(snapshot) == ["a.py", "pkg/b.py"]
    assert not snapshot.dirty
    assert not mark.exists()


def test_vendored_generated_include_exclude(repo) -> None:
    repo.put({"third_party/t.py": "t = 1\n", "gen.py": "# @generated\nx = 1\n", "tests/t.py": "t = 2\n"})
    repo.commit()
    for origin in (str(repo.path), f"{repo.path}@HEAD"):
        default = acquire(origin)
        assert paths(default) == ["a.py", "pkg/b.py", "tests/t.py"]
        assert reasons(default)["third_party/t.py"] == "vendored (below third_party/)"
        assert reasons(default)["gen.py"] == "generated (its header says so)"
        everything = acquire(origin, vendored=True, generated=True)
        assert paths(everything) == ["a.py", "gen.py", "pkg/b.py", "tests/t.py", "third_party/t.py"]
        narrowed = acquire(origin, include=("tests", "*.py"), exclude=("pkg/",))
        assert paths(narrowed) == ["a.py", "tests/t.py"]
        assert reasons(narrowed)["pkg/b.py"] == "excluded"
        assert paths(acquire(origin, subdir="third_party")) == ["third_party/t.py"]


# ------------------------------------------------------------------ damaged


def object_path(repo, oid: str) -> Path:
    return repo.path / ".git" / "objects" / oid[:2] / oid[2:]


def test_partial_clone_does_not_fetch_what_it_lacks(repo, tmp_path: Path) -> None:
    repo.git("config", "uploadpack.allowFilter", "true")
    partial = tmp_path / "partial"
    repo.git("clone", "-q", "--no-checkout", "--filter=blob:none", f"file://{repo.path}", str(partial))
    snapshot = acquire(f"{partial}@HEAD")
    assert snapshot.files == ()
    assert reasons(snapshot)["a.py"] == "object missing from the clone"
    whole = acquire(f"{repo.path}@HEAD")
    assert [(e.path, e.blob) for e in snapshot.entries] == [(e.path, e.blob) for e in whole.entries]
    assert {e.size for e in snapshot.entries} == {-1}
    assert "3 objects are missing" in snapshot.notes[0]
    with pytest.raises(OriginError, match="partial clone"):
        acquire(f"file://{partial}", cache_dir=tmp_path / "cache")


@pytest.mark.parametrize("how", ["missing", "corrupt", "empty"])
@pytest.mark.parametrize("what", ["HEAD:a.py", "HEAD:pkg"])
def test_damaged_clone_costs_only_what_is_damaged(repo, how: str, what: str) -> None:
    oid = repo.git("rev-parse", what)
    path = object_path(repo, oid)
    path.chmod(0o644)
    path.unlink() if how == "missing" else path.write_bytes(b"garbage" if how == "corrupt" else b"")
    snapshot = acquire(f"{repo.path}@HEAD")
    hurt = {"HEAD:a.py": "a.py", "HEAD:pkg": "pkg/"}[what]
    assert "from the clone" in reasons(snapshot)[hurt] or "in the clone" in reasons(snapshot)[hurt]
    assert paths(snapshot) == (["pkg/b.py"] if what == "HEAD:a.py" else ["a.py"])
    assert (oid in {e.blob for e in snapshot.entries}) is (what == "HEAD:a.py")
    assert paths(acquire(str(repo.path))) == ["a.py", "pkg/b.py"]  # the work tree itself is whole


def test_damaged_beyond_reading(repo) -> None:
    for name in ("HEAD^{tree}", "HEAD"):
        path = object_path(repo, repo.git("rev-parse", name))
        path.chmod(0o644)
        path.unlink()
        with pytest.raises(OriginError, match=r"damaged.*clone it again"):
            acquire(f"{repo.path}@main")
        assert paths(acquire(str(repo.path))) == ["a.py", "pkg/b.py"]
    (repo.path / ".git" / "index").write_bytes(b"garbage")
    fallen = acquire(str(repo.path))
    assert paths(fallen) == ["a.py", "pkg/b.py"]
    assert "as they are on disk" in fallen.notes[0]
    (repo.path / ".git" / "HEAD").unlink()
    assert "not a usable git directory" in acquire(str(repo.path)).notes[0]
    with pytest.raises(OriginError, match="not a usable git directory"):
        acquire(f"{repo.path}@main")


def test_a_tree_bomb_is_refused(make_repo, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten entries, each the same directory, nine levels deep: a few kilobytes that stand for a billion files."""
    repo = make_repo("bomb")
    oid = repo.git("hash-object", "-w", "--stdin", stdin=b"x = 1\n")
    kind, mode = "blob", "100644"
    for _ in range(9):
        listing = "".join(f"{mode} {kind} {oid}\tf{n}\n" for n in range(10))
        oid, kind, mode = repo.git("mktree", stdin=listing.encode()), "tree", "040000"
    repo.git("update-ref", "refs/heads/main", repo.git("commit-tree", "-m", "bomb", oid))
    monkeypatch.setattr(tree, "MAX_ENTRIES", 20_000)  # the real bound takes 2 s to reach
    with pytest.raises(OriginError, match="more than 20,000 files"):
        acquire(f"{repo.path}@main")


# ------------------------------------------------------------------ hostile


def test_nothing_of_the_repositorys_configuration_runs(repo, tmp_path: Path) -> None:
    """fsmonitor, filters, hooks, external diff, pager, ssh and promisor commands each would leave a mark."""
    mark = tmp_path / "ran"
    script = tmp_path / "script"
    script.write_text(f'#!/bin/sh\necho "$0 $*" >> {mark}\ncat\n')
    script.chmod(0o755)
    repo.put({".gitattributes": "*.py filter=evil diff=evil\n"})
    repo.commit()
    for key in (
        "core.fsmonitor",
        "core.sshCommand",
        "core.pager",
        "core.editor",
        "diff.external",
        "diff.evil.textconv",
        "filter.evil.clean",
        "filter.evil.smudge",
        "filter.evil.process",
        "remote.origin.uploadpack",
        "uploadpack.packObjectsHook",
        "core.alternateRefsCommand",
        "credential.helper",
        "gpg.program",
    ):
        repo.git("config", key, str(script))
    for key, value in {
        "core.hooksPath": str(tmp_path),
        "remote.origin.url": "ssh://localhost/x",
        "core.worktree": "/etc",
        "remote.origin.promisor": "true",
        "extensions.partialClone": "origin",
        "filter.evil.required": "true",
        "core.repositoryformatversion": "1",
        "protocol.allow": "always",
    }.items():
        repo.git("config", key, value)
    for hook in ("post-index-change", "reference-transaction", "post-checkout", "fsmonitor-watchman"):
        script_copy = tmp_path / hook
        script_copy.write_bytes(script.read_bytes())
        script_copy.chmod(0o755)
    missing = repo.path / ".git" / "objects"
    blob = "b = 1\n"
    gone = hashlib.sha1(b"blob %d\0" % len(blob) + blob.encode()).hexdigest()
    (missing / gone[:2] / gone[2:]).unlink()
    mark.unlink(missing_ok=True)
    (repo.path / "a.py").write_text("version = 33\n")
    os.utime(repo.path / "pkg" / "b.py", (1, 1))
    tree = acquire(str(repo.path))
    assert tree.dirty
    assert paths(tree) == ["a.py", "pkg/b.py"]
    commit = acquire(f"{repo.path}@main")
    assert paths(commit) == ["a.py"]
    with pytest.raises(OriginError, match="partial clone"):
        acquire(f"file://{repo.path}", cache_dir=tmp_path / "cache")
    assert not mark.exists(), mark.read_text()


def test_variables_of_an_enclosing_hook_do_not_lead_astray(repo, make_repo, monkeypatch: pytest.MonkeyPatch) -> None:
    other = make_repo("other")
    other.put({"o.py": "o = 1\n"})
    other.commit()
    for name, value in {
        "GIT_DIR": ".git",
        "GIT_WORK_TREE": "",
        "GIT_INDEX_FILE": ".git/index",
        "GIT_OBJECT_DIRECTORY": ".git/objects",
    }.items():
        monkeypatch.setenv(name, str(other.path / value))
    snapshots = acquire(str(repo.path)), acquire(f"{repo.path}@HEAD")
    monkeypatch.undo()
    assert [paths(s) for s in snapshots] == [["a.py", "pkg/b.py"]] * 2
    assert not snapshots[0].dirty
