"""What two tokenizers have in common: order of the vocabulary, merges, added tokens, splitting rules."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from clonedetect.domain.trees import Skipped

Kinship = Literal["identical", "derived", "unrelated", "insufficient"]
Placement = Literal["kept", "moved", "renamed", "dropped", "added"]


@dataclass(frozen=True, slots=True)
class GgufVocabulary:
    """The tokenizer keys of a GGUF header (`tokenizer.ggml.*`), as a reader of weights found them.

    kinds: the type of each token (1 normal, 3 control, 4 user-defined, 6 byte), by rank; merges: "left right".
    """

    path: str
    model: str
    tokens: tuple[str, ...]
    kinds: tuple[int, ...]
    merges: tuple[str, ...]
    splitter: str | None


@dataclass(frozen=True, slots=True)
class AddedToken:
    """One added token on either side.

    relation: kept (same id and content), moved (same content, other id), renamed (other content, same use), dropped
    (left only), added (right only). reason: why it counts as renamed. conventional: every other tokenizer has it
    (`<s>`, `[CLS]`). used_left, used_right: whether code of that side names it.
    """

    relation: Placement
    left: str | None
    left_id: int | None
    right: str | None
    right_id: int | None
    reason: str
    conventional: bool
    used_left: bool
    used_right: bool


@dataclass(frozen=True, slots=True)
class TokenizerPair:
    """Two tokenizers side by side.

    shared_tokens: equal as bytes; order_pairs: rank-neighbours among the shared tokens of more than two bytes;
    order_share: how many of these stand in the same order on the other side, 0..1 (independent: .5), order_low its
    lower confidence limit (99.9 %, block bootstrap); p_value: of a share this high if neighbours had no common order.
    merges_prefix: merges equal from the first on. same_ids: every shared token has the same id.
    """

    left: str
    right: str
    left_format: str
    right_format: str
    relation: Kinship
    same_bytes: bool
    same_ids: bool
    left_tokens: int
    right_tokens: int
    shared_tokens: int
    order_pairs: int
    order_share: float | None
    order_low: float | None
    p_value: float | None
    left_merges: int
    right_merges: int
    shared_merges: int
    merges_prefix: int
    same_pattern: bool | None
    same_normaliser: bool | None
    added: tuple[AddedToken, ...]


@dataclass(frozen=True, slots=True)
class TokenizerFinding:
    """All tokenizers of both sides, the pairs that fit best first, and what could not be read."""

    pairs: tuple[TokenizerPair, ...]
    left_files: tuple[str, ...]
    right_files: tuple[str, ...]
    skipped: tuple[Skipped, ...]
    null_hypothesis: str
    limits: str
