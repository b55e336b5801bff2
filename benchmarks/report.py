# ruff: noqa: E402 - benchmarks are scripts: they add their own directories before importing each other
"""Size and speed of the HTML report on small, middle and large comparisons.

    python benchmarks/report.py [--report REPORT.json]... [--opens 5]

Without --report three comparisons are scanned: the demo's fixture, two public packages of one source, and a package
against its laundered copy (11,000 pairs). Size is a multiple of the quoted source, which the page carries once;
rendering is a share of the scan, both in CPU seconds of one worker; opening is in headless Chromium, from disk until
the first pair is drawn, beside a page that only holds the same source, hidden, which no report can beat.
"""

from __future__ import annotations

import argparse
import html
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
sys.path[:0] = [str(ROOT), str(HERE / "accuracy"), str(HERE / "packages")]

from fetch import fetch, load
from launder import launder_directory

from clonedetect import Comparison, Options, scan
from clonedetect.report.html import to_html
from clonedetect.report.json_format import from_json
from clonedetect.report.pdf import BROWSERS

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
LARGE = "networkx"
PAIR = ("pycryptodome", "pycryptodomex")


def sides(folder: Path) -> Iterator[tuple[str, Path, Path]]:
    """(name, left, right) of the three comparisons."""
    yield "demo", ROOT / "fixtures" / "vlm" / "original", ROOT / "fixtures" / "vlm" / "copy"
    pins = [*load(HERE / "packages" / "derivation-packages.toml"), *load(HERE / "packages" / "development.toml")]
    wanted = {pin.name: pin for pin in pins if pin.name in (*PAIR, LARGE)}
    trees = fetch([*wanted.values()])
    yield " and ".join(PAIR), trees[PAIR[0]], trees[PAIR[1]]
    launder_directory(trees[LARGE], folder / LARGE, "5")
    yield f"{LARGE}, laundered", trees[LARGE], folder / LARGE


def cpu() -> float:
    """CPU seconds of this process and of its children that have ended."""
    return sum(os.times()[:4])


def compared(folder: Path) -> Iterator[tuple[str, Comparison, float]]:
    """(name, comparison, CPU seconds of the scan) of each."""
    for name, left, right in sides(folder):
        started = cpu()
        comparison = scan(str(left), str(right), options=Options(jobs=1, cache=False, history=False))
        yield name, comparison, cpu() - started


def rendered(comparison: Comparison) -> tuple[str, float]:
    """The page and the CPU seconds that it took, the better of two."""
    times = []
    for _ in range(2):
        started = cpu()
        page = to_html(comparison)
        times.append(cpu() - started)
    return page, min(times)


def opened(browser: Any, file: Path, ready: str, times: int) -> float:
    """Median seconds from the call until the element `ready` is there."""
    taken = []
    for _ in range(times):
        page = browser.new_page(viewport={"width": 1400, "height": 950})
        started = time.perf_counter()
        page.goto(file.as_uri())
        page.wait_for_selector(ready)
        taken.append(time.perf_counter() - started)
        page.close()
    return statistics.median(taken)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--report", type=Path, action="append", help="a finished report.json in place of the scans")
    parser.add_argument("--opens", type=int, default=5)
    given = parser.parse_args(arguments)
    from playwright.sync_api import sync_playwright

    program = next(filter(None, map(shutil.which, BROWSERS)))
    print(
        "comparison | pairs | source kB | page kB | page/source | render s | of scan | open s | source alone s | ratio"
    )
    with tempfile.TemporaryDirectory() as directory, sync_playwright() as playwright:
        folder = Path(directory)
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        if given.report:
            every = ((path.parent.name, from_json(path.read_text(encoding="utf-8")), 0.0) for path in given.report)
        else:
            every = compared(folder)
        for name, comparison, seconds in every:
            page, rendering = rendered(comparison)
            source = sum(len(quote.text.encode()) for quote in comparison.quotes)
            report, plain = folder / "report.html", folder / "plain.html"
            report.write_text(page, encoding="utf-8")
            text = html.escape("".join(quote.text for quote in comparison.quotes))
            plain.write_text(
                f"<!doctype html><meta charset=utf-8><pre hidden>{text}</pre><b id=end>end", encoding="utf-8"
            )
            took = opened(browser, report, "#pair-title", given.opens)
            limit = opened(browser, plain, "#end", given.opens)
            size = len(page.encode())
            share = f"{rendering / seconds:.1%}" if seconds else "–"
            print(
                f"{name} | {len(comparison.clone_pairs):,} | {source / 1e3:,.0f} | {size / 1e3:,.0f} | "
                f"{size / source:.2f} | {rendering:.2f} | {share} | {took:.2f} | {limit:.2f} | {took / limit:.1f}",
                flush=True,
            )
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
