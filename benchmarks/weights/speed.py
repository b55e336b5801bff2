"""Rate of the full pass against reading both files once, in one run, page cache warm; peak memory; quick mode.

python benchmarks/weights/speed.py [--gigabytes 4] [--dtype bfloat16|float32] [--folder DIR]
"""

from __future__ import annotations

import argparse
import json
import resource
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


def read_once(paths: tuple[Path, Path]) -> float:
    """Seconds to read both files front to back into one buffer."""
    buffer = bytearray(READ)
    begin = time.perf_counter()
    for path in paths:
        with path.open("rb", buffering=0) as stream:
            while stream.readinto(buffer):
                pass
    return time.perf_counter() - begin


def child(paths: tuple[Path, Path], full: bool) -> dict[str, float | str]:
    """Compare in a process of its own, so that the peak memory is its own."""
    code = (
        "import sys,time,json,re,pathlib\n"
        f"sys.path.insert(0,{str(ROOT)!r})\n"
        "import clonedetect.weights.compare as c\n"
        "inner,spent=c.stream,[]\n"
        "def stream(*given):\n"
        "    begin=time.perf_counter(); done=inner(*given); spent.append(time.perf_counter()-begin)\n"
        "    return done\n"
        "c.stream=stream\n"
        "begin=time.perf_counter()\n"
        f"f=c.compare_weights({str(paths[0])!r},{str(paths[1])!r},full={full})\n"
        "print(json.dumps({'seconds':time.perf_counter()-begin,'pass':sum(spent),'mechanism':f.mechanism,'sigma':f.sigma,"
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
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        paths = write_pair(Path(folder), options.gigabytes, options.dtype)
        size = sum(path.stat().st_size for path in paths) / 1e9
        read_once(paths)
        plain = read_once(paths)
        quick, full = child(paths, False), child(paths, True)
        again = read_once(paths)
    plain = min(plain, again)
    print(
        f"files: 2 of {size / 2:.2f} GB, {options.dtype}; generator's own peak "
        f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB"
    )
    print(f"plain sequential read: {plain:.2f} s, {size / plain:.2f} GB/s")
    for name, run in (("quick", quick), ("full", full)):
        whole, alone = float(run["seconds"]), float(run["pass"])
        print(f"{name}: {whole:.2f} s, of which the pass over the values {alone:.2f} s; {run['cpu']:.1f} s of CPU")
        if name == "full":
            print(f"    rate of the pass {plain / alone:.2f} of the plain read, of the whole run {plain / whole:.2f}")
        print(f"    peak {run['peak']:.0f} MB, {run['mechanism']}, sigma {run['sigma'] or 0:.6f} (made {SIGMA:.6f})")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
