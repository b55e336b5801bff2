"""Who a line names, which licence a text is, and what two repositories keep of each other's notices."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clonedetect import Comparison, Options, scan
from clonedetect.assess.attribution import attribution_words
from clonedetect.attribution import compare_attribution, licence_of
from clonedetect.attribution.holders import author_lines, copyright_lines, holders
from clonedetect.attribution.stated import metadata
from clonedetect.domain import Document, Entry, Snapshot, SourceFile
from clonedetect.domain.attribution import AttributionFinding

ROOT = Path(__file__).parents[2]
ORIGINAL = ROOT / "fixtures" / "vlm" / "original"
MIT = (ORIGINAL / "LICENSE").read_text("utf-8")
OPTIONS = Options(jobs=1, cache=False, times=False)
OTTOLINE = "Ottoline Brackwater and the Heron authors"
CODE = (ORIGINAL / "heron" / "slicing.py").read_text("utf-8")


def repository(name: str, files: dict[str, str]) -> Snapshot:
    documents = [Document(path, path, text.encode()) for path, text in files.items() if not path.endswith(".py")]
    sources = [SourceFile(path, path, text.encode(), "python") for path, text in files.items() if path.endswith(".py")]
    entries = [Entry(path, path, len(text)) for path, text in files.items()]
    return Snapshot(f"git://host/{name}", None, False, tuple(sources), tuple(entries), (), documents=tuple(documents))


def compared(left: dict[str, str], right: dict[str, str], sharing: list[tuple[str, str]] | None = None):
    found = compare_attribution(repository("u/heron", left), repository("v/osprey", right), sharing or [])
    assert isinstance(found, AttributionFinding)
    return found


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("Copyright (c) 2023 Ottoline Brackwater and the Heron authors", ["Ottoline Brackwater"]),
        ("Copyright 2019-2024 Ottoline Brackwater <o@heron.example>. All rights reserved.", ["Ottoline Brackwater"]),
        ("© 2020, 2021 Marsh Robotics, Inc.", ["Marsh Robotics"]),
        ("SPDX-FileCopyrightText: 2020 Ottoline Brackwater", ["Ottoline Brackwater"]),
        ("Copyright 2022 Lantern contributors", ["Lantern contributors"]),
        ("Copyright (C) 2001 by Perrin Tamsin, Ines Falke", ["Perrin Tamsin", "Ines Falke"]),
        ("Copyright 2020 Perrin Tamsin (Original) / Ines Falke (Update)", ["Perrin Tamsin", "Ines Falke"]),
    ],
)
def test_who_a_copyright_line_names(line: str, names: list[str]) -> None:
    assert [found for _, _, found in copyright_lines(f"#\n# {line}\n")] == names


@pytest.mark.parametrize(
    "line",
    [
        "The above copyright notice and this permission notice shall be included",
        "Copyright (C) 2007 Free Software Foundation, Inc. <https://fsf.org/>",
        "Copyright [yyyy] [name of copyright owner]",
        "Copyright (c) <year> <name>",
        "copyright = '2023'",
        "# Author: X",
    ],
)
def test_lines_that_name_nobody(line: str) -> None:
    assert not [*copyright_lines(line), *author_lines(line)]


def test_author_lines_of_code() -> None:
    text = '__author__ = "Ottoline Brackwater"\n# Author: Perrin Tamsin <p@heron.example>\n'
    assert [name for *_, name in author_lines(text)] == ["Ottoline Brackwater", "Perrin Tamsin"]


@given(st.integers(1970, 2099), st.sampled_from(["", "(c) ", "© "]), st.sampled_from(["# ", "// ", " * ", "", "; "]))
def test_years_signs_and_comments_change_no_holder(year: int, sign: str, comment: str) -> None:
    line = f"{comment}Copyright {sign}{year} Ottoline Brackwater"
    assert [found for _, _, found in copyright_lines(line)] == ["Ottoline Brackwater"]


@given(st.text(max_size=400))
def test_any_text_is_read_in_a_moment(text: str) -> None:
    for each in (*copyright_lines(text), *author_lines(text)):
        assert each[2] in holders(each[1]) and each[0] >= 1
    assert metadata("setup.cfg", text.encode("utf-8", "surrogatepass")) is not None


@pytest.mark.parametrize("text", ["# " * 2_000, "copyright 2020 " * 300, "(c) 2020 a<" + "<" * 4_000, "\n" * 4_000])
def test_hostile_heads_cost_little(text: str) -> None:
    began = time.process_time()
    list(copyright_lines(text)), list(author_lines(text))
    assert time.process_time() - began < 1


def test_licence_texts_are_known_without_their_titles() -> None:
    assert licence_of([Document("LICENSE", "1", MIT.encode())]) == "MIT"
    assert licence_of([Document("LICENSE", "1", MIT.partition("\n\n")[2].encode())]) == "MIT"
    assert licence_of([Document("LICENSE", "1", (ROOT / "LICENSE").read_bytes())]) == "Apache-2.0"
    assert licence_of([Document("LICENSE", "1", b"Use, copy and change this freely.")]) == "other"
    assert licence_of([Document("README.md", "1", b"MIT")]) is None


@pytest.mark.parametrize(
    ("path", "text", "licence", "author"),
    [
        ("pyproject.toml", '[project]\nname = "h"\nlicense = "MIT"\nauthors = [{name = "Ada"}]', "MIT", "Ada"),
        ("pyproject.toml", '[project]\nlicense = {text = "BSD"}\nauthors = [{email = "a@b.c"}]', "BSD", "a@b.c"),
        ("setup.cfg", "[metadata]\nlicense = MIT\nauthor = Ada", "MIT", "Ada"),
        ("package.json", '{"license": "ISC", "author": {"name": "Ada"}}', "ISC", "Ada"),
        ("a.dist-info/METADATA", "Name: h\nLicense-Expression: MIT\nAuthor: Ada\n\nbody", "MIT", "Ada"),
        ("CITATION.cff", "authors:\n  - family-names: Byron\n    given-names: Ada\nlicense: MIT\n", "MIT", "Ada Byron"),
        ("CITATION.cff", "authors:\n- given-names: Ada\n  family-names: Byron\nlicense: MIT\n", "MIT", "Ada Byron"),
        ("README.md", "---\nlicense: mit\n---\n# a card\n", "mit", None),
    ],
)
def test_metadata_says_licence_and_authors(path: str, text: str, licence: str, author: str | None) -> None:
    found = metadata(path, text.encode())
    assert (found.licence, next(iter(found.authors), None)) == (licence, author)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("pyproject.toml", "[project"),
        ("pyproject.toml", "project = 3"),
        ("pyproject.toml", "[project]\nauthors = [1]"),
        ("pyproject.toml", "a = " + "[" * 5_000),
        ("package.json", "[" * 20_000),
        ("package.json", "[1]"),
        ("package.json", '{"contributors": 5}'),
        ("setup.cfg", "[metadata\nx"),
        ("setup.cfg", "name = x"),
        ("CITATION.cff", "\0\xff"),
    ],
)
def test_broken_metadata_says_nothing(path: str, text: str) -> None:
    assert metadata(path, text.encode()).authors == ()


def test_kept_changed_and_on_one_side_only() -> None:
    left = {"LICENSE": MIT, "NOTICE": "Heron", "pkg/a.py": "# SPDX-License-Identifier: MIT\n"}
    right = {"LICENSE": MIT.replace(OTTOLINE, "Osprey Labs"), "pkg/b.py": "# SPDX-License-Identifier: MIT\n"}
    rows = {(n.kind, n.relation): n.what for n in compared(left, right).notices}
    assert rows["licence", "kept"] == "MIT" and rows["licence-tag", "kept"] == "MIT"
    assert rows["holder", "changed"] == "Ottoline Brackwater → Osprey Labs"
    assert rows["notice-file", "left-only"] == "NOTICE"
    mirrored = {(n.kind, n.relation) for n in compared(right, left).notices}
    assert mirrored == {(k, {"left-only": "right-only"}.get(r, r)) for k, r in rows}


def test_nothing_said_is_a_reason() -> None:
    assert "neither side" in str(compare_attribution(repository("a", {}), repository("b", {"x.py": "1"}), []))


def test_what_an_ancestor_states_is_left_out() -> None:
    one = repository("a", {"LICENSE": MIT})
    found = compare_attribution(one, repository("b", {"LICENSE": MIT}), [], [one])
    assert isinstance(found, AttributionFinding)
    assert found.notices == () and found.explained == 2


def test_a_holder_of_the_other_side_in_a_file_that_shares_code() -> None:
    head = f"# Copyright (c) 2023 {OTTOLINE}\n"
    left = {"LICENSE": MIT, "a.py": head}
    right = {"LICENSE": MIT.replace(OTTOLINE, "Osprey Labs"), "x/b.py": head, "x/c.py": head}
    assert compared(left, right).kept == ()
    found = compared(left, right, [("a.py", "x/b.py")])
    assert [(k.side, k.path, k.line, k.other) for k in found.kept] == [("right", "x/b.py", 1, "a.py")]
    own = compared(left, {**right, "LICENSE": MIT}, [("a.py", "x/b.py")])
    assert own.kept == (), "people who write both sides are no evidence"


@pytest.mark.parametrize(
    "text",
    [
        "# Osprey\nThis code is adapted from Heron by O. Brackwater.",
        "Osprey is a fork of\n[heron](x).",
        "## Acknowledgements\n\n- Heron, for everything\n",
        "---\nbase_model: u/heron\n---\n",
        "Osprey builds on [this](https://github.com/u/heron/tree/main).",
        "Thanks to https://github.com/someone/heron.git for the code.",
    ],
)
def test_lines_that_credit(text: str) -> None:
    """A name is that of a package, of the repository, or the heading of its README."""
    for named in ({"heron/__init__.py": ""}, {"LICENSE": MIT}, {"README.md": "# Heron\n\nA bird."}):
        found = compare_attribution(repository("u/heron", named), repository("v/osprey", {"README.md": text}), [])
        assert isinstance(found, AttributionFinding) and [c.side for c in found.credits] == ["right"]
    (credit,) = compared({"heron/__init__.py": "", "LICENSE": MIT}, {"README.md": text}).credits
    assert credit.side == "right" and credit.path == "README.md" and "heron" in credit.text.lower()


@pytest.mark.parametrize(
    "text", ["pip install heron", "from heron import slicing", "Osprey beats heron.", "based on herons", "a cat"]
)
def test_lines_that_do_not_credit(text: str) -> None:
    assert compared({"heron/__init__.py": "", "LICENSE": MIT}, {"README.md": text}).credits == ()


def scanned(write: Callable, root: Path, files: dict[str, str]) -> Comparison:
    left = write(root / "left", {"LICENSE": MIT, "heron/__init__.py": "", "heron/slicing.py": CODE})
    return scan(
        left, write(root / "right", {"osprey/tiles.py": CODE.replace("tile", "crop"), **files}), options=OPTIONS
    )


def test_a_credited_copy_and_an_uncredited_one_read_differently(write: Callable, tmp_path: Path) -> None:
    bare = CODE.partition("\n\n")[2]
    with_notice = scanned(write, tmp_path / "a", {"README.md": "Adapted from heron.", "LICENSE": MIT})
    without = scanned(write, tmp_path / "b", {"README.md": "Built from scratch.", "osprey/tiles.py": bare})
    assert with_notice.verdict.relation == without.verdict.relation == "derived"
    assert "Neither side names the other as a source or keeps its notices." in without.verdict.summary
    assert "The right names the left as a source (README.md:1) and keeps" in with_notice.verdict.summary
    finding = without.findings.attribution
    assert finding is not None and [c.text for c in finding.claims] == ["Built from scratch"]
    assert "does not name the left as a source; of the left's notices it has none: MIT (LICENSE)" in (
        attribution_words(finding, "right-from-left")
    )


def test_one_licence_text_on_both_sides_is_no_evidence(write: Callable, tmp_path: Path) -> None:
    left = write(tmp_path / "a", {"LICENSE": MIT, "a.py": "x = 1\n"})
    right = write(tmp_path / "b", {"LICENSE": MIT.replace(OTTOLINE, "Osprey Labs"), "b.py": "y = 2\n"})
    found = scan(left, right, options=OPTIONS)
    assert {e.strength for e in found.evidence if e.channel == "attribution"} == {"none"}
    assert found.verdict.strength == "none"
