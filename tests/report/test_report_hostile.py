"""Hostile text in every format, opened in a real browser: nothing runs, nothing is asked for, the text can be read."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from invented import findings
from markdown_it import MarkdownIt
from sample import HOSTILE, hostile

from clonedetect.report import FORMATS
from clonedetect.report.html import to_notebook_html
from clonedetect.report.markdown import to_markdown
from clonedetect.report.pdf import to_pdf
from clonedetect.report.show import show

pytestmark = pytest.mark.slow

SHOWN = "<script>window.pwned=1</script></script>{{7*7}}{%raw%}${7*7}`x`|@all #1"
ESCAPES = "\\x1b[31m\\x1b]0;t\\x07\\u202etxt\\u2066\\x00\\u200b"
MARKUP = (
    HOSTILE + '<img src="http://127.0.0.1:9/x" onerror="window.pwned=1"><svg onload="window.pwned=1">[a](javascript:1)'
)


def everything():
    """A comparison and a finding of every channel whose every text is hostile, images and handlers included."""
    return replace(hostile(), findings=findings(MARKUP))


@pytest.mark.parametrize("form", ["text", "json", "sarif"])
def test_plain_formats_stay_plain(watched, tmp_path, form):
    path = tmp_path / f"report.{'txt' if form == 'text' else 'json'}"
    path.write_text(FORMATS[form](everything()), encoding="utf-8")
    text = watched(path).locator("body").inner_text()
    assert "window.pwned=1" in text
    assert not any(character in text for character in "\x1b\x00\x07\u202e\u2066\u200b")


def test_side_by_side_of_the_terminal_stays_plain(watched, tmp_path):
    comparison = everything()
    path = tmp_path / "pair.txt"
    path.write_text(show(comparison, comparison.clone_pairs[0].id, 200), encoding="utf-8")
    assert ESCAPES.split("txt")[0] in watched(path).locator("body").inner_text()


def test_markdown_rendered_with_markup_allowed(watched, tmp_path):
    # The worst renderer: raw HTML is let through and nothing is sanitised afterwards.
    rendered = (
        MarkdownIt("commonmark", {"html": True, "linkify": False}).enable("table").render(to_markdown(everything()))
    )
    path = tmp_path / "report.html"
    path.write_text(f"<!doctype html><meta charset=utf-8><title>x</title>{rendered}", encoding="utf-8")
    page = watched(path)
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    text = page.locator("body").inner_text()
    assert SHOWN.split("@")[0] in text and ESCAPES in text
    assert page.locator("script, img, svg, a, iframe, object, style, form").count() == 0
    handlers = "[...document.querySelectorAll('*')].filter(e => [...e.attributes].some(a => /^on/.test(a.name))).length"
    assert page.evaluate(handlers) == 0


def test_notebook_fragment(watched, tmp_path):
    path = tmp_path / "cell.html"
    path.write_text(f"<!doctype html><meta charset=utf-8>{to_notebook_html(everything())}", encoding="utf-8")
    page = watched(path)
    assert SHOWN in page.locator("body").inner_text() and ESCAPES in page.locator("body").inner_text()
    assert page.locator("script, img, svg, a").count() == 0


def test_html_of_everything(watched, tmp_path):
    path = tmp_path / "report.html"
    path.write_text(FORMATS["html"](everything()), encoding="utf-8")
    page = watched(path)
    text = page.locator("body").inner_text()
    assert SHOWN in text and ESCAPES in text
    assert page.locator("main :is(img, iframe, object, form, style)").count() == 0
    page.locator("#pair-rows a").first.click()
    page.keyboard.press("w")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.reload()
    assert page.locator("#pair-title").is_visible()


def test_pdf_holds_no_action_and_no_address(chromium):
    printed = to_pdf(everything())
    assert printed.startswith(b"%PDF-")
    for word in (b"/JavaScript", b"/JS", b"/Launch", b"/OpenAction", b"/SubmitForm", b"/EmbeddedFile", b"127.0.0.1"):
        assert word not in printed, word
    assert {*re.findall(rb"/URI \((.{0,8})", printed)} <= {b"file:///"}
