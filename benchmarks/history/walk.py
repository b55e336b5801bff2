"""Walks a made history of many commits and looks for fragments in it: seconds, megabytes, beside `git log --raw`.

    python benchmarks/history/walk.py [--commits 5000] [--files 300]

Each commit changes a few of the files, as real ones do; the repository is made by git itself in a temporary directory
and is the same in every run. The physical limit printed beside is `git log --raw` plus reading every content once
(`git cat-file --batch`), both by git alone.
"""

from __future__ import annotations

import argparse
import random
import resource
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from clonedetect.acquire import open_history
from clonedetect.history import Search, doubts, lines_of


def make(path: Path, commits: int, files: int) -> list[list[str]]:
    """A repository of growing and changing files; returns the last contents, by file."""
    chance = random.Random(5)
    texts = [
        [f"def f{n}_{k}(value, other):", f"    return value * {k} + other - {n}"] for n in range(files) for k in (0,)
    ]
    out = bytearray()
    for number in range(1, commits + 1):
        stamp = 1_500_000_000 + number * 7_200
        out += f"commit refs/heads/main\nmark :{number}\nauthor A <a@x> {stamp} +0000\n".encode()
        out += f"committer A <a@x> {stamp} +0000\ndata 6\nchange\n".encode()
        for n in chance.sample(range(files), 4):
            lines = texts[n]
            if len(lines) < 400 or chance.random() < 0.3:
                at = chance.randrange(len(lines) + 1)
                k = len(lines)
                lines[at:at] = [
                    f"def g{n}_{k}(first, second):",
                    f"    total = first + second * {number}",
                    "    return total",
                ]
            else:
                del lines[chance.randrange(len(lines))]
            data = "\n".join(lines).encode()
            out += f"M 100644 inline pkg/part{n % 20}/file{n}.py\ndata {len(data)}\n".encode() + data + b"\n"
        out += b"\n"
    subprocess.run(["git", "init", "-q", "-b", "main", str(path)], check=True)
    subprocess.run(["git", "-C", str(path), "fast-import", "--quiet"], input=bytes(out), check=True)
    return texts


def main(arguments: list[str] | None = None) -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--commits", type=int, default=5_000)
    parser.add_argument("--files", type=int, default=300)
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "repository"
        with ProcessPoolExecutor(1) as pool:  # its memory is not this process's
            texts = pool.submit(make, path, given.commits, given.files).result()
        git = ["git", "-C", str(path)]
        head = subprocess.run([*git, "rev-parse", "HEAD"], capture_output=True, check=True, text=True).stdout.strip()
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        started = time.perf_counter()
        with open_history(str(path), head) as history:
            walked = time.perf_counter() - started
            fragments = [lines_of("\n".join(lines[:30]).encode()) for lines in texts]
            search = Search(fragments, history.walk)
            wanted = list(dict.fromkeys(version.blob for version in history.walk.versions))
            for blob, data in history.read(wanted, 1_000_000):
                if data is not None:
                    search.look(blob, data)
            found = sum(passage.whole is not None for passage in search.passages())
            doubts(history.walk)
        seconds = time.perf_counter() - started
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
        started = time.perf_counter()
        subprocess.run([*git, "log", "--raw", "-z", "--no-renames", "--no-abbrev"], capture_output=True, check=True)
        listing = subprocess.run(
            [*git, "cat-file", "--batch-all-objects", "--batch-check"], capture_output=True, check=True
        )
        blobs = [line.split()[0] for line in listing.stdout.splitlines() if line.split()[1] == b"blob"]
        size = len(
            subprocess.run(
                [*git, "cat-file", "--batch"], input=b"\n".join(blobs), capture_output=True, check=True
            ).stdout
        )
        limit = time.perf_counter() - started
        walk = history.walk
        print(f"{len(walk.commits):,} commits, {len(walk.versions):,} contents, {size / 1e6:.0f} MB of text")
        print(f"walk {walked:.1f} s, all contents looked into {seconds:.1f} s, {found} of {len(texts)} dated")
        print(f"git alone {limit:.1f} s: {seconds / limit:.2f} times that; memory +{grown:.0f} MB; {walk.limits}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
