"""The licence of a repository: what its metadata says as an SPDX expression, else what its licence texts are."""

from __future__ import annotations

import re
from email.parser import Parser
from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from clonedetect.domain import Document

LICENCE_FILE: Final = re.compile(
    r"(?:.*/)?(?:licen[cs]es?/.*|(?:un)?licen[cs]e[^/]*|copying[^/]*|notice[^/]*)", re.IGNORECASE
)
MOST_TEXTS: Final = 12  # licence files that are looked into
LARGEST: Final = 60_000  # bytes of one that are read: the longest licence is shorter
OTHER: Final = "other"
_EXPRESSION = re.compile(r"\(*[\w.+-]+\)*( (AND|OR|WITH) \(*[\w.+-]+\)*)*")
_SHORT = {"mit": "MIT", "mit license": "MIT", "apache 2.0": "Apache-2.0", "apache license 2.0": "Apache-2.0"}


def licence_files(documents: Sequence[Document]) -> list[Document]:
    """Licence and notice files, those at the top first."""
    texts = [document for document in documents if LICENCE_FILE.fullmatch(document.path)]
    return sorted(texts, key=lambda d: (d.path.count("/"), d.path))[:MOST_TEXTS]


def licence_of(documents: Sequence[Document]) -> str | None:
    """The SPDX id of a repository's licence: what its package metadata says, else what its licence text is.

    Several texts give several ids joined by AND. "BSD License" names a family only, so it counts where no text is
    known. None where nothing is said; a text that is not known gives `other`.
    """
    family = None
    for document in documents:
        if document.path.endswith(".dist-info/METADATA"):
            stated, family = _in_metadata(document.data)
            if stated:
                return stated
    texts = licence_files(documents)
    found = dict.fromkeys(each for document in texts for each in licences_in(document.data))
    return " AND ".join(found) if found else (family or (OTHER if texts else None))


def licences_in(data: bytes) -> tuple[str, ...]:
    """SPDX ids of the licence texts in a file, in their order; () where none is known."""
    return _identified(data[:LARGEST].decode("utf-8", "replace"))


@lru_cache(maxsize=256)
def _identified(text: str) -> tuple[str, ...]:
    from licenseclassifier import identify_license  # most runs see one or two texts: not loaded before

    return tuple(dict.fromkeys(found.id for found in identify_license(text)))


def as_expression(stated: str) -> str | None:
    """An SPDX expression from what a metadata field says, None where it is prose or the name of a family."""
    stated = stated.strip()
    if not stated or "\n" in stated or len(stated) > 60 or stated.upper() == "UNKNOWN":
        return None
    stated = _SHORT.get(stated.lower(), stated)
    return stated if _EXPRESSION.fullmatch(stated) else None


def _in_metadata(metadata: bytes) -> tuple[str | None, str | None]:
    """The SPDX expression that package metadata states, or the family of licences it names."""
    message = Parser().parsestr(metadata[:200_000].decode("utf-8", "replace"), headersonly=True)
    stated = (message["License-Expression"] or message["License"] or "").strip()
    if expression := as_expression(stated):
        return expression, None
    if stated and "\n" not in stated and len(stated) <= 60 and stated.upper() != "UNKNOWN":
        return None, stated
    classes = [c.rpartition(" :: ")[2] for c in message.get_all("Classifier", []) if c.startswith("License :: ")]
    classes = [c for c in classes if c != "OSI Approved"]
    return None, " AND ".join(_SHORT.get(c.lower(), c) for c in sorted(set(classes))) or None
