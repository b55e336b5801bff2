"""Zip archives as weight files use them: the directory, where a stored member lies, and a bounded inflate."""

from __future__ import annotations

import struct
import zipfile
import zlib
from dataclasses import dataclass
from itertools import pairwise

from clonedetect.errors import WeightsError
from clonedetect.weights.tensors import ByteFile

MAX_MEMBERS = 500_000
MAX_INFLATED = 1 << 31  # bytes of one compressed member
MAX_RATIO = 200  # honest weights do not shrink to half a percent; a bomb does
RATIO_FREE = 1 << 24  # bytes below which the ratio does not matter (masks of zeros)


# what the standard library raises on a damaged directory, found by fuzzing
ZIP_ERRORS = (
    zipfile.BadZipFile,
    OSError,
    ValueError,
    NotImplementedError,
    LookupError,
    EOFError,
    OverflowError,
    struct.error,
)


@dataclass(frozen=True, slots=True)
class Entry:
    """A member: `size` bytes once read, `packed` bytes in the file."""

    name: str
    header: int
    size: int
    packed: int
    deflated: bool

    def begin(self, file: ByteFile) -> int:
        """The byte of the file where the member's data begin, by its local header."""
        head = file.read(self.header, 30)
        if head[:4] != b"PK\x03\x04":
            raise WeightsError(f"{file.path}: the zip directory points {self.name} to a place that is no member")
        name_length, extra_length = struct.unpack("<HH", head[26:30])
        begin = self.header + 30 + name_length + extra_length
        if begin + self.packed > file.size:
            raise WeightsError(f"{file.path}: truncated in member {self.name}")
        return begin

    def content(self, file: ByteFile, limit: int) -> bytes:
        """The member's bytes; WeightsError where there are more than `limit` or it expands without measure."""
        if self.size > min(limit, MAX_INFLATED):
            raise WeightsError(f"{file.path}: member {self.name} of {self.size} bytes is over the limit")
        begin = self.begin(file)
        if not self.deflated:
            return file.read(begin, self.size)
        if self.size > RATIO_FREE and self.size > MAX_RATIO * max(self.packed, 1):
            raise WeightsError(f"{file.path}: member {self.name} expands more than {MAX_RATIO} times; refused")
        inflate = zlib.decompressobj(-15)
        try:
            data = inflate.decompress(file.read(begin, self.packed), self.size + 1)
        except zlib.error as error:
            raise WeightsError(f"{file.path}: member {self.name} is not valid deflate data") from error
        if len(data) != self.size:
            raise WeightsError(f"{file.path}: member {self.name} does not hold the {self.size} bytes it declares")
        return data


def read_directory(file: ByteFile) -> tuple[Entry, ...]:
    """The archive's members in file order. WeightsError where the archive is broken, encrypted or overlapping."""
    try:
        with zipfile.ZipFile(file.path) as archive:
            infos = archive.infolist()
    except ZIP_ERRORS as error:
        raise WeightsError(f"{file.path}: not a readable zip file ({error})") from error
    if len(infos) > MAX_MEMBERS:
        raise WeightsError(f"{file.path}: a zip file of {len(infos)} members is over the limit of {MAX_MEMBERS}")
    entries = []
    for info in infos:
        if not info.filename or info.is_dir():
            continue
        if info.flag_bits & 1 or info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise WeightsError(f"{file.path}: member {info.filename} is encrypted or packed by an unknown method")
        deflated = info.compress_type == zipfile.ZIP_DEFLATED
        if not deflated and info.file_size != info.compress_size:
            raise WeightsError(f"{file.path}: member {info.filename} declares two sizes")
        entries.append(Entry(info.filename, info.header_offset, info.file_size, info.compress_size, deflated))
    entries.sort(key=lambda entry: entry.header)
    for first, second in pairwise(entries):
        if first.header + 30 + first.packed > second.header:
            raise WeightsError(f"{file.path}: members {first.name} and {second.name} overlap")
    return tuple(entries)
