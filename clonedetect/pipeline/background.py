"""Counting the background: the same rooms as a scan, up to the features, one package at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clonedetect.corpus import LOOSE, Counts, TermTally, fetch, read_pins, save_background, sources
from clonedetect.left_behind import package_terms
from clonedetect.normalise import own_names
from clonedetect.parse import parse
from clonedetect.pipeline.bags import loose_bags, plain_bags

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def build_background(
    pins: Path, packages: Path, out: Path, jobs: int | None = None, progress: Callable[[str, float], None] | None = None
) -> tuple[int, int]:
    """Count the packages of a pinned list into `out`. Returns (packages, features listed).

    Vendored copies inside a package are counted as part of it. `packages` is where wheels are kept between runs.
    """
    wanted = read_pins(pins)
    counts, loose, terms = Counts(), Counts(), TermTally()
    for pin, wheel in fetch(wanted, packages):
        if progress:
            progress(pin.name, counts.packages / len(wanted))
        (forest,) = parse([("left", sources(wheel))], jobs=jobs)
        if not len(forest.statements.row):
            continue
        terms.add(package_terms([(file.path, file.data) for file in forest.files]))
        own = own_names([forest])
        counts.add(plain_bags(forest, own)[2])
        loose.add(loose_bags(forest, own).bags)
    background = counts.background()
    save_background(background, out)
    save_background(loose.background(), out.with_name(LOOSE.name))
    terms.save(out.with_name("terms.npy"), out.with_name("words.txt"))
    return counts.packages, len(background.table)
