"""Running git, through GitPython, so that nothing a repository says is obeyed.

Every call has a time limit, no terminal, no prompt, no hooks; a child killed by us takes its own children along.
"""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from clonedetect.errors import OriginError

LOCAL_SECONDS = 120.0
"""Limit of one call that only reads the disk; a fifo planted where git expects a file would otherwise hang it."""

_FLAGS = (
    "core.hooksPath=" + os.devnull,
    "core.fsmonitor=false",
    "protocol.ext.allow=never",
    "gc.auto=0",  # another run may be reading the same store
    "maintenance.auto=false",
    "core.quotePath=false",
    "fetch.recurseSubmodules=false",
)


@dataclass(frozen=True, slots=True)
class Result:
    """What one git call said. `timed_out` means it was killed; `status` is then negative."""

    status: int
    stdout: bytes
    stderr: str
    timed_out: bool = False

    @property
    def complaint(self) -> str:
        """The line of stderr that says most: the last `fatal:` or `error:`, or the last one."""
        lines = [line.strip() for line in self.stderr.replace("\r", "\n").splitlines() if line.strip()]
        telling = [line for line in lines if line.lower().startswith(("fatal:", "error:", "remote: error"))]
        line = (telling or lines or [f"git ended with status {self.status}"])[-1]
        return line.removeprefix("fatal: ").removeprefix("error: ")


def environment(
    git_dir: Path,
    *,
    common_dir: Path | None = None,
    object_dir: Path | None = None,
    protocols: str = "none",
    user_config: bool = False,
) -> dict[str, str]:
    """Variables for a git call on `git_dir`.

    The directories are always named, since this program may itself run inside a git hook that exports its own; naming
    them also makes the ownership check (`safe.directory`) unnecessary, which guards against the repository's
    configuration being obeyed. `protocols` is git's allow list: with "none" a partial clone cannot fetch the objects
    it lacks, which would run commands of the repository's own choice.
    """
    common = common_dir or git_dir
    env = {
        "GIT_DIR": str(git_dir),
        "GIT_COMMON_DIR": str(common),
        "GIT_OBJECT_DIRECTORY": str(object_dir or common / "objects"),
        "GIT_ALTERNATE_OBJECT_DIRECTORIES": "",
        "GIT_INDEX_FILE": str(git_dir / "index"),
        "GIT_NAMESPACE": "",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_ALLOW_PROTOCOL": protocols,
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "",
        "SSH_ASKPASS_REQUIRE": "never",
        "GCM_INTERACTIVE": "never",
        "GIT_LFS_SKIP_SMUDGE": "1",
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_LITERAL_PATHSPECS": "1",
        "GIT_FLUSH": "0",
    }
    if not user_config:
        env |= {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull}
    return env


def start(args: Sequence[str], env: Mapping[str, str], cwd: Path) -> subprocess.Popen[bytes]:
    """Start git with pipes on all three streams, in a session of its own (no terminal to prompt on).

    Raises `OriginError` where git is not installed.
    """
    try:
        # Here rather than at the top: GitPython takes 0.1 s to import, and fails at import where git is missing.
        from git.cmd import Git
        from git.exc import GitCommandNotFound
    except ImportError as error:
        raise OriginError(f"git cannot be run ({_first_line(error)}); install git 2.32 or later") from error
    command = ["git", *(part for flag in _FLAGS for part in ("-c", flag)), *args]
    kwargs = {} if sys.platform == "win32" else {"start_new_session": True}
    try:
        process = Git(str(cwd)).execute(command, istream=subprocess.PIPE, as_process=True, env=dict(env), **kwargs)
    except GitCommandNotFound as error:
        raise OriginError("git is not installed, or not on the PATH; install git 2.32 or later") from error
    popen = process.proc
    process.proc = None  # GitPython would end the process when its wrapper is collected; its life is ours
    if popen is None:
        raise RuntimeError("GitPython gave no process")
    return popen


def kill(process: subprocess.Popen[bytes]) -> None:
    """End git and the helpers it started (ssh, git-remote-https, index-pack), asking first so that they clean up."""
    for number in (signal.SIGTERM, getattr(signal, "SIGKILL", signal.SIGTERM)):
        if process.poll() is not None:
            return
        try:
            if sys.platform == "win32":
                process.terminate()
            else:
                os.killpg(process.pid, number)
            process.wait(timeout=3)
        except (subprocess.TimeoutExpired, OSError):
            continue


def stop(process: subprocess.Popen[bytes]) -> None:
    """End git if it still runs, and close its pipes."""
    kill(process)
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream is not None:
            with suppress(OSError):
                stream.close()


def run(
    args: Sequence[str], env: Mapping[str, str], cwd: Path, *, stdin: bytes = b"", seconds: float = LOCAL_SECONDS
) -> Result:
    """Run git to its end and return what it said, whatever its status."""
    process = start(args, env, cwd)
    try:
        out, err = process.communicate(stdin, timeout=seconds)
        return Result(process.returncode, out, err.decode("utf-8", "replace"))
    except subprocess.TimeoutExpired:
        return Result(-1, b"", f"no answer within {seconds:g} seconds", timed_out=True)
    finally:
        stop(process)


def run_watched(
    args: Sequence[str], env: Mapping[str, str], cwd: Path, *, stall_seconds: float, on_line: Callable[[str], None]
) -> Result:
    """Run git as long as it keeps saying something on stderr; a silence of `stall_seconds` ends it.

    A large clone may take an hour and be healthy, so it is silence that is bounded, not the whole.
    """
    process = start(args, env, cwd)
    chunks: queue.Queue[bytes | None] = queue.Queue()
    out: list[bytes] = []

    def listen() -> None:
        stderr = process.stderr
        while stderr is not None and (chunk := os.read(stderr.fileno(), 65536)):
            chunks.put(chunk)
        chunks.put(None)

    def collect() -> None:
        if process.stdout is not None:
            out.append(process.stdout.read())

    threads = [threading.Thread(target=target, daemon=True) for target in (listen, collect)]
    said, pending = bytearray(), b""
    try:
        if process.stdin is not None:
            process.stdin.close()
        for thread in threads:
            thread.start()
        while (chunk := chunks.get(timeout=stall_seconds)) is not None:
            said += chunk
            del said[:-65536]
            *lines, pending = (pending + chunk).replace(b"\r", b"\n").split(b"\n")
            pending = pending[-4096:]
            for line in lines:
                on_line(line.decode("utf-8", "replace"))
        process.wait(timeout=stall_seconds)
        threads[1].join(timeout=stall_seconds)
        return Result(process.returncode, b"".join(out), said.decode("utf-8", "replace"))
    except (queue.Empty, subprocess.TimeoutExpired):
        return Result(-1, b"", f"no answer within {stall_seconds:g} seconds", timed_out=True)
    finally:
        kill(process)  # before its readers are joined, and they before the pipes they read are closed
        for thread in threads:
            if thread.is_alive():
                thread.join(timeout=3)
        stop(process)


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
