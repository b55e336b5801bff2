"""The demo's own report in a real Chromium: every pair of the two fixture repositories can be walked and read."""

from __future__ import annotations

from pathlib import Path

import pytest

import clonedetect
from clonedetect.report.html import to_html
from clonedetect.report.json_format import from_json, to_json
from clonedetect.report.quoted import Quoted

pytestmark = pytest.mark.slow

FIXTURES = Path(__file__).parents[2] / "fixtures" / "vlm"


@pytest.fixture(scope="module")
def comparison():
    options = clonedetect.Options(jobs=1, cache=False, history=False, times=False)
    return clonedetect.scan(str(FIXTURES / "original"), str(FIXTURES / "copy"), options=options)


@pytest.fixture(scope="module")
def page(comparison, browser, tmp_path_factory):
    path = tmp_path_factory.mktemp("demo") / "report.html"
    path.write_text(to_html(comparison), encoding="utf-8")
    page = browser.new_page(viewport={"width": 1400, "height": 950})
    problems = []
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("request", lambda request: problems.append(request.url) if request.url != path.as_uri() else None)
    page.goto(path.as_uri())
    yield page
    assert problems == []
    page.close()


def test_rendered_again_from_its_json_it_is_the_same(comparison):
    assert to_html(from_json(to_json(comparison))) == to_html(comparison)


def test_a_small_report_is_at_most_three_times_its_source(comparison):
    source = sum(len(quote.text.encode()) for quote in comparison.quotes)
    assert len(to_html(comparison).encode()) <= 3 * source


def test_every_pair_shows_all_its_lines_and_its_renames_alike(comparison, page):
    assert len(comparison.clone_pairs) > 20
    seen = set()
    page.evaluate("document.activeElement.blur()")
    for _ in comparison.clone_pairs:
        shown = page.evaluate(
            """() => {
              const side = name => [...document.querySelectorAll(`.pane[data-side=${name}] .row[data-line]`)];
              const renamed = name => [...document.querySelectorAll(`.pane[data-side=${name}] [data-rename]`)];
              const colours = name => Object.fromEntries(renamed(name).map(
                node => [node.dataset.rename, getComputedStyle(node).backgroundColor]));
              return {id: document.querySelector('.facts b').textContent,
                lines: ['left', 'right'].map(s => side(s).map(row => +row.dataset.line)),
                missing: document.querySelector('.scroller').textContent.includes('not quoted'),
                colours: ['left', 'right'].map(colours)}; }"""
        )
        pair = next(pair for pair in comparison.clone_pairs if pair.id == shown["id"])
        for lines, fragment in zip(shown["lines"], (pair.left, pair.right), strict=True):
            # Moved regions stand opposite each other: all lines are there, on the right not always in order.
            assert sorted(lines) == list(range(fragment.start_line, fragment.end_line + 1))
        assert shown["lines"][0] == sorted(shown["lines"][0])
        # A notebook's cells are quoted under `path#cell` (see the test below).
        assert not shown["missing"] or pair.left.cell is not None
        both = shown["colours"][0].keys() & shown["colours"][1].keys()
        assert all(shown["colours"][0][index] == shown["colours"][1][index] for index in both)
        if pair.renames and not shown["missing"]:
            assert both
        seen.add(pair.id)
        page.keyboard.press("j")
    assert seen == {pair.id for pair in comparison.clone_pairs}


def test_cells_of_notebooks_are_quoted(comparison):
    quoted = Quoted(comparison.quotes)
    cells = [f for pair in comparison.clone_pairs for f in (pair.left, pair.right) if f.cell is not None]
    assert cells
    assert [len(quoted.lines(f)) for f in cells] == [f.end_line - f.start_line + 1 for f in cells]


def test_accessible(page, violations):
    assert violations(page) == []
