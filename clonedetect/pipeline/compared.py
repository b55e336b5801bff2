"""What the channels beside the source code are given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from clonedetect.domain import Background, ClonePair, Forest, RenameEntry, Snapshot, SourceFile
    from clonedetect.pipeline.histories import Histories
    from clonedetect.pipeline.options import Options
    from clonedetect.pipeline.readings import Readings


@dataclass(frozen=True, slots=True)
class Compared:
    """What is known of the two repositories when the channels are examined."""

    left: Snapshot
    right: Snapshot
    ancestors: tuple[Snapshot, ...]
    left_files: tuple[SourceFile, ...]  # as they were parsed
    right_files: tuple[SourceFile, ...]
    forests: Callable[[], Sequence[Forest]]  # left, right, ancestors; parsed if they have not been
    pairs: tuple[ClonePair, ...]
    renames: tuple[RenameEntry, ...]
    background: Background
    histories: Histories
    readings: Readings
    options: Options
    tell: Callable[[str, float | None], None]  # stage, share done
