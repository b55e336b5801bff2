"""The report as one HTML file: nothing loaded, nothing sent, readable without JavaScript.

Every string of a repository passes `visible` (by Jinja's `finalize`) and then Jinja's autoescape; the data for the
page's own script is JSON in which no markup can begin. The content security policy names the hashes of the page's own
script and style and forbids everything else.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, get_args

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from clonedetect.domain import ClonePair, Comparison, Strength
from clonedetect.domain.calibration import CALIBRATION, DERIVED, UNRELATED
from clonedetect.report import assets, wording
from clonedetect.report.escape import visible
from clonedetect.report.glance import glance
from clonedetect.report.html_data import SourceIndex, page_data
from clonedetect.report.html_static import MAP_ROWS, channel_rows, feature_rows, pair_anchor, pair_list, rename_rows
from clonedetect.report.json_format import to_json
from clonedetect.report.plots import coverage, heat_map, histogram, matched_lines
from clonedetect.report.sections import Section as ChannelSection
from clonedetect.report.sections import sections as channel_sections

_SECTIONS: Final = "sections/"
_AFTER_CHANNELS: Final = "sections/60"  # the channels stand before the templates from here on

_PLACES: Final = {"source": "pairs", "identity": "files"}  # channels that sections of the page itself show


@dataclass(frozen=True, slots=True)
class Section:
    """One section of the page: a template below `templates/sections/`, or a channel's (`report.sections`)."""

    id: str
    title: str
    body: Markup


@cache
def environment() -> Environment:
    """The Jinja environment of the package: autoescape on, invisible characters made visible, undefined is an error."""
    made = Environment(
        loader=PackageLoader("clonedetect.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        auto_reload=False,
    )
    helpers: dict[str, Any] = {
        "bits": wording.bits,
        "channel": wording.channel,
        "counted": wording.counted,
        "examined": wording.examined,
        "figure": wording.figure,
        "headline": wording.headline,
        "name": wording.name,
        "nothing_shared": wording.nothing_shared,
        "origin": wording.origin,
        "pair_anchor": pair_anchor,
        "percent": wording.percent,
        "place": wording.place,
        "relation": wording.relation,
        "full": full,
        "shorten": shorten,
        "meanings": wording.STRENGTHS,
        "strengths": get_args(Strength),
        "told": wording.told,
        "types": wording.TYPES,
    }
    for helper, function in helpers.items():
        made.globals[helper] = function
    return made


def _shown(value: Any) -> Any:
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def shorten(path: str, limit: int = 44) -> str:
    """The end of a path, which tells files apart, in at most `limit` characters."""
    path = visible(path)
    return path if len(path) <= limit else "…" + path[1 - limit :]


def full(path: str, limit: int = 44) -> Markup:
    """The attribute that gives a shortened path whole, nothing for one that is shown whole."""
    return Markup("") if len(visible(path)) <= limit else Markup(' title="{}"').format(visible(path))


def to_html(comparison: Comparison) -> str:
    """The comparison as one self-contained HTML file. Equal comparisons give equal bytes."""
    style, first, script = assets.style(), assets.first_script(), assets.script()
    policy = (
        f"default-src 'none'; script-src {assets.policy_hash(first)} {assets.policy_hash(script)}; "
        f"style-src {assets.policy_hash(style)}; base-uri 'none'; form-action 'none'"
    )
    index = SourceIndex(comparison)
    return (
        environment()
        .get_template("report.html.j2")
        .render(
            comparison=comparison,
            sections=_sections(comparison, index),
            others=[_anchor(channel) for channel, _ in channel_sections(comparison)],
            policy=Markup(policy),
            style=Markup(style),
            first_script=Markup(first),
            script=Markup(script),
            data=Markup(page_data(comparison, index, MAP_ROWS)),
        )
    )


def _sections(comparison: Comparison, index: SourceIndex) -> list[Section]:
    pairs = wording.ranked(comparison.clone_pairs)
    sides = [("left", comparison.left), ("right", comparison.right), *(("ancestor", a) for a in comparison.ancestors)]
    numbers = {pair.id: number for number, pair in enumerate(pairs, 1)}
    shown = channel_sections(comparison)
    context: dict[str, Any] = {
        "comparison": comparison,
        "calibration": CALIBRATION,
        "unrelated": UNRELATED,
        "derived": DERIVED,
        "pairs": pairs,
        "pair_by_id": {pair.id: pair for pair in pairs},
        "classes": [each for each in comparison.clone_classes if len(each.fragments) > 2],
        "json_hash": hashlib.sha256(to_json(comparison).encode()).hexdigest(),
        "explained": sum(pair.explained_by is not None for pair in pairs),
        "glance": glance(comparison),
        "rename_rows": rename_rows(comparison, pairs),
        "feature_rows": feature_rows(pairs),
        "map_rows": MAP_ROWS,
        "number_of": numbers,
        "heat": heat_map(comparison, index),
        "histogram": histogram(pairs) if pairs else None,
        "places": _PLACES | {channel: _anchor(channel) for channel, _ in shown},
        "coverage": {side: coverage(matched_lines(pairs, side)) for side in ("left", "right")},
        "sources": index.sources,
        "pair_list": pair_list(pairs, index),
        "skipped": [(label, each) for label, side in sides for each in side.skipped],
        "notes": [(label, note) for label, side in sides for note in side.notes],
    }
    sections: list[Section] = []
    env = environment()
    channels = [_channel(channel, section, context["pair_by_id"]) for channel, section in shown]
    for template_name in sorted(name for name in env.list_templates() if name.startswith(_SECTIONS)):
        if channels and template_name > _AFTER_CHANNELS:
            sections += channels
            channels = []
        module = env.get_template(template_name).make_module(context)
        body = Markup(str(module).strip())
        if body:
            sections.append(Section(module.id, module.title, body))  # ty: ignore[missing-attribute]
    return sections


def _channel(channel: str, section: ChannelSection, pairs: dict[str, ClonePair]) -> Section:
    tables = [(table, channel_rows(table, pairs)) for table in section.tables if table.rows]
    body = environment().get_template("channel.html.j2").render(section=section, tables=tables, map_rows=MAP_ROWS)
    return Section(_anchor(channel), section.title, Markup(body))


def _anchor(channel: str) -> str:
    return channel.replace("_", "-")


def to_notebook_html(comparison: Comparison) -> str:
    """A small HTML fragment for a notebook's `_repr_html_`: verdict, evidence and the strongest pairs, no script."""
    return (
        environment()
        .get_template("notebook.html.j2")
        .render(comparison=comparison, pairs=wording.ranked(comparison.clone_pairs))
    )
