"""One comparison made by hand: every golden file and most tests of the reports stand on it."""

from __future__ import annotations

from dataclasses import replace

from clonedetect.domain import (
    CloneClass,
    ClonePair,
    Comparison,
    Edit,
    Evidence,
    Feature,
    FilePair,
    Fragment,
    Identity,
    Quote,
    Region,
    Rename,
    RenameEntry,
    SideSummary,
    Skipped,
    Verdict,
)

LEFT_PROJECTOR = '''\
import torch
from torch import nn


class GridProjector(nn.Module):
    """Maps patches of the vision tower to language tokens."""

    def __init__(self, vision_dim, text_dim, query_num=96):
        super().__init__()
        self.query_num = query_num
        self.queries = nn.Parameter(torch.zeros(query_num, text_dim))
        self.attn = nn.MultiheadAttention(text_dim, text_dim // 128)
        self.proj = nn.Linear(vision_dim, text_dim, bias=False)
        self.norm = nn.LayerNorm(text_dim, eps=3e-6)

    def forward(self, patches, grid_size):
        height, width = grid_size
        kept = []
        for index, patch in enumerate(patches):
            if index // width < height:
                kept.append(patch)
        hidden = self.norm(self.proj(torch.stack(kept)))
        queries = self.queries.unsqueeze(1)
        pooled, _ = self.attn(queries, hidden, hidden)
        return pooled.squeeze(1)
'''

RIGHT_PROJECTOR = """\
import torch
from torch import nn


class LatticeAdapter(nn.Module):
    def __init__(self, image_width, token_width, slot_count=96):
        super().__init__()
        self.slot_count = slot_count
        self.slots = nn.Parameter(torch.zeros(slot_count, token_width))
        self.attn = nn.MultiheadAttention(token_width, token_width // 128)
        self.proj = nn.Linear(image_width, token_width, bias=False)
        self.norm = nn.LayerNorm(token_width, eps=3e-6)

    def forward(self, tiles, lattice):
        rows, columns = lattice
        chosen = [tile for index, tile in enumerate(tiles) if index // columns < rows]
        states = self.norm(self.proj(torch.stack(chosen)))
        slots = self.slots.unsqueeze(1)
        out, _ = self.attn(slots, states, states)
        return out.squeeze(1)
"""

LEFT_SLICES = '''\
import math


def split_tiles(size, patch, limit):
    """How many tiles an image is cut into."""
    across = math.ceil(size[0] / patch)
    down = math.ceil(size[1] / patch)
    while across * down > limit:
        if across > down:
            across -= 1
        else:
            down -= 1
    return across, down


def clamp(value, low, high):
    return max(low, min(value, high))
'''

RIGHT_SLICES = '''\
import math


def cut_image(shape, cell, most):
    """How many tiles an image is cut into."""
    wide = math.ceil(shape[0] / cell)
    tall = math.ceil(shape[1] / cell)
    while wide * tall > most:
        if wide > tall:
            wide -= 1
        else:
            tall -= 1
    return wide, tall


def clamp(value, low, high):
    return max(low, min(value, high))
'''


def _fragment(side: str, path: str, start: int, end: int, name: str, kind: str) -> Fragment:
    return Fragment("left" if side == "left" else "right", path, start, end, name, kind)


