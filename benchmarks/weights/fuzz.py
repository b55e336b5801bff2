"""Fuzzes the readers of weight files: mutated valid files must end in tensors or in a named error.

python benchmarks/weights/fuzz.py [NAME]... [--minutes 10] [--start N] [--memory MB]

NAME is one of the seeds (m.safetensors, m.pt, m.jit, m.bin, m.npz, m.npy, m.gguf, m.onnx, m.h5). Input N of a seed is
always the same, so `--start N` repeats a find. Each seed runs in a process of its own under a limit of address space
and, per input, of processor time; a process that dies is a find too, and the next one goes on behind it.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import resource
import signal
import subprocess
import sys
import tempfile
import time
import traceback
import zipfile
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "weights")]

import numpy as np  # noqa: E402
import weightseeds as seeds  # noqa: E402

from clonedetect.errors import CloneDetectError  # noqa: E402
from clonedetect.weights import compare_weights  # noqa: E402

SECONDS = 10.0  # of processor time for one input
FINDS = 200  # kept of one run
COMPARED = 10  # every tenth input that can be read is also compared with its seed
NUMBERS = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 2**63 - 1, 2**63, 2**64 - 1)
DIGITS = b"0123456789"


def mutate(data: bytes, rng: np.random.Generator) -> bytes:
    """One to six edits: bytes, numbers of 1 to 8 bytes, decimal digits, pieces cut, doubled, moved or swapped."""
    out = bytearray(data)
    for _ in range(int(rng.integers(1, 7))):
        if not out:
            break
        # headers lie at the ends: half of the edits go there
        reach = min(len(out), 512)
        at = int(rng.integers(0, len(out)))
        at = (at, int(rng.integers(0, reach)), len(out) - 1 - int(rng.integers(0, reach)))[int(rng.integers(0, 3))]
        length = int(rng.integers(1, 33))
        kind = int(rng.integers(0, 8))
        if kind == 0:
            out[at] ^= 1 << int(rng.integers(0, 8))
        elif kind == 1:
            out[at] = int(rng.integers(0, 256))
        elif kind == 2:
            width = (1, 2, 4, 8)[int(rng.integers(0, 4))]
            value = NUMBERS[int(rng.integers(0, len(NUMBERS)))] & ((1 << 8 * width) - 1)
            out[at : at + width] = value.to_bytes(width, "little")
        elif kind == 3:
            places = [i for i in range(max(0, at - 400), min(len(out), at + 400)) if out[i] in DIGITS]
            if places:
                place = places[int(rng.integers(0, len(places)))]
                out[place : place + 1] = (b"9", b"0", b"-1", b"99999999999999999999", b"1e5")[int(rng.integers(0, 5))]
        elif kind == 4:
            del out[at : at + length]
        elif kind == 5:
            out[at:at] = out[at : at + length] * int(rng.integers(1, 5))
        elif kind == 6:
            other = int(rng.integers(0, len(out)))
            out[at : at + length] = out[other : other + length]
        elif rng.integers(0, 4) == 0:
            out = out[:at]
    return bytes(out)


def mutated_member(path: Path, data: bytes, rng: np.random.Generator) -> bytes:
    """A zip archive with one member mutated and the directory made to fit it."""
    path.write_bytes(data)
    with zipfile.ZipFile(path) as archive:
        members = [(info, archive.read(info)) for info in archive.infolist()]
    chosen = int(rng.integers(0, len(members)))
    with zipfile.ZipFile(path, "w") as archive:
        for index, (info, content) in enumerate(members):
            archive.writestr(info.filename, mutate(content, rng) if index == chosen else content, info.compress_type)
    return path.read_bytes()


def make_input(seed: bytes, number: int, path: Path) -> None:
    """Write input `number` of a seed."""
    rng = np.random.default_rng(number)
    if seed[:2] == b"PK" and rng.integers(0, 2):
        path.write_bytes(mutated_member(path, seed, rng))
    else:
        path.write_bytes(mutate(seed, rng))


def compare(path: Path, whole: Path) -> None:
    """The comparison of a mutated file with its seed, which may end in a named error."""
    with contextlib.suppress(CloneDetectError):
        compare_weights(path, whole, full=True)


def work(name: str, start: int, until: float, memory: int, progress: Path) -> None:
    """Read inputs one after the other; a find is a line of JSON on standard output."""

    def too_long(*_: object) -> None:
        raise TimeoutError(f"over {SECONDS} s of processor time")

    signal.signal(signal.SIGPROF, too_long)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        seed = seeds.hostile_seed(Path(folder), name)
        if not seeds.read_all(path):
            raise SystemExit(f"{name}: the seed itself is not readable")
        whole = path.with_stem("whole")
        whole.write_bytes(seed)
        limit = memory << 20
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
        number, accepted, finds = start, 0, 0
        with progress.open("w") as state:
            while time.time() < until and finds < FINDS:
                state.seek(0)
                state.write(f"{number} {accepted}\n")
                state.flush()
                make_input(seed, number, path)
                signal.setitimer(signal.ITIMER_PROF, SECONDS)
                try:
                    with np.errstate(all="ignore"):
                        good = seeds.read_all(path)
                        if good and number % COMPARED == 0:
                            compare(path, whole)
                        accepted += good
                except BaseException as error:
                    if isinstance(error, KeyboardInterrupt):
                        raise
                    last = traceback.extract_tb(error.__traceback__)
                    own = [f for f in last if "clonedetect" in f.filename] or last
                    where = f"{Path(own[-1].filename).name}:{own[-1].lineno}"
                    what = f"{type(error).__name__} at {where}: {str(error)[:100]}"
                    print(json.dumps({"number": number, "what": what}), flush=True)
                    finds += 1
                finally:
                    signal.setitimer(signal.ITIMER_PROF, 0)
                number += 1


def run(name: str, minutes: float, start: int, memory: int) -> int:
    """Fuzz one seed; print a line and each kind of find. The number of kinds."""
    begin, until = start, time.time() + 60 * minutes
    kinds: Counter[str] = Counter()
    first: dict[str, int] = {}
    accepted = 0
    with tempfile.TemporaryDirectory() as folder:
        progress = Path(folder) / "progress"
        while time.time() < until:
            order = [sys.executable, __file__, name, "--worker", str(progress), "--start", str(start)]
            order += ["--until", str(until), "--memory", str(memory)]
            done = subprocess.run(order, stdout=subprocess.PIPE, text=True, check=False)
            at, good = (int(part) for part in progress.read_text().split()[:2]) if progress.exists() else (start, 0)
            accepted, start = accepted + good, at + 1
            for line in done.stdout.splitlines():
                find = json.loads(line)
                kind = find["what"].partition(": ")[0]
                kinds[kind] += 1
                first.setdefault(kind, find["number"])
                print(f"  {name} input {find['number']}: {find['what']}", flush=True) if kinds[kind] <= 2 else None
            if done.returncode != 0:
                kind = f"process ended with {done.returncode}"
                kinds[kind] += 1
                first.setdefault(kind, at)
                if sum(kinds.values()) > FINDS:
                    break
    total = start - begin
    found = ", ".join(f"{kind} x{count} (input {first[kind]})" for kind, count in kinds.items())
    print(
        f"{name}: {total:,} inputs, {accepted:,} read, {total - accepted - sum(kinds.values()):,} named errors; ",
        end="",
    )
    print(f"finds: {found or 'none'}", flush=True)
    return len(kinds)


def main() -> int:
    """Fuzz the named seeds, one after the other; 1 where there was a find."""
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="*", default=[*seeds.NAMES, seeds.HDF5])
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--start", type=int, default=0)
    parser.add_argument("--memory", type=int, default=1500, help="address space of a worker, MB")
    parser.add_argument("--worker", type=Path, default=None, help=argparse.SUPPRESS)
    parser.add_argument("--until", type=float, default=0.0, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        work(options.names[0], options.start, options.until, options.memory, options.worker)
        return 0
    return 1 if sum(run(name, options.minutes, options.start, options.memory) for name in options.names) else 0


if __name__ == "__main__":
    raise SystemExit(main())
