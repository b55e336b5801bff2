"""The linear algebra, once, over the array API: numpy by default, torch or CuPy where asked for and present.

Inputs and results are numpy arrays; what is between lies on the device. Sums are in float64 where the device has it.
"""

from __future__ import annotations

import math
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import array_api_compat
import numpy as np
from numpy.typing import NDArray

from clonedetect.errors import MissingExtraError

SUBSPACE, SUBSPACE_ROUNDS = 8, 10
FEW_ROWS = 160  # up to here all singular values cost less than the iteration
MIN_ROWS = 8  # fewer rows or columns have too few permutations


@dataclass(frozen=True, slots=True)
class Device:
    """An array namespace and the place where its arrays live."""

    name: str
    xp: Any
    where: Any

    def put(self, values: NDArray) -> Any:
        """A numpy array as one of this device."""
        return self.xp.asarray(values, device=self.where) if self.where is not None else self.xp.asarray(values)

    def get(self, values: Any) -> NDArray:
        """An array of this device as a numpy array."""
        if self.name == "cpu":
            return values
        if hasattr(values, "detach"):
            return values.detach().cpu().numpy()
        return values.get() if hasattr(values, "get") else np.asarray(values)


def one_blas_thread() -> AbstractContextManager[object]:
    """Keep BLAS to one thread: this room runs its own, and two pools on the same cores wait for each other."""
    try:
        from threadpoolctl import threadpool_limits
    except ImportError:  # slower by a factor of four on a busy machine, otherwise the same
        return nullcontext()
    return threadpool_limits(limits=1)


def open_device(name: str = "cpu") -> Device:
    """`cpu` (numpy), `torch` (torch on the CPU), `cuda` (torch, else CuPy), `strict` (array-api-strict), `auto`.

    MissingExtraError where the library, or a GPU for `cuda`, is not there.
    """
    if name == "cpu":
        return Device("cpu", array_api_compat.array_namespace(np.empty(0)), None)
    if name == "strict":
        return Device("strict", _library("array_api_strict"), None)
    if name == "torch":
        torch = _library("torch")
        return Device("torch", array_api_compat.array_namespace(torch.empty(0)), "cpu")
    if name not in ("cuda", "auto"):
        raise MissingExtraError(f"no device called {name}; there are auto, cpu, cuda and torch")
    for library, place in (("torch", "cuda"), ("cupy", None)):
        try:
            module = import_module(library)
            if library == "torch" and not module.cuda.is_available():
                continue
            if library == "cupy" and module.cuda.runtime.getDeviceCount() == 0:
                continue
            return Device("cuda", array_api_compat.array_namespace(module.empty(0)), place)
        except Exception:  # a broken driver raises types of its own; any of them means: not this library
            continue
    if name == "auto":
        return open_device("cpu")
    raise MissingExtraError(
        "device cuda: neither torch nor CuPy finds a GPU; pip install clonedetect[torch], or use cpu"
    )


def _library(name: str) -> Any:
    try:
        return import_module(name)
    except ImportError as error:
        raise MissingExtraError(f"the array library {name} is not installed") from error


def correlations(device: Device, left: NDArray, right: NDArray) -> NDArray[np.float32]:
    """Centred correlation of every row of `left` with every row of `right`; 0 where a row has no variance."""
    xp = device.xp

    def unit(rows: NDArray) -> Any:
        values = device.put(np.ascontiguousarray(rows, np.float32))
        values = values - xp.mean(values, axis=1, keepdims=True)
        norm = xp.sqrt(xp.sum(values * values, axis=1, keepdims=True))
        return values / xp.where(norm > 0, norm, xp.ones_like(norm))

    return device.get(xp.matmul(unit(left), xp.matrix_transpose(unit(right))))


@dataclass(frozen=True, slots=True)
class RowTest:
    """Double-centred correlation of two matrices and its z under permutation; z None where there are too few rows.

    ceiling: the z the left would have against itself, i.e. the most this tensor could show.
    """

    correlation: float | None
    z: float | None
    ceiling: float


