"""What is asked of a corpus, as Ibis expressions: the same ones run on DuckDB and on a Spark cluster.

Tables: `prints` (repository, fragment, hash, kind, count, weight), `fragments` (as `FRAGMENTS`, without fingerprints),
and of the repository at hand `query` (bag, hash, count, weight, told: 0 for own names, else 1) and `bags` (bag, bits).
Weights are in bits.
"""

from __future__ import annotations

from typing import Any

import ibis
from ibis import _

from clonedetect.corpus.arrow import FEATURE, SKIPPED, UNIT
from clonedetect.domain import BITS_STEP

Table = Any  # an Ibis table: which columns it has is known when it runs, not to a type checker
LEAST_SHARED = 12.0  # bits of rare features that a fragment must share to be looked at
BEST = 6  # partners kept for each fragment
DAMP = 20.0  # bits: a small fragment's few bits must not lose against what large ones share by their size


def fragment_rows(nested: Table) -> Table:
    """The fragments of what was fingerprinted."""
    return nested.filter(nested.kind != SKIPPED).drop("fingerprints").order_by("repository", "fragment")


def fingerprint_rows(nested: Table) -> Table:
    """One row a fingerprint, by hash."""
    each = nested.select("repository", "fragment", one=nested.fingerprints.unnest())
    fields = {name: each.one[name] for name in ("hash", "kind", "count", "weight")}
    return by_hash(each.select("repository", "fragment", **fields))


def by_hash(prints: Table) -> Table:
    """Fingerprints with their partition, the first 4 bits of the hash, in order within it."""
    parted = prints.mutate(prefix=((prints.hash >> 60) & 15).cast("int32"))
    return parted.order_by("prefix", "hash", "repository", "fragment")


def counts(nested: Table) -> Table:
    """How many fragments each repository has, and how many of its files were not examined."""
    skipped = (nested.kind == SKIPPED).sum()
    return nested.group_by("repository").agg(fragments=nested.count() - skipped, skipped=skipped)


def without(table: Table, repositories: list[int]) -> Table:
    """The rows of other repositories."""
    return table.filter(~table.repository.isin(repositories))


def frequency(prints: Table, hashes: Table) -> Table:
    """How many fragments of the corpus have each of these hashes; none is left out."""
    return prints.semi_join(hashes, "hash").group_by("hash").agg(fragments=_.count())


def best_partners(prints: Table, fragments: Table, rare: Table, bags: Table) -> Table:
    """For each bag the fragments that share most of its `rare` features (bag, hash, rarity), for the sizes of both."""
    hit = prints.select("repository", "fragment", "hash").join(rare, "hash")
    total: Any = _.rarity.sum()
    shared = hit.group_by("bag", "repository", "fragment").agg(shared=total).filter(_.shared >= LEAST_SHARED)
    size = fragments.select("repository", "fragment", size=fragments.bits)
    both = shared.join(size, ["repository", "fragment"]).join(bags, "bag")
    scored = both.select(
        "bag", "repository", "fragment", score=both.shared * both.shared / (both.size + both.bits + DAMP)
    )
    order = [ibis.desc("score"), ibis.asc("repository"), ibis.asc("fragment")]
    place = ibis.row_number().over(ibis.window(group_by="bag", order_by=order))
    return scored.mutate(place=place).filter(_.place < BEST).select("bag", "repository", "fragment")


def matched_bits(prints: Table, fragments: Table, query: Table, partners: Table) -> Table:
    """The partners with all the bits they share with their bag, and what the corpus knows of them.

    A feature weighs the lesser of what it does on the two sides, and its n-th occurrence less than the first: 1 + log2
    n in all, as in a scan. `left_told` and `right_told` are the bits of each side that the shared features account for:
    all of theirs but what one side's further occurrences add. A side's own names are not among its bits.
    """
    # By one column first: an engine filters by such a join while it reads.
    some = prints.semi_join(partners, "repository")
    features = some.filter(some.kind != UNIT)
    stored = features.select(
        "repository",
        "fragment",
        "hash",
        theirs=features["count"],
        stored=features.weight / BITS_STEP,
        foreign=(features.kind == FEATURE).cast("float64"),
    )
    near: Any = stored.join(partners, ["repository", "fragment"]).join(query, ["bag", "hash"])
    near = near.mutate(
        least=ibis.least(near.weight, near.stored),
        ours=1.0 + near["count"].cast("float64").log2(),
        theirs=1.0 + near.theirs.cast("float64").log2(),
    )
    near = near.mutate(both=ibis.least(near.ours, near.theirs))
    matched = near.group_by("bag", "repository", "fragment").agg(
        matched=(near.least * near.both).sum(),
        left_told=(near.told * (near.weight * near.ours - near.least * (near.ours - near.both))).sum(),
        right_told=(near.foreign * (near.stored * near.theirs - near.least * (near.theirs - near.both))).sum(),
    )
    return matched.join(fragments, ["repository", "fragment"]).order_by("bag", "repository", "fragment")
