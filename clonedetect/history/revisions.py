"""Which revision of one side fits the other best, decided by the fragments that changed between revisions.

Two versions of a project cannot be told apart by what did not change: a fragment of the other side counts only if its
likeness to the best fragment of a revision differs between revisions. Likeness is the weighted Jaccard coefficient of
content features (own names are one symbol, so renaming does not matter), rare features weighing more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from clonedetect.domain import Background, Features
from clonedetect.domain.history import BestRevision, HistoryWalk, RevisionFit
from clonedetect.domain.trees import Side
from clonedetect.history.flags import iso

if TYPE_CHECKING:
    from scipy import sparse

RELATED: Final = 0.5  # likeness that a fragment must reach in some revision to say anything
DIFFERS: Final = 0.005  # difference in likeness between revisions that counts
PRODUCTS: Final = 20_000_000  # occurrences against occurrences at most: the commonest features are left out first
PARTNERS: Final = 60  # contents that one fragment is compared with at most
MOST_REVISIONS: Final = 400
LISTED: Final = 20


@dataclass(frozen=True, slots=True)
class Revision:
    """One candidate: its name and the numbers of its files in the pool."""

    name: str
    commit: str
    date: str | None
    files: frozenset[int]


def revisions_of(walk: HistoryWalk, blobs: Sequence[str]) -> list[Revision]:
    """The revisions of a history at which the set of the pool's contents changed, oldest first.

    Branches are read as one line by date. A revision is named by the first tag that shares its contents, or else by the
    short id of its first commit. Of more than `MOST_REVISIONS` the tagged ones and an even choice are kept.
    """
    number = {blob: n for n, blob in enumerate(blobs)}
    come: dict[int, set[int]] = {}
    gone: dict[int, set[int]] = {}
    for version in walk.versions:
        if version.blob in number:
            come.setdefault(version.added, set()).add(number[version.blob])
            if version.removed >= 0:
                gone.setdefault(version.removed, set()).add(number[version.blob])
    tags: dict[str, str] = {}
    for name, commit in reversed(walk.tags):
        tags[commit] = name
    out: list[Revision] = []
    named: list[bool] = []
    present: set[int] = set()
    for n, commit in enumerate(walk.commits):
        changed = (present - gone.get(n, set())) | come.get(n, set())
        tag = tags.get(commit.id)
        if changed != present or not out:
            present = changed
            out.append(Revision(tag or commit.id[:12], commit.id, iso(commit.committed), frozenset(present)))
            named.append(tag is not None)
        elif tag is not None and not named[-1]:
            out[-1] = Revision(tag, commit.id, iso(commit.committed), out[-1].files)
            named[-1] = True
    kept = [n for n, revision in enumerate(out) if revision.files]
    if len(kept) > MOST_REVISIONS:
        tagged = [n for n in kept if named[n]]
        even = np.linspace(0, len(kept) - 1, max(2, MOST_REVISIONS - len(tagged))).astype(int)
        kept = sorted({*tagged[-MOST_REVISIONS:], *(kept[int(n)] for n in even)})
    return [out[n] for n in kept]


def fit_revisions(
    side: Side,
    pool: Features,
    pool_file: NDArray[np.int64],
    target: Features,
    names: Sequence[str],
    revisions: Sequence[Revision],
    background: Background,
) -> BestRevision | None:
    """Rank revisions of `side` by how well they fit the other side; None where nothing tells them apart.

    pool: the fragments of all files of all revisions, `pool_file` the file of each; target: the other side's
    fragments, `names` what to call each. Of revisions that fit equally well the one that has least besides comes
    first, then the oldest.
    """
    content, fragment = np.unique(_contents(pool), return_inverse=True)
    if len(revisions) < 2 or not len(content) or not len(target.place):
        return None
    first = np.zeros(len(content), np.int64)
    first[fragment[::-1]] = np.arange(len(fragment))[::-1]
    alike = _likeness(target, pool, first, background)  # target fragments by distinct contents
    holds = _incidence(revisions, pool_file, fragment, len(content))
    best = np.zeros((len(target.place), len(revisions)))
    back = np.zeros(len(content))
    coo = alike.tocoo()
    np.maximum.at(back, coo.col, coo.data)
    for n, held in enumerate(holds):
        inside = held[coo.col]
        np.maximum.at(best[:, n], coo.row[inside], coo.data[inside])
    spread = best.max(axis=1) - best.min(axis=1)
    deciding = np.flatnonzero((best.max(axis=1) >= RELATED) & (spread > DIFFERS))
    besides = np.array([float((1.0 - back[held]).sum()) for held in holds])
    if not len(deciding):
        return None
    score = best[deciding].mean(axis=0)
    exact = (best[deciding] >= 1.0 - 1e-9).sum(axis=0)
    order = sorted(range(len(revisions)), key=lambda n: (-round(float(score[n]), 6), round(besides[n], 6), n))
    top = order[0]
    ties = [n for n in order[1:] if abs(score[n] - score[top]) < 1e-6]
    gain = best[deciding, top] - best[deciding, order[1 + len(ties)] if len(ties) + 1 < len(order) else order[-1]]
    told = deciding[np.lexsort((deciding, -spread[deciding], -gain))]
    fits = tuple(
        RevisionFit(revisions[n].name, revisions[n].commit, revisions[n].date, round(float(score[n]), 4), int(exact[n]))
        for n in order[:LISTED]
    )
    return BestRevision(
        side=side,
        name=revisions[top].name,
        commit=revisions[top].commit,
        ties=tuple(revisions[n].name for n in ties[:LISTED]),
        deciding=tuple(names[n] for n in told[:LISTED].tolist()),
        fits=fits,
    )


def _contents(features: Features) -> NDArray[np.uint64]:
    """One number for the content of each bag: equal bags, equal numbers."""
    mixed = (features.feature * np.uint64(0x9E3779B97F4A7C15)) ^ (features.feature >> np.uint64(29))
    mixed = mixed * (np.uint64(2) * features.count.astype(np.uint64) + np.uint64(1))
    sums = np.concatenate((np.zeros(1, np.uint64), np.cumsum(mixed, dtype=np.uint64)))
    start = features.start.astype(np.int64)
    return sums[start[1:]] - sums[start[:-1]]


def _likeness(target: Features, pool: Features, first: NDArray[np.int64], background: Background) -> sparse.csr_matrix:
    """Weighted Jaccard of each target bag with the distinct pool bags that share rare features with it."""
    from scipy import sparse  # its start-up is longer than a scan of a few files

    vocabulary = np.unique(np.concatenate((target.feature, pool.feature)))
    weight = 0.5 + background.bits(vocabulary)
    a = _matrix(target, vocabulary, np.arange(len(target.place)))
    b = _matrix(pool, vocabulary, first)
    df_a = np.bincount(a.indices, minlength=len(vocabulary)).astype(np.int64)
    df_b = np.bincount(b.indices, minlength=len(vocabulary)).astype(np.int64)
    product = df_a * df_b
    usable = np.flatnonzero(product)
    usable = usable[np.argsort(product[usable], kind="stable")]
    usable = usable[: int(np.searchsorted(np.cumsum(product[usable]), PRODUCTS)) + 1]
    x, y = a[:, usable].copy(), b[:, usable].copy()
    x.data[:], y.data[:] = 1.0, 1.0
    shared = (x @ sparse.diags(weight[usable]) @ y.T).tocsr()
    total_a, total_b = a @ weight, b @ weight
    rows: list[NDArray[np.int64]] = []
    columns: list[NDArray[np.int64]] = []
    for n in range(len(target.place)):
        at = slice(shared.indptr[n], shared.indptr[n + 1])
        found, value = shared.indices[at].astype(np.int64), shared.data[at]
        value = value / (total_a[n] + total_b[found] + 1e-9)
        keep = np.lexsort((found, -value))[:PARTNERS]
        rows.append(np.full(len(keep), n))
        columns.append(found[keep])
    row, column = np.concatenate(rows), np.concatenate(columns)
    values = np.zeros(len(row))
    for at in range(0, len(row), 20_000):
        part = slice(at, at + 20_000)
        both = a[row[part]].minimum(b[column[part]]) @ weight
        values[part] = both / np.maximum(total_a[row[part]] + total_b[column[part]] - both, 1e-9)
    return sparse.csr_matrix((values, (row, column)), shape=shared.shape)


def _matrix(features: Features, vocabulary: NDArray[np.uint64], bags: NDArray[np.int64]) -> sparse.csr_matrix:
    """Chosen bags by features; a feature's n-th occurrence says less than its first."""
    from scipy import sparse  # its start-up is longer than a scan of a few files

    index = np.searchsorted(vocabulary, features.feature)
    counts = 1.0 + np.log2(features.count.astype(np.float64))
    matrix = sparse.csr_matrix((counts, index, features.start), shape=(len(features.place), len(vocabulary)))
    return matrix[bags]


def _incidence(
    revisions: Sequence[Revision], pool_file: NDArray[np.int64], fragment: NDArray[np.int64], contents: int
) -> list[NDArray[np.bool_]]:
    """Which distinct contents each revision has."""
    by_file: dict[int, list[int]] = {}
    for file, content in zip(pool_file.tolist(), fragment.tolist(), strict=True):
        by_file.setdefault(file, []).append(content)
    out = []
    for revision in revisions:
        held = np.zeros(contents, bool)
        held[[content for file in revision.files for content in by_file.get(file, ())]] = True
        out.append(held)
    return out
