"""The HTML report in a real Chromium: what a reader does with it, and that hostile text stays text."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from invented import findings
from sample import HOSTILE, hostile, many, moved, nested, nothing_found, sample

from clonedetect.report.html import to_html
from clonedetect.report.pdf import to_pdf

pytestmark = pytest.mark.slow


def with_channels():
    """The sample with a hostile finding of every channel."""
    return replace(sample(), findings=findings(HOSTILE))


MAKERS = {
    "channels": with_channels,
    "moved": moved,
    "nested": nested,
    "sample": sample,
    "hostile": hostile,
    "nothing": nothing_found,
    "many": lambda: many(5000),
}


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    directory = tmp_path_factory.mktemp("pages")
    for name, maker in MAKERS.items():
        (directory / f"{name}.html").write_text(to_html(maker()), encoding="utf-8")
    return directory


@pytest.fixture
def visit(watched, pages):
    """Opens a page of `MAKERS` by its name, watched."""

    def opened(name="sample", anchor="", **options):
        return watched(pages / f"{name}.html", anchor, **options)

    return opened


def opposite(page, left):
    """Line number on the right that stands at the height of line `left` on the left."""
    return page.evaluate(
        """left => {
          const row = document.querySelector(`.pane[data-side=left] .row[data-line="${left}"]`);
          const top = row.getBoundingClientRect().top;
          const found = [...document.querySelectorAll('.pane[data-side=right] .row[data-line]')]
            .find(row => Math.abs(row.getBoundingClientRect().top - top) < 1);
          return found ? +found.dataset.line : null; }""",
        left,
    )


def colour(page, side, name):
    return page.evaluate(
        """([side, name]) => [...new Set([...document.querySelectorAll(`.pane[data-side=${side}] [data-rename]`)]
          .filter(n => n.textContent === name).map(n => getComputedStyle(n).backgroundColor))]""",
        [side, name],
    )


def test_right_lines_stand_opposite_each_other(visit):
    page = visit(anchor="#pair-p2")
    assert page.text_content("#pair-title") == "GridProjector and LatticeAdapter"
    assert [opposite(page, n) for n in (5, 8, 14, 17, 22, 25)] == [5, 6, 12, 15, 17, 20]
    assert opposite(page, 6) is None
    assert page.text_content(".pane[data-side=left] .row[data-line='6'] .n").strip() == "6"
    assert "left-only" in page.get_attribute(".pane[data-side=left] .row[data-line='6']", "class")


def test_each_rename_has_one_colour_on_both_sides(visit):
    page = visit(anchor="#pair-p2")
    seen = set()
    for left, right in (("text_dim", "token_width"), ("query_num", "slot_count"), ("hidden", "states")):
        assert len(colour(page, "left", left)) == 1
        assert colour(page, "left", left) == colour(page, "right", right)
        seen.update(colour(page, "left", left))
    assert len(seen) == 3
    page.click("button:has-text('hidden')")
    assert page.locator(".pane[data-side=left] .hue.on").count() == 3
    assert page.locator(".pane[data-side=right] .hue.on").count() == 3
    assert page.locator(".row.changed .ch").count() > 0
    assert page.locator(".chip:has-text('loop-to-comprehension')").count() == 1
    assert "17.3 bits" in page.text_content(".features")
    assert "blob 1f1f1f1f1f1f" in page.text_content(".pane-head.left")
    assert "@b7e1a0c2d3e4+changes" in page.text_content(".pane-head.right")


def test_ribbons_join_the_regions(visit):
    page = visit(anchor="#pair-p2")
    drawn = page.locator(".ribbons path[d]")
    assert drawn.count() == 5
    assert page.evaluate(
        """() => { const p = document.querySelectorAll('.ribbons path')[3].getBoundingClientRect();
          const a = document.querySelector(".pane[data-side=left] .row[data-line='18']").getBoundingClientRect();
          return Math.abs(p.top - a.top) < 2; }"""
    )
    page.evaluate("document.querySelector('.pane[data-side=left]').scrollLeft = 30")
    page.set_viewport_size({"width": 800, "height": 700})
    page.evaluate("document.querySelector('.pane[data-side=left]').scrollLeft = 60")
    page.wait_for_function("document.querySelector('.pane[data-side=right]').scrollLeft === 60")


def test_a_cell_of_the_heat_map_leads_to_its_pairs(visit):
    page = visit()
    page.click(".heat a[aria-label^='grid/tiles.py and lattice/cutting.py']")
    assert page.text_content("#pair-count") == "2 of 3 pairs in grid/tiles.py and lattice/cutting.py"
    assert page.text_content("#pair-title") == "split_tiles and cut_image"
    assert page.url.endswith("#pair-p1")
    page.click("#clear-files")
    assert page.text_content("#pair-count") == "3 of 3 pairs"


def test_search_sort_and_filters(visit):
    page = visit()

    def listed():
        return [cell.text_content() for cell in page.locator("#pair-rows td:first-child").all()]

    assert listed() == ["p2", "p1", "p3"]
    page.fill("#search", "SPLIT_tiles")
    assert listed() == ["p1"]
    page.fill("#search", "slot_count")
    assert listed() == ["p2"]
    page.fill("#search", "")
    page.select_option("#sort", "left")
    assert listed() == ["p2", "p1", "p3"]
    page.select_option("#sort", "size")
    assert listed() == ["p2", "p1", "p3"]
    page.select_option("#explained", "yes")
    assert listed() == ["p3"]
    page.select_option("#explained", "")
    page.select_option("#strength", "1e-9")
    assert listed() == ["p2", "p1"]
    page.uncheck("input[name=type][value='3']")
    assert listed() == ["p1"]
    places = page.locator("#rename-rows a", has_text="GridProjector")
    assert places.first.get_attribute("href") == "#pair-p2"
    page.fill("#rename-filter", "text_dim")
    assert page.text_content("#rename-count") == "1 of 6 names"
    assert page.locator("#rename-rows tr:visible").count() == 1


def test_keys(visit):
    page = visit()
    page.keyboard.press("j")
    assert page.url.endswith("#pair-p1")
    page.keyboard.press("k")
    assert page.url.endswith("#pair-p2")
    page.keyboard.press("]")
    page.keyboard.press("]")
    assert page.locator(".row.here").count() == 14
    page.keyboard.press("[")
    assert page.locator(".row.here").count() == 2
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "search"
    page.keyboard.type("jk?")
    assert page.input_value("#search") == "jk?"
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    assert page.is_visible("#keys")
    page.keyboard.press("Escape")
    assert not page.is_visible("#keys")


def test_unchanged_lines_fold_and_unfold(visit):
    page = visit(anchor="#pair-p1")
    page.keyboard.press("f")
    assert page.locator(".row.fold").count() == 2
    assert page.locator(".pane[data-side=left] .row[data-line]").count() == 4
    page.locator(".row.fold button").first.click()
    assert page.locator(".pane[data-side=left] .row[data-line]").count() == 10
    assert [opposite(page, n) for n in range(4, 14)] == list(range(4, 14))


def test_moved_regions_stand_opposite_each_other_unless_asked_otherwise(visit):
    page = visit("moved", anchor="#pair-p1")
    assert [opposite(page, n) for n in (4, 7, 8, 13)] == [10, 13, 4, 9]
    right = page.locator(".pane[data-side=right] .row[data-line]").evaluate_all(
        "rows => rows.map(r => +r.dataset.line)"
    )
    assert right == [*range(10, 14), *range(4, 10)]
    page.click("text=Order of the file")
    right = page.locator(".pane[data-side=right] .row[data-line]").evaluate_all(
        "rows => rows.map(r => +r.dataset.line)"
    )
    assert right == [*range(4, 14)]
    assert opposite(page, 8) == 4 and opposite(page, 4) is None
    assert page.locator(".ribbons path[d]").count() == 2


def test_wrapped_lines_stay_opposite_each_other(visit):
    page = visit(anchor="#pair-p2", viewport={"width": 800, "height": 700})
    before = page.locator(".pane[data-side=left] .lines").bounding_box()["height"]
    page.keyboard.press("w")
    assert page.locator(".pane[data-side=left] .lines").bounding_box()["height"] > before
    assert [opposite(page, n) for n in (5, 8, 14, 17, 22, 25)] == [5, 6, 12, 15, 17, 20]
    fits = "document.querySelector('.pane[data-side=left]').scrollWidth <= document.querySelector('.pane').clientWidth"
    assert page.evaluate(fits)


def test_a_pair_leads_to_the_pairs_inside_it(visit):
    page = visit("nested", anchor="#pair-p2")
    page.click(".chips:has-text('Inside it') a")
    assert page.url.endswith("#pair-inner")
    page.click(".chips:has-text('Part of') a")
    page.wait_for_selector("#pair-title:has-text('GridProjector and LatticeAdapter')")


def test_theme(visit):
    page = visit(color_scheme="light")
    background = "getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(background) == "rgb(255, 255, 255)"
    page.click("#theme")
    page.click("#theme")
    assert page.evaluate(background) == "rgb(15, 19, 24)"
    page.reload()
    assert page.evaluate(background) == "rgb(15, 19, 24)"
    assert page.text_content("#theme") == "Theme: dark"
    dark = visit(color_scheme="dark")
    assert dark.evaluate(background) == "rgb(15, 19, 24)"


@pytest.mark.parametrize("name", ["sample", "hostile", "channels"])
def test_narrow_window_has_no_sideways_scroll(visit, name):
    page = visit(name, viewport={"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_print_shows_the_pairs(visit):
    page = visit()
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("#print-pairs table.code").count() == 3
    assert "self.slot_count = slot_count" in page.inner_text("#print-pairs")
    assert not page.is_visible("header.bar")
    assert not page.is_visible("#pair-list")
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator("#print-pairs table").count() == 0


@pytest.mark.parametrize("make", [sample, hostile])
def test_pdf(make, chromium):
    printed = to_pdf(make())
    assert printed.startswith(b"%PDF-")
    assert printed.count(b"/Type /Page\n") + printed.count(b"/Type /Page ") >= 2


def test_everything_can_be_read_without_javascript(browser, pages):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((pages / "sample.html").as_uri())
    text = page.locator("main").inner_text()
    for part in (
        "right derived from left",
        "split_tiles",
        "text_dim\ttoken_width\tparameter",
        "docstring-removed",
        "2.4e-18",
    ):
        assert part in text
    assert "self.queries = nn.Parameter(torch.zeros(query_num, text_dim))" in text
    assert "chosen = [tile for index, tile in enumerate(tiles)" in text
    feature = next(row for row in text.splitlines() if row.startswith("query_num=96"))
    assert feature.split("\t")[1:] == ["17.3", "1"] and "1: p2" in text
    for anchor in page.locator("a[href^='#']").all():
        target = anchor.get_attribute("href")[1:]
        assert page.locator(f"[id='{target}']").count() == 1, target
    assert not page.locator("#search").is_visible()
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["sample", "hostile", "nothing", "channels"])
def test_accessible(visit, violations, name, scheme):
    assert violations(visit(name, color_scheme=scheme)) == []


def test_hostile_text_is_shown_and_does_nothing(visit):
    page = visit("hostile")
    assert page.evaluate("typeof window.pwned") == "undefined"
    text = page.locator("body").inner_text()
    assert "<script>window.pwned=1</script></script>{{7*7}}{%raw%}${7*7}`x`|@all #1" in text
    assert "\\x1b[31m\\x1b]0;t\\x07\\u202etxt\\u2066\\x00\\u200b" in text
    assert not any(character in text for character in "\x1b\x00\x07\u202e\u2066\u200b")
    left = page.locator(".pane[data-side=left]").text_content()
    assert "return '</pre></textarea><!--'" in left
    assert "w" * 10_000 in left
    page.click("#pair-rows a")
    page.reload()
    assert page.locator("#pair-title").is_visible()
    page.keyboard.press("j")
    page.keyboard.press("]")
    page.fill("#search", "<script>")
    assert page.text_content("#pair-count") == "1 of 1 pairs"


def test_the_policy_stops_what_escaping_would_miss(browser, pages):
    page = browser.new_page()
    refused = []
    page.on("console", lambda message: refused.append(message.text) if message.type == "error" else None)
    page.goto((pages / "sample.html").as_uri())
    page.evaluate(
        """() => { const s = document.createElement('script'); s.textContent = 'window.ranInline = 1';
          document.body.append(s);
          document.body.insertAdjacentHTML('beforeend', '<b onclick="window.ranHandler=1">x</b><img src="http://127.0.0.1:9/x">');
          document.body.querySelector('b[onclick]').click(); }"""
    )
    page.wait_for_timeout(100)
    assert page.evaluate("[typeof window.ranInline, typeof window.ranHandler]") == ["undefined", "undefined"]
    assert len([text for text in refused if "Content Security Policy" in text]) == 3
    page.close()


def test_five_thousand_pairs_open_within_three_seconds(visit):
    started = time.perf_counter()
    page = visit("many")
    page.wait_for_selector("#pair-title")
    assert time.perf_counter() - started < 3
    assert page.text_content("#pair-count") == "5,000 of 5,000 pairs"
    assert page.locator("#pair-rows tr").count() == 100
    page.evaluate("document.getElementById('pair-list').scrollTop = 1e6")
    page.wait_for_function("document.querySelectorAll('#pair-rows tr').length >= 200")
    started = time.perf_counter()
    page.fill("#search", "left_199")
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    assert time.perf_counter() - started < 2
    assert "left_199.py" in page.text_content(".pane-head.left")
