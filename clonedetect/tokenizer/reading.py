"""Tokenizer files of a repository to vocabularies. One bad file is a `skipped` entry with its reason."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from clonedetect.domain import Skipped
from clonedetect.tokenizer.sentencepiece import CONTROL, USER, read_model
from clonedetect.tokenizer.vocabulary import Vocabulary, as_bytes, style_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from clonedetect.domain.tokenizer import GgufVocabulary

MAX_BYTES = 64_000_000  # the largest published tokenizer.json has about half of it
MAX_TOKENS = 2_000_000
MAX_CONTENT = 1_000  # characters of an added token that is kept
_VOCABULARIES = ("vocab.json", "encoder.json")
_MERGES = ("merges.txt", "vocab.bpe")
_SIDE_FILES = ("added_tokens.json", "special_tokens_map.json", "tokenizer_config.json")


def is_tokenizer_file(path: str) -> bool:
    """Whether a file's name says that it is (part of) a tokenizer."""
    name = path.rpartition("/")[2].lower()
    known = {"tokenizer.json", "tekken.json", "vocab.txt", *_VOCABULARIES, *_MERGES, *_SIDE_FILES}
    return name in known or name.endswith((".tiktoken", ".spm")) or _is_model(name)


def read_vocabularies(files: Iterable[tuple[str, bytes]]) -> tuple[tuple[Vocabulary, ...], tuple[Skipped, ...]]:
    """The tokenizers among (path, bytes), by path, and the files that could not be read.

    Files of one directory that say the same tokenizer in several ways are one: tokenizer.json before the others, the
    lists of added tokens with the vocabulary they stand beside.
    """
    folders: dict[str, dict[str, bytes]] = defaultdict(dict)
    found: list[Vocabulary] = []
    skipped: list[Skipped] = []
    for path, data in files:
        if is_tokenizer_file(path):
            folder, _, name = path.rpartition("/")
            folders[folder][name] = data
    for folder, members in sorted(folders.items()):
        lower = {name.lower(): name for name in sorted(members)}
        side = [members[lower[name]] for name in _SIDE_FILES if name in lower]
        for name in _main_files(list(lower)):
            path = f"{folder}/{lower[name]}" if folder else lower[name]
            merges = next((members[lower[m]] for m in _MERGES if m in lower), b"")
            try:
                found.append(read_vocabulary(path, members[lower[name]], merges, side))
            except ValueError as error:
                skipped.append(Skipped(path, f"no readable tokenizer: {error}"))
    return tuple(sorted(found, key=lambda v: v.path)), tuple(sorted(skipped, key=lambda s: s.path))


def _main_files(names: list[str]) -> list[str]:
    """The files of a directory that are a tokenizer each."""
    if "tokenizer.json" in names:
        return ["tokenizer.json"]
    if "tekken.json" in names:
        return ["tekken.json"]
    single = [n for n in names if n.endswith((".tiktoken", ".spm")) or _is_model(n)]
    return single or [n for n in (*_VOCABULARIES, "vocab.txt") if n in names][:1]


def _is_model(name: str) -> bool:
    """`tokenizer.model`, `spiece.model`, `sentencepiece.bpe.model`, `tokenizer.model.v3`."""
    head, dot, _ = name.partition(".model")
    return bool(dot) and any(word in head for word in ("token", "piece", "spm", "source", "target"))


def read_vocabulary(path: str, data: bytes, merges: bytes = b"", side: Sequence[bytes] = ()) -> Vocabulary:
    """One tokenizer from its main file, a merges file and JSON lists of added tokens. Raises ValueError."""
    if len(data) > MAX_BYTES:
        raise ValueError(f"larger than {MAX_BYTES:,} bytes ({len(data):,})")
    name = path.rpartition("/")[2].lower()
    if name.endswith(".json"):
        raw = _json(data)
        if name.startswith("tekken"):
            vocabulary = _tekken(path, data, raw)
        elif isinstance(raw.get("model"), dict):
            vocabulary = _tokenizer_json(path, data, raw)
        else:
            vocabulary = _vocab_json(path, data, raw, merges)
    elif name.endswith(".txt"):
        pieces = data.decode("utf-8", "replace").splitlines()
        vocabulary = Vocabulary(path, _digest(data), "vocab.txt", _numbered(pieces, style_of(pieces)))
    elif _looks_like_tiktoken(data):
        vocabulary = _tiktoken(path, data)
    else:
        vocabulary = _sentencepiece(path, data)
    added = dict(vocabulary.added)
    for extra in side:
        added |= _added_beside(extra, vocabulary)
    if not vocabulary.tokens:
        raise ValueError("no tokens")
    if len(vocabulary.tokens) > MAX_TOKENS:
        raise ValueError(f"more than {MAX_TOKENS:,} tokens")
    special = {text.encode("utf-8", "surrogatepass") for text in added.values()}
    tokens = tuple((i, t) for i, t in vocabulary.tokens if not (i in added and (t in special or t.strip() in special)))
    return Vocabulary(
        path,
        vocabulary.content,
        vocabulary.format,
        tokens,
        vocabulary.merges,
        tuple(sorted(added.items())),
        vocabulary.pattern,
        vocabulary.normaliser,
    )


