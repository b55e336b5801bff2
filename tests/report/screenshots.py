"""Screenshots of a report for the README: `python tests/report/screenshots.py REPORT.json OUT_DIR`."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from clonedetect.report.html import to_html
from clonedetect.report.json_format import from_json
from clonedetect.report.pdf import BROWSERS

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]


def main(report: Path, out: Path) -> None:
    """Writes overview.png, pair.png, pair-dark.png and phone.png to `out`."""
    comparison = from_json(report.read_text(encoding="utf-8"))
    out.mkdir(parents=True, exist_ok=True)
    program = next(filter(None, map(shutil.which, BROWSERS)))
    with tempfile.TemporaryDirectory() as directory, sync_playwright() as playwright:
        page_file = Path(directory, "report.html")
        page_file.write_text(to_html(comparison), encoding="utf-8")
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        wide, narrow = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
        for name, size, scheme, target in (
            ("overview", wide, "light", "body"),
            ("pair", wide, "light", "#pair-view"),
            ("pair-dark", wide, "dark", "#pair-view"),
            ("phone", narrow, "light", "body"),
        ):
            page = browser.new_page(viewport=size, color_scheme=scheme)
            page.goto(page_file.as_uri())
            page.evaluate("target => document.querySelector(target).scrollIntoView()", target)
            page.screenshot(path=out / f"{name}.png")
            page.close()
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
