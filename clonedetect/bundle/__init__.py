"""The evidence bundle: one zip file that holds what a report rests on, checked byte by byte before it is believed."""

from clonedetect.bundle.archive import Archive, open_archive, write_archive
from clonedetect.bundle.snapshots import contents, snapshot_from_json, snapshot_to_json

__all__ = ["Archive", "contents", "open_archive", "snapshot_from_json", "snapshot_to_json", "write_archive"]
