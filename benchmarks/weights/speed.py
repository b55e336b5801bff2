"""Rate of the full pass against reading both files once, in one run, page cache warm; peak memory; quick mode.

python benchmarks/weights/speed.py [--gigabytes 4] [--dtype bfloat16|float16|float32] [--folder DIR] [--repeat 3]
"""

from __future__ import annotations

import argparse
import json
import mmap
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "weights")]

import ml_dtypes  # noqa: E402
import numpy as np  # noqa: E402

WIDTH = 2048
SIGMA = 1 / 708
READ = 1 << 24


def write_pair(folder: Path, gigabytes: float, dtype: str) -> tuple[Path, Path]:
    """Two files of equal shapes, the right the left plus noise under other names; made tensor by tensor."""
    kind = np.dtype(ml_dtypes.bfloat16) if dtype == "bfloat16" else np.dtype(dtype)
    code = {"bfloat16": "BF16", "float32": "F32", "float16": "F16"}[dtype]
    shapes = [(WIDTH, WIDTH)] * 4 + [(4 * WIDTH, WIDTH), (WIDTH, 4 * WIDTH)]
    layer = sum(a * b for a, b in shapes) * kind.itemsize
    layers = max(1, round(gigabytes * 1e9 / layer))
    rng = np.random.default_rng(0)
    pool = (0.04 * rng.standard_normal(1 << 25, dtype=np.float32)).astype(np.float32)
    paths = folder / "left.safetensors", folder / "right.safetensors"
    streams = []
    for path, stem in zip(paths, ("model.layers", "vison.blocks"), strict=True):
        header, offset = {}, 0
        for index in range(layers):
            for place, shape in enumerate(shapes):
                size = shape[0] * shape[1] * kind.itemsize
                name = f"{stem}.{index}.part{place}.weight"
                header[name] = {"dtype": code, "shape": shape, "data_offsets": [offset, offset + size]}
                offset += size
        text = json.dumps(header).encode()
        stream = path.open("wb")
        stream.write(struct.pack("<Q", len(text)) + text)
        streams.append(stream)
    for _ in range(layers):
        for shape in shapes:
            size = shape[0] * shape[1]
            start = int(rng.integers(0, len(pool) - size))
            scale = np.float32(1 + 0.2 * rng.standard_normal())
            a = (pool[start : start + size] * scale).astype(kind)
            jitter = pool[(start := int(rng.integers(0, len(pool) - size))) : start + size]
            b = (a.astype(np.float32) + jitter * np.float32(SIGMA / 0.04)).astype(kind)
            streams[0].write(a.tobytes())
            streams[1].write(b.tobytes())
    for stream in streams:
        stream.close()
    return paths


def read_once(paths: tuple[Path, Path]) -> tuple[float, float]:
    """Seconds, and seconds of processor time, to read both files front to back into one buffer.

    The buffer begins on a page: a few bytes behind one the same read takes up to three times as long.
    """
    buffer = mmap.mmap(-1, READ)
    begin, cpu = time.perf_counter(), time.process_time()
    for path in paths:
        with path.open("rb", buffering=0) as stream:
            while stream.readinto(buffer):
                pass
    return time.perf_counter() - begin, time.process_time() - cpu


def child(paths: tuple[Path, Path], full: bool) -> dict[str, float | str]:
    """Compare in a process of its own, so that the peak memory is its own."""
    code = (
        "import sys,time,json,re,pathlib\n"
        f"sys.path.insert(0,{str(ROOT)!r})\n"
        "import clonedetect.weights.compare as c\n"
        "inner,spent=c.stream,[]\n"
        "def stream(*given):\n"
        "    begin,cpu=time.perf_counter(),time.process_time(); done=inner(*given)\n"
        "    spent.extend((time.perf_counter()-begin,time.process_time()-cpu))\n"
        "    return done\n"
        "c.stream=stream\n"
        "begin=time.perf_counter()\n"
        f"f=c.compare_weights({str(paths[0])!r},{str(paths[1])!r},full={full})\n"
        "print(json.dumps({'seconds':time.perf_counter()-begin,'pass':spent[0],'pass_cpu':spent[1],'mechanism':f.mechanism,'sigma':f.sigma,"
        "'cpu':time.process_time(),"
        "'peak':int(re.search(r'VmHWM:\\s+(\\d+)',pathlib.Path('/proc/self/status').read_text())[1])/1024}))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


def main() -> int:
    """Print the figures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--gigabytes", type=float, default=4.0)
    parser.add_argument("--dtype", default="bfloat16")
    parser.add_argument("--folder", default=None)
    parser.add_argument("--repeat", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        paths = write_pair(Path(folder), options.gigabytes, options.dtype)
        size = sum(path.stat().st_size for path in paths) / 1e9
        read_once(paths)
        reads, quicks, fulls = [], [], []
        for _ in range(options.repeat):  # each as often, in turn: other work on the machine hits all alike
            reads.append(read_once(paths))
            quicks.append(child(paths, False))
            fulls.append(child(paths, True))
    plain, plain_cpu = (min(read[k] for read in reads) for k in (0, 1))
    print(f"files: 2 of {size / 2:.2f} GB, {options.dtype}; best of {options.repeat} each")
    print(f"plain sequential read: {plain:.2f} s, {size / plain:.2f} GB/s, {plain_cpu:.2f} s of CPU")
    for name, runs in (("quick", quicks), ("full", fulls)):
        best = {key: min(float(run[key]) for run in runs) for key in ("seconds", "pass", "pass_cpu", "cpu")}
        print(f"{name}: {best['seconds']:.2f} s, {best['cpu']:.1f} s of CPU with start-up")
        if name == "full":
            print(f"    pass over the values: {best['pass']:.2f} s, {best['pass_cpu']:.2f} s of CPU on all cores")
            rates = plain / best["pass"], plain / best["seconds"]
            print(f"    rate of the pass {rates[0]:.2f} of the plain read, of the run {rates[1]:.2f}")
        peak = max(float(run["peak"]) for run in runs)
        print(f"    peak {peak:.0f} MB, {runs[0]['mechanism']}, sigma {runs[0]['sigma'] or 0:.6f} (made {SIGMA:.6f})")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