PAIRS = (
    ClonePair(
        id="p1",
        type=2,
        similarity=1.0,
        containment=1.0,
        bits=88.4,
        e_value=3.1e-11,
        explained_by=None,
        left=_fragment("left", "grid/tiles.py", 4, 13, "split_tiles", "function"),
        right=_fragment("right", "lattice/cutting.py", 4, 13, "cut_image", "function"),
        regions=(Region((4, 13), (4, 13)),),
        renames=(
            Rename("across", "wide", "variable", 6),
            Rename("down", "tall", "variable", 6),
            Rename("split_tiles", "cut_image", "function", 1),
            Rename("size", "shape", "parameter", 3),
            Rename("patch", "cell", "parameter", 3),
            Rename("limit", "most", "parameter", 2),
        ),
        features=(Feature("math.ceil(_[0] / _)", 14.2, 1), Feature("while _ * _ > _", 12.9, 1)),
    ),
    ClonePair(
        id="p2",
        type=3,
        similarity=0.78,
        containment=0.91,
        bits=141.7,
        e_value=2.4e-18,
        explained_by=None,
        left=_fragment("left", "grid/projector.py", 5, 25, "GridProjector", "class"),
        right=_fragment("right", "lattice/adapter.py", 5, 20, "LatticeAdapter", "class"),
        regions=(
            Region((5, 5), (5, 5)),
            Region((8, 14), (6, 12)),
            Region((16, 17), (14, 15)),
            Region((18, 21), (16, 16)),
            Region((22, 25), (17, 20)),
        ),
        renames=(
            Rename("text_dim", "token_width", "parameter", 7),
            Rename("query_num", "slot_count", "parameter", 4),
            Rename("queries", "slots", "attribute", 3),
            Rename("vision_dim", "image_width", "parameter", 2),
            Rename("patches", "tiles", "parameter", 2),
            Rename("patch", "tile", "variable", 2),
            Rename("hidden", "states", "variable", 3),
            Rename("width", "columns", "variable", 2),
            Rename("height", "rows", "variable", 2),
            Rename("kept", "chosen", "variable", 2),
            Rename("pooled", "out", "variable", 2),
            Rename("grid_size", "lattice", "parameter", 2),
            Rename("GridProjector", "LatticeAdapter", "class", 1),
        ),
        edits=(Edit("docstring-removed", 1), Edit("loop-to-comprehension", 1)),
        conflicts=1,
        features=(
            Feature("query_num=96", 17.3, 1),
            Feature("nn.LayerNorm(_, eps=3e-06)", 16.1, 1),
            Feature("nn.MultiheadAttention(_, _ // 128)", 15.8, 1),
            Feature("torch.stack", 6.4, 1),
        ),
    ),
    ClonePair(
        id="p3",
        type=1,
        similarity=1.0,
        containment=1.0,
        bits=9.5,
        e_value=41.0,
        explained_by="background: common idiom",
        left=_fragment("left", "grid/tiles.py", 16, 17, "clamp", "function"),
        right=_fragment("right", "lattice/cutting.py", 16, 17, "clamp", "function"),
        regions=(Region((16, 17), (16, 17)),),
    ),
)


