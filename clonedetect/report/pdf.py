"""PDF: the HTML report printed by a Chromium of this machine."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Final

from clonedetect.domain import Comparison
from clonedetect.errors import MissingExtraError, ReportError
from clonedetect.report.html import to_html

BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
_TIMEOUT: Final = 180.0  # seconds


def browser() -> str:
    """Path of the first of `BROWSERS` on PATH. Raises MissingExtraError where there is none."""
    for name in BROWSERS:
        found = shutil.which(name)
        if found:
            return found
    raise MissingExtraError(
        f"PDF needs a Chromium on PATH (one of {', '.join(BROWSERS)}); install one, or print report.html from a browser"
    )


def to_pdf(comparison: Comparison) -> bytes:
    """The HTML report in its print style, as PDF. The browser runs headless, without network and without a profile.

    Raises MissingExtraError where no Chromium is installed, ReportError where it fails or takes over three minutes.
    """
    program = browser()
    with tempfile.TemporaryDirectory(prefix="clonedetect-pdf-", ignore_cleanup_errors=True) as directory:
        page, printed = Path(directory, "report.html"), Path(directory, "report.pdf")
        page.write_text(to_html(comparison), encoding="utf-8")
        command = [program, "--headless", "--disable-gpu", "--disable-background-networking", "--disable-extensions"]
        command += ["--no-first-run", "--host-resolver-rules=MAP * ~NOTFOUND", f"--user-data-dir={directory}/profile"]
        command += ["--no-pdf-header-footer", f"--print-to-pdf={printed}", page.as_uri()]
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            command.insert(1, "--no-sandbox")  # as root Chromium has no sandbox and refuses to start without saying so
        try:
            done = subprocess.run(command, capture_output=True, timeout=_TIMEOUT, check=False, stdin=subprocess.DEVNULL)
        except subprocess.TimeoutExpired:
            raise ReportError(f"{Path(program).name} did not print the report within {_TIMEOUT:.0f} seconds") from None
        except OSError as error:
            raise ReportError(f"{Path(program).name} cannot be run: {error.strerror}") from None
        if done.returncode != 0 or not printed.is_file():
            raise ReportError(f"{Path(program).name} did not print the report (status {done.returncode})")
        return printed.read_bytes()
