"""Rows to arrays, one row an item, sorted by the hash of its id; and two such tables joined."""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from clonedetect.errors import PredictionsError
from clonedetect.predictions.rows import UNKNOWN, Trouble, files_of, read_rows

MAX_ROWS: Final = 100_000_000
_Kind = TypeVar("_Kind", np.uint64, np.uint16, np.uint8)
_CODES: Final = "QQQQQBH"  # array type codes of a row's columns


@dataclass(frozen=True, slots=True)
class Answers:
    """One model's answers. Hashes are 0 where there is none; a column that no row has is empty.

    key, answer, gold, group, prompt  uint64 hashes;  correct  uint8: 0, 1 or UNKNOWN;  options  uint16
    duplicates: rows left out because their item was answered before; notes: what could not be read.
    """

    key: NDArray[np.uint64]
    answer: NDArray[np.uint64]
    gold: NDArray[np.uint64]
    group: NDArray[np.uint64]
    prompt: NDArray[np.uint64]
    correct: NDArray[np.uint8]
    options: NDArray[np.uint16]
    duplicates: int
    notes: tuple[str, ...]


def read_answers(path: Path, need: str = "pred") -> Answers:
    """All answers of a file or directory. 25 to 51 bytes an item are held, whatever the rows' size.

    Raises PredictionsError where nothing can be read.
    """
    trouble = Trouble()
    columns = [array(code) for code in _CODES]
    for file in files_of(path):
        key, answer, gold, group, prompt, correct, options = (column.append for column in columns)
        for row in read_rows(file, need, trouble):
            key(row[0])
            answer(row[1])
            gold(row[2])
            group(row[3])
            prompt(row[4])
            correct(row[5])
            options(row[6])
        if len(columns[0]) > MAX_ROWS:
            raise PredictionsError(f"{path} holds more than {MAX_ROWS:,} rows: compare a sample of them")
    rows = len(columns[0])
    if not rows:
        why = f" (the first row that cannot be read: {trouble.first})" if trouble.rows else ": it is empty"
        raise PredictionsError(f"{path} holds no predictions{why}")
    keys = np.frombuffer(columns[0], np.uint64)
    order = np.argsort(keys, kind="stable")  # of equal ids the first comes first
    sorted_keys = keys[order]
    first = np.concatenate(([True], sorted_keys[1:] != sorted_keys[:-1]))
    order = order[first]

    def taken(column: array, kind: type[_Kind], absent: int = 0) -> NDArray[_Kind]:
        values = np.frombuffer(column, kind)
        return values[order] if (values != absent).any() else np.zeros(0, kind)

    notes = (f"{trouble.rows:,} rows of {path} could not be read, the first: {trouble.first}",) if trouble.rows else ()
    return Answers(
        key=sorted_keys[first],
        answer=taken(columns[1], np.uint64),
        gold=taken(columns[2], np.uint64),
        group=taken(columns[3], np.uint64),
        prompt=taken(columns[4], np.uint64),
        correct=taken(columns[5], np.uint8, UNKNOWN),
        options=taken(columns[6], np.uint16),
        duplicates=rows - len(order),
        notes=notes,
    )


def column(values: NDArray[_Kind], at: NDArray[np.int64], absent: int) -> NDArray[_Kind]:
    """The values of some rows, `absent` where the table lacks the column."""
    return values[at] if len(values) else np.full(len(at), absent, values.dtype)


def find(table: NDArray[np.uint64], keys: NDArray[np.uint64]) -> NDArray[np.int64]:
    """The row of each key in a table's sorted keys, -1 where it has none."""
    at = np.minimum(np.searchsorted(table, keys), len(table) - 1)
    return np.where(table[at] == keys, at, -1)
