"""Who had the shared code first: first commits that hold it, what weakens their dates, and the revision that fits."""

from clonedetect.history.appear import Passage, Search, earliest, lines_of
from clonedetect.history.flags import Doubts, doubts
from clonedetect.history.order import history_finding
from clonedetect.history.revisions import Revision, fit_revisions, revisions_of

__all__ = [
    "Doubts",
    "Passage",
    "Revision",
    "Search",
    "doubts",
    "earliest",
    "fit_revisions",
    "history_finding",
    "lines_of",
    "revisions_of",
]
