"""Counts how common values and keys are in published configurations and writes the shipped table.

    python benchmarks/config/count_published.py

One configuration is one file of a pinned package (`packages.toml`) that holds at least `LEAST` settings: configuration
classes of Python, JSON and YAML files. The wheels are read as archives; nothing of them is unpacked or run.
"""

from __future__ import annotations

import sys
import zipfile
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "packages"))
from fetch import cache, download, load

from clonedetect.config import settings_of
from clonedetect.config.values import canonical, says_something
from clonedetect.grammar import grammars_dir
from clonedetect.parse import settings

LEAST = 4  # settings of a file that is a configuration
SHORT = 40  # characters of a text that may be a common value
PACKAGES = Path(__file__).with_name("packages.toml")


def main() -> None:
    """Writes `grammars/model-config/published.tsv`."""
    pins = [pin for pin in load(PACKAGES) if pin.purpose == "count"]
    download(pins)
    values: Counter[str] = Counter()
    keys: Counter[str] = Counter()
    total = 0
    for pin in pins:
        before = total
        with zipfile.ZipFile(cache() / "wheels" / pin.file) as archive:
            for name in sorted(archive.namelist()):
                try:
                    found = settings_of(name, archive.read(name), settings)
                except ValueError:
                    continue
                if len(found) >= LEAST:
                    total += 1
                    values.update({v for s in found if says_something(v := canonical(s))})
                    keys.update({s.path[-1] for s in found})
        print(f"{pin.key}: {total - before} configurations")
    # A text or key that only one has is its own affair; a number that only one has is still no rare one.
    kept = [("value", n, v) for v, n in values.items() if n > 1 or (not v.startswith('"') and len(v) <= SHORT)]
    kept += [("key", n, k) for k, n in keys.items() if n > 1]
    lines = [f"total\t{total}\tconfigurations"]
    lines += [
        f"{kind}\t{n}\t{text}"
        for kind, n, text in sorted(kept, key=lambda r: (r[0], -r[1], r[2]))
        if text.isprintable() and len(text) <= 100
    ]
    target = grammars_dir() / "model-config" / "published.tsv"
    target.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{target.name}: {len(lines):,} lines from {total:,} configurations")


if __name__ == "__main__":
    main()
