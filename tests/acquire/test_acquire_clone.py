"""Clones over file:// and HTTP, through the cache."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from clonedetect.acquire import acquire, default_cache_dir, store
from clonedetect.domain import Snapshot
from clonedetect.errors import OriginError


def version(snapshot: Snapshot) -> str:
    return next(f.data for f in snapshot.files if f.path == "a.py").decode().strip()


@pytest.fixture(params=["file", "http"])
def served(request: pytest.FixtureRequest, repo, tmp_path: Path) -> Iterator[str]:
    """The URL of the three-commit repository's bare clone, to which it may push."""
    repo.git("clone", "-q", "--bare", str(repo.path), str(tmp_path / "served.git"))
    repo.git("remote", "add", "served", str(tmp_path / "served.git"))
    if request.param == "file":
        yield f"file://{tmp_path}/served.git"
    else:
        yield request.getfixturevalue("http_root") + "/served.git"


def test_branch_tag_commit_and_date(served: str, repo, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    two = repo.git("rev-parse", "main~1")
    expected = {
        "": "version = 3",
        "@main": "version = 3",
        "@feature/x": "version = 'x'",
        "@v1": "version = 1",
        f"@{two}": "version = 2",
        f"@{two[:9]}": "version = 2",
        "@main~2": "version = 1",
        "@{2024-03-10}": "version = 2",
        "@{2024-03-10T11:59}": "version = 1",
        "@{2030-01-01}": "version = 3",
        "@feature/x@{2024-04-01}": "version = 'x'",
    }
    if served.startswith("http"):  # the ways of naming a commit do not depend on the transport: five will do
        expected = {suffix: expected[suffix] for suffix in ("", "@feature/x", "@v1", f"@{two}", "@{2024-03-10}")}
    assert {suffix: version(acquire(served + suffix, cache_dir=cache)) for suffix in expected} == expected
    snapshot = acquire(f"{served}@v1", cache_dir=cache)
    assert snapshot.revision == repo.git("rev-parse", "v1^{commit}")
    assert (snapshot.first_commit, snapshot.last_commit) == ("2024-01-10T12:00:00Z",) * 2
    assert not snapshot.dirty
    assert snapshot.origin == served
    assert [f.path for f in snapshot.files] == ["a.py", "pkg/b.py"]
    assert [e.path for e in snapshot.entries] == ["README.md", "a.py", "pkg/b.py"]
    assert snapshot.files[0].blob == repo.git("rev-parse", "v1:a.py")
    assert not list(cache.rglob("*.py"))


def test_a_push_reaches_the_cached_mirror(served: str, repo, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    assert version(acquire(served, cache_dir=cache)) == "version = 3"
    mirror = next((cache / "repositories").glob("*.git"))
    identity = mirror.stat().st_ino
    repo.put({"a.py": "version = 4\n"})
    repo.commit("four")
    repo.git("push", "-q", "served", "main")
    repo.git("push", "-q", "served", "--delete", "feature/x")
    assert version(acquire(served, cache_dir=cache)) == "version = 4"
    assert mirror.stat().st_ino == identity  # the same directory was fetched into
    with pytest.raises(OriginError, match="no revision feature/x"):
        acquire(f"{served}@feature/x", cache_dir=cache)
    repo.git("commit", "-q", "--amend", "-m", "rewritten")
    repo.git("push", "-q", "--force", "served", "main")
    assert acquire(served, cache_dir=cache).revision == repo.git("rev-parse", "main")


def test_a_known_commit_needs_no_server_and_a_lost_one_is_noted(repo, tmp_path: Path) -> None:
    cache, source = tmp_path / "cache", tmp_path / "gone.git"
    repo.git("clone", "-q", "--bare", str(repo.path), str(source))
    url = f"file://{source}"
    first = acquire(url, cache_dir=cache)
    (source / "HEAD").rename(source / "HEAD.away")
    assert acquire(f"{url}@{first.revision}", cache_dir=cache) == first
    again = acquire(url, cache_dir=cache)
    assert again.files == first.files
    assert "could not be reached" in again.notes[0]


def test_commit_outside_every_branch(served: str, repo, tmp_path: Path) -> None:
    hidden = repo.git("commit-tree", "-m", "aside", "main~1^{tree}")
    repo.git("push", "-q", "served", f"{hidden}:refs/pull/7/head")
    cache = tmp_path / "cache"
    assert version(acquire(f"{served}@refs/pull/7/head", cache_dir=cache)) == "version = 2"
    assert version(acquire(f"{served}@{hidden}", cache_dir=tmp_path / "cache2")) == "version = 2"


def test_unknown_revision_names_near_ones(served: str, tmp_path: Path) -> None:
    with pytest.raises(OriginError, match=r"no revision featur/x; did you mean feature/x\?") as caught:
        acquire(f"{served}@featur/x", cache_dir=tmp_path / "cache")
    assert "\n" not in str(caught.value)
    with pytest.raises(OriginError, match="no revision zzzzzz; it has feature/x, main, v1"):
        acquire(f"{served}@zzzzzz", cache_dir=tmp_path / "cache")
    with pytest.raises(OriginError, match="no commit at or before 2001-01-01T23:59:59"):
        acquire(served + "@{2001-01-01}", cache_dir=tmp_path / "cache")


def test_empty_repository_has_no_commits(http_root: str, make_repo, tmp_path: Path) -> None:
    make_repo("empty.git", "--bare")
    for url in (f"file://{tmp_path}/empty.git", f"{http_root}/empty.git"):
        with pytest.raises(OriginError, match="no commits"):
            acquire(url, cache_dir=tmp_path / "cache")


def test_detached_and_missing_default_branch(repo, tmp_path: Path) -> None:
    repo.git("checkout", "-q", "--detach", "main~1")
    url = f"file://{repo.path}"
    assert version(acquire(url, cache_dir=tmp_path / "c1")) == "version = 2"
    repo.git("symbolic-ref", "HEAD", "refs/heads/nowhere")
    lost = acquire(url, cache_dir=tmp_path / "c2")
    assert version(lost) == "version = 3"
    assert lost.notes == ("the default branch does not exist; read main",)


def test_shallow_origin(repo, tmp_path: Path) -> None:
    repo.git("clone", "-q", "--depth", "1", f"file://{repo.path}", str(tmp_path / "shallow"))
    snapshot = acquire(f"file://{tmp_path}/shallow", cache_dir=tmp_path / "cache")
    assert version(snapshot) == "version = 3"
    assert snapshot.first_commit == "2024-05-10T12:00:00Z"
    assert any("shallow" in note for note in snapshot.notes)


def test_progress_is_told(served: str, tmp_path: Path) -> None:
    told: list[tuple[str, float | None]] = []
    acquire(served, cache_dir=tmp_path / "cache", progress=lambda stage, share: told.append((stage, share)))
    assert any(stage.startswith("connecting to") for stage, _ in told)
    shares = [share for stage, share in told if stage.startswith("fetching") and share is not None]
    assert shares and all(0 <= share <= 1 for share in shares)


def test_two_runs_at_once(served: str, tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from clonedetect.acquire import acquire; "
        "print(acquire(sys.argv[1], cache_dir=Path(sys.argv[2])).revision)"
    )
    command = [sys.executable, "-c", script, served, str(tmp_path / "cache")]
    runs = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(2)]
    said = [run.communicate(timeout=60) for run in runs]
    assert [err for _, err in said] == [b""] * 2
    assert len({out for out, _ in said}) == 1
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(lambda _: acquire(served, cache_dir=tmp_path / "cache2"), range(2)))
    assert found[0] == found[1]


