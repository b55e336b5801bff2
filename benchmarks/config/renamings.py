"""Published configurations under new names and in a new order: how many keys are matched, and how many wrongly.

    python benchmarks/config/renamings.py [--pairs 200] [--seed 1]

The configurations come from packages that the shipped table of rarity was not counted from. Each is altered as a person
would who wants it to look different: a manner of renaming drawn for the whole file and used for a drawn share of the
keys, an order, and a few keys dropped, added and given other values. Keys are matched by the same function that a scan
uses, without any rename map of code. The same files against other families' files say what independent ones share.
"""

from __future__ import annotations

import argparse
import random
import sys
import zipfile
from collections import Counter, defaultdict
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "packages"))
from fetch import cache, download, load

from clonedetect.config import settings_of
from clonedetect.config.match import leaves, match_keys
from clonedetect.config.values import load_published, says_something
from clonedetect.domain.config import Setting
from clonedetect.parse import settings

PACKAGES = Path(__file__).with_name("packages.toml")
SIZES = range(12, 120)  # settings of a configuration that is altered
# Words that mean nearly the same, drawn up for this benchmark alone: the matcher has its own list.
THESAURUS = {
    "hidden": "latent inner state feature",
    "size": "width extent dim span",
    "num": "total count amount",
    "layers": "stages levels steps",
    "layer": "stage level step",
    "attention": "mixer focus attn",
    "heads": "lanes splits groups",
    "head": "lane split group",
    "dropout": "dropping masking noise",
    "intermediate": "expanded middle wide",
    "max": "upper longest peak",
    "min": "lower smallest least",
    "position": "place slot pos",
    "embeddings": "lookups tables embeds",
    "embedding": "lookup table embed",
    "vocab": "dictionary lexicon alphabet",
    "token": "symbol unit mark",
    "id": "number idx code",
    "act": "nonlin gate squash",
    "eps": "tiny floor jitter",
    "norm": "scaling whiten normalise",
    "rate": "share fraction level",
    "init": "start begin initial",
    "initializer": "starter seed begin",
    "range": "spread std interval",
    "image": "picture frame photo",
    "patch": "cell tile chunk",
    "vision": "visual sight camera",
    "text": "language words prose",
    "model": "network net arch",
    "encoder": "reader backbone trunk",
    "decoder": "writer generator speaker",
    "window": "neighbourhood local range",
    "use": "enable with do",
    "bias": "offset shift intercept",
    "rope": "rotary rot spin",
    "theta": "base freq wavelength",
    "key": "lookup address",
    "value": "content payload",
    "experts": "specialists branches",
    "channels": "planes maps",
    "learning": "update step",
    "path": "location file",
    "type": "kind sort",
    "name": "label title",
}
INVENTED = "amber birch cobalt dune ember fjord grove harbor islet jade kelp lagoon maple nectar onyx pine quartz reef"


def published() -> list[tuple[str, tuple[Setting, ...]]]:
    """(family, settings) of each configuration of the test packages; a family is a package's directory."""
    pins = [pin for pin in load(PACKAGES) if pin.purpose == "test"]
    download(pins)
    found = []
    for pin in pins:
        with zipfile.ZipFile(cache() / "wheels" / pin.file) as archive:
            for name in sorted(archive.namelist()):
                try:
                    read = settings_of(name, archive.read(name), settings)
                except ValueError:
                    continue
                said = [leaf.value for leaf in leaves(read) if says_something(leaf.value)]
                # Tables of numbers by number, and classes that only declare fields, are no configuration of a model.
                named = not any(part.isdigit() for s in read for part in s.path[:1])
                if len(leaves(read)) in SIZES and len(said) * 2 >= len(read) and named and "test" not in name:
                    found.append((f"{pin.name}/{name.rpartition('/')[0]}", read))
    return found


