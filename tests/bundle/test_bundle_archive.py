"""The archive: equal content gives equal bytes, a changed byte anywhere is found, hostile zips are refused."""

from __future__ import annotations

import hashlib
import json
import stat
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clonedetect.bundle import open_archive, write_archive
from clonedetect.bundle.archive import FORMAT, safe
from clonedetect.errors import BundleError

CONTENT = {"run.json": b'{"a": 1}', "left/files/ab": b"x" * 5000, "left/snapshot.json": bytes(range(256)) * 9}


@pytest.fixture
def bundle(tmp_path) -> Path:
    (tmp_path / "source").write_bytes(b"from a file" * 400)
    write_archive(tmp_path / "b.zip", {**CONTENT, "right/repository.bundle": tmp_path / "source"})
    return tmp_path / "b.zip"


def test_members_come_back(bundle, tmp_path):
    archive = open_archive(bundle)
    assert archive.sha256 == hashlib.sha256(bundle.read_bytes()).hexdigest()
    assert {name: archive.read(name, 10_000) for name in CONTENT} == CONTENT
    out = archive.extract("right/repository.bundle", tmp_path / "new" / "out")
    assert out.read_bytes() == b"from a file" * 400
    with pytest.raises(BundleError, match="larger than 10 bytes"):
        archive.read("left/files/ab", 10)
    with pytest.raises(BundleError, match="has no nothing"):
        archive.read("nothing", 10)


def test_equal_content_gives_equal_bytes(bundle, tmp_path):
    members = {**CONTENT, "right/repository.bundle": tmp_path / "source"}
    write_archive(tmp_path / "again.zip", dict(reversed(members.items())))
    assert (tmp_path / "again.zip").read_bytes() == bundle.read_bytes()


def test_a_changed_byte_anywhere_is_found(bundle, tmp_path):
    whole = bundle.read_bytes()
    altered = tmp_path / "altered.zip"
    for place in {*range(0, len(whole), 5), *range(len(whole) - 200, len(whole))}:
        data = bytearray(whole)
        data[place] ^= 1 << place % 8
        altered.write_bytes(data)
        with pytest.raises(BundleError):
            open_archive(altered)


@pytest.mark.parametrize(
    "change", [lambda d: d[:-1], lambda d: d[1:], lambda d: d + b"\0", lambda d: b"", lambda d: d * 2]
)
def test_a_byte_more_or_less_is_found(bundle, tmp_path, change):
    (tmp_path / "altered.zip").write_bytes(change(bundle.read_bytes()))
    with pytest.raises(BundleError):
        open_archive(tmp_path / "altered.zip")


def test_nothing_is_left_of_a_bundle_that_cannot_be_written(tmp_path):
    with pytest.raises(BundleError):
        write_archive(tmp_path / "b.zip", {"../out": b""})
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(BundleError, match="cannot write"):
        write_archive(tmp_path / "file" / "b.zip", CONTENT)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


# ---------------------------------------------------------------- archives made by hand, with right hashes


def forge(path: Path, members: list[tuple[zipfile.ZipInfo | str, bytes]], listed: dict | None = None) -> Path:
    """A zip with a right hash at its end and, unless `listed` says otherwise, a right manifest."""
    files = [
        {"path": getattr(name, "filename", name), "sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
        for name, data in members
    ]
    manifest = {"format": FORMAT, "files": files} if listed is None else listed
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("manifest.json", json.dumps(manifest))
        for name, data in members:
            archive.writestr(name, data)
        archive.comment = f"{FORMAT} sha256:{'0' * 64}".encode()
    data = path.read_bytes()
    end = len(data) - len(FORMAT) - 8 - 64
    path.write_bytes(data[:-64] + hashlib.sha256(data[:end]).hexdigest().encode())
    return path


def test_a_forged_archive_with_right_records_is_read(tmp_path):
    assert open_archive(forge(tmp_path / "b.zip", [("a", b"1")])).read("a", 9) == b"1"


@pytest.mark.parametrize(
    "name",
    [
        "../out",
        "/etc/out",
        "a/../../out",
        "a//b",
        "..",
        "a\\..\\out",
        "C:out",
        "a/./b",
        "a/ /b",
        "nul\0x",
        "a/.. /b",
        "x" * 300,
    ],
)
def test_names_that_lead_out_are_refused(tmp_path, name):
    info = zipfile.ZipInfo("safe")
    info.filename = name
    with pytest.raises(BundleError, match=r"leads out of it|damaged"):
        open_archive(forge(tmp_path / "b.zip", [(info, b"1")]))
    assert [path.name for path in tmp_path.iterdir()] == ["b.zip"]


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFDIR, stat.S_IFIFO, stat.S_IFCHR])
def test_links_and_devices_are_refused(tmp_path, kind):
    info = zipfile.ZipInfo("link")
    info.external_attr = (kind | 0o777) << 16
    with pytest.raises(BundleError, match="no regular file"):
        open_archive(forge(tmp_path / "b.zip", [(info, b"/etc/passwd")]))


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path):
    with pytest.raises(BundleError, match="would unpack to 300,000,"):
        open_archive(forge(tmp_path / "b.zip", [("zeros", bytes(300_000_000))]))


def test_two_files_of_one_name_are_refused(tmp_path):
    with pytest.warns(UserWarning), pytest.raises(BundleError, match="two files of one name"):
        open_archive(forge(tmp_path / "b.zip", [("a", b"1"), ("a", b"2")]))


@pytest.mark.parametrize(
    ("listed", "message"),
    [
        ({"format": "other"}, "none of"),
        ({"format": FORMAT, "files": [{}]}, "none of"),
        ([], "none of"),
        ({"format": FORMAT, "files": []}, "not listed"),
        ({"format": FORMAT, "files": [{"path": p, "sha256": "0" * 64, "bytes": 1} for p in "ab"]}, "b is missing"),
    ],
)
def test_a_manifest_that_does_not_fit_is_refused(tmp_path, listed, message):
    with pytest.raises(BundleError, match=message):
        open_archive(forge(tmp_path / "b.zip", [("a", b"1")], listed))


@pytest.mark.parametrize(("digest", "size"), [("0" * 64, 3), (hashlib.sha256(b"abc").hexdigest(), 2)])
def test_a_file_that_is_not_what_the_manifest_says_is_found_when_it_is_read(tmp_path, digest, size):
    listed = {"format": FORMAT, "files": [{"path": "a", "sha256": digest, "bytes": size}]}
    archive = open_archive(forge(tmp_path / "b.zip", [("a", b"abc")], listed))
    with pytest.raises(BundleError):
        archive.read("a", 100)


@pytest.mark.parametrize("content", [b"", b"PK", b"not a zip" * 100])
def test_what_is_no_bundle_is_said_so(tmp_path, content):
    (tmp_path / "b.zip").write_bytes(content)
    with pytest.raises(BundleError, match="no evidence bundle"):
        open_archive(tmp_path / "b.zip")
    with pytest.raises(BundleError, match="cannot read"):
        open_archive(tmp_path / "absent.zip")


@settings(max_examples=300)
@given(st.text(max_size=30))
def test_a_safe_name_stays_below_its_directory(name):
    if safe(name):
        root = Path("/somewhere/else")
        assert (root / name).resolve().is_relative_to(root)
        assert Path(name).parts and ".." not in Path(name).parts
