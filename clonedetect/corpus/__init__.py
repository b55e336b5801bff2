"""Many packages: fetch them by pinned hash, count what is common in them."""

from clonedetect.corpus.background import SHIPPED, Counts, load_background, save_background
from clonedetect.corpus.packages import Pin, fetch, read_pins, sources

__all__ = ["SHIPPED", "Counts", "Pin", "fetch", "load_background", "read_pins", "save_background", "sources"]
