"""The cache of bare mirrors: one per URL, fetched into rather than cloned anew."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit

from platformdirs import user_cache_path

from clonedetect.acquire.gitcmd import Result, environment, run_watched
from clonedetect.acquire.local import is_partial_clone
from clonedetect.acquire.objects import ObjectStore
from clonedetect.acquire.origin import Origin
from clonedetect.errors import OriginError

Progress = Callable[[str, float | None], None]

STALL_SECONDS = 60.0
"""A server that says nothing for this long is given up."""
_PERCENT = re.compile(r"^(?:remote: )?([A-Z][a-z]+(?: [a-z]+)*):\s+(\d{1,3})% ")
_COMMIT_ID = re.compile(r"^[0-9a-f]{40}([0-9a-f]{24})?$")
_REFSPECS = ("+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*")


@dataclass(frozen=True, slots=True)
class Mirror:
    """A mirror ready to be read, and what to say about it."""

    store: ObjectStore
    notes: tuple[str, ...] = ()


def default_cache_dir() -> Path:
    """The user's cache directory for this tool, as the platform has it (XDG_CACHE_HOME on Linux)."""
    return user_cache_path("clonedetect", appauthor=False)


@contextmanager
def open_mirror(
    origin: Origin, cache_dir: Path, progress: Progress | None, stall_seconds: float | None = None
) -> Generator[Mirror]:
    """Bring the mirror of `origin.url` up to date and hold it for reading; other runs on the same URL wait.

    A commit id that the mirror already has needs no network. Where the server cannot be reached but a mirror is
    there, the mirror is read and a note says so. Raises `OriginError` otherwise.
    """
    if origin.url is None:
        raise ValueError("an origin without URL has no mirror")
    tell = progress or (lambda stage, share: None)
    place = cache_dir / "repositories"
    lock = place / f"{_key(origin.url)}.lock"
    try:
        place.mkdir(parents=True, exist_ok=True)
        lock.touch()
    except OSError as error:
        raise OriginError(
            f"the cache directory {cache_dir} cannot be written ({error.strerror}): name another"
        ) from error
    with _locked(lock, lambda: tell(f"waiting for another run on {origin.display}", None)):
        yield _update(origin, origin.url, place, tell, stall_seconds or STALL_SECONDS)


def _key(url: str) -> str:
    """A file name for a URL: readable, then a hash; credentials do not make another repository."""
    parts = urlsplit(url) if "://" in url else None
    plain = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2])) if parts is not None else url
    slug = re.sub(r"[^A-Za-z0-9]+", "-", plain.removesuffix(".git").rsplit("/", 1)[-1]).strip("-")[:40] or "repository"
    return f"{slug}-{hashlib.sha256(plain.encode('utf-8', 'surrogateescape')).hexdigest()[:16]}"


def _update(origin: Origin, url: str, place: Path, tell: Progress, stall: float) -> Mirror:
    final, partial = place / f"{_key(url)}.git", place / f"{_key(url)}.partial"
    _refuse_self_fetching(origin, url)
    shutil.rmtree(partial, ignore_errors=True)  # what a killed run left; we hold the lock
    if (final / "HEAD").is_file() and (final / "objects").is_dir():
        store = ObjectStore(final, final / "objects")
        if _has_commit(store, origin.revision):
            return Mirror(store)
        failed, reached = _fetch(origin, url, store, tell, stall)
        if failed is None:
            return Mirror(store)
        if not reached:
            return Mirror(store, (f"{origin.display} could not be reached; read from the copy in the cache",))
        # The server answers and yet nothing can be fetched: the mirror itself is damaged, so it is made anew.
    try:
        store = _create(partial)
        failed, _ = _fetch(origin, url, store, tell, stall)
        if failed is not None:
            raise OriginError(_explain(origin, url, failed))
        shutil.rmtree(final, ignore_errors=True)
        partial.rename(final)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return Mirror(ObjectStore(final, final / "objects"))


def _refuse_self_fetching(origin: Origin, url: str) -> None:
    if not url.startswith("file://"):
        return
    source = Path(unquote(url.removeprefix("file://")))
    git_dir = source / ".git" if (source / ".git").is_dir() else source
    if is_partial_clone(git_dir):
        directory = url.removeprefix("file://")
        raise OriginError(f"{origin.display} is a partial clone and cannot be served: give the directory {directory}")


def _create(path: Path) -> ObjectStore:
    """An empty bare repository, written by hand: `git init` would copy the user's template hooks."""
    for name in ("objects", "refs/heads", "refs/tags"):
        (path / name).mkdir(parents=True)
    (path / "HEAD").write_text("ref: refs/heads/main\n")
    (path / "config").write_text("[core]\n\trepositoryformatversion = 0\n\tbare = true\n")
    return ObjectStore(path, path / "objects")


