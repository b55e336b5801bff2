"""The weights channel: the checkpoints that were named, or those that lie in both directories."""

from __future__ import annotations

from collections import Counter
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from clonedetect.domain.weights import WEIGHT_SUFFIXES
from clonedetect.errors import CloneDetectError

if TYPE_CHECKING:
    from clonedetect.domain import Snapshot
    from clonedetect.domain.weights import WeightsFinding
    from clonedetect.pipeline.compared import Compared

SMALLEST = 4096  # bytes: what is smaller is a pointer or a stub


def examine_weights(compared: Compared) -> WeightsFinding | str:
    """The finding in quick mode. What was named must be readable (CloneDetectError); what was found need not be."""
    options = compared.options
    named = options.left_weights, options.right_weights
    left = named[0] or weights_in(compared.left)
    right = named[1] or weights_in(compared.right)
    absent = [side for side, place in (("left", left), ("right", right)) if place is None]
    if left is None or right is None:
        reason = f"no weight files on disk on the {' and the '.join(absent)}"
        if any(named):
            raise CloneDetectError(f"{reason}: give --left-weights and --right-weights")
        return f"{reason} (--left-weights and --right-weights name some)"
    from clonedetect.weights import compare_weights  # scipy's start-up is paid only where there are weights

    def told(done: int, total: int) -> None:
        compared.tell("weights", done / max(1, total))

    try:
        return compare_weights(left, right, progress=told)
    except CloneDetectError as error:
        if any(named):
            raise
        return f"found, but not compared: {error}"


def weights_in(snapshot: Snapshot) -> Path | None:
    """The directory of the snapshot that holds most bytes of weight files; the file, where it holds one."""
    if snapshot.disk is None:
        return None
    root = Path(snapshot.disk)
    sizes: Counter[str] = Counter()
    for entry in snapshot.entries:
        path = PurePosixPath(entry.path)
        if path.suffix.lower() in WEIGHT_SUFFIXES and (size := _size(root, entry.path)) >= SMALLEST:
            sizes[path.parent.as_posix()] += size
    if not sizes:
        return None
    chosen = min(sizes, key=lambda folder: (-sizes[folder], folder))
    return root / chosen


def weight_files(snapshot: Snapshot, suffix: str) -> list[tuple[str, Path]]:
    """(path in the repository, place on disk) of its weight files of one kind."""
    if snapshot.disk is None:
        return []
    root = Path(snapshot.disk)
    named = (entry.path for entry in snapshot.entries if entry.path.lower().endswith(suffix))
    return [(path, root / path) for path in named if _size(root, path) >= SMALLEST]


def _size(root: Path, path: str) -> int:
    """Bytes of a regular file below the root; 0 for anything else, and for what a link leads out to."""
    try:
        target = (root / path).resolve(strict=True)
        if target.is_file() and target == root.resolve() / path:
            return target.stat().st_size
    except (OSError, RuntimeError, ValueError):
        pass
    return 0
