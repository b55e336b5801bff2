"""What a repository states of its makers and terms: licence texts, SPDX tags, metadata, citation, copyright lines."""

from __future__ import annotations

import configparser
import hashlib
import json
import re
import tomllib
from dataclasses import dataclass
from email.parser import Parser
from typing import TYPE_CHECKING, Any, Final

from clonedetect.attribution.holders import author_lines, copyright_lines, holders
from clonedetect.attribution.licences import LARGEST, LICENCE_FILE, OTHER, as_expression, licences_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from clonedetect.domain import Document, Snapshot
    from clonedetect.domain.attribution import NoticeKind

HEAD: Final = 4_096  # bytes of a source file in which its notice stands
_SIGNS = (b"opyright", b"OPYRIGHT", b"uthor", b"SPDX-", b"(c) ", b"\xc2\xa9", b"ritten by")  # no notice without one
_TAG = re.compile(r"SPDX-License-Identifier:[ \t]*([\w.+() -]{2,80}?)[ \t*/>-]*$", re.MULTILINE)
_NOTICE_FILE = re.compile(
    r"(?:.*/)?(?:notice|third.?party[^/]*|authors|contributors|credits|acknowledge?ments?)(?:\.(?:md|txt|rst))?",
    re.IGNORECASE,
)
_CITATION = re.compile(r"(?:.*/)?citation(?:\.cff|\.md|\.txt|\.bib)?", re.IGNORECASE)
_README = re.compile(r"(?:.*/)?readme(?:[.][^/]*)?", re.IGNORECASE)
_URL = re.compile(r"https?://(?:www\.)?(?:github\.com|gitlab\.com|huggingface\.co)/([\w.-]+/[\w.-]+)")
_CFF_TITLE = re.compile(r"^title:[ \t]*[\"']?([^\n\"']{3,200})", re.MULTILINE)
_CFF_LICENCE = re.compile(r"^license:[ \t]*[\"']?([^\n\"']{2,60})", re.MULTILINE)
_CFF_PERSON = re.compile(
    r"^[ \t]*-[ \t]*(?:(?:family-names:[ \t]*(?P<family>[^\n]{2,60})\n[ \t]*given-names:[ \t]*(?P<given>[^\n]{1,60}))"
    r"|(?:given-names:[ \t]*(?P<given2>[^\n]{1,60})\n[ \t]*family-names:[ \t]*(?P<family2>[^\n]{2,60}))"
    r"|(?:name:[ \t]*(?P<name>[^\n]{3,80})))",
    re.MULTILINE,
)
_TITLE = re.compile(r"^(?:#[ \t]+([^\n#]{4,40}?)[ \t#]*$|([^\n]{4,40})\n=+[ \t]*$)", re.MULTILINE)
_ANY_TITLE = re.compile(r"(?i)readme|overview|introduction|installation|usage|about|getting started|quick ?start|todo")
_CARD = re.compile(r"\A---\r?\n(.{0,4000}?)\n---", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Said:
    """One statement: what is compared (`kind`, `key`), what is shown, where; `own`: of the project as a whole."""

    kind: NoticeKind
    key: str
    what: str
    path: str
    line: int
    text: str
    own: bool


@dataclass(frozen=True, slots=True)
class Metadata:
    """Fields of a package's or a citation's metadata, empty where it does not say."""

    name: str = ""
    licence: str = ""
    authors: tuple[str, ...] = ()
    urls: tuple[str, ...] = ()
    title: str = ""


def statements(snapshot: Snapshot) -> tuple[Said, ...]:
    """Everything a repository states, in the order of paths and lines."""
    top = _top(snapshot)
    found: list[Said] = []
    for document in snapshot.documents:
        found += _of_document(document, _is_own(document.path, top))
    for file in snapshot.files:
        head = file.data[:HEAD]
        if any(sign in head for sign in _SIGNS):
            found += _of_text(file.path, head.decode("utf-8", "replace"), False)
    return tuple(sorted(found, key=lambda said: (said.path, said.line, said.kind, said.key)))


def called(snapshot: Snapshot) -> tuple[set[str], set[str]]:
    """(names, titles) that the metadata of a repository as a whole gives it."""
    top = _top(snapshot)
    every = [metadata(d.path, d.data) for d in snapshot.documents if _is_own(d.path, top)]
    names = {m.name for m in every if m.name}
    plain = {name.lower().replace("_", "-") for name in names}
    for link in (link for each in every for url in each.urls for link in _URL.findall(url)):
        name = link.removesuffix(".git")
        if name.rpartition("/")[2].lower().replace("_", "-") in plain:
            names.add(name)
    return names, {m.title for m in every if m.title}


def is_readme(path: str) -> bool:
    """Whether a document is a README."""
    return _README.fullmatch(path) is not None


def is_notice_file(path: str) -> bool:
    """Whether a document is there to name others: NOTICE, AUTHORS, third-party notices and the like."""
    return _NOTICE_FILE.fullmatch(path) is not None


def is_citation(path: str) -> bool:
    """Whether a document says how to cite the work."""
    return _CITATION.fullmatch(path) is not None


def _top(snapshot: Snapshot) -> int:
    paths = [*(d.path for d in snapshot.documents), *(f.path for f in snapshot.files)]
    return min((path.count("/") for path in paths), default=0)


def _is_own(path: str, top: int) -> bool:
    folders = path.split("/")[top:-1]
    return not folders or folders[0].endswith(".dist-info")


def _of_document(document: Document, own: bool) -> Iterator[Said]:
    path = document.path
    licence, notice, citation = LICENCE_FILE.fullmatch(path), is_notice_file(path), is_citation(path)
    stated = metadata(path, document.data)
    if not (licence or notice or citation or is_readme(path) or stated != Metadata()):
        return
    text = document.data[:LARGEST].decode("utf-8", "replace")
    if licence and not notice and document.data.strip():
        ids = licences_in(document.data)
        digest = hashlib.sha256(" ".join(text.lower().split()).encode("utf-8", "surrogatepass")).hexdigest()
        for each in ids or (OTHER,):
            yield Said("licence", each if ids else digest, each, path, 0, _first_line(text), own)
    if notice:
        yield Said("notice-file", path.rpartition("/")[2].split(".")[0].lower(), path, path, 0, _first_line(text), own)
    if citation:
        title = stated.title or _first_line(text)
        yield Said("citation", title.lower(), title, path, _line_of(text, title), title, own)
    if expression := as_expression(stated.licence):
        yield Said("licence-tag", expression.lower(), expression, path, _line_of(text, stated.licence), expression, own)
    for author in stated.authors:
        for name in holders(author):
            yield Said("holder", name.lower(), name, path, _line_of(text, author.split()[-1]), author, own)
    yield from _of_text(path, text if licence or notice or citation else text[:HEAD], own)


def _of_text(path: str, text: str, own: bool) -> Iterator[Said]:
    for lines in (copyright_lines, author_lines):
        for line, said, name in lines(text):
            yield Said("holder", name.lower(), name, path, line, said, own)
    for found in _TAG.finditer(text):
        line = text.count("\n", 0, found.start()) + 1
        yield Said("licence-tag", found[1].lower(), found[1], path, line, found[0].strip(), own)


def _first_line(text: str) -> str:
    return next((" ".join(line.split())[:120] for line in text.splitlines() if line.strip()), "")


def _line_of(text: str, words: str) -> int:
    place = text.find(words)
    return text.count("\n", 0, place) + 1 if place >= 0 else 0


# ---------------------------------------------------------------- metadata


def metadata(path: str, data: bytes) -> Metadata:
    """What a metadata file says; nothing where it is none or cannot be read."""
    read = _READERS.get(path.rpartition("/")[2].lower())
    read = _readme if read is None and is_readme(path) else read
    if read is None or len(data) > LARGEST:
        return Metadata()
    try:
        return read(data.decode("utf-8", "replace"))
    except (ValueError, RecursionError, configparser.Error, AttributeError, TypeError, KeyError):
        return Metadata()  # another channel says what is wrong with the file


def _pyproject(text: str) -> Metadata:
    project = tomllib.loads(text).get("project") or {}
    licence = project.get("license", "")
    licence = licence.get("text", "") if isinstance(licence, dict) else licence
    people = (person.get("name") or person.get("email") or "" for person in project.get("authors", []))
    return _checked(project.get("name"), licence, people, (project.get("urls") or {}).values())


def _setup_cfg(text: str) -> Metadata:
    parser = configparser.RawConfigParser(strict=False)
    parser.read_string(text)
    read = dict(parser.items("metadata")) if parser.has_section("metadata") else {}
    return _checked(read.get("name"), read.get("license"), [read.get("author")], [read.get("url")])


def _package_json(text: str) -> Metadata:
    read = json.loads(text)
    people = [read.get("author"), *(read.get("contributors") or [])]
    names = (person.get("name") if isinstance(person, dict) else person for person in people)
    link = read.get("repository")
    return _checked(read.get("name"), read.get("license"), names, [link.get("url") if isinstance(link, dict) else link])


def _wheel(text: str) -> Metadata:
    read = Parser().parsestr(text, headersonly=True)
    links = [*read.get_all("Project-URL", []), read["Home-page"]]
    return _checked(read["Name"], read["License-Expression"] or read["License"], [read["Author"]], links)


def _cff(text: str) -> Metadata:
    people = []
    for each in _CFF_PERSON.finditer(text):
        given, family = each["given"] or each["given2"] or "", each["family"] or each["family2"] or ""
        people.append(" ".join(f"{given} {family} {each['name'] or ''}".replace('"', "").replace("'", "").split()))
    title, licence = _CFF_TITLE.search(text), _CFF_LICENCE.search(text)
    links = _URL.finditer(text)
    read = _checked(None, licence and licence[1], people, (link[0] for link in links))
    return Metadata(read.name, read.licence, read.authors, read.urls, title[1].strip() if title else "")


def _readme(text: str) -> Metadata:
    """A model card says its licence above the text; a heading of one or two words is the project's name."""
    card, heading = _CARD.match(text), _TITLE.search(text[:4_000])
    licence = _CFF_LICENCE.search(card[1]) if card else None
    title = (heading[1] or heading[2]).strip("*_` ") if heading else ""
    named = title if len(title.split()) <= 2 and not _ANY_TITLE.search(title) else ""
    return Metadata(named, licence[1].strip() if licence else "")


def _checked(name: Any, licence: Any, people: Iterable[Any], urls: Iterable[Any]) -> Metadata:
    """Only what is text; lists are bounded."""
    return Metadata(
        name if isinstance(name, str) else "",
        licence.strip() if isinstance(licence, str) else "",
        tuple(each.strip() for each in people if isinstance(each, str) and each.strip())[:40],
        tuple(each for each in urls if isinstance(each, str))[:40],
    )


_READERS: Final = {
    "pyproject.toml": _pyproject,
    "setup.cfg": _setup_cfg,
    "package.json": _package_json,
    "metadata": _wheel,
    "citation.cff": _cff,
}
