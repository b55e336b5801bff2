"""A zip file in which a changed byte is found, and that is the same for the same content.

Members stand in the order of their names with one fixed date; `manifest.json` lists the SHA-256 of each. The comment of
the archive holds the SHA-256 of every byte before it, so that the zip's own structure is covered too. That is
integrity, not authorship: whoever has the bundle's own SHA-256 from elsewhere can tell that it is the same bundle.
"""

from __future__ import annotations

import hashlib
import json
import re
import stat
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from clonedetect.errors import BundleError

FORMAT: Final = "clonedetect-bundle/1"
MANIFEST: Final = "manifest.json"
MAX_MEMBERS: Final = 1_000_000
MAX_MANIFEST: Final = 256_000_000  # bytes
MAX_RATIO: Final = 100  # of all members' bytes to the archive's; beyond it, and beyond FREE, it is a bomb
FREE: Final = 256_000_000
_DATE: Final = (1980, 1, 1, 0, 0, 0)
_CHUNK: Final = 1 << 20
_NAME: Final = re.compile(r"[^\x00-\x1f\x7f/\\:*?\"<>|]{1,200}")  # of one part: nothing that any system reads as more
_COMMENT: Final = re.compile(rb"clonedetect-bundle/1 sha256:([0-9a-f]{64})")
_COMMENT_BYTES: Final = len(FORMAT) + len(" sha256:") + 64


@dataclass(frozen=True, slots=True)
class Archive:
    """An archive whose bytes, names and sizes were checked. `sha256` is that of the whole file."""

    path: Path
    sha256: str
    members: Mapping[str, tuple[str, int]]  # name -> (sha256, bytes), manifest.json left out

    def read(self, name: str, most: int) -> bytes:
        """A member's content. Raises BundleError where it is not there, larger than `most` or not what is listed."""
        if name not in self.members:
            raise BundleError(f"{self.path.name} has no {name}")
        if self.members[name][1] > most:
            raise BundleError(f"{self.path.name}: {name} is larger than {most:,} bytes")
        return b"".join(self._checked(name))

    def extract(self, name: str, target: Path) -> Path:
        """Write a member's content to `target`, which is the caller's choice and never the archive's."""
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as out:
            for chunk in self._checked(name):
                out.write(chunk)
        return target

    def _checked(self, name: str) -> Iterator[bytes]:
        digest, size = self.members[name]
        seen = hashlib.sha256()
        try:
            with zipfile.ZipFile(self.path) as archive, archive.open(name) as stream:
                for chunk in _chunks(stream, size, name):
                    seen.update(chunk)
                    yield chunk
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError) as error:
            raise BundleError(f"{self.path.name}: {name} is damaged: {error}") from error
        if seen.hexdigest() != digest:
            raise BundleError(f"{self.path.name}: {name} was altered: its SHA-256 is not that of {MANIFEST}")


def _chunks(stream: IO[bytes], size: int, name: str) -> Iterator[bytes]:
    """A stream's bytes, never more than `size` of them."""
    left = size
    while chunk := stream.read(min(_CHUNK, left + 1)):
        left -= len(chunk)
        if left < 0:
            raise BundleError(f"{name} holds more than the {size:,} bytes that are listed")
        yield chunk
    if left:
        raise BundleError(f"{name} holds fewer than the {size:,} bytes that are listed")


# ---------------------------------------------------------------- writing


def write_archive(path: Path, members: Mapping[str, bytes | Path]) -> str:
    """Write the members (content, or a file that holds it), whole or not at all. Returns the SHA-256 of the file.

    Equal members give equal bytes. Raises BundleError where the file cannot be written.
    """
    partial = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        listed = [{"path": _named(name), **_hashed(members[name])} for name in sorted(members)]
        manifest = json.dumps({"format": FORMAT, "files": listed}, indent=1, ensure_ascii=True).encode()
        with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
            _put(archive, MANIFEST, manifest)
            for name in sorted(members):
                _put(archive, name, members[name])
            archive.comment = f"{FORMAT} sha256:{'0' * 64}".encode()
        with partial.open("r+b") as stream:
            end = stream.seek(-64, 2)
            digest, _ = _digests(partial, end - (_COMMENT_BYTES - 64))
            stream.write(digest.encode())
        whole, _ = _digests(partial, None)
        partial.replace(path)
        return whole
    except OSError as error:
        raise BundleError(f"cannot write {path}: {error.strerror or error}") from error
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)


def _put(archive: zipfile.ZipFile, name: str, content: bytes | Path) -> None:
    info = zipfile.ZipInfo(name, _DATE)
    info.create_system = 3  # the same on every system
    info.external_attr = (stat.S_IFREG | 0o644) << 16
    info.compress_type = zipfile.ZIP_STORED if name.endswith((".bundle", ".safetensors")) else zipfile.ZIP_DEFLATED
    with archive.open(info, "w", force_zip64=isinstance(content, Path)) as out:
        if isinstance(content, bytes):
            out.write(content)
            return
        with content.open("rb") as stream:
            while chunk := stream.read(_CHUNK):
                out.write(chunk)