def test_interrupt_leaves_nothing_broken(repo, tmp_path: Path) -> None:
    """Ctrl-C while the server is silent in mid-fetch: no mirror, no child left; the next run works."""
    cache = tmp_path / "cache"
    with _silent_server() as port:
        script = (
            "import sys; from pathlib import Path; from clonedetect.acquire import acquire; "
            "acquire(sys.argv[1], cache_dir=Path(sys.argv[2]))"
        )
        url = f"http://127.0.0.1:{port}/x.git"
        run = subprocess.Popen([sys.executable, "-c", script, url, str(cache)], stderr=subprocess.PIPE)
        deadline = time.monotonic() + 20
        while not list(cache.rglob("*.partial/HEAD")) and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(0.3)
        run.send_signal(signal.SIGINT)
        _, err = run.communicate(timeout=20)
    assert b"KeyboardInterrupt" in err
    assert [p.suffix for p in (cache / "repositories").iterdir()] == [".lock"]


def test_a_killed_run_leaves_a_usable_cache(repo, tmp_path: Path) -> None:
    """SIGKILL leaves a half-made mirror behind; the next run replaces it."""
    cache, url = tmp_path / "cache", f"file://{repo.path}"
    half = cache / "repositories" / f"{store._key(url)}.partial"
    (half / "objects").mkdir(parents=True)
    (half / "HEAD").write_text("garbage")
    assert version(acquire(url, cache_dir=cache)) == "version = 3"
    assert not half.exists()