def alter(
    read: tuple[Setting, ...], draw: random.Random
) -> tuple[list[Setting], dict[tuple[str, ...], tuple[str, ...]], str, str]:
    """The configuration under new names and in a new order, which path became which, and how it was altered."""
    manner = draw.choice(("words", "style", "prefix", "invented"))
    share = draw.choice((0.3, 0.6, 0.9))
    table: dict[str, str] = {}
    synonyms: dict[str, str] = {}
    used: set[str] = set()

    def word(old: str) -> str:
        if old not in synonyms:
            synonyms[old] = draw.choice(THESAURUS.get(old, old).split() or [old])
        return synonyms[old]

    def renamed(key: str) -> str:
        if key in table:
            return table[key]
        new = key
        if draw.random() < share and not key.isdigit():
            words = key.split("_")
            if manner == "words":
                new = "_".join(word(w) for w in words)
            elif manner == "style":
                new = words[0] + "".join(w.capitalize() for w in words[1:])
            elif manner == "prefix":
                new = draw.choice(("net", "cfg", "my", "arch")) + "_" + key
            elif draw.random() < 0.3:
                new = "_".join(draw.sample(INVENTED.split(), 2))
        while new in used:
            new += "_" + draw.choice(INVENTED.split())
        used.add(new)
        table[key] = new
        return new

    truth: dict[tuple[str, ...], tuple[str, ...]] = {}
    out: list[Setting] = []
    for setting in {s.path: s for s in read}.values():
        if draw.random() < 0.04:
            continue
        path = tuple(renamed(part) for part in setting.path)
        changed = replace(setting, path=path)
        if draw.random() < 0.05 and setting.kind == "number":
            changed = replace(changed, text=str(draw.randrange(2, 5_000)))
        truth[setting.path] = path
        out.append(changed)
    order = draw.choice(("kept", "sorted", "groups", "shuffled"))
    if order == "sorted":
        out.sort(key=lambda s: s.path)
    elif order == "shuffled":
        draw.shuffle(out)
    elif order == "groups":
        groups = defaultdict(list)
        for s in out:
            groups[s.path[:-1]].append(s)
        parts = list(groups.values())
        draw.shuffle(parts)
        out = [s for part in parts for s in part]
    for number in range(max(1, len(out) // 20)):
        new = Setting((f"{draw.choice(INVENTED.split())}_{number}",), str(draw.randrange(100)), "number", 1, 1)
        out.insert(draw.randrange(len(out) + 1), new)
    return out, truth, manner, order


def main(arguments: list[str] | None = None) -> int:
    """Prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--show", action="store_true", help="print each miss")
    given = parser.parse_args(arguments)
    table = load_published()
    configs = published()
    print(f"{len(configs)} configurations of {len({f for f, _ in configs})} families; {table.total} behind the table")
    draw = random.Random(given.seed)
    count: Counter[str] = Counter()
    families = sorted({family for family, _ in configs})
    for number in range(given.pairs):
        family = families[number % len(families)]
        read = draw.choice([read for name, read in configs if name == family])
        altered, truth, manner, order = alter(read, draw)
        ours, theirs = leaves(read), leaves(altered)
        matches, _ = match_keys(ours, theirs, {}, table)
        how = f"{manner}, order {order}"
        paths = {ours[m.left].setting.path: theirs[m.right].setting.path for m in matches}
        count["keys"] += len(truth)
        count["right"] += sum(paths.get(a) == b for a, b in truth.items())
        count[f"{how}: keys"] += len(truth)
        count[f"{how}: right"] += sum(paths.get(a) == b for a, b in truth.items())
        count["wrong"] += sum(truth.get(a) != b for a, b in paths.items())
        if given.show:
            texts = {s.path: s.text for s in read}
            for a, b in truth.items():
                if paths.get(a) != b:
                    print(
                        "   ", ".".join(a), "=", texts[a][:20], "is", ".".join(b), "given", ".".join(paths.get(a, ()))
                    )
    print(
        f"{given.pairs} altered pairs, {count['keys']} keys: {count['right'] / count['keys']:.4f} matched, "
        f"{count['wrong'] / count['keys']:.4f} wrongly"
    )
    for how in sorted({name.rpartition(":")[0] for name in count if ":" in name}):
        print(f"    {how}: {count[f'{how}: right'] / count[f'{how}: keys']:.3f} of {count[f'{how}: keys']}")
    rare = []
    while len(rare) < given.pairs:
        (one, left), (other, right) = draw.sample(configs, 2)
        if one.split("/")[0] != other.split("/")[0]:
            ours, theirs = leaves(left), leaves(right)
            matches, _ = match_keys(ours, theirs, {}, table)
            equal = [ours[m.left].value for m in matches if ours[m.left].value == theirs[m.right].value]
            said = [table.bits(v) for v in equal if says_something(v)]
            rare.append((sum(b for b in said if b >= 5), sum(b >= 5 for b in said), sum(said)))
    for title, column in (("bits of rare equal values", 0), ("rare equal values", 1), ("bits of equal values", 2)):
        values = sorted(row[column] for row in rare)
        at = [values[min(len(values) - 1, int(len(values) * share))] for share in (0.5, 0.95, 0.99, 1)]
        figures = ", ".join(f"{n} {v:.1f}" for n, v in zip(("median", ".95", ".99", "most"), at, strict=True))
        print(f"{given.pairs} independent pairs, {title}: {figures}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