def from_gguf(header: GgufVocabulary) -> Vocabulary:
    """The tokenizer that a GGUF header holds."""
    style = style_of(list(header.tokens))
    kinds = header.kinds or (1,) * len(header.tokens)
    added = tuple((i, t) for i, (t, k) in enumerate(zip(header.tokens, kinds, strict=False)) if k in (CONTROL, USER))
    special = dict(added)
    tokens = tuple((i, t) for i, t in _numbered(list(header.tokens), style) if i not in special)
    merges = tuple(_merge(m, style) for m in header.merges if " " in m)
    content = _digest("\0".join(header.tokens).encode("utf-8", "surrogatepass"))
    return Vocabulary(header.path, content, "gguf", tokens, merges, added, header.splitter)


def _json(data: bytes) -> dict[str, Any]:
    try:
        raw = json.loads(data.decode("utf-8", "replace"))
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if not isinstance(raw, dict):
        raise ValueError("not a JSON object")
    return raw


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _numbered(pieces: list[str], style: str) -> tuple[tuple[int, bytes], ...]:
    return tuple(enumerate(as_bytes(pieces, style)))


def _by_id(table: Mapping[Any, Any], style: str | None = None) -> tuple[tuple[int, bytes], ...]:
    """A piece-to-id table by id; entries whose id is no number are left out."""
    rows = sorted((i, p) for p, i in table.items() if type(i) is int and isinstance(p, str))
    pieces = [piece for _, piece in rows]
    return tuple(zip((i for i, _ in rows), as_bytes(pieces, style or style_of(pieces)), strict=True))


def _merge(line: str | list[str], style: str) -> tuple[bytes, bytes]:
    left, right = line if isinstance(line, list) else line.split(" ", 1)
    first, second = as_bytes([left, right], style)
    return first, second


def _is_merge(line: object) -> bool:
    if isinstance(line, list):
        return len(line) == 2 and all(isinstance(part, str) for part in line)
    return isinstance(line, str) and " " in line.strip() and not line.startswith("#version")


def _tokenizer_json(path: str, data: bytes, raw: dict[str, Any]) -> Vocabulary:
    model = raw["model"]
    vocab = model.get("vocab")
    if isinstance(vocab, list):  # Unigram: [piece, score] by id
        pieces = [str(row[0]) for row in vocab if isinstance(row, list) and row]
        style = style_of(pieces)
        tokens = _numbered(pieces, style)
    elif isinstance(vocab, dict):
        style = style_of([p for p in vocab if isinstance(p, str)])
        tokens = _by_id(vocab, style)
    else:
        raise ValueError("no vocabulary in its model")
    lines = model.get("merges")
    merges = tuple(_merge(m, style) for m in lines if _is_merge(m)) if isinstance(lines, list) else ()
    added = [
        (row["id"], row["content"])
        for row in raw.get("added_tokens") or ()
        if isinstance(row, dict) and type(row.get("id")) is int and isinstance(row.get("content"), str)
    ]
    return Vocabulary(
        path,
        _digest(data),
        "tokenizer.json",
        tokens,
        merges,
        tuple((i, text[:MAX_CONTENT]) for i, text in sorted(added)),
        _patterns(raw.get("pre_tokenizer")),
        _rule(raw.get("normalizer")),
    )


def _patterns(rule: object) -> str | None:
    """The regular expressions of a pre-tokenizer in their order, None where it has none."""
    found: list[str] = []
    todo = [rule]
    while todo:
        at = todo.pop()
        if isinstance(at, dict):
            for key in ("Regex", "String"):
                if isinstance(at.get(key), str):
                    found.append(at[key])
            todo.extend(reversed([v for v in at.values() if isinstance(v, dict | list)]))
        elif isinstance(at, list):
            todo.extend(reversed(at))
    return "\n".join(found) or None


