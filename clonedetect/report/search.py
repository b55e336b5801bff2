"""A search of a corpus, for people and for programs."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from clonedetect.domain import Search
from clonedetect.report import wording
from clonedetect.report.codec import encode
from clonedetect.report.escape import visible

SCHEMA = "clonedetect-search/1"
REPOSITORIES, PAIRS = 20, 3  # that the text lists, the latter of each


def search_text(search: Search) -> str:
    """For a terminal."""
    corpus = wording.counted(search.corpus_repositories, "repository", "repositories")
    out = [
        f"{wording.counted(len(search.matches), 'repository', 'repositories')} of {corpus} "
        f"({search.corpus_fragments:,} fragments) share rare fragments with {visible(search.origin)} "
        f"({search.fragments:,} fragments)."
    ]
    for match in search.matches[:REPOSITORIES]:
        revision = f"@{visible(match.revision[:12])}" if match.revision else ""
        count = wording.counted(len(match.pairs), "fragment")
        out.append("")
        out.append(
            f"{visible(match.origin)}{revision}  {count}, {wording.bits(match.bits)} bits, "
            f"best E = {wording.figure(match.e_value)}, licence {visible(match.licence or 'not known')}"
        )
        for pair in match.pairs[:PAIRS]:
            here, there = pair.here, pair.there
            out.append(
                f"  {visible(here.path)}:{here.start_line}-{here.end_line} {visible(here.name)} = "
                f"{visible(there.path)}:{there.start_line}-{there.end_line} {visible(there.name)} "
                f"({wording.TYPES[pair.type]}, {wording.bits(pair.bits)} bits, E = {wording.figure(pair.e_value)})"
            )
    if len(search.matches) > REPOSITORIES:
        out += ["", f"{len(search.matches) - REPOSITORIES:,} more are in the JSON."]
    out += [f"note: {visible(note)}" for note in search.notes]
    return "\n".join(out) + "\n"


def search_json(search: Search) -> str:
    """For programs. Equal searches give equal bytes."""
    return json.dumps({"schema": SCHEMA, **encode(search)}, indent=1, ensure_ascii=True, allow_nan=False) + "\n"


SEARCH_FORMATS: Final[Mapping[str, Callable[[Search], str]]] = MappingProxyType(
    {"text": search_text, "json": search_json}
)
"""Every format of a search by the name that `--format` takes."""
