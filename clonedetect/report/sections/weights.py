"""How the weights are shown: what was done to them, where it holds, the rename rules, the tensors by layer."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import escape
from typing import TYPE_CHECKING, Final

from clonedetect.report.sections.layout import Column, Figure, Section, Table

if TYPE_CHECKING:
    from clonedetect.domain.weights import TensorFinding, WeightsFinding

WORDS: Final = {
    "identical": "every value is the same",
    "re-encoded": "the same values, stored another way",
    "cast": "the same values, rounded to another number type",
    "quantised": "the same values on a quantiser's lattice",
    "noise": "the right is the left plus independent noise, or the reverse",
    "scaled": "the same values times a factor",
    "permuted": "the same values in another order of neurons, heads or gates",
    "rotated": "the same function in a rotated basis",
    "folded": "the same values with a normalisation folded in",
    "low-rank": "the same values plus a change of low rank",
    "pruned": "the same values, some set to zero",
    "merged": "a linear mixture in which the other side takes part",
    "fine-tuned": "the same values, trained on from a common state",
    "shared-initialisation": "trained apart from the same initial values",
    "unrelated": "no relation between the values",
    "insufficient": "too little to tell",
}
_ORDER: Final = tuple(WORDS)
_WIDTH, _LEFT, _RIGHT = 560.0, 150.0, 545.0
_HEIGHT: Final = 70.0  # of the lanes of correlation and sigma
_ROW: Final = 16.0  # of a mechanism
_DOTS: Final = 400  # tensors drawn at most


def section(finding: WeightsFinding) -> Section:
    """The section of the channel `weights`."""
    tables = (
        Table(
            "What holds where",
            (Column("mechanism"), Column("tensors", "number"), Column("share of values", "number"), Column("where")),
            tuple((p.mechanism, f"{p.tensors:,}", _share(p.share), ", ".join(p.names)) for p in finding.parts),
        ),
        Table(
            "Renamed tensors, by rule",
            (Column("left", "left"), Column("right", "right"), Column("tensors", "number")),
            tuple((rule.left, rule.right, f"{rule.tensors:,}") for rule in finding.rename_map),
        ),
        Table(
            "Pairs of tensors",
            (
                Column("left", "left"),
                Column("right", "right"),
                Column("shape"),
                Column("mechanism"),
                Column("correlation", "number"),
                Column("sigma", "number"),
                Column("z", "number"),
                Column("detail"),
            ),
            tuple(_row(tensor) for tensor in finding.tensors),
        ),
        Table(
            "Set aside",
            (Column("name", "code"), Column("reason")),
            tuple((entry.name, entry.reason) for entry in finding.excluded),
        ),
    )
    return Section("Weights", tuple(_lines(finding)), tables, _by_layer(finding))


def _share(share: float) -> str:
    return f"{100 * share:.0f} %" if share >= 0.01 else "under 1 %"


def _figure(value: float | None, form: str) -> str:
    return "–" if value is None else format(value, form)


def _row(tensor: TensorFinding) -> tuple[str, ...]:
    return (
        tensor.left,
        tensor.right,
        f"{' x '.join(map(str, tensor.shape))} {tensor.dtype}",
        tensor.mechanism,
        _figure(tensor.correlation, ".4f"),
        _figure(tensor.sigma, ".4g"),
        _figure(tensor.z, ".1f"),
        tensor.detail,
    )


def _lines(finding: WeightsFinding) -> list[str]:
    """The finding in a few sentences: mechanism, chance, sigma, what was examined."""
    lines = [f"{finding.mechanism} ({finding.strength}): {WORDS[finding.mechanism]}."]
    if finding.detail:
        lines.append(f"{finding.detail[0].upper()}{finding.detail[1:]}.")
    if finding.sigma is not None and finding.sigma_interval is not None:
        low, high = finding.sigma_interval
        lines.append(f"Standard deviation of the noise: {finding.sigma:.4g} (95 % interval {low:.4g} to {high:.4g}).")
    if finding.statistic is not None and finding.p_value is not None:
        chance = "below 1e-300" if finding.p_value <= 1e-300 else f"{finding.p_value:.2g}"
        lines.append(f"By chance: z = {finding.statistic:.1f} over {finding.examined:,} pairs, p {chance}.")
    if finding.correlation is not None:
        lines.append(f"Correlation over all pairs, weighted by values: {finding.correlation:.4f}.")
    lines.append(
        f"Examined {finding.examined:,} of {finding.total:,} tensors of the left; {len(finding.excluded):,} tensors of "
        "both sides set aside."
    )
    return lines + [f"Note: {note}." for note in finding.notes]


def _natural(tensor: TensorFinding) -> tuple[tuple[int, str], ...]:
    """Order in which `layer.2` comes before `layer.10`."""
    parts = re.split(r"(\d+)", tensor.left)
    return tuple((int(part[:18]), "") if part.isdigit() else (-1, part) for part in parts)


def _by_layer(finding: WeightsFinding) -> tuple[Figure, ...]:
    """Correlation, sigma and mechanism of each pair, in the order of the left's names."""
    ordered = sorted(finding.tensors, key=_natural)
    if not ordered:
        return ()
    shown = ordered[:: -(-len(ordered) // _DOTS)]
    highest = max((t.sigma for t in shown if t.sigma), default=0.0)
    top = 14.0
    parts: list[str] = []
    lanes = [("correlation", "0", "1", lambda t: t.correlation and max(t.correlation, 0.0))]
    if highest > 0:
        lanes.append(("sigma", "0", f"{highest:.3g}", lambda t: None if t.sigma is None else t.sigma / highest))
    for name, low, high, value in lanes:
        parts += _lane(shown, name, low, high, value, top)
        top += _HEIGHT + 22
    present = [word for word in _ORDER if any(t.mechanism == word for t in shown)]
    for word in present:
        middle = top + _ROW / 2
        parts.append(f'<line class="grid" x1="{_LEFT:g}" x2="{_RIGHT:g}" y1="{middle:g}" y2="{middle:g}"></line>')
        parts.append(f'<text class="soft" x="{_LEFT - 10:g}" y="{middle + 4:g}" text-anchor="end">{word}</text>')
        parts += [_dot(t, _x(i, shown), middle) for i, t in enumerate(shown) if t.mechanism == word]
        top += _ROW
    parts.append(f'<text class="soft" x="{_LEFT:g}" y="{top + 14:g}">first tensor of the left</text>')
    parts.append(f'<text class="soft" x="{_RIGHT:g}" y="{top + 14:g}" text-anchor="end">last</text>')
    svg = f'<svg viewBox="0 0 {_WIDTH:g} {top + 20:g}" aria-hidden="true">{"".join(parts)}</svg>'
    counted = ", ".join(f"{sum(t.mechanism == word for t in finding.tensors)} {word}" for word in present)
    left_out = "" if len(shown) == len(ordered) else f"; {len(shown):,} of {len(ordered):,} drawn"
    return (Figure("Tensors by layer", f"one dot a pair, in the order of the left's names{left_out}", counted, svg),)


def _x(index: int, shown: list[TensorFinding]) -> float:
    return _LEFT + (_RIGHT - _LEFT) * (index + 0.5) / len(shown)


def _lane(
    shown: list[TensorFinding],
    name: str,
    low: str,
    high: str,
    value: Callable[[TensorFinding], float | None],
    top: float,
) -> list[str]:
    bottom = top + _HEIGHT
    parts = []
    for label, y in ((high, top), (low, bottom)):
        parts.append(f'<line class="grid" x1="{_LEFT:g}" x2="{_RIGHT:g}" y1="{y:g}" y2="{y:g}"></line>')
        parts.append(f'<text class="soft" x="{_LEFT - 10:g}" y="{y + 4:g}" text-anchor="end">{label}</text>')
    parts.append(f'<text class="soft" x="8" y="{(top + bottom) / 2 + 4:g}">{name}</text>')
    for index, tensor in enumerate(shown):
        share = value(tensor)
        if share is not None:
            parts.append(_dot(tensor, _x(index, shown), bottom - _HEIGHT * share))
    return parts


def _dot(tensor: TensorFinding, x: float, y: float) -> str:
    words = f"{tensor.left} / {tensor.right}: {tensor.mechanism}, correlation {_figure(tensor.correlation, '.4f')}"
    words += f", sigma {tensor.sigma:.4g}" if tensor.sigma is not None else ""
    title = escape("".join(c if c.isprintable() else "?" for c in words))
    return f'<circle class="bar" cx="{x:.1f}" cy="{y:.1f}" r="2.5"><title>{title}</title></circle>'