def sample() -> Comparison:
    """Two small projects: one class edited, one function renamed, one common idiom, one identical file."""
    return Comparison(
        version="0.1.0",
        options=(("history", False), ("jobs", 2), ("min_tokens", 24)),
        left=SideSummary(
            origin="example/grid",
            revision="3f2c9b1d8e7a6f5c4b3a29181706f5e4d3c2b1a0",
            dirty=False,
            files=3,
            lines=148,
            languages=(("python", 3),),
            skipped=(Skipped("data/tokenizer.model", "binary file"), Skipped("grid/broken.py", "NUL bytes")),
            first_commit="2024-02-01T09:00:00+00:00",
            last_commit="2024-05-20T17:30:00+00:00",
            notes=("shallow history: dates before 2024-02-01 are not known",),
        ),
        right=SideSummary(
            origin="example/lattice",
            revision="b7e1a0c2d3e4f5061728394a5b6c7d8e9f001122",
            dirty=True,
            files=3,
            lines=131,
            languages=(("python", 3),),
            skipped=(),
            first_commit="2024-05-28T08:00:00+00:00",
            last_commit="2024-06-02T11:00:00+00:00",
        ),
        ancestors=(),
        clone_pairs=PAIRS,
        clone_classes=(
            CloneClass(
                "c1",
                (PAIRS[2].left, PAIRS[2].right, _fragment("right", "lattice/limits.py", 3, 4, "bound", "function")),
            ),
        ),
        file_pairs=(
            FilePair("grid/tiles.py", "lattice/cutting.py", "renamed", 1.0),
            FilePair("grid/projector.py", "lattice/adapter.py", "similar", 0.86),
            FilePair("grid/__init__.py", "lattice/__init__.py", "identical", 1.0),
        ),
        rename_map=(
            RenameEntry("grid", "lattice", "module", 3, 0),
            RenameEntry("text_dim", "token_width", "parameter", 1, 0),
            RenameEntry("GridProjector", "LatticeAdapter", "class", 1, 0),
            RenameEntry("split_tiles", "cut_image", "function", 1, 0),
            RenameEntry("patch", "tile", "variable", 1, 1),
            RenameEntry("patch", "cell", "parameter", 1, 1),
        ),
        identity=Identity((("grid/__init__.py", "lattice/__init__.py", "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"),)),
        evidence=(
            Evidence(
                channel="source",
                claim="2 pairs of fragments are shared and not explained by anything known",
                strength="moderate",
                statistic="bits of the strongest pair",
                value=141.7,
                null_hypothesis="two unrelated repositories of these sizes",
                e_value=2.4e-18,
                exhibits=("p2", "p1"),
                limits="only Python was compared",
            ),
            Evidence(
                channel="identity",
                claim="1 file is byte-identical",
                strength="none",
                statistic="identical files of more than 64 bytes",
                value=0.0,
                null_hypothesis="independent authors write equal files only when they are trivial",
                exhibits=("grid/__init__.py",),
                limits="empty files count for nothing",
            ),
        ),
        verdict=Verdict(
            strength="moderate",
            relation="derived",
            direction="right-from-left",
            summary="Two of three shared fragments are not explained by common idiom; every name in them was changed.\n"
            "A common origin that was not given is not excluded.",
        ),
        channels=(
            ("weights", "no weights were given"),
            ("history", "left out by --no-history"),
        ),
        quotes=(
            Quote("left", "grid/projector.py", "1f" * 20, 1, LEFT_PROJECTOR),
            Quote("left", "grid/tiles.py", "2e" * 20, 4, "".join(LEFT_SLICES.splitlines(True)[3:])),
            Quote("right", "lattice/adapter.py", "3d" * 20, 5, "".join(RIGHT_PROJECTOR.splitlines(True)[4:])),
            Quote("right", "lattice/cutting.py", "4c" * 20, 4, "".join(RIGHT_SLICES.splitlines(True)[3:])),
        ),
    )


def nothing_found() -> Comparison:
    """The same two projects with nothing in common."""
    return replace(
        sample(),
        clone_pairs=(),
        clone_classes=(),
        file_pairs=(),
        rename_map=(),
        identity=Identity(()),
        evidence=(),
        quotes=(),
        verdict=Verdict("none", "unrelated", "unknown", "No shared code beyond chance was found."),
    )


def moved() -> Comparison:
    """One pair whose two regions stand in the other order on the right."""
    lines = LEFT_SLICES.splitlines(True)[3:13]
    right = Quote("right", "lattice/cutting.py", "4c" * 20, 4, "".join(lines[4:] + lines[:4]))
    pair = replace(PAIRS[0], regions=(Region((4, 7), (10, 13)), Region((8, 13), (4, 9))), renames=())
    return replace(sample(), clone_pairs=(pair,), quotes=(*sample().quotes[:3], right))


def nested() -> Comparison:
    """A class and, as a pair of its own, its constructor."""
    left = _fragment("left", "grid/projector.py", 8, 14, "GridProjector.__init__", "method")
    right = _fragment("right", "lattice/adapter.py", 6, 12, "LatticeAdapter.__init__", "method")
    inner = replace(PAIRS[1], id="inner", left=left, right=right, regions=(Region((8, 14), (6, 12)),), bits=60.0)
    return replace(sample(), clone_pairs=(*PAIRS, inner))


