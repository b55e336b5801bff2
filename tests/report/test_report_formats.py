"""HTML without a browser, SARIF, the side by side on a terminal, notebooks."""

from __future__ import annotations

import base64
import functools
import hashlib
import json
import os
import re
import time
import unicodedata
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import jsonschema
import pytest
from sample import HOSTILE, hostile, many, nothing_found, sample

from clonedetect.domain import Quote, Region
from clonedetect.errors import MissingExtraError, ReportError
from clonedetect.report import FORMATS, pdf
from clonedetect.report.colours import can_colour, length, syntax
from clonedetect.report.html import environment, to_html, to_notebook_html
from clonedetect.report.html_data import SourceIndex
from clonedetect.report.json_format import to_json
from clonedetect.report.plots import heat_map
from clonedetect.report.sarif import FINGERPRINT, to_sarif
from clonedetect.report.show import opposites, show

GOLDEN = Path(__file__).parent / "golden"
HIDDEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}


def golden(name, text):
    path = GOLDEN / name
    if os.environ.get("CLONEDETECT_GOLDEN") == "write":
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


class Page(HTMLParser):
    """Elements, attributes and script contents of a page."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.elements, self.content, self.stack = [], {}, []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag in ("script", "style"):
            self.content.setdefault(tag, []).append("")
            self.stack.append(tag)

    def handle_endtag(self, tag):
        if self.stack and self.stack[-1] == tag:
            self.stack.pop()

    def handle_data(self, data):
        if self.stack:
            self.content[self.stack[-1]][-1] += data


# ---------------------------------------------------------------- HTML


@pytest.mark.parametrize("make", [sample, hostile, nothing_found])
def test_page_loads_nothing_and_runs_only_its_own_script(make):
    text = to_html(make())
    page = Page(text)
    for tag, attributes in page.elements:
        assert tag not in {"link", "img", "iframe", "object", "embed", "base", "form", "video", "audio", "source"}
        assert not any(key.startswith("on") or key in {"style", "src", "srcset", "action"} for key in attributes)
        assert attributes.get("href", "#").startswith("#")
    policy = next(a["content"] for t, a in page.elements if a.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe" not in policy and "http" not in policy
    kinds = [a.get("type") for t, a in page.elements if t == "script"]
    assert kinds == [None, "application/json", None]
    for kind, content in zip(kinds, page.content["script"], strict=True):
        if kind is None:
            digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
            assert f"'sha256-{digest}'" in policy
    digest = base64.b64encode(hashlib.sha256(page.content["style"][0].encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in policy


def test_page_shows_hostile_text_as_text():
    text = to_html(hostile())
    assert [c for c in set(text) if unicodedata.category(c) in HIDDEN - {"Cs"} and c != "\n"] == []
    assert text.count("<script") == 3
    assert text.count("{{7*7}}{%raw%}${7*7}") > 20
    assert "&lt;script&gt;window.pwned=1&lt;/script&gt;" in text
    data = json.loads(Page(text).content["script"][1])
    assert data["pairs"][0][0] == "p'\"" + data["texts"][data["pairs"][0][6]]
    assert "\\x1b[31m" in data["pairs"][0][0] and "\\u202e" in data["pairs"][0][0]


def test_reasons_of_the_verdict_are_a_list_and_evidence_leads_to_its_section():
    page = to_html(sample())
    assert "<li>A common origin that was not given is not excluded.</li>" in page
    assert re.findall(r'<tr><td><a href="#([a-z-]+)"', page)[:2] == ["pairs", "files"]


def test_sections_have_headings_only_where_they_have_content():
    def titles(comparison):
        return re.findall(r'<section [^>]*>\n<h2 id="[^"]*-title">([^<]*)</h2>', to_html(comparison))

    assert titles(sample()) == [
        *(
            "Verdict",
            "Evidence",
            "Files",
            "Renames",
            "Rare features",
            "Shared code",
            "Copies: fragments that stand more than twice",
            "Figures",
        ),
        *("Not examined", "Method"),
    ]
    assert titles(nothing_found()) == ["Verdict", "Shared code", "Not examined", "Method"]
    assert "No shared fragment was found between 3 files" in to_html(nothing_found())


def test_a_section_is_added_by_one_template(monkeypatch):
    from jinja2 import ChoiceLoader, DictLoader

    env = environment()
    added = '{% set id = "tokenizer" %}{% set title = "Tokenizer" %}<p>{{ comparison.version }}</p>'
    extra = DictLoader({"sections/70-tokenizer.html.j2": added})
    monkeypatch.setattr(env, "loader", ChoiceLoader([extra, env.loader]))
    text = to_html(sample())
    assert '<h2 id="tokenizer-title">Tokenizer</h2>\n<p>0.1.0</p>' in text
    assert text.index("plots-title") < text.index("tokenizer-title") < text.index("not-examined-title")


def test_code_is_embedded_once_and_the_size_is_bounded():
    comparison = many(5000)
    source = sum(len(quote.text) for quote in comparison.quotes)
    started = time.perf_counter()
    text = to_html(comparison)
    assert time.perf_counter() - started < 10  # 1.5 s on an idle core; the limit only catches a wrong order of growth
    assert len(text) <= 3 * source
    unique = replace(sample().quotes[0], text="only_here = 1\n" * 4)
    assert to_html(replace(sample(), quotes=(unique,))).count("only_here") == 4


def test_cells_of_a_notebook_are_one_file():
    base = sample()
    first = replace(base.clone_pairs[0], left=replace(base.clone_pairs[0].left, path="n.ipynb", cell=1))
    second = replace(base.clone_pairs[2], left=replace(base.clone_pairs[2].left, path="n.ipynb", cell=2))
    comparison = replace(base, clone_pairs=(first, second), quotes=(Quote("left", "n.ipynb#1", "b", 1, "x = 1\n"),))
    heat = heat_map(comparison, SourceIndex(comparison))
    cells = [cell for row in heat.rows if row.path == "n.ipynb" for cell in row.cells if cell]
    assert [cell.label for cell in cells] == ["2×"]
    data = json.loads(Page(to_html(comparison)).content["script"][1])
    assert data["paths"][0][:2] == ["n.ipynb#1", "n.ipynb#2"] and data["files"][0][:2] == [0, 0]


def test_the_page_names_the_hash_of_its_json():
    assert hashlib.sha256(to_json(sample()).encode()).hexdigest() in to_html(sample())


def test_equal_input_gives_equal_bytes():
    for form in ("html", "sarif", "md", "text", "json"):
        assert FORMATS[form](sample()) == FORMATS[form](sample())


def painted(words, runs, text):
    """What the page's script makes of it: (letter, text) of the runs, then of the words between them."""
    at, out, known = 0, [], {word: letter for letter, listed in words.items() for word in listed.split()}
    for plain, letter, digits in [*re.findall(r"(\d*)([a-z])([A-Z]+)", runs), (str(len(text)), "", "")]:
        for word in re.findall(r"\w+", text[at : at + int(plain or 1)]):
            if word in known or word[0].isdigit():
                out.append((known.get(word, "m"), word))
        at += int(plain or 1)
        size = functools.reduce(lambda sum, digit: sum * 26 + ord(digit) - 65, digits, 0)
        out += [(letter, text[at : at + size])] * bool(letter)
        at += size
    return out


