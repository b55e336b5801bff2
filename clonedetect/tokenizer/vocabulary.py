"""A tokenizer as values: tokens as bytes by id, merges, added tokens, splitting pattern and normaliser."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

_BYTE_TOKEN = re.compile(r"<0x([0-9A-Fa-f]{2})>")
WORD_START = "\u2581"  # how SentencePiece writes a space
BYTE_LEVEL_SHARE = 0.98  # of the tokens must be writable in the byte alphabet; added ones may not be


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """One tokenizer. `tokens` are (id, bytes) by id, without the added ones; `content` identifies the file's bytes."""

    path: str
    content: str
    format: str
    tokens: tuple[tuple[int, bytes], ...]
    merges: tuple[tuple[bytes, bytes], ...] = ()
    added: tuple[tuple[int, str], ...] = ()
    pattern: str | None = None
    normaliser: str | None = None


@cache
def byte_alphabet() -> dict[str, int]:
    """Character to byte, in the alphabet that byte-level tokenizers write every byte in (Radford et al. 2019)."""
    shown = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    hidden = [byte for byte in range(256) if byte not in set(shown)]
    return {chr(byte): byte for byte in shown} | {chr(256 + i): byte for i, byte in enumerate(hidden)}


def is_byte_level(pieces: list[str]) -> bool:
    """Whether the pieces are written in the byte alphabet: they use its letters above 0xFF and hardly any other."""
    alphabet = byte_alphabet()
    inside = above = 0
    for piece in pieces:
        if all(c in alphabet for c in piece):
            inside += 1
            above += any(ord(c) > 0xFF for c in piece)
    return above > 0 and inside >= BYTE_LEVEL_SHARE * len(pieces)


def as_bytes(pieces: list[str], style: str) -> list[bytes]:
    """Pieces as the bytes they stand for.

    style: `byte-level` (the byte alphabet), `wordpiece` (`##` continues a word, so a piece without it begins one), or
    `pieces` (a lower one eighth block begins a word, `<0xAB>` is a byte, `</w>` ends a word).
    """
    if style == "byte-level":
        alphabet = byte_alphabet()
        return [
            bytes(alphabet[c] for c in piece) if all(c in alphabet for c in piece) else _utf8(piece) for piece in pieces
        ]
    if style == "wordpiece":
        return [_utf8(piece[2:]) if piece.startswith("##") else b" " + _utf8(piece) for piece in pieces]
    return [_piece(piece) for piece in pieces]


def _piece(piece: str) -> bytes:
    if found := _BYTE_TOKEN.fullmatch(piece):
        return bytes([int(found[1], 16)])
    if piece.endswith("</w>"):
        piece = piece[:-4] + " "
    return _utf8(piece.replace(WORD_START, " "))


def _utf8(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def style_of(pieces: list[str]) -> str:
    """How the pieces are written, told by the pieces themselves."""
    if is_byte_level(pieces):
        return "byte-level"
    continued = sum(piece.startswith("##") for piece in pieces)
    starts = sum(WORD_START in piece for piece in pieces)
    return "wordpiece" if continued > max(starts, len(pieces) // 100) else "pieces"