def _has_commit(store: ObjectStore, revision: str | None) -> bool:
    return revision is not None and bool(_COMMIT_ID.match(revision)) and store.commit_of(revision) == revision


def _fetch(origin: Origin, url: str, store: ObjectStore, tell: Progress, stall: float) -> tuple[Result | None, bool]:
    """Fetch branches, tags and HEAD. Returns (the failure or None, whether the server answered)."""
    protocols = "file" if url.startswith("file://") else "https:http:ssh:git"
    env = environment(store.git_dir, protocols=protocols, user_config=True)  # the user's proxies and credentials

    def remote(*args: str) -> Result:
        return run_watched(
            args, env, store.git_dir, stall_seconds=stall, on_line=lambda line: _relay(line, origin, tell)
        )

    tell(f"connecting to {origin.display}", None)
    asked = remote("ls-remote", "--symref", "--", url, "HEAD")
    if asked.status != 0:
        return asked, False
    target, has_head = None, False
    for line in asked.stdout.decode("utf-8", "replace").splitlines():
        value, _, name = line.partition("\t")
        if name == "HEAD" and value.startswith("ref: "):
            target = value.removeprefix("ref: ")
        has_head = has_head or name == "HEAD"
    specs = [*_REFSPECS, *(["+HEAD:refs/clonedetect/head"] if has_head else [])]
    options = (
        "fetch",
        "--progress",
        "--no-tags",
        "--force",
        "--no-write-fetch-head",
        "--no-recurse-submodules",
        "--update-shallow",
    )
    got = remote(*options, "--prune", "--", url, *specs)
    if got.status != 0:
        return got, True
    _set_head(store, target if has_head else None, has_head)
    revision = origin.revision
    by_name = revision is not None and (_COMMIT_ID.match(revision) or revision.startswith("refs/"))
    if revision is not None and by_name and store.commit_of(revision) is None:
        # Not on any branch or tag: a pull request, say. Most servers hand such a commit out when asked for it.
        name = revision if revision.startswith("refs/") else f"refs/clonedetect/asked/{revision}"
        remote(*options, "--", url, f"+{revision}:{name}")
    return None, True


def _set_head(store: ObjectStore, target: str | None, has_head: bool) -> None:
    if target is not None and re.fullmatch(r"refs/heads/[^\s\\~^:?*\[]+", target):
        (store.git_dir / "HEAD").write_text(f"ref: {target}\n", encoding="utf-8")
    elif has_head and (commit := store.commit_of("refs/clonedetect/head")) is not None:
        (store.git_dir / "HEAD").write_text(f"{commit}\n")
    else:  # the server's HEAD names a branch that does not exist; so shall ours
        (store.git_dir / "HEAD").write_text("ref: refs/heads/.invalid\n")


def _relay(line: str, origin: Origin, tell: Progress) -> None:
    if (percent := _PERCENT.match(line)) is not None:
        tell(f"fetching {origin.display}: {percent[1].lower()}", min(int(percent[2]), 100) / 100)


def _explain(origin: Origin, url: str, failed: Result) -> str:
    """One line: what went wrong, and what to try."""
    said = re.sub(r"//[^/@\s]+@", "//", failed.complaint.replace(url, origin.display))
    text = failed.stderr.lower()
    if failed.timed_out:
        hint = "check the address and the network, or clone it yourself and give the directory"
    elif any(
        sign in text
        for sign in (
            "could not read username",
            "not found",
            "does not appear",
            "authentication failed",
            "permission denied",
            "403",
            "401",
        )
    ):
        hint = "check the spelling; for a private repository use an ssh URL or set up a git credential helper"
    elif any(sign in text for sign in ("resolve host", "connect", "timed out", "unreachable", "ssl", "certificate")):
        hint = "check the address and the network, or clone it yourself and give the directory"
    else:
        hint = "try `git ls-remote` with it, or clone it yourself and give the directory"
    if re.fullmatch(r"[^/:]+/[^/]+", origin.display):
        hint = f"no directory of that name is here and GitHub did not give it; {hint}"
    return f"cannot read {origin.display}: {said}; {hint}"


@contextmanager
def _locked(path: Path, waiting: Callable[[], None]) -> Generator[None]:
    """Hold an exclusive lock that the system drops when the process dies, however it dies."""
    with path.open("a+b") as stream:
        told = False
        while not _try_lock(stream.fileno()):
            if not told:
                waiting()
                told = True
            time.sleep(0.05)
        yield


if sys.platform == "win32":
    import msvcrt

    def _try_lock(descriptor: int) -> bool:
        try:
            os.lseek(descriptor, 0, os.SEEK_SET)
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _try_lock(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