def test_syntax_classes_as_words_and_runs():
    code = '@dec\ndef größe(x):\n    """Doc def 3"""\n    return len(x) + 3  # end 𝕏\n'
    other = "def main(values):\n    return values.len + len(values)\n"
    words, runs = syntax([code, other])
    assert words == {"k": "def return", "b": ""}  # `len` is an attribute too
    assert painted(words, runs[0], code) == [
        *(("d", "@dec"), ("k", "def"), ("f", "größe"), ("s", '"""Doc def 3"""'), ("k", "return"), ("b", "len")),
        *(("m", "3"), ("c", "# end 𝕏")),
    ]
    assert painted(words, runs[1], other) == [("k", "def"), ("f", "main"), ("k", "return"), ("b", "len")]
    assert [length(n) for n in (1, 25, 26, 700)] == ["B", "Z", "BA", "BAY"]
    assert can_colour("a.ipynb#3", ["x"]) and not can_colour("a.py", ["x" * 5000]) and not can_colour("a.json", [])


def test_notebook_fragment_is_static_and_escaped():
    page = Page(to_notebook_html(hostile()))
    assert {tag for tag, _ in page.elements} <= {*["div", "p", "b", "table", "thead", "tbody", "tr", "th", "td"]}
    assert "p2" in to_notebook_html(sample()) and "right derived from left" in to_notebook_html(sample())


# ---------------------------------------------------------------- SARIF


def test_sarif_golden():
    golden("sample.sarif", to_sarif(sample()))


def test_sarif_names_both_sides_and_levels():
    log = json.loads(to_sarif(sample()))
    results = {result["properties"]["pair"]: result for result in log["runs"][0]["results"]}
    assert [results[pair]["level"] for pair in ("p1", "p2", "p3")] == ["error", "error", "none"]
    assert results["p3"]["kind"] == "informational"
    left = results["p2"]["locations"][0]["physicalLocation"]
    right = results["p2"]["relatedLocations"][0]["physicalLocation"]
    assert left == {
        "artifactLocation": {"uri": "grid/projector.py", "uriBaseId": "LEFT"},
        "region": {"startLine": 5, "endLine": 25},
    }
    assert right["artifactLocation"] == {"uri": "lattice/adapter.py", "uriBaseId": "RIGHT"}
    base = sample()
    uncalibrated = tuple(replace(pair, e_value=None) for pair in base.clone_pairs)
    levels = [r["level"] for r in json.loads(to_sarif(replace(base, clone_pairs=uncalibrated)))["runs"][0]["results"]]
    assert levels == ["warning", "warning", "none"]