def many(pairs: int, files: int = 200) -> Comparison:
    """A large comparison: `pairs` pairs spread over `files` files a side."""
    base = sample()
    per_file = -(-pairs // files)
    height = 18
    left_text = "".join(LEFT_SLICES.splitlines(True)[3:13])
    right_text = "".join(RIGHT_SLICES.splitlines(True)[3:13])
    made = []
    for number in range(pairs):
        file, slot = divmod(number, per_file)
        start = 1 + slot * height
        made.append(
            replace(
                PAIRS[0],
                id=f"m{number}",
                type=1 + number % 3,
                bits=20 + (number * 37 % 1000) / 10,
                e_value=10.0 ** -(number % 30),
                explained_by="ancestor" if number % 7 == 0 else None,
                left=replace(PAIRS[0].left, path=f"pkg/left_{file:03}.py", start_line=start, end_line=start + 9),
                right=replace(PAIRS[0].right, path=f"pkg/right_{file:03}.py", start_line=start, end_line=start + 9),
                regions=(Region((start, start + 9), (start, start + 9)),),
            )
        )
    gap = "\n" * (height - 10)
    quotes = tuple(
        Quote(side, f"pkg/{side}_{file:03}.py", f"{file:040x}", 1, (text + gap) * per_file)
        for side, text in (("left", left_text), ("right", right_text))
        for file in range(files)
    )
    file_pairs = tuple(FilePair(f"pkg/left_{f:03}.py", f"pkg/right_{f:03}.py", "similar", 0.8) for f in range(files))
    return replace(base, clone_pairs=tuple(made), clone_classes=(), file_pairs=file_pairs, quotes=quotes)


HOSTILE = (
    "<script>window.pwned=1</script></script>{{7*7}}{%raw%}${7*7}`x`|@all #1 "
    "\x1b[31m\x1b]0;t\x07\u202etxt\u2066\x00\u200b"
)
"""Markup, template syntax, terminal escapes, bidirectional controls, NUL and zero-width in one string."""


def hostile() -> Comparison:
    """A comparison whose every text is `HOSTILE`, with a line of 10,000 columns."""
    base = sample()
    bad = HOSTILE
    left = Fragment("left", f"a/{bad}.py", 1, 5, bad, "function")
    right = Fragment("right", f"b/{bad}.py", 1, 5, bad, "function")
    code = f"def {bad}():\n    # {bad}\n    x = '{bad}'\n    y = '{'w' * 10_000}'\n    return '</pre></textarea><!--'\n"
    pair = ClonePair(
        id=f"p'\"{bad}",
        type=3,
        similarity=0.5,
        containment=0.5,
        bits=None,
        e_value=None,
        explained_by=bad,
        left=left,
        right=right,
        regions=(Region((1, 5), (1, 5)),),
        renames=(Rename(bad, bad + "2", bad, 1),),
        edits=(Edit(bad, 1),),
        features=(Feature(bad, 1.0, 1),),
    )
    side = replace(
        base.left, origin=bad, revision=bad, languages=((bad, 1),), skipped=(Skipped(bad, bad),), notes=(bad,)
    )
    return replace(
        base,
        version=bad,
        options=((bad, bad),),
        left=side,
        right=side,
        ancestors=(side,),
        clone_pairs=(pair,),
        clone_classes=(CloneClass(bad, (left, right, right)),),
        file_pairs=(FilePair(left.path, right.path, "similar", 0.5),),
        rename_map=(RenameEntry(bad, bad + "2", bad, 1, 0),),
        identity=Identity(((bad, bad, bad),)),
        evidence=(Evidence(bad, bad, "weak", bad, 1.0, bad, exhibits=(bad,), limits=bad),),
        verdict=Verdict("weak", "derived", "unknown", bad, bad),
        channels=((bad, bad),),
        quotes=(Quote("left", left.path, bad, 1, code), Quote("right", right.path, bad, 1, code)),
    )
