"""How to scan."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path

SILENT = frozenset({"jobs", "cache", "cache_dir", "times"})
"""Options that can change no finding."""


@dataclass(frozen=True, slots=True)
class Options:
    """How to scan. Every default is what the command line uses.

    jobs: worker processes, None for one a core. cache_dir: None for the user's cache directory.
    include, exclude: globs on paths. max_bytes: larger files are skipped.
    vendored, generated: examine such files too instead of skipping them.
    left_predictions, right_predictions, gold, controls: prediction files (see `clonedetect.predictions`).
    left_weights, right_weights: what `clonedetect.weights.open_weights` takes; None looks in the directories.
    rewritten: look for Type-3 copies too; without it only equal and renamed code is found, several times faster, and
    the channels that read the text of every file are left out.
    """

    jobs: int | None = None
    cache: bool = True
    cache_dir: Path | None = None
    left_subdir: str | None = None
    right_subdir: str | None = None
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    max_bytes: int = 2_000_000
    vendored: bool = False
    generated: bool = False
    rewritten: bool = True
    history: bool = True
    times: bool = True
    left_weights: str | None = None
    right_weights: str | None = None
    left_predictions: Path | None = None
    right_predictions: Path | None = None
    gold: Path | None = None
    controls: tuple[Path, ...] = ()

    def reported(self) -> tuple[tuple[str, str | int | float | bool | None], ...]:
        """What a report says of them: all that can change a finding, nothing that cannot (jobs, cache, times)."""
        out = []
        for each in fields(self):
            if each.name not in SILENT:
                value = getattr(self, each.name)
                out.append((each.name, _plain(value)))
        return tuple(sorted(out))


def _plain(value: object) -> str | int | float | bool | None:
    if isinstance(value, tuple):
        return " ".join(map(str, value))
    return value if value is None or isinstance(value, int | float) else str(value)
