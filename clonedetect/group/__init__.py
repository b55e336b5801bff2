"""Clone pairs to what they say together: clone classes, file pairs, the repository-wide rename map."""

from clonedetect.group.classes import clone_classes
from clonedetect.group.files import file_pairs, matched_lines
from clonedetect.group.lineage import lineage
from clonedetect.group.renames import rename_map

__all__ = ["clone_classes", "file_pairs", "lineage", "matched_lines", "rename_map"]
