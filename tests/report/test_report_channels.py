"""The sections of the channels in every format: hostile text stays text, whatever the finding says."""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from invented import channels, findings
from sample import HOSTILE, sample

from clonedetect.domain import ClonePair, Comparison, Findings
from clonedetect.report import FORMATS
from clonedetect.report.html import to_html
from clonedetect.report.html_static import channel_rows
from clonedetect.report.json_format import from_json, to_json
from clonedetect.report.sections import SECTIONS, Column, Table, sections

HIDDEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}
ALL = channels()


def with_finding(channel: str, text: str) -> Comparison:
    return replace(sample(), findings=replace(Findings(), **{channel: getattr(findings(text), channel)}))


class Elements(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.found = []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))


def test_every_channel_has_a_section():
    assert {*SECTIONS} == {*ALL}


@pytest.mark.parametrize("channel", ALL)
@pytest.mark.parametrize("form", ["text", "json", "html", "md", "sarif"])
def test_hostile_text_of_a_finding_is_text(channel, form):
    text = FORMATS[form](with_finding(channel, HOSTILE))
    assert [c for c in text if unicodedata.category(c) in HIDDEN and c != "\n"] == []
    assert "<script>window.pwned" not in text or form in ("text", "json", "sarif")
    if form == "html":
        assert text.count("<script") == 3
        section = text.partition(f'<section id="{channel.replace("_", "-")}"')[2].partition("</section>")[0]
        assert section
        for tag, attributes in Elements(section).found:
            assert tag not in {"script", "img", "iframe", "object", "embed", "style", "link"}, tag
            assert not any(key.startswith("on") or key in {"style", "src"} for key in attributes)
            assert attributes.get("href", "#").startswith("#")


@pytest.mark.parametrize("channel", ALL)
@pytest.mark.parametrize("text", [HOSTILE, "", "x" * 5000, "2024-02-30T99:00:00Z", "-", "a.b.c", "é\n\n# x"])
def test_a_finding_read_back_is_shown_whatever_its_texts_are(channel, text):
    comparison = with_finding(channel, text)
    again = from_json(to_json(comparison))
    assert again.findings == comparison.findings
    for form in FORMATS.values():
        assert form(again) == form(comparison)


def test_sections_stand_in_one_order():
    comparison = replace(sample(), findings=findings("x"))
    assert [name for name, _ in sections(comparison)] == [*SECTIONS]
    ids = re.findall(r'<section id="([^"]+)"', to_html(comparison))
    places = [ids.index(name.replace("_", "-")) for name in SECTIONS]
    assert places == sorted(places) and ids.index("plots") > max(places) > min(places) > ids.index("pairs")


def test_a_rename_in_a_channel_has_one_colour_on_both_sides():
    table = Table("t", (Column("how"), Column("left", "left"), Column("right", "right"), Column("n", "number")), ())
    rows = (("kept", "a", "a", "1"), ("renamed", "a", "b", "1"), ("renamed", "c", "<d>", "1"), ("again", "a", "b", "1"))
    text = channel_rows(replace(table, rows=rows), {})
    classes = [re.findall(r"<b class=(q\d+)>([^<]*)</b>", line) for line in text.split("\n")]
    assert classes == [
        [],
        [("q0", "a"), ("q0", "b")],
        [("q1", "c"), ("q1", "&lt;d&gt;")],
        [("q0", "a"), ("q0", "b")],
    ]
    assert channel_rows(replace(table, rows=(("removed", "a", "", "1"),)), {}) == "<tr><td>removed<td>a<td><td>1"


def test_ids_of_pairs_become_links_with_names():
    pairs: dict[str, ClonePair] = {pair.id: pair for pair in sample().clone_pairs}
    table = Table("t", (Column("code", "pairs"),), (("p2 gone",), (" ".join(["p1"] * 25),)))
    first, second = channel_rows(table, pairs).split("\n")
    assert first == "<tr><td><a href=#pair-p2>GridProjector</a>, gone"
    assert second.endswith("</a> and 17 more") and second.count("<a ") == 8


def test_json_of_a_hostile_finding_is_plain_ascii():
    text = to_json(with_finding(ALL[0], HOSTILE))
    assert text.isascii() and json.loads(text)[ALL[0]] is not None
