"""Processes that share the work."""

from __future__ import annotations

import ctypes
import multiprocessing
import signal
import sys
from concurrent.futures import ProcessPoolExecutor


def worker_pool(workers: int) -> ProcessPoolExecutor:
    """A pool of processes that leave Ctrl-C, which a terminal sends to all of them, to the process that made them.

    That one cancels what waits; a worker ends with the task that it is at. Killed workers would break the pool while it
    is being cancelled, which the standard library does not survive. Forked workers share the loaded libraries; where
    forking is not safe they are spawned.
    """
    _trim()
    context = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
    pool = ProcessPoolExecutor(
        workers, mp_context=context, initializer=signal.signal, initargs=(signal.SIGINT, signal.SIG_IGN)
    )
    if sys.platform == "linux":
        # All are forked at the first task. An interrupt in the middle of that would be lost, or meet a bare worker.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            pool.submit(int)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return pool


def _trim() -> None:
    """Give freed memory back: glibc keeps what large arrays leave between small ones, hundreds of megabytes by then."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    if trim is not None:
        trim(0)
