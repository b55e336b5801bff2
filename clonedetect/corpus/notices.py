"""What a repository says of its licence and of whose it is: what a copy of its code has to keep."""

from __future__ import annotations

import re
from email.parser import Parser
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from clonedetect.domain import Document, Snapshot

_LICENCE_FILE = re.compile(
    r"(?:.*/)?(?:licen[cs]es?/.*|(?:un)?licen[cs]e[^/]*|copying[^/]*|notice[^/]*)", re.IGNORECASE
)
_COPYRIGHT = re.compile(r"^[\s#*]*(copyright\s+(?:\(c\)|©|\d{4}).{3,120})$", re.IGNORECASE | re.MULTILINE)
_PROJECT = re.compile(r"https?://(?:github\.com|gitlab\.com|huggingface\.co)/([\w.-]+/[\w.-]+?)(?:\.git|/|#|\s|$)")
# Phrases that only one licence has, the more particular ones first: (SPDX id, phrase).
_PHRASES = (
    ("AGPL-3.0", "gnu affero general public license"),
    ("LGPL-3.0", "gnu lesser general public license version 3"),
    ("LGPL-2.1", "gnu lesser general public license"),
    ("GPL-3.0", "gnu general public license version 3"),
    ("GPL-2.0", "gnu general public license version 2"),
    ("Apache-2.0", "apache license version 2.0"),
    ("MPL-2.0", "mozilla public license version 2.0"),
    ("PSF-2.0", "python software foundation license"),
    ("BSL-1.0", "boost software license"),
    ("Unlicense", "this is free and unencumbered software released into the public domain"),
    ("CC0-1.0", "cc0 1.0 universal"),
    ("ISC", "permission to use, copy, modify, and/or distribute this software for any purpose"),
    ("ISC", "permission to use, copy, modify, and distribute this software for any purpose"),
    ("BSD-3-Clause", "neither the name of"),
    ("BSD-2-Clause", "redistributions in binary form must reproduce"),
    ("MIT", "permission is hereby granted, free of charge, to any person obtaining a copy of this software"),
)
_SHORT = {"mit": "MIT", "mit license": "MIT", "apache 2.0": "Apache-2.0", "apache license 2.0": "Apache-2.0"}
_EXPRESSION = re.compile(r"\(*[\w.+-]+\)*( (AND|OR|WITH) \(*[\w.+-]+\)*)*")
MOST_NOTICES = 6
_PLAIN = "tests test testing docs doc examples example scripts benchmarks tools setup conftest src lib utils main"
_NO_NAMES = frozenset(_PLAIN.split())  # every other repository has one of these


def licence_of(documents: Sequence[Document]) -> str | None:
    """The SPDX id of a repository's licence: what its package metadata says, else what its licence text is.

    Several texts give several ids joined by AND. "BSD License" names a family only, so it counts where no text is
    known. None where nothing is said; a text that is not known gives `other`.
    """
    family = None
    for document in documents:
        if document.path.endswith(".dist-info/METADATA"):
            stated, family = _stated(document.data)
            if stated:
                return stated
    found = []
    texts = [d for d in documents if _LICENCE_FILE.fullmatch(d.path)]
    for document in sorted(texts, key=lambda d: (d.path.count("/"), d.path))[:12]:
        text = " ".join(re.sub(r"[,\s]+", " ", document.data[:60_000].decode("utf-8", "replace").lower()).split())
        name = next((spdx for spdx, phrase in _PHRASES if phrase.replace(",", "") in text), None)
        if name and name not in found:
            found.append(name)
    return " AND ".join(found) if found else (family or ("other" if texts else None))


def _stated(metadata: bytes) -> tuple[str | None, str | None]:
    """The SPDX expression that package metadata states, or the family of licences it names."""
    message = Parser().parsestr(metadata[:200_000].decode("utf-8", "replace"), headersonly=True)
    stated = (message["License-Expression"] or message["License"] or "").strip()
    if stated and "\n" not in stated and len(stated) <= 60 and stated.upper() != "UNKNOWN":
        stated = _SHORT.get(stated.lower(), stated)
        return (stated, None) if _EXPRESSION.fullmatch(stated) else (None, stated)
    classes = [c.rpartition(" :: ")[2] for c in message.get_all("Classifier", []) if c.startswith("License :: ")]
    classes = [c for c in classes if c != "OSI Approved"]
    return None, " AND ".join(_SHORT.get(c.lower(), c) for c in sorted(set(classes))) or None


def notices_of(documents: Sequence[Document]) -> tuple[str, ...]:
    """The copyright lines of a repository's licence and notice files."""
    found: dict[str, None] = {}
    for document in sorted((d for d in documents if _LICENCE_FILE.fullmatch(d.path)), key=lambda d: d.path):
        for line in _COPYRIGHT.findall(document.data[:60_000].decode("utf-8", "replace")):
            found.setdefault(" ".join(line.split()), None)
    return tuple(found)[:MOST_NOTICES]


def names_of(snapshot: Snapshot) -> tuple[str, ...]:
    """What somebody who names this repository as a source could write: package, owner/name, import names."""
    origin = snapshot.origin.rstrip("/")
    names = {origin.removeprefix("pypi:").removeprefix("hf:").removesuffix(".git")}
    if "://" in origin or origin.startswith(("/", ".")):
        names = {"/".join(origin.removesuffix(".git").split("/")[-2:]) if "://" in origin else origin.split("/")[-1]}
    for document in snapshot.documents:
        if document.path.endswith(".dist-info/METADATA"):
            head = document.data[:20_000].decode("utf-8", "replace").split("\n\n")[0]
            names |= set(_PROJECT.findall(head)[:3])
    return tuple(sorted(n for n in names | _import_names(snapshot) if len(n) >= 3))


def _import_names(snapshot: Snapshot) -> set[str]:
    """What its code is imported as: packages that lie in no package, and modules at the top."""
    packages = {f.path.rpartition("/")[0] for f in snapshot.files if f.path.endswith("/__init__.py")}
    tops = {p.rpartition("/")[2] for p in packages if p.rpartition("/")[0] not in packages}
    modules = {f.path.removesuffix(".py") for f in snapshot.files if "/" not in f.path and f.path.endswith(".py")}
    return (tops | modules) - _NO_NAMES
