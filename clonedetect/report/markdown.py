"""Markdown that fits a comment on a pull request."""

from __future__ import annotations

import html
import re
from typing import Final

from clonedetect.domain import ClonePair, Comparison, Fragment, SideSummary
from clonedetect.report import wording
from clonedetect.report.escape import visible
from clonedetect.report.quoted import Quoted
from clonedetect.report.sections import Kind, Section, sections

LIMIT: Final = 65_000
"""Characters: the hosts' limit for one comment is 65,536."""

_RESERVED: Final = 400  # for the closing lines that say what was left out
_RENAMES: Final = 30
_SKIPPED: Final = 20
_ROWS: Final = 20  # of a channel's table
_PLACES: Final = 5  # pairs named in a cell
_CODE_LINES: Final = 40
_CODE_COLUMNS: Final = 160
_TEXT_LIMIT: Final = 2_000
# Punctuation that Markdown, GitHub's mentions (@) and issue references (#) react to.
_SPECIAL: Final = re.compile(r"([\\`*_{}\[\]()#+\-.!|~^:/])")


def to_markdown(comparison: Comparison) -> str:
    """The comparison in under `LIMIT` characters of GitHub-flavoured Markdown; it says what it leaves out.

    Nothing from a repository is live: no markup, link, mention or image of theirs survives.
    """
    shown = sections(comparison)
    parts = [_head(comparison), _evidence(comparison), _not_examined(comparison), _renames(comparison)]
    titles = ["", "the evidence table", "what was not examined", "the rename map", *(s.title for _, s in shown)]
    parts += [_channel(section) for _, section in shown]
    used, closing = 0, _closing(comparison)
    kept: list[str] = []
    left_out: list[str] = []
    for title, part in zip(titles, parts, strict=True):
        if used + len(part) > LIMIT - _RESERVED - len(closing):
            left_out.append(title)
        else:
            kept.append(part)
            used += len(part)
    # Reading order: pairs stand after the evidence, what was not examined last.
    tail = [part for part in kept if part in parts[2:3] and part]
    kept = [part for part in kept if part not in tail]
    budget = LIMIT - _RESERVED - len(closing) - used
    pairs, omitted = _pairs(comparison, budget)
    if omitted:
        left_out.append(wording.counted(omitted, "pair"))
    note = f"\nLeft out to fit a comment: {'; '.join(left_out)}. All of it is in report.json.\n" if left_out else ""
    return "".join([*kept, pairs, *tail, note, closing])


def escaped(text: str) -> str:
    """Text of a repository or claim as plain Markdown text: nothing in it is markup, a mention or a reference."""
    short = visible(text)
    if len(short) > _TEXT_LIMIT:
        short = f"{short[:_TEXT_LIMIT]} …"
    marked = _SPECIAL.sub(r"\\\1", html.escape(short, quote=False))
    # Hosts look for mentions (@name), issues (#1) and addresses in the rendered text, where escapes no longer help;
    # they leave code elements alone.
    return (
        marked.replace("@", "<code>&#64;</code>")
        .replace("\\#", "<code>&#35;</code>")
        .replace("www", "<code>w</code>ww")
    )


def code(text: str) -> str:
    """Text as a code element, safe inside a table, a summary and a paragraph alike."""
    short = visible(text)
    if len(short) > _TEXT_LIMIT:
        short = f"{short[:_TEXT_LIMIT]} …"
    # An HTML element instead of backticks: it needs no counting of backticks and holds in `<summary>` too. Markdown
    # still looks inside it, so its punctuation becomes character references.
    return f"<code>{_references(short)}</code>"


def _references(text: str) -> str:
    references = "".join(c if c.isalnum() or c in " /.,-=" else f"&#{ord(c)};" for c in text)
    return references.replace("www.", "www&#46;")


def _side(label: str, side: SideSummary) -> str:
    return f"| {label} | {code(wording.origin(side))} | {escaped(wording.examined(side))} |\n"


