"""Escaping, the terminal summary and Markdown."""

from __future__ import annotations

import os
import re
import sys
import unicodedata
from dataclasses import replace
from pathlib import Path

import pytest
from sample import HOSTILE, hostile, many, nothing_found, sample

from clonedetect.domain import Fragment, Quote
from clonedetect.report import FORMATS
from clonedetect.report.escape import visible, visible_line
from clonedetect.report.markdown import LIMIT, to_markdown
from clonedetect.report.quoted import Quoted
from clonedetect.report.text import to_text
from clonedetect.report.wording import figure, percent

GOLDEN = Path(__file__).parent / "golden"
HIDDEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}


def hidden(text):
    return [c for c in text if unicodedata.category(c) in HIDDEN and c != "\n"]


def golden(name, text):
    """Compares with tests/report/golden/`name`; `CLONEDETECT_GOLDEN=write` rewrites it, to be read in the diff."""
    path = GOLDEN / name
    if os.environ.get("CLONEDETECT_GOLDEN") == "write":
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


def test_every_invisible_character_of_unicode_becomes_visible():
    # Unicode versions differ between Pythons: a character this Python does not know as hidden may still be escaped.
    missed = [c for c in map(chr, range(sys.maxunicode + 1)) if unicodedata.category(c) in HIDDEN and visible(c) == c]
    assert missed == []


def test_escapes_are_readable_and_the_rest_is_kept():
    assert visible("a\x1b[1m\u202eb\n\t\x00\U000e0041") == "a\\x1b[1m\\u202eb\\n\\t\\x00\\U000e0041"
    assert visible("Grüße, 名前, <b>&amp;") == "Grüße, 名前, <b>&amp;"
    assert visible_line("\tx = 1\r\n") == "    x = 1"


def test_quotes_are_found_by_line_and_cell():
    quotes = (Quote("left", "a.py", "b", 3, "three\nfour\n"), Quote("left", "n.ipynb#2", "c", 1, "cell\n"))
    quoted = Quoted(quotes)
    assert quoted.lines(Fragment("left", "a.py", 2, 4, "", "run")) == [(3, "three"), (4, "four")]
    assert quoted.lines(Fragment("left", "n.ipynb", 1, 1, "", "run", 2)) == [(1, "cell")]
    assert quoted.lines(Fragment("right", "a.py", 3, 4, "", "run")) == []
    assert quoted.blob(Fragment("left", "a.py", 3, 4, "", "run")) == "b"


def test_figures():
    assert [percent(s) for s in (0, 0.996, 1)] == ["0 %", "99 %", "100 %"]
    assert [figure(v) for v in (None, 3.0, 2.4e-18, 0.0123)] == ["–", "3", "2.4e-18", "0.0123"]


@pytest.mark.parametrize("name", ["text", "md", "json"])
def test_golden(name):
    suffix = {"text": "txt"}.get(name, name)
    golden(f"sample.{suffix}", FORMATS[name](sample()))


def test_terminal_summary_is_within_its_width_and_without_escapes():
    text = to_text(sample(), width=80)
    assert max(map(len, text.splitlines())) <= 80
    assert hidden(text) == []
    for part in ("moderate evidence", "right derived from left", "p2", "2.4e-18", "text_dim", "binary file", "weights"):
        assert part in text
    colored = to_text(sample(), color=True)
    assert "\x1b[" in colored
    assert hidden(re.sub(r"\x1b\[[0-9;]*m", "", colored)) == []


@pytest.mark.parametrize("width", [40, 100, 300])
def test_hostile_text_reaches_the_terminal_as_text(width):
    text = to_text(hostile(), width=width)
    assert hidden(text) == []
    assert "\\x1b[31m" in to_text(hostile(), width=1000)
    assert "\\u202e" in to_text(hostile(), width=1000)
    colored = to_text(hostile(), width=width, color=True)
    assert hidden(re.sub(r"\x1b\[[0-9;]*m", "", colored)) == []


@pytest.mark.parametrize("form", ["text", "md"])
def test_nothing_found_says_what_was_examined(form):
    text = FORMATS[form](nothing_found()).replace("\\", "")
    flat = " ".join(text.split())
    assert "No shared fragment was found between 3 files, 148 lines (python 3) on the left" in flat
    assert re.search("no evidence[:,] no relation found", flat)


def test_markdown_fits_a_comment_and_says_what_it_left_out():
    text = to_markdown(many(5000, 50))
    assert 40_000 < len(text) < LIMIT
    assert "Left out to fit a comment:" in text
    shown = text.count("<details><summary><code>m")
    left_out = int(re.search(r"comment: ([\d,]+) pair", text)[1].replace(",", ""))
    assert shown + left_out == 5000
    assert text.count("<details>") == text.count("</details>")
    assert "Left out" not in to_markdown(sample())


def test_markdown_stays_under_the_limit_whatever_is_long():
    base = sample()
    long = "x" * 200_000
    verdict = replace(base.verdict, summary=long)
    evidence = tuple(replace(base.evidence[0], claim=long) for _ in range(100))
    text = to_markdown(replace(base, verdict=verdict, evidence=evidence, channels=((long, long),) * 90))
    assert len(text) < LIMIT
    assert "the evidence table" in text


def test_hostile_text_is_dead_in_markdown():
    text = to_markdown(hostile())
    assert hidden(text) == []
    outside = re.sub(r"(`{3,})python\n.*?\n\1\n", "", text, flags=re.S)
    assert set(re.findall(r"</?([a-zA-Z]+)", outside)) <= {"details", "summary", "code"}
    assert "@all" not in outside
    assert "{{7" not in outside
    assert not re.search(r"(?<!\\)`", outside)
    rows = [row for row in outside.splitlines() if row.startswith("|")]
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} <= {4, 6, 7}
    assert len(HOSTILE) > 50