def permutation_test(device: Device, left: NDArray, right: NDArray) -> RowTest:
    """T = <A, B> of double-centred A and B against all permutations of B's rows, and of B's columns.

    The permutation variance is exact (Hoeffding's combinatorial central limit theorem): with G = A B^T, whose rows
    and columns sum to 0, Var T = sum(G^2) / (m - 1). The smaller of the row and the column z is returned: rows of
    a vocabulary, or columns of an image stem, have a meaning that two independent models share, but not both.
    """
    xp = device.xp
    rows, columns = left.shape
    if max(rows, columns) < 2 * MIN_ROWS:
        return RowTest(None, None, 0.0)
    a, b = (device.put(np.ascontiguousarray(side, np.float64)) for side in (left, right))

    def centred(values: Any) -> Any:
        values = values - xp.mean(values, axis=0, keepdims=True)
        return values - xp.mean(values, axis=1, keepdims=True)

    a, b = centred(a), centred(b)
    aa, bb, ab = (float(xp.sum(x * y)) for x, y in ((a, a), (b, b), (a, b)))
    scale = max(1e-30, float(np.square(left).sum()) * 1e-20)
    if not (math.isfinite(ab) and aa > scale and bb > 1e-30):
        return RowTest(None, None, 0.0)

    first, second = (a, b) if rows <= columns else (xp.matrix_transpose(a), xp.matrix_transpose(b))
    own_a, own_b, cross = (
        xp.matmul(x, xp.matrix_transpose(y)) for x, y in ((first, first), (second, second), (first, second))
    )
    # the gram matrix of the longer side is never formed: |A^T B|^2 = <A A^T, B B^T>
    short, long = float(xp.sum(cross * cross)), float(xp.sum(own_a * own_b))
    own = float(xp.sum(own_a * own_a))
    scores, ceilings = [], []
    for count, spread in ((rows, short if rows <= columns else long), (columns, long if rows <= columns else short)):
        if count < MIN_ROWS or min(rows, columns) < 2 or not (spread > 0 and own > 0):
            continue
        scores.append(ab / math.sqrt(spread / (count - 1)))
        ceilings.append(aa / math.sqrt(own / (count - 1)))
    if not scores:
        return RowTest(ab / math.sqrt(aa * bb), None, 0.0)
    return RowTest(ab / math.sqrt(aa * bb), min(scores, key=abs), min(ceilings))


def singular_values(device: Device, matrix: NDArray) -> NDArray[np.float64]:
    """Singular values, largest first, by the eigenvalues of the smaller Gram matrix."""
    xp = device.xp
    values = device.put(np.ascontiguousarray(matrix, np.float64))
    if matrix.shape[0] > matrix.shape[1]:
        values = xp.matrix_transpose(values)
    eigenvalues = device.get(xp.linalg.eigvalsh(xp.matmul(values, xp.matrix_transpose(values))))
    return np.sqrt(np.maximum(np.asarray(eigenvalues, np.float64)[::-1], 0))


def largest_singular_value(device: Device, matrix: NDArray) -> float:
    """The largest singular value to about one percent, by subspace iteration: far cheaper than all of them."""
    if min(matrix.shape) <= FEW_ROWS:
        return float(singular_values(device, matrix)[0])
    xp = device.xp
    values = device.put(np.ascontiguousarray(matrix, np.float32))
    if matrix.shape[0] > matrix.shape[1]:
        values = xp.matrix_transpose(values)
    gram = xp.matmul(values, xp.matrix_transpose(values))
    start = np.random.default_rng(0).standard_normal((gram.shape[0], SUBSPACE)).astype(np.float32)
    basis = xp.linalg.qr(device.put(start))[0]
    for _ in range(SUBSPACE_ROUNDS):
        for _ in range(3):
            basis = xp.matmul(gram, basis)
            basis = basis / xp.max(xp.abs(basis))
        basis = xp.linalg.qr(basis)[0]
    small = device.get(xp.matmul(xp.matrix_transpose(basis), xp.matmul(gram, basis))).astype(np.float64)
    return math.sqrt(max(float(np.linalg.eigvalsh((small + small.T) / 2)[-1]), 0.0))


def singular_vectors(device: Device, matrix: NDArray) -> tuple[NDArray, NDArray, NDArray]:
    """U, s, V^T of the thin decomposition."""
    result = device.xp.linalg.svd(device.put(np.ascontiguousarray(matrix, np.float64)), full_matrices=False)
    return device.get(result[0]), device.get(result[1]), device.get(result[2])


def rotation_between(device: Device, left: NDArray, right: NDArray) -> NDArray[np.float64]:
    """The orthogonal Q that brings left Q nearest to right (Procrustes; Schönemann 1966)."""
    xp = device.xp
    a, b = (device.put(np.ascontiguousarray(side, np.float64)) for side in (left, right))
    result = xp.linalg.svd(xp.matmul(xp.matrix_transpose(a), b), full_matrices=False)
    return np.asarray(device.get(xp.matmul(result[0], result[2])))


def edge_ratio(largest: float, energy: float, rows: int, columns: int) -> float:
    """Largest singular value over the Marchenko-Pastur edge of independent entries with the same sum of squares."""
    sigma = math.sqrt(energy / (rows * columns))
    return largest / (sigma * (math.sqrt(rows) + math.sqrt(columns))) if sigma > 0 else 0.0
