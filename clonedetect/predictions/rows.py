"""Prediction files to rows: streamed, one bounded line at a time, every text kept as a 64-bit hash only."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final

from clonedetect.errors import PredictionsError

MAX_LINE: Final = 64_000_000  # bytes; samples of lm-evaluation-harness carry their prompts
MAX_FILES: Final = 10_000
CACHED: Final = 65_536  # distinct answers whose hash is kept: most sets have few
_METRICS: Final = ("acc", "exact_match", "em", "acc_norm")  # that say whether an answer is right, best first
_STAMP: Final = re.compile(r"_\d{4}-\d{2}-\d{2}T[\d.-]+$")
UNKNOWN: Final = 2  # of `Row.correct`

# id, answer, gold, group, prompt (hashes, 0: not there), correct (0, 1 or UNKNOWN), options (0: not known)
Row = tuple[int, int, int, int, int, int, int]


@dataclass(slots=True)
class Trouble:
    """Rows that could not be read: how many, and where and why the first."""

    rows: int = 0
    first: str = ""

    def add(self, where: str, why: str) -> None:
        self.rows += 1
        self.first = self.first or f"{where}: {why}"


def files_of(path: Path) -> list[Path]:
    """The prediction files that a path means: itself, or of a directory the samples of lm-evaluation-harness below it,
    or, where there are none, its JSONL and CSV files. Raises PredictionsError."""
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise PredictionsError(f"no such file or directory: {path}")
    for pattern in ("samples_*.jsonl", "*.jsonl", "*.csv"):
        found = sorted(p for p in path.rglob(pattern) if p.is_file() and not p.is_symlink())
        if len(found) > MAX_FILES:
            raise PredictionsError(f"{path} holds more than {MAX_FILES:,} prediction files: name one of them")
        if found:
            return found
    raise PredictionsError(f"{path} holds no samples_*.jsonl, *.jsonl or *.csv file")


def read_rows(path: Path, need: str, trouble: Trouble) -> Generator[Row]:
    """All rows of a prediction file. `need` is the column that must be there beside `id`: "pred" or "gold".

    A row that cannot be read is counted in `trouble`. Raises PredictionsError for a file that cannot be opened or is
    of no known format.
    """
    try:
        with path.open("rb") as stream:
            lines = _lines(stream, path)
            first = next((line for line in lines if line[1].strip()), None)
            if first is None:
                return
            whole = _chain(first, lines)
            is_json = path.suffix.lower() in (".jsonl", ".ndjson", ".json") or first[1].lstrip().startswith("{")
            yield from (_json_rows if is_json else _csv_rows)(whole, path, need, trouble)
    except OSError as error:
        raise PredictionsError(f"cannot read {path}: {error.strerror or error}") from error


def _chain(first: tuple[int, str], rest: Iterator[tuple[int, str]]) -> Generator[tuple[int, str]]:
    yield first
    yield from rest


def _lines(stream: Any, path: Path) -> Generator[tuple[int, str]]:
    number = 0
    while line := stream.readline(MAX_LINE + 1):
        number += 1
        if len(line) > MAX_LINE:
            raise PredictionsError(f"{path}: line {number} is longer than {MAX_LINE:,} bytes")
        yield number, line.decode("utf-8-sig" if number == 1 else "utf-8", "replace")


class _Hashes:
    """64-bit hashes of texts, equal in every run; those of the commonest texts are remembered."""

    def __init__(self) -> None:
        self._known: dict[str, int] = {}

    def new(self, text: str) -> int:
        return int.from_bytes(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little") | 1

    def known(self, text: str) -> int:
        found = self._known.get(text)
        if found is None:
            found = self.new(text)
            if len(self._known) < CACHED:
                self._known[text] = found
        return found

    def answer(self, value: Any) -> int:
        """0 for no answer: two models that both say nothing do not agree on an answer."""
        text = _text(value)
        return self.known(text) if text else 0


def _text(value: Any) -> str:
    """An answer as text: 3, 3.0 and "3" are one answer."""
    if isinstance(value, str):
        return value.strip()
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        value = int(value)
    return json.dumps(value, sort_keys=True)


def _json_rows(lines: Iterator[tuple[int, str]], path: Path, need: str, trouble: Trouble) -> Generator[Row]:
    hashes = _Hashes()
    task = hashes.known(_STAMP.sub("", path.stem)) if path.name.startswith("samples_") else 0
    for number, line in lines:
        if not line.strip():
            continue
        try:
            found = json.loads(line)
        except (ValueError, RecursionError):
            trouble.add(f"{path} line {number}", "not JSON")
            continue
        if not isinstance(found, dict):
            trouble.add(f"{path} line {number}", "no object")
        elif "doc_hash" in found:
            yield _sample(found, hashes, task)
        else:
            key = _text(found.get("id"))
            missing = "id" if not key else need if need not in found else ""
            if missing:
                trouble.add(f"{path} line {number}", f"no {missing}")
                continue
            options = found.get("options")
            count = len(options) if isinstance(options, list) else options if isinstance(options, int) else 0
            yield (
                hashes.new(key),
                hashes.answer(found.get("pred")),
                hashes.answer(found.get("gold")),
                hashes.answer(found.get("group")),
                0,
                UNKNOWN,
                max(0, min(count, 65_535)),
            )


def _csv_rows(lines: Iterator[tuple[int, str]], path: Path, need: str, trouble: Trouble) -> Generator[Row]:
    hashes = _Hashes()
    reader = csv.reader((line for _, line in lines), delimiter="\t" if path.suffix.lower() == ".tsv" else ",")
    try:
        head = [name.strip().lower() for name in next(reader)]
        absent = [name for name in ("id", need) if name not in head]
        if absent:
            found = ", ".join(head[:10])[:200]
            raise PredictionsError(
                f"{path} has no column {' or '.join(absent)} (found: {found}): predictions are id, gold, pred[, group]"
            )
        at = [head.index(name) if name in head else -1 for name in ("id", "pred", "gold", "group")]
        width = max(at[0], head.index(need))
        for row in reader:
            if not row:
                continue
            if len(row) <= width or not row[at[0]].strip():
                trouble.add(f"{path} line {reader.line_num}", "no id" if len(row) > width else "too few columns")
                continue
            pred, gold, group = (row[i].strip() if 0 <= i < len(row) else "" for i in at[1:])
            yield (
                hashes.new(row[at[0]].strip()),
                hashes.answer(pred),
                hashes.answer(gold),
                hashes.answer(group),
                0,
                UNKNOWN,
                0,
            )
    except csv.Error as error:
        raise PredictionsError(f"{path} line {reader.line_num}: {error}") from error


def _sample(found: dict[str, Any], hashes: _Hashes, task: int) -> Row:
    """A row of lm-evaluation-harness: joined on document and filter, graded by its own metric where it has one."""
    responses = found.get("filtered_resps")
    given = responses if isinstance(responses, list) else [responses]
    scores = [_number(each[0]) for each in given if isinstance(each, list) and len(each) == 2]
    options = 0
    if scores and len(scores) == len(given):  # log-likelihoods of the options; of a single one there is no answer
        options = len(scores) if len(scores) > 1 else 0
        answer: Any = max(range(options), key=scores.__getitem__) if options else None
    else:
        answer = given[0] if given else None
    grade = next((found[name] for name in _METRICS if found.get(name) in (0, 1)), None)
    return (
        hashes.new(f"{_text(found['doc_hash'])}\0{_text(found.get('filter'))}"),
        hashes.answer(answer),
        hashes.answer(found.get("target")),
        task,
        hashes.answer(found.get("prompt_hash")),
        UNKNOWN if grade is None else int(grade),
        options,
    )


def _number(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        return float("-inf")
