"""Weights on a server, by HTTP range requests: the header, then a middle part of each tensor; nothing else is fetched.

`hf:owner/name[@revision]` names a repository of a model hub (the standard environment variable HF_ENDPOINT says where
it is), `https://...` one file. Only safetensors can be read this way: its header says where everything lies.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote, urlsplit

import numpy as np
from numpy.typing import NDArray

from clonedetect.errors import WeightsError

ENDPOINT = "https://huggingface.co"
HUB = re.compile(r"hf:(?:models/)?(?P<name>[A-Za-z0-9._-]+(?:/[A-Za-z0-9._-]+)?)(?:@(?P<revision>[^@\s]+))?")
TIMEOUT = 30.0  # seconds that a server may be silent
TRIES = 3
AHEAD = 1 << 18  # bytes asked for at once: most headers fit
MAX_LISTING = 1 << 24
MAX_FETCHED = 1 << 30  # bytes of one file


class _WebOnly(urllib.request.HTTPRedirectHandler):
    """Follows redirections to other web addresses and to nothing else."""

    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:
        if urlsplit(newurl).scheme not in ("http", "https"):
            raise WeightsError(f"{req.full_url}: leads to {newurl[:200]}, which is no web address")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


_OPENER = urllib.request.build_opener(_WebOnly)


def is_remote(path: str) -> bool:
    """Whether the text names weights on a server."""
    return path.startswith("hf:") or urlsplit(path).scheme in ("http", "https")


def _ask(url: str, name: str, span: tuple[int, int] | None, limit: int) -> tuple[bytes, str, str | None]:
    """The body (of bytes `span`, end exclusive), where it came from in the end, and its Content-Range."""
    headers = {"User-Agent": "clonedetect", "Accept-Encoding": "identity"}
    if span is not None:
        headers["Range"] = f"bytes={span[0]}-{span[1] - 1}"
    failure = ""
    for _ in range(TRIES):
        try:
            with _OPENER.open(urllib.request.Request(url, headers=headers), timeout=TIMEOUT) as answer:
                if span is not None and answer.status != 206:
                    raise WeightsError(f"{name}: the server does not answer range requests (status {answer.status})")
                body = answer.read(limit + 1)
                if len(body) > limit:
                    raise WeightsError(f"{name}: the server sends more than the {limit} bytes asked for")
                return body, answer.url, answer.headers.get("Content-Range")
        except urllib.error.HTTPError as error:
            error.close()
            failure = f"status {error.code}"
            if error.code < 500 and error.code != 429:
                break
        except (OSError, http.client.HTTPException, ValueError) as error:
            failure = str(getattr(error, "reason", "") or error) or type(error).__name__
    raise WeightsError(f"{name}: cannot be fetched ({failure[:200]})")


class RangeFile:
    """A file on a server, read by position as `ByteFile` is; safe from several threads."""

    def __init__(self, url: str, name: str) -> None:
        self.path = PurePosixPath(name)
        self._url, self._target = url, url  # the target of redirections is kept
        self._fetched = 0
        self.size = 0
        self._head = b""
        self._head = self._fetch(0, AHEAD)

    def _fetch(self, begin: int, end: int) -> bytes:
        """Bytes [begin, end), fewer where the file ends before."""
        name = str(self.path)
        if self._fetched + end - begin > MAX_FETCHED:
            raise WeightsError(f"{name}: more than {MAX_FETCHED} bytes would be fetched; download it and give its path")
        try:
            body, target, told = _ask(self._target, name, (begin, end), end - begin)
        except WeightsError:
            if self._target == self._url:
                raise
            body, target, told = _ask(self._url, name, (begin, end), end - begin)  # a signed address has expired
        self._target = target
        self._fetched += len(body)
        found = re.fullmatch(r"bytes (\d+)-(\d+)/(\d+)", told or "")
        if found is None:
            raise WeightsError(f"{name}: the server does not say which bytes it sent")
        first, last, size = (int(part) for part in found.groups())
        if (first, last + 1) != (begin, min(end, size)) or len(body) != last + 1 - first:
            raise WeightsError(f"{name}: the server sent other bytes than it was asked for")
        if self.size and size != self.size:
            raise WeightsError(f"{name}: changed while it was read")
        self.size = size
        return body

    def close(self) -> None:
        """Nothing is held open."""

    def read(self, offset: int, length: int) -> bytes:
        """`length` bytes from `offset` on; WeightsError where the file ends earlier."""
        if length < 0 or offset < 0 or offset + length > self.size:
            raise WeightsError(f"{self.path}: truncated (bytes {offset} to {offset + length} of {self.size})")
        if offset + length <= len(self._head):
            return self._head[offset : offset + length]
        return self._fetch(offset, offset + length) if length else b""

    def into(self, offset: int, out: NDArray[np.uint8]) -> None:
        """Fill `out` from byte `offset` on."""
        out[:] = np.frombuffer(self.read(offset, out.nbytes), np.uint8)


def remote_files(text: str, shard_names: Callable[[bytes, str], Sequence[str]]) -> tuple[list[RangeFile], str]:
    """The files of `hf:owner/name[@revision]` or of a URL, opened, and a note that says what exactly was read."""
    if not text.startswith("hf:"):
        place = urlsplit(text)
        name = f"{place.hostname}{place.path}"
        if not name.endswith(".safetensors"):
            raise WeightsError(f"{name}: only .safetensors can be read from a server; download it and give its path")
        return [RangeFile(text, name)], ""
    asked = HUB.fullmatch(text)
    if asked is None:
        raise WeightsError(f"{text}: not a model repository; write hf:owner/name or hf:owner/name@revision")
    repository, wanted = f"hf:{asked['name']}", asked["revision"] or "main"
    endpoint = (os.environ.get("HF_ENDPOINT") or ENDPOINT).rstrip("/")
    listing = f"{endpoint}/api/models/{asked['name']}/revision/{quote(wanted, safe='')}"
    body, _, _ = _ask(listing, repository, None, MAX_LISTING)
    try:
        told = json.loads(body)
        revision = told.get("sha") or wanted
        names = sorted(entry["rfilename"] for entry in told["siblings"])
        present = [name for name in names if "/" not in name]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise WeightsError(f"{repository}: the hub's list of files cannot be read") from error

    def address(name: str) -> str:
        return f"{endpoint}/{asked['name']}/resolve/{quote(str(revision), safe='')}/{quote(name)}"

    for index in [name for name in present if name.endswith(".safetensors.index.json")][:1]:
        text_of, _, _ = _ask(address(index), f"{repository}/{index}", None, MAX_LISTING)
        chosen = [name for name in shard_names(text_of, f"{repository}/{index}") if name in present]
        break
    else:
        chosen = [name for name in present if name.endswith(".safetensors")]
    if not chosen:
        raise WeightsError(f"{repository}: no .safetensors files at its top; download what there is and give its path")
    return [RangeFile(address(name), f"{repository}/{name}") for name in chosen], f"read at revision {revision}"