def _rule(rule: object) -> str | None:
    return json.dumps(rule, sort_keys=True, separators=(",", ":")) if rule else None


def _vocab_json(path: str, data: bytes, raw: dict[str, Any], merges: bytes) -> Vocabulary:
    style = style_of([p for p in raw if isinstance(p, str)])
    lines = merges[:MAX_BYTES].decode("utf-8", "replace").splitlines()
    return Vocabulary(
        path,
        _digest(data),
        "vocab.json",
        _by_id(raw, style),
        tuple(_merge(line, style) for line in lines if _is_merge(line)),
    )


def _looks_like_tiktoken(data: bytes) -> bool:
    first = data[:400].split(b"\n", 1)[0].split(b" ")
    try:
        return len(first) == 2 and first[1].strip().isdigit() and bool(base64.b64decode(first[0], validate=True))
    except binascii.Error:
        return False


def _tiktoken(path: str, data: bytes) -> Vocabulary:
    tokens = []
    for number, line in enumerate(data.splitlines(), 1):
        if not line.strip():
            continue
        try:
            text, rank = line.split()
            # published files end with "= 50256": the place of a special token, written as an empty one
            tokens.append((int(rank), b"" if text == b"=" else base64.b64decode(text, validate=True)))
        except ValueError as error:  # binascii.Error is one
            raise ValueError(f"line {number} is no `base64 rank`") from error
    return Vocabulary(path, _digest(data), "tiktoken", tuple(sorted(tokens)))


def _tekken(path: str, data: bytes, raw: dict[str, Any]) -> Vocabulary:
    tokens, added = [], []
    rows = raw.get("vocab")
    if not isinstance(rows, list):
        raise ValueError("no vocabulary")
    for row in rows:
        if not isinstance(row, dict) or type(row.get("rank")) is not int or not isinstance(row.get("token_bytes"), str):
            raise ValueError("a row of the vocabulary has no rank or no bytes")
        try:
            tokens.append((row["rank"], base64.b64decode(row["token_bytes"], validate=True)))
        except binascii.Error as error:
            raise ValueError("a token is no base64") from error
    for row in raw.get("special_tokens") or ():
        if isinstance(row, dict) and type(row.get("rank")) is int and isinstance(row.get("token_str"), str):
            added.append((row["rank"], row["token_str"][:MAX_CONTENT]))
    config = raw.get("config")
    pattern = config.get("pattern") if isinstance(config, dict) else None
    return Vocabulary(
        path,
        _digest(data),
        "tekken.json",
        tuple(sorted(tokens)),
        added=tuple(sorted(added)),
        pattern=pattern if isinstance(pattern, str) else None,
    )


def _sentencepiece(path: str, data: bytes) -> Vocabulary:
    pieces, model, rule = read_model(data)
    added = tuple((i, t[:MAX_CONTENT]) for i, (t, kind) in enumerate(pieces) if kind in (CONTROL, USER))
    special = dict(added)
    texts = as_bytes([text for text, _ in pieces], "pieces")
    tokens = tuple((i, texts[i]) for i in range(len(pieces)) if i not in special)
    return Vocabulary(path, _digest(data), f"sentencepiece {model}", tokens, added=added, normaliser=rule or None)


def _added_beside(data: bytes, vocabulary: Vocabulary) -> dict[int, str]:
    """Added tokens that added_tokens.json, special_tokens_map.json or tokenizer_config.json name, by id."""
    if len(data) > MAX_BYTES:
        return {}
    try:
        raw = _json(data)
    except ValueError:
        return {}
    found: dict[int, str] = {}
    decoder = raw.get("added_tokens_decoder")
    for key, entry in (decoder if isinstance(decoder, dict) else {}).items():
        if isinstance(entry, dict) and isinstance(entry.get("content"), str) and key.isascii() and key.isdigit():
            found[int(key)] = entry["content"][:MAX_CONTENT]
    if all(type(value) is int for value in raw.values()):  # added_tokens.json
        found |= {value: key[:MAX_CONTENT] for key, value in raw.items()}
    by_text = {token: i for i, token in vocabulary.tokens}
    for key, value in raw.items():
        text = value.get("content") if isinstance(value, dict) else value
        if key.endswith("_token") and isinstance(text, str):
            at = by_text.get(text.encode("utf-8", "surrogatepass"))
            if at is not None:
                found.setdefault(at, text[:MAX_CONTENT])
    return found
