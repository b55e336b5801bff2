"""Work shared between threads: numpy and the reads release the interpreter's lock."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import numpy as np

Item = TypeVar("Item")
Result = TypeVar("Result")
MOST = 8


def in_threads(
    function: Callable[[Item], Result], items: Iterable[Item], most: int = 0
) -> Generator[Result, None, None]:
    """Results in the order of the items. On an error or Ctrl-C what has not begun is dropped.

    most: threads, 0 for one a core (what waits for a server may have more).

    Floating-point warnings are off: arbitrary bits hold NaN, infinities and values whose squares overflow.
    """

    def quietly(item: Item) -> Result:
        with np.errstate(all="ignore"):
            return function(item)

    pool = ThreadPoolExecutor(max_workers=most or min(MOST, os.cpu_count() or 1))
    try:
        yield from pool.map(quietly, items)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