def _head(comparison: Comparison) -> str:
    verdict = comparison.verdict
    text = f"### clonedetect: {wording.headline(verdict).replace(': ', ', ', 1)}\n\n"
    first, *reasons = wording.told(verdict)
    text += f"{escaped(first)}\n\n" + "".join(f"- {escaped(line)}\n" for line in reasons) + ("\n" if reasons else "")
    if verdict.best_revision:
        text += f"Best fitting revision: {code(verdict.best_revision)}\n\n"
    text += "| side | origin | examined |\n| --- | --- | --- |\n"
    text += _side("left", comparison.left) + _side("right", comparison.right)
    return text + "".join(_side("ancestor", ancestor) for ancestor in comparison.ancestors[:10])


def _evidence(comparison: Comparison) -> str:
    if not comparison.evidence:
        return ""
    rows = ["\n#### Evidence\n\n| channel | claim | strength | statistic | null hypothesis | limits |\n"]
    rows.append("| --- | --- | --- | --- | --- | --- |\n")
    for each in comparison.evidence:
        figures = f"{escaped(each.statistic)} = {wording.figure(each.value)}"
        figures += f", p = {wording.figure(each.p_value)}" if each.p_value is not None else ""
        figures += f", E = {wording.figure(each.e_value)}" if each.e_value is not None else ""
        cells = [escaped(wording.channel(each.channel)), escaped(each.claim), each.strength, figures]
        cells += [escaped(each.null_hypothesis), escaped(each.limits)]
        rows.append(f"| {' | '.join(cells)} |\n")
    return "".join(rows)


def _renames(comparison: Comparison) -> str:
    if not comparison.rename_map:
        return ""
    shown = comparison.rename_map[:_RENAMES]
    rows = [f"\n<details><summary>Renames: {len(comparison.rename_map):,}, the first {len(shown)} here</summary>\n\n"]
    rows.append("| left | right | kind | pairs for | against |\n| --- | --- | --- | ---: | ---: |\n")
    rows += [
        f"| {code(r.left)} | {code(r.right)} | {escaped(r.kind)} | {r.support:,} | {r.conflicts:,} |\n" for r in shown
    ]
    return "".join([*rows, "\n</details>\n"])


def section_markdown(section: Section) -> str:
    """One channel's section alone, under a heading."""
    return f"#### {escaped(section.title)}\n\n{_body(section)}"


def _channel(section: Section) -> str:
    return f"\n<details><summary>{escaped(section.title)}</summary>\n\n{_body(section)}</details>\n"


def _body(section: Section) -> str:
    lines = [f"{escaped(paragraph)}\n\n" for paragraph in section.paragraphs]
    for table in section.tables:
        if not table.rows:
            continue
        lines.append(f"{escaped(table.title)}\n\n| {' | '.join(escaped(c.name) for c in table.columns)} |\n")
        lines.append("|" + "".join(" ---: |" if c.kind == "number" else " --- |" for c in table.columns) + "\n")
        for row in table.rows[:_ROWS]:
            cells = [_cell(cell, column.kind) for cell, column in zip(row, table.columns, strict=True)]
            lines.append(f"| {' | '.join(cells)} |\n")
        lines.append(f"\nand {wording.counted(len(table.rows) - _ROWS, 'more row')}\n\n" * (len(table.rows) > _ROWS))
        lines.append("\n")
    return "".join(lines)


def _cell(text: str, kind: Kind) -> str:
    if kind == "pairs":
        return escaped(wording.first_of(text.split(), _PLACES))
    return code(text) if text and kind in ("code", "left", "right") else escaped(text)


