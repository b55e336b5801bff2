"""Errors with a way out. The command line prints `str(error)` on one line and exits 1."""


class CloneDetectError(Exception):
    """Base of every error this package raises on purpose; its text is one line for a person."""


class OriginError(CloneDetectError):
    """An origin (directory, URL, owner/name) that cannot be read; the text says why and what to try."""


class ReportError(CloneDetectError):
    """A report.json that cannot be read or is not of a known schema."""


class MissingExtraError(CloneDetectError):
    """A command needs an optional dependency; the text names the extra to install."""


class WeightsError(CloneDetectError):
    """A weight file that cannot be read; the text names the file and the defect, what is not printable escaped."""

    def __init__(self, text: str) -> None:
        super().__init__("".join(c if c.isprintable() else ascii(c)[1:-1] for c in text))


class PredictionsError(CloneDetectError):
    """Predictions that cannot be read or compared; the text names the file and the defect."""


class BundleError(CloneDetectError):
    """An evidence bundle that cannot be written, or that is damaged, altered or hostile; the text says where."""


class CorpusError(CloneDetectError):
    """A corpus that cannot be read or written; the text names the corpus and says what to do."""