def test_a_damaged_mirror_is_made_anew(repo, tmp_path: Path) -> None:
    cache, url = tmp_path / "cache", f"file://{repo.path}"
    before = acquire(url, cache_dir=cache)
    mirror = next((cache / "repositories").glob("*.git"))
    for path in [p for p in (mirror / "objects").rglob("*") if p.is_file()]:
        path.chmod(0o644)
        path.write_bytes(b"damaged")
    repo.put({"c.py": "c = 1\n"})
    repo.commit()
    after = acquire(url, cache_dir=cache)
    assert [f.path for f in after.files] == ["a.py", "c.py", "pkg/b.py"]
    assert after.notes == before.notes == ()


class _silent_server:
    """Accepts connections and never answers."""

    def __enter__(self) -> int:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.held: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()
        return self.socket.getsockname()[1]

    def _accept(self) -> None:
        try:
            while True:
                self.held.append(self.socket.accept()[0])
        except OSError:
            return

    def __exit__(self, *_: object) -> None:
        self.socket.close()
        for held in self.held:
            held.close()


def test_a_silent_server_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "STALL_SECONDS", 0.5)
    started = time.monotonic()
    with (
        _silent_server() as port,
        pytest.raises(OriginError, match=r"no answer within 0\.5 seconds; check the address"),
    ):
        acquire(f"http://127.0.0.1:{port}/x.git", cache_dir=tmp_path)
    assert time.monotonic() - started < 5


def test_unreachable_urls(http_root: str, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        closed = taken.getsockname()[1]
    for url in (f"http://127.0.0.1:{closed}/x.git", f"{http_root}/absent.git", f"file://{tmp_path}"):
        with pytest.raises(OriginError, match=r"^cannot read .*; .*") as caught:
            acquire(url, cache_dir=tmp_path / "cache")
        assert "\n" not in str(caught.value)
        assert len(str(caught.value)) < 400


def test_credentials_stay_out_of_errors_and_disk(http_root: str, repo, tmp_path: Path) -> None:
    address = http_root.removeprefix("http://")
    with pytest.raises(OriginError) as caught:
        acquire(f"http://me:hunter2@{address}/absent.git", cache_dir=tmp_path / "cache")
    assert "hunter2" not in str(caught.value)
    snapshot = acquire(f"http://me:hunter2@{address}/origin/.git", cache_dir=tmp_path / "cache")
    assert "hunter2" not in snapshot.origin
    stored = [p for p in (tmp_path / "cache").rglob("*") if p.is_file()]
    assert stored and not any(b"hunter2" in p.read_bytes() for p in stored)


def test_commands_in_the_url_do_not_run(tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    for url in (
        f"ext::sh -c touch% {mark}",
        f"-oProxyCommand=touch {mark}:x",
        f"ssh://-oProxyCommand=touch%20{mark}/x",
    ):
        with pytest.raises(OriginError):
            acquire(url, cache_dir=tmp_path / "cache")
    assert not mark.exists()


def test_an_unwritable_cache_is_an_origin_error(repo, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file")
    with pytest.raises(OriginError, match="cache directory"):
        acquire(f"file://{repo.path}", cache_dir=tmp_path / "cache")


def test_default_cache_is_the_users(tmp_path: Path) -> None:
    assert default_cache_dir().name == "clonedetect"
    assert os.environ["XDG_CACHE_HOME"] in str(default_cache_dir()) or sys.platform != "linux"


def test_owner_name_and_hf_are_urls_of_their_hosts(repo, tmp_path: Path) -> None:
    """The user's own `insteadOf` stands in for the hosts, as it does for a company's mirror."""
    config = Path(os.environ["HOME"]) / ".gitconfig"
    bases = {"https://github.com/o/n": "git", "https://huggingface.co/o/n": "hf"}
    with config.open("a") as stream:
        for base in bases:
            stream.write(f'[url "{repo.path}/.git"]\n\tinsteadOf = {base}\n')
    for name in ("o/n", "hf:o/n"):
        with pytest.raises(OriginError, match="transport 'file' not allowed"):
            acquire(name, cache_dir=tmp_path / "cache")
