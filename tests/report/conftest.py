"""The browser that the tests of the report share."""

from __future__ import annotations

import os
import shutil

import pytest

from clonedetect.report.pdf import BROWSERS

CHROMIUM = next(filter(None, map(shutil.which, BROWSERS)), None)
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]


def missing(what):
    """Skips, or fails where continuous integration has to have everything."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"CI needs {what}")
    pytest.skip(f"no {what} here")


@pytest.fixture(scope="session")
def chromium():
    """The program, on PATH."""
    return CHROMIUM or missing("Chromium")


@pytest.fixture(scope="module")
def browser(chromium):
    """A headless Chromium under Playwright's control."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        missing("playwright")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def violations():
    """`violations(page)`: what an axe audit of the page finds, each rule with its first places."""
    try:
        from axe_playwright_python.sync_playwright import Axe
    except ImportError:
        missing("axe-playwright-python")

    def audit(page):
        # The browser's debugger injects the audit past the page's policy, which would forbid it.
        found = Axe().run(page).response["violations"]
        return [(v["id"], [node["html"][:200] for node in v["nodes"]][:3]) for v in found]

    return audit


@pytest.fixture
def watched(browser):
    """`watched(path, **options)` opens a file; afterwards: no error, no request but its own, no foreign script ran."""
    contexts, problems = [], []

    def opened(path, anchor="", **options):
        context = browser.new_context(**({"viewport": {"width": 1400, "height": 950}} | options))
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("dialog", lambda dialog: problems.append(dialog.message))
        own = path.as_uri()
        page.on("request", lambda request: problems.append(request.url) if not request.url.startswith(own) else None)
        page.goto(own + anchor)
        return page

    yield opened
    for context in contexts:
        for page in context.pages:
            if page.evaluate("typeof window.pwned") != "undefined":
                problems.append("a script of the repository ran")
        context.close()
    assert problems == []
