"""The channel of left-behind names: the texts of both sides, present and gone."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from clonedetect.acquire import OpenHistory
from clonedetect.corpus import load_terms
from clonedetect.domain.left_behind import Text
from clonedetect.left_behind import left_behind
from clonedetect.parse.notebook import code

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from clonedetect.domain import Snapshot, SourceFile
    from clonedetect.domain.left_behind import LeftBehindFinding
    from clonedetect.pipeline.compared import Compared

LARGEST = 300_000  # bytes of a content of the history that is read
MOST_CONTENTS = 40_000  # contents of one history, oldest first
TEXTS = (".py", ".ipynb", ".md", ".rst", ".txt", ".json", ".yaml", ".yml", ".toml", ".cfg", ".ini")


def examine_left_behind(compared: Compared) -> LeftBehindFinding:
    """The finding of the channel `left_behind`."""
    pairs = sorted({(pair.left.path, pair.right.path) for pair in compared.pairs if pair.explained_by is None})
    sides = []
    for snapshot, files, history in (
        (compared.left, compared.left_files, compared.histories.left),
        (compared.right, compared.right_files, compared.histories.right),
    ):
        walked = history if isinstance(history, OpenHistory) else None
        sides.append((_present(snapshot, files, walked), _gone(snapshot, walked) if walked else ()))
    ancestors = chain.from_iterable(_ancestral(snapshot) for snapshot in compared.ancestors)
    return left_behind(sides[0], sides[1], pairs, ancestors, load_terms(), compared.readings.terms)


def _present(snapshot: Snapshot, files: Sequence[SourceFile], history: OpenHistory | None) -> Iterator[Text]:
    """Source as it was parsed (notebooks as their code) and documents."""
    first = _first_commits(history)
    for file in files:
        yield Text(file.path, file.blob, file.data, True, first.get(file.blob))
    for document in snapshot.documents:
        yield Text(document.path, document.blob, document.data, False, first.get(document.blob))


def _ancestral(snapshot: Snapshot) -> Iterator[Text]:
    for file in snapshot.files:
        yield Text(file.path, file.blob, file.data, not file.notebook)
    for document in snapshot.documents:
        yield Text(document.path, document.blob, document.data, False)


def _first_commits(history: OpenHistory | None) -> dict[str, str]:
    if history is None:
        return {}
    commits = history.walk.commits
    first: dict[str, int] = {}
    for version in history.walk.versions:
        first[version.blob] = min(version.added, first.get(version.blob, version.added))
    return {blob: commits[place].id for blob, place in first.items()}


def _gone(snapshot: Snapshot, history: OpenHistory) -> Iterator[Text]:
    """Commit messages, then contents that the examined revision does not have, oldest first."""
    walk = history.walk
    for commit in walk.commits:
        yield Text("(commit message)", commit.id, commit.message.encode(), False, commit.id)
    present = {entry.blob for entry in snapshot.entries}
    wanted = [v for v in walk.versions if v.blob not in present and v.path.endswith(TEXTS)]
    wanted = sorted(wanted, key=lambda v: (v.added, v.path))[:MOST_CONTENTS]
    where = {version.blob: version for version in reversed(wanted)}
    for blob, data in history.read(list(dict.fromkeys(version.blob for version in wanted)), LARGEST):
        if data is None or b"\0" in data:
            continue
        version = where[blob]
        python = version.path.endswith((".py", ".ipynb"))
        if version.path.endswith(".ipynb"):
            try:
                data = code(data)[0]
            except ValueError:
                continue
        yield Text(version.path, blob, data, python, walk.commits[version.added].id, True)
