"""Tokenizers of two sides: which belong together, and which of several candidates fits best."""

from __future__ import annotations

from itertools import takewhile
from typing import TYPE_CHECKING

from clonedetect.domain.tokenizer import Kinship, TokenizerFinding, TokenizerPair
from clonedetect.tokenizer.added import compare_added, uses
from clonedetect.tokenizer.order import local_order
from clonedetect.tokenizer.reading import from_gguf, read_vocabularies

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from clonedetect.domain.tokenizer import GgufVocabulary
    from clonedetect.tokenizer.vocabulary import Vocabulary

RELATED = 0.7  # lower limit of the share of kept neighbours: above all independent pairs (.50), below all copies (.86)
LEAST_PAIRS = 200  # rank-neighbours; fewer are far apart in rank, and then independent trainings agree in order too
FEW_RELATED = 0.9  # lower limit where there are fewer
LEAST_FEW = 10
MERGES_PREFIX = 20  # equal merges from the first on; two trainings part after a handful
MAX_TOKENIZERS = 6  # of one side; every left one is compared with every right one
NULL = "tokenizers of independent trainings, whose rank-neighbours stand in either order equally often (.5)"
LIMITS = (
    "Many models use one published tokenizer: a common vocabulary shows a common origin of the tokenizer, not of the "
    "model. Added tokens beyond it are a project's own."
)


def compare_tokenizers(
    left: Iterable[tuple[str, bytes]],
    right: Iterable[tuple[str, bytes]],
    left_sources: Sequence[str] = (),
    right_sources: Sequence[str] = (),
    renames: Mapping[str, str] | None = None,
    more: tuple[Sequence[GgufVocabulary], Sequence[GgufVocabulary]] = ((), ()),
) -> TokenizerFinding | str:
    """Compare all tokenizers of two sides, given as (path, bytes), or say why there is nothing.

    left_sources, right_sources: code that may name added tokens; renames: the code's own rename map, left to right;
    more: tokenizers of GGUF headers.
    """
    (ours, skipped), (theirs, skipped_right) = read_vocabularies(left), read_vocabularies(right)
    ours = (*ours, *map(from_gguf, more[0]))[:MAX_TOKENIZERS]
    theirs = (*theirs, *map(from_gguf, more[1]))[:MAX_TOKENIZERS]
    if not ours or not theirs:
        sides = [side for side, found in (("left", ours), ("right", theirs)) if not found]
        bad = [f"{s.path}: {s.reason}" for s in (*skipped, *skipped_right)]
        return f"no tokenizer on the {' and on the '.join(sides)}" + (f" ({'; '.join(bad[:3])})" if bad else "")
    named = [
        uses((text for v in found for _, text in v.added), sources)
        for found, sources in ((ours, left_sources), (theirs, right_sources))
    ]
    pairs = [compare_pair(a, b, named[0], named[1], renames or {}) for a in ours for b in theirs]
    return TokenizerFinding(
        tuple(sorted(pairs, key=_fit)),
        tuple(v.path for v in ours),
        tuple(v.path for v in theirs),
        (*skipped, *skipped_right),
        NULL,
        LIMITS,
    )


def rank(target: Vocabulary, candidates: Sequence[Vocabulary]) -> list[TokenizerPair]:
    """The candidates compared with the target, best fit first: kinship, then equal ids, added tokens and merges."""
    return sorted((compare_pair(target, c) for c in candidates), key=_fit)


def compare_pair(
    left: Vocabulary,
    right: Vocabulary,
    left_uses: Mapping[str, frozenset[str]] | None = None,
    right_uses: Mapping[str, frozenset[str]] | None = None,
    renames: Mapping[str, str] | None = None,
) -> TokenizerPair:
    """Two tokenizers side by side."""
    ours, theirs = dict(_first(left)), dict(_first(right))
    shared = ours.keys() & theirs.keys()
    pairs, share, low, p = local_order(left, right)
    prefix = sum(1 for _ in takewhile(lambda m: m[0] == m[1], zip(left.merges, right.merges, strict=False)))
    same_ids = bool(shared) and all(ours[token] == theirs[token] for token in shared)
    same_bytes = left.content == right.content
    whole = same_ids and len(shared) == len(ours) == len(theirs) and left.merges == right.merges
    relation: Kinship = "identical" if same_bytes or whole else _kinship(pairs, low, prefix)
    return TokenizerPair(
        left=left.path,
        right=right.path,
        left_format=left.format,
        right_format=right.format,
        relation=relation,
        same_bytes=same_bytes,
        same_ids=same_ids,
        left_tokens=len(left.tokens),
        right_tokens=len(right.tokens),
        shared_tokens=len(shared),
        order_pairs=pairs,
        order_share=None if share is None else round(share, 4),
        order_low=None if low is None else round(low, 4),
        p_value=p,
        left_merges=len(left.merges),
        right_merges=len(right.merges),
        shared_merges=len(set(left.merges) & set(right.merges)),
        merges_prefix=prefix,
        same_pattern=_equal(left.pattern, right.pattern),
        same_normaliser=_equal(left.normaliser, right.normaliser),
        added=compare_added(left.added, right.added, left_uses or {}, right_uses or {}, renames or {}),
    )


def _kinship(pairs: int, low: float | None, prefix: int) -> Kinship:
    if prefix >= MERGES_PREFIX:
        return "derived"
    if low is None or pairs < LEAST_FEW:
        return "insufficient"
    if pairs < LEAST_PAIRS:
        return "derived" if low >= FEW_RELATED else "insufficient"
    return "derived" if low >= RELATED else "unrelated"


def _first(vocabulary: Vocabulary) -> Iterable[tuple[bytes, int]]:
    """(token, id), a token that occurs twice with its first id."""
    return ((token, i) for i, token in reversed(vocabulary.tokens))


def _equal(left: str | None, right: str | None) -> bool | None:
    return None if left is None or right is None else left == right


def _fit(pair: TokenizerPair) -> tuple:
    own = sum(row.relation == "kept" and not row.conventional for row in pair.added)
    moved = sum(row.relation == "moved" and not row.conventional for row in pair.added)
    kinship = ("identical", "derived", "insufficient", "unrelated").index(pair.relation)
    overlap = pair.shared_tokens / max(1, pair.left_tokens + pair.right_tokens - pair.shared_tokens)
    share = pair.order_share or 0.0
    figures = (-overlap, -own, -share, -moved, -pair.merges_prefix)
    return (kinship, not pair.same_bytes, *figures, pair.left, pair.right)