def _pairs(comparison: Comparison, budget: int) -> tuple[str, int]:
    """As many pairs as fit in `budget` characters, and how many do not."""
    pairs = wording.ranked(comparison.clone_pairs)
    if not pairs:
        return f"\n{escaped(wording.nothing_shared(comparison))}\n", 0
    quoted = Quoted(comparison.quotes)
    explained = sum(pair.explained_by is not None for pair in pairs)
    parts = [f"\n#### Shared code: {wording.counted(len(pairs), 'pair')}, {explained:,} explained\n\n"]
    used = len(parts[0])
    for index, pair in enumerate(pairs):
        for part in (_pair(pair, quoted), _pair(pair, None)):
            if used + len(part) <= budget:
                parts.append(part)
                used += len(part)
                break
        else:
            return "".join(parts), len(pairs) - index
    return "".join(parts), 0


def _pair(pair: ClonePair, quoted: Quoted | None) -> str:
    figures = [wording.TYPES[pair.type], f"{wording.percent(pair.similarity)} alike"]
    if pair.bits is not None:
        figures.append(f"{wording.bits(pair.bits)} bits")
    if pair.e_value is not None:
        figures.append(f"E = {wording.figure(pair.e_value)}")
    if pair.explained_by is not None:
        figures.append(f"explained by {code(pair.explained_by)}")
    head = f"{code(wording.name(pair.left))} and {code(wording.name(pair.right))}: {', '.join(figures)}"
    lines = [f"<details><summary>{code(pair.id)} {head}</summary>\n"]
    lines.append(f"left {code(wording.place(pair.left))}, right {code(wording.place(pair.right))}\n")
    if pair.renames:
        renames = ", ".join(f"{code(r.left)} → {code(r.right)}" for r in pair.renames[:_RENAMES])
        lines.append(f"Renames: {renames}{_more(len(pair.renames) - _RENAMES)}\n")
    if pair.edits:
        lines.append(f"Edits: {', '.join(f'{escaped(e.kind)} {e.count:,}' for e in pair.edits[:_RENAMES])}\n")
    if pair.features:
        shared = ", ".join(f"{code(f.text)} {wording.bits(f.bits)} bits" for f in pair.features[:8])
        lines.append(f"Rarest shared features: {shared}{_more(len(pair.features) - 8)}\n")
    if quoted:
        lines += [_source(label, side, quoted) for label, side in (("left", pair.left), ("right", pair.right))]
    return "\n".join(lines) + "\n</details>\n\n"


def _more(number: int) -> str:
    return f" and {number:,} more" if number > 0 else ""


def _source(label: str, fragment: Fragment, quoted: Quoted) -> str:
    lines = [text[:_CODE_COLUMNS] + ("…" if len(text) > _CODE_COLUMNS else "") for _, text in quoted.lines(fragment)]
    if not lines:
        return f"{label}: the text is not quoted in this report\n"
    rest = len(lines) - _CODE_LINES
    lines = lines[:_CODE_LINES] + ([f"… {wording.counted(rest, 'more line')}"] if rest > 0 else [])
    fence = "`" * max(3, 1 + max((len(run) for line in lines for run in re.findall("`+", line)), default=0))
    return f"{label}:\n\n{fence}python\n" + "\n".join(lines) + f"\n{fence}\n"


def _not_examined(comparison: Comparison) -> str:
    items = [f"- {escaped(wording.channel(channel))}: {escaped(reason)}\n" for channel, reason in comparison.channels]
    sides = [("left", comparison.left), ("right", comparison.right), *(("ancestor", a) for a in comparison.ancestors)]
    for label, side in sides:
        items += [f"- {label}: {escaped(note)}\n" for note in side.notes[:_SKIPPED]]
        items += [f"- {label}: {code(s.path)}: {escaped(s.reason)}\n" for s in side.skipped[:_SKIPPED]]
        if len(side.skipped) > _SKIPPED:
            items.append(f"- {label}: {wording.counted(len(side.skipped) - _SKIPPED, 'more file')} skipped\n")
    return f"\n<details><summary>Not examined</summary>\n\n{''.join(items)}\n</details>\n" if items else ""


def _closing(comparison: Comparison) -> str:
    version = escaped(comparison.version)
    return f"\nclonedetect {version}. These are findings; left and right only name the order of the arguments.\n"