def _hashed(content: bytes | Path) -> dict[str, str | int]:
    if isinstance(content, bytes):
        return {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
    digest, size = _digests(content, None)
    return {"sha256": digest, "bytes": size}


def _digests(path: Path, first: int | None) -> tuple[str, int]:
    """SHA-256 and number of a file's first bytes, or of all."""
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK if first is None else min(_CHUNK, first - size)):
            digest.update(chunk)
            size += len(chunk)
    return digest.hexdigest(), size


def _named(name: str) -> str:
    if not safe(name):
        raise BundleError(f"{name!r} cannot be the name of a file in a bundle")
    return name


def safe(name: str) -> bool:
    """Whether a member's name stays inside the bundle on every system."""
    parts = name.split("/")
    return len(name) <= 1000 and all(_NAME.fullmatch(part) and part.strip(". ") for part in parts)


# ---------------------------------------------------------------- checking


def open_archive(path: Path) -> Archive:
    """Check an archive's bytes against the hash it ends with, and its names, kinds, sizes and manifest.

    Nothing is written. Raises BundleError with what is wrong.
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as stream:
            stream.seek(max(0, size - _COMMENT_BYTES))
            found = _COMMENT.fullmatch(stream.read())
        if found is None:
            raise BundleError(f"{path} is no evidence bundle, or its end was cut off or altered")
        digest, _ = _digests(path, size - _COMMENT_BYTES)
        if digest != found[1].decode():
            raise BundleError(f"{path} was altered: its bytes do not have the SHA-256 that it ends with")
        with zipfile.ZipFile(path) as archive:
            _check_members(path, archive, size)
            manifest = _manifest(path, archive)
    except OSError as error:
        raise BundleError(f"cannot read {path}: {error.strerror or error}") from error
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, UnicodeError) as error:
        raise BundleError(f"{path} is damaged: {error}") from error
    whole, _ = _digests(path, None)
    return Archive(path, whole, manifest)


def _check_members(path: Path, archive: zipfile.ZipFile, size: int) -> None:
    members = archive.infolist()
    if len(members) > MAX_MEMBERS:
        raise BundleError(f"{path} holds more than {MAX_MEMBERS:,} files")
    for info in members:
        kind = stat.S_IFMT(info.external_attr >> 16)
        if not safe(info.filename) or info.filename != info.orig_filename:
            raise BundleError(f"{path} holds a file whose name leads out of it: {info.orig_filename!r}")
        if kind not in (0, stat.S_IFREG) or info.is_dir():
            raise BundleError(f"{path}: {info.filename} is no regular file but a link, a directory or a device")
        if info.flag_bits & 1 or info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise BundleError(f"{path}: {info.filename} is encrypted or packed in a way that bundles are not")
    names = [info.filename.casefold() for info in members]
    if len(names) != len(set(names)):
        raise BundleError(f"{path} holds two files of one name")
    if sum(info.compress_size for info in members) > size:
        raise BundleError(f"{path}: its files lie over each other")
    unpacked = sum(info.file_size for info in members)
    if unpacked > max(FREE, MAX_RATIO * size):
        raise BundleError(f"{path} would unpack to {unpacked:,} bytes, {unpacked // max(1, size)} times its size")


def _manifest(path: Path, archive: zipfile.ZipFile) -> dict[str, tuple[str, int]]:
    names = {info.filename: info.file_size for info in archive.infolist()}
    if names.pop(MANIFEST, MAX_MANIFEST + 1) > MAX_MANIFEST:
        raise BundleError(f"{path} has no {MANIFEST} of a sensible size")
    with archive.open(MANIFEST) as stream:
        text = b"".join(_chunks(stream, archive.getinfo(MANIFEST).file_size, MANIFEST))
    try:
        loaded = json.loads(text)
        assert loaded["format"] == FORMAT
        listed = {each["path"]: (each["sha256"], each["bytes"]) for each in loaded["files"]}
        assert all(isinstance(s, str) and isinstance(n, int) and n >= 0 for s, n in listed.values())
    except (ValueError, RecursionError, KeyError, TypeError, AssertionError):
        raise BundleError(f"{path}: {MANIFEST} is none of {FORMAT}") from None
    missing, extra = sorted(listed.keys() - names.keys()), sorted(names.keys() - listed.keys())
    if missing or extra:
        what = f"{missing[0]} is missing" if missing else f"{extra[0]} is not listed in {MANIFEST}"
        raise BundleError(f"{path}: {what}")
    return listed
