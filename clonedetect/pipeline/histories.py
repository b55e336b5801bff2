"""Both histories, walked once for all channels that ask."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from clonedetect.acquire import OpenHistory, open_history
from clonedetect.errors import OriginError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from clonedetect.domain import Snapshot
    from clonedetect.pipeline.options import Options


@dataclass(frozen=True, slots=True)
class Histories:
    """Each side's history, or in words why there is none."""

    left: OpenHistory | str
    right: OpenHistory | str


@contextmanager
def open_histories(
    left: Snapshot, right: Snapshot, options: Options, tell: Callable[[str, float | None], None]
) -> Generator[Histories]:
    """Walk both histories and hold them for reading."""
    with ExitStack() as stack:
        found: list[OpenHistory | str] = []
        for snapshot, subdir in ((left, options.left_subdir), (right, options.right_subdir)):
            if not options.history:
                found.append("left out by --no-history")
                continue
            tell("walking history", None)
            history = open_history(
                snapshot.origin, snapshot.revision, subdir=subdir, cache_dir=options.cache_dir, progress=tell
            )
            try:
                found.append(stack.enter_context(history))
            except OriginError as error:
                found.append(str(error))
        yield Histories(found[0], found[1])
