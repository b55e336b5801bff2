"""Every mechanism on a model of known origin: what is named, sigma, pairing, z. Needs nothing but the package.

python benchmarks/weights/synthetic.py [--seed N] [--width N] [--layers N]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "weights")]

import ml_dtypes  # noqa: E402
import numpy as np  # noqa: E402
import weightlab as lab  # noqa: E402

from clonedetect.weights import compare_weights, open_weights  # noqa: E402

SIGMA = 1 / 708


def cases(base: lab.Model, other: lab.Model, third: lab.Model) -> list[tuple[str, str, lab.Model, lab.Model]]:
    """(label, expected word, left, right)."""
    spread = max(float(v.std()) for k, v in base.items() if v.ndim >= 2)
    shared = lab.shared_initialisation(1, 2)
    return [
        ("identical", "identical", base, dict(base)),
        ("renamed", "identical", base, lab.renamed(base)),
        ("noise 1/708, renamed", "noise", base, lab.renamed(lab.noise(base, SIGMA))),
        (
            "noise 1/708 in bf16",
            "noise",
            lab.cast(base, ml_dtypes.bfloat16),
            lab.cast(lab.noise(lab.cast(lab.cast(base, ml_dtypes.bfloat16), np.float32), SIGMA), ml_dtypes.bfloat16),
        ),
        ("noise sigma = std(W)", "noise", base, lab.renamed(lab.noise(base, spread))),
        ("bfloat16", "cast", base, lab.cast(base, ml_dtypes.bfloat16)),
        ("float16", "cast", base, lab.cast(base, np.float16)),
        ("float8 e4m3", "cast", base, lab.cast(base, ml_dtypes.float8_e4m3fn)),
        ("bfloat16 kept as float32", "cast", base, lab.cast(lab.cast(base, ml_dtypes.bfloat16), np.float32)),
        (
            "float16 to float32",
            "re-encoded",
            lab.cast(base, np.float16),
            lab.cast(lab.cast(base, np.float16), np.float32),
        ),
        ("int8 per tensor", "quantised", base, lab.int8(base, False)),
        ("int8 per row", "quantised", base, lab.int8(base, True)),
        ("Q8_0", "quantised", base, lab.q_blocks(base, 8)),
        ("Q4_0", "quantised", base, lab.q_blocks(base, 4)),
        ("LoRA r = 8", "low-rank", base, lab.lora(base)),
        ("20 % pruned", "pruned", base, lab.pruned(base)),
        ("scaled", "scaled", base, lab.scaled(base)),
        ("row scales folded", "folded", base, lab.folded(base)),
        ("neurons permuted", "permuted", base, lab.neurons_permuted(base)),
        ("heads permuted", "permuted", base, lab.heads_permuted(base)),
        ("rotated", "rotated", base, lab.rotated(base)),
        ("transposed", "re-encoded", base, lab.transposed(base)),
        ("fine-tuned", "fine-tuned", base, lab.renamed(lab.fine_tuned(base))),
        ("merged .6 / .4", "merged", base, lab.merged((0.6, base), (0.4, other))),
        ("shared initialisation", "shared-initialisation", *shared),
        ("independent", "unrelated", base, other),
        ("independent, renamed", "unrelated", base, lab.renamed(third)),
    ]


def minilm() -> tuple[lab.Model, lab.Model, lab.Model]:
    """A real encoder of 22 million values, and twice its tensors with all values shuffled, as unrelated models."""
    sys.path.insert(0, str(Path(__file__).resolve().parent))
    import real

    with tempfile.TemporaryDirectory() as folder, open_weights(real.locate(real.GT, Path(folder))) as checkpoint:
        kept = [t for t in checkpoint.tensors if t.dtype == "float32"]
        base = {t.name: t.read(0, t.size).reshape(t.shape) for t in kept}
    rng = np.random.default_rng(0)
    other, third = ({k: rng.permutation(v.ravel()).reshape(v.shape) for k, v in base.items()} for _ in range(2))
    return base, other, third


def main() -> int:
    """Print the table; 1 where a word is not the expected one."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--width", type=int, default=96)
    parser.add_argument("--layers", type=int, default=4)
    parser.add_argument("--minilm", action="store_true", help="start from a real model, fetched as real.py does")
    options = parser.parse_args()
    base, other, third = (lab.transformer(options.seed + i, options.layers, options.width) for i in range(3))
    if options.minilm:
        base, other, third = minilm()
    names = {new: old for old, new in zip(reversed(list(base)), lab.renamed(base), strict=True)}
    wrong = 0
    head = f"{'case':26} {'found':22} {'expected':22} {'z':>9} {'corr':>7} {'sigma, 95 % interval':>26}"
    print(f"{head} {'paired':>7} {'s':>5}")
    with tempfile.TemporaryDirectory() as folder:
        for label, expected, left, right in cases(base, other, third):
            a = lab.save_safetensors(Path(folder) / "a.safetensors", left)
            b = lab.save_safetensors(Path(folder) / "b.safetensors", right)
            begin = time.perf_counter()
            finding = compare_weights(a, b, full=True)
            took = time.perf_counter() - begin
            right_pairs = sum(names.get(t.right, t.right) == t.left for t in finding.tensors)
            wrong += finding.mechanism != expected
            mark = "" if finding.mechanism == expected else "  <--"
            sigma = ""
            if finding.sigma and finding.sigma_interval:
                sigma = f"{finding.sigma:.6f} {finding.sigma_interval[0]:.6f}-{finding.sigma_interval[1]:.6f}"
            z = f"{finding.statistic:.1f}" if finding.statistic is not None else ""
            print(
                f"{label:26} {finding.mechanism:22} {expected:22} {z:>9} {finding.correlation or 0:7.4f} {sigma:>26} "
                f"{100 * right_pairs / max(1, finding.examined):6.1f}% {took:5.1f}{mark}"
            )
            if mark:
                for part in finding.parts:
                    print(f"    {part.mechanism}: {part.tensors} tensors, {part.share:.2f}, {', '.join(part.names)}")
    print(f"{wrong} not as expected; sigma made: {SIGMA:.6f}")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
