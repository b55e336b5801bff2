"""What is no learned weight: optimiser state and buffers that a formula gives. Told by content, then by name.

Two unrelated models share such buffers exactly (the STFT basis of two speech models is a fifth of their values),
so they are set aside before any percentage.
"""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from clonedetect.domain.weights import Excluded
from clonedetect.errors import WeightsError
from clonedetect.weights.tensors import Checkpoint, Tensor, to_float
from clonedetect.weights.threads import in_threads

OPTIMISER = re.compile(
    r"(^|[./_])(exp_avg(_sq)?|max_exp_avg_sq|momentum(_buffer)?|optimi[sz]er(_states?|_state_dict|_weights)?|"
    r"lr_schedulers?|grad_scaler|square_avg|acc_delta|adam_[mv]|nu|mu_state)([./_]|$)",
    re.IGNORECASE,
)
PACKED = re.compile(r"(^|[./])(qweight|qzeros|g_idx)$")
SAMPLE = 1 << 14
VECTORS = 64


def _sample(tensor: Tensor) -> NDArray[np.float64]:
    """The first values and as many from the middle."""
    head = tensor.floats(0, min(tensor.size, SAMPLE))
    if tensor.size <= SAMPLE:
        return head.astype(np.float64)
    middle = tensor.size // 2
    tail = tensor.floats(middle, min(tensor.size, middle + SAMPLE))
    return np.concatenate([head, tail]).astype(np.float64)


def _matrix(tensor: Tensor) -> NDArray | None:
    """Up to some dozens of full rows of the tensor seen as a matrix (leading axis, rest), in the stored type."""
    shape = [extent for extent in tensor.shape if extent > 1]
    if len(shape) < 2 or len(shape) > 3:
        return None
    columns = tensor.size // shape[0]
    if columns > 1 << 16:
        return None
    rows = min(shape[0], max(32, (1 << 16) // columns))
    return tensor.read(0, rows * columns).reshape(rows, columns)


def _sinusoidal(vectors: NDArray) -> bool:
    """Whether each row is one (windowed) sinusoid: its energy lies in five neighbouring frequencies."""
    count, length = vectors.shape
    if length < 32 or count < 8:
        return False
    for number in (8, VECTORS):  # eight vectors of a learned matrix already settle it
        chosen = vectors[np.linspace(0, count - 1, min(count, number)).astype(int)]
        if not _mostly_sinusoids(to_float(np.ascontiguousarray(chosen)).astype(np.float64)):
            return False
    return True


def _mostly_sinusoids(chosen: NDArray[np.float64]) -> bool:
    length = chosen.shape[1]
    if not np.isfinite(chosen).all():
        return False
    power = np.square(np.abs(np.fft.rfft(chosen * np.hanning(length), axis=1)))
    power = power[power.sum(axis=1) > 0]
    if len(power) < 6:
        return False
    padded = np.pad(power, ((0, 0), (2, 2)))
    nearby = sum(padded[:, shift : shift + power.shape[1]] for shift in range(5))
    share = np.max(nearby, axis=1) / power.sum(axis=1)
    return bool(np.mean(share > 0.995) >= (0.95 if len(power) > 8 else 0.6))


def _filter_bank(matrix: NDArray) -> bool:
    """Whether rows (or columns) are non-negative bands with zeros around: a mel filter bank."""
    if min(matrix.shape) < 8 or not matrix.min() >= 0:
        return False
    for side in (matrix, matrix.T):
        present = side > 0
        if present.mean() > 0.4:
            continue
        edges = np.abs(np.diff(np.pad(present, ((0, 0), (1, 1))).astype(np.int8), axis=1)).sum(axis=1)
        if np.mean(edges <= 2) >= 0.95:
            return True
    return False


def _progression(values: NDArray[np.float64]) -> str | None:
    """Whether a vector is an arithmetic or geometric progression, or a cosine window."""
    if len(values) < 8:
        return None
    scale = np.abs(values).max()
    if np.ptp(np.diff(values)) <= 1e-5 * scale:
        return "arithmetic progression (positions)"
    if (values > 0).all():
        logs = np.log(values)
        if np.ptp(np.diff(logs)) <= 1e-2 * np.abs(np.diff(logs)).max():
            return "geometric progression (rotary frequencies, slopes)"
    if len(values) >= 16:
        steps = np.arange(len(values))
        for period in (len(values), len(values) - 1):
            basis = np.stack([np.ones(len(values)), np.cos(2 * np.pi * steps / period)], axis=1)
            rest = values - basis @ np.linalg.lstsq(basis, values, rcond=None)[0]
            if np.abs(rest).max() <= 1e-4 * scale:
                return "cosine window"
    return None


def _by_content(tensor: Tensor) -> str | None:
    values = _sample(tensor)
    finite = values[np.isfinite(values)]
    if finite.size < values.size / 2:
        return "mostly NaN or infinite"
    if finite.size == values.size and np.ptp(finite) == 0:
        return "constant (no variance)"
    if finite.size >= 16 and np.unique(finite[:256]).size <= 2 and np.unique(finite).size <= 2:
        return "two values only (mask)"
    if finite.size < values.size:
        return None
    if sum(extent > 1 for extent in tensor.shape) == 1:
        return _progression(values) if tensor.size <= SAMPLE else None
    matrix = _matrix(tensor)
    if matrix is None:
        return None
    if _sinusoidal(matrix) or _sinusoidal(matrix.T):
        return "sinusoidal basis (STFT, position or rotary table)"
    return "filter bank" if values.min() >= 0 and _filter_bank(to_float(matrix)) else None


def reason_to_exclude(tensor: Tensor) -> str | None:
    """Why the tensor is no learned weight, or None. WeightsError where its values cannot be read."""
    if tensor.size == 0:
        return "zero-size"
    if OPTIMISER.search(tensor.name):
        return "optimiser state"
    kind = np.dtype(tensor.dtype).kind if tensor.dtype in np.sctypeDict else "f"
    if kind == "b":
        return "mask (boolean)"
    if kind in "iu":
        if PACKED.search(tensor.name) or ("32" in tensor.dtype and tensor.size >= 4096 and len(tensor.shape) >= 2):
            return "packed integers (GPTQ, AWQ or an index table); not unpacked"
        if "8" not in tensor.dtype or len(tensor.shape) < 2 or tensor.size < 1024:
            return "integer buffer"
    if tensor.dtype.startswith("complex"):
        return "complex values are not supported"
    return _by_content(tensor)


def sift(checkpoint: Checkpoint, side: str) -> tuple[tuple[Tensor, ...], tuple[Excluded, ...]]:
    """The learned tensors, and what was set aside, its name prefixed with the side."""
    kept: list[Tensor] = []
    excluded = [Excluded(f"{side}: {entry.name}", entry.reason) for entry in checkpoint.skipped]
    reasons = list(in_threads(_reason, checkpoint.tensors))
    for tensor, reason in zip(checkpoint.tensors, reasons, strict=True):
        if reason is None:
            kept.append(tensor)
        else:
            excluded.append(Excluded(f"{side}: {tensor.name}", reason))
    return tuple(kept), tuple(excluded)


def _reason(tensor: Tensor) -> str | None:
    try:
        return reason_to_exclude(tensor)
    except WeightsError as error:
        return str(error)