def prints(comparison):
    return [r["partialFingerprints"][FINGERPRINT] for r in json.loads(to_sarif(comparison))["runs"][0]["results"]]


def shifted(comparison, by):
    def move(fragment):
        return replace(fragment, start_line=fragment.start_line + by, end_line=fragment.end_line + by)

    moved = tuple(replace(pair, left=move(pair.left), right=move(pair.right)) for pair in comparison.clone_pairs)
    quotes = tuple(replace(quote, start_line=quote.start_line + by) for quote in comparison.quotes)
    return replace(comparison, clone_pairs=moved, quotes=quotes)


def test_fingerprints_follow_the_content_not_the_lines():
    base = sample()
    assert prints(shifted(base, 40)) == prints(base)
    assert len(set(prints(base))) == 3
    changed = tuple(replace(q, text=q.text.replace("LayerNorm", "RMSNorm")) for q in base.quotes)
    before, after = prints(base), prints(replace(base, quotes=changed))
    assert [a == b for a, b in zip(before, after, strict=True)] == [True, False, True]
    twice = replace(base, clone_pairs=(base.clone_pairs[0], replace(base.clone_pairs[0], id="again")))
    assert len(set(prints(twice))) == 2


def test_hostile_sarif_is_plain():
    text = to_sarif(hostile())
    assert text.isascii()
    result = json.loads(text)["runs"][0]["results"][0]
    uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert re.fullmatch(r"[A-Za-z0-9_.~/%-]+", uri)
    assert not re.search(r"(?<!\{)\{\d", result["message"]["text"])


@pytest.mark.registry
@pytest.mark.slow
def test_sarif_is_valid_by_the_official_schema(sarif_schema):
    validator = jsonschema.validators.validator_for(sarif_schema)(sarif_schema)
    for comparison in (sample(), hostile(), nothing_found(), many(50, 5)):
        assert [error.message for error in validator.iter_errors(json.loads(to_sarif(comparison)))] == []
    broken = json.loads(to_sarif(sample()))
    broken["runs"][0]["results"][0]["level"] = "fatal"
    assert not validator.is_valid(broken)


# ---------------------------------------------------------------- terminal side by side, PDF


def test_show_golden():
    golden("sample.p2.txt", show(sample(), "p2", 110))


def test_show_stands_lines_opposite_each_other():
    pair = sample().clone_pairs[1]
    left = dict(enumerate(sample().quotes[0].text.split("\n"), 1))
    right = dict(enumerate(sample().quotes[2].text.split("\n"), 5))
    rows = list(opposites(pair, left, right))
    assert [r.left for r in rows if r.left] == list(range(5, 26))
    assert [r.right for r in rows if r.right] == list(range(5, 21))
    state = {(r.left, r.right): r.state for r in rows}
    assert state[8, 6] == state[14, 12] == state[22, 17] == state[25, 20] == "same"
    assert state[6, None] == "left"
    crossing = replace(pair, regions=(Region((5, 10), (12, 17)), Region((11, 25), (5, 11))))
    rows = list(opposites(crossing, left, right))
    assert [r.left for r in rows if r.left] == list(range(5, 26))
    assert sorted(r.right for r in rows if r.right) == list(range(5, 21))
    assert {range(5, 12), range(12, 18)} == {
        next(span for span in (range(5, 12), range(12, 18)) if r.right in span) for r in rows if r.left and r.right
    }


@pytest.mark.parametrize("width", [40, 120])
def test_show_hostile_and_unknown(width):
    comparison = hostile()
    text = show(comparison, comparison.clone_pairs[0].id, width)
    assert [c for c in text if unicodedata.category(c) in HIDDEN and c != "\n"] == []
    assert max(map(len, text.splitlines())) <= width
    with pytest.raises(ReportError, match="no pair p9; it has p1, p2, p3"):
        show(sample(), "p9")
    colored = show(sample(), "p1", color=True)
    assert "\x1b[36macross\x1b[0m" in colored and "\x1b[36mwide\x1b[0m" in colored
    assert "not in the report" in show(replace(sample(), quotes=()), "p1")
    assert HOSTILE not in text


def test_pdf_without_a_browser_says_what_to_install(monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(MissingExtraError, match="Chromium on PATH"):
        pdf.to_pdf(sample())


def test_pdf_with_a_broken_browser_is_one_clear_line(monkeypatch, tmp_path):
    fake = tmp_path / "chromium"
    fake.write_text("#!/bin/sh\nexit 7\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with pytest.raises(ReportError, match="chromium did not print the report \\(status 7\\)"):
        pdf.to_pdf(sample())
