"""A check before publishing, for people and for programs."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from clonedetect.domain import Check, CheckFinding
from clonedetect.report import wording
from clonedetect.report.check_sarif import check_sarif
from clonedetect.report.codec import encode
from clonedetect.report.escape import visible

SCHEMA = "clonedetect-check/1"
LISTED = 50  # weak or settled findings that are listed; the rest is counted
_LEVELS = {"weak": "notice", "moderate": "warning", "strong": "error", "decisive": "error"}


def check_text(check: Check) -> str:
    """For a terminal."""
    out = [_headline(check)]
    for finding in (new := [f for f in check.findings if f.state == "new"])[: _shown(new)]:
        out += ["", f"{_place(finding)}  {visible(finding.here.name)}  [{finding.strength}]"]
        out.append(f"  also in    {_source(finding)}")
        out.append(f"  how        {_how(finding)}")
        out.append(f"  licence    {visible(finding.licence or 'not known')}; {_credit(finding)}")
        out.append(f"  to do      {visible(finding.remedy)}")
        out.append(f"  clone      {finding.clone}")
    out += _rest(check, new)
    return "\n".join(out) + "\n"


def check_markdown(check: Check) -> str:
    """For a comment on a merge request, or a job's summary."""
    out = ["### clonedetect check", "", _md(_headline(check))]
    new = [f for f in check.findings if f.state == "new"]
    if new:
        out += ["", "| here | also in | how | licence | to do |", "|---|---|---|---|---|"]
    for f in new[: _shown(new)]:
        here = f"`{_code(_place(f))}` {_md(visible(f.here.name))} ({f.strength})"
        what = f"{_md(visible(f.licence or 'not known'))}; {_md(_credit(f))}"
        out.append(f"| {here} | {_md(_source(f))} | {_md(_how(f))} | {what} | {_md(visible(f.remedy))} |")
    out += [_md(line) for line in _rest(check, new)]
    return "\n".join(out) + "\n"


def check_json(check: Check) -> str:
    """For programs. Equal checks give equal bytes."""
    return json.dumps({"schema": SCHEMA, **encode(check)}, indent=1, ensure_ascii=True, allow_nan=False) + "\n"


def check_github(check: Check) -> str:
    """Annotations, as workflow commands of GitHub Actions: one line a new finding."""
    out = []
    for f in (new := [f for f in check.findings if f.state == "new"])[: _shown(new)]:
        level = _LEVELS.get(f.strength, "notice")
        title = _property(f"also in {visible(f.origin)}")
        where = f"file={_property(f.here.path)},line={f.here.start_line},endLine={f.here.end_line}"
        out.append(f"::{level} {where},title={title}::{_command(_sentence(f))}")
    out += [f"::notice title=clonedetect::{_command(visible(note))}" for note in check.notes]
    out.append(f"::notice title=clonedetect::{_command(_headline(check))}")
    return "\n".join(out) + "\n"


def _headline(check: Check) -> str:
    new = [f for f in check.findings if f.state == "new"]
    counted = [f for f in new if f.strength != "weak"]
    where = wording.counted(len(check.references), "origin")
    if check.corpus_repositories:
        where += f" and a corpus of {wording.counted(check.corpus_repositories, 'repository', 'repositories')}"
    what = f"{wording.counted(check.files, 'file')} ({wording.counted(check.lines, 'line')})"
    if check.changed is not None:
        what = f"{what} that changed"
    if not counted:
        found = "no uncredited copy found"
    else:
        found = f"{wording.counted(len(counted), 'fragment')} also elsewhere and not credited"
    return f"{'FAILED: ' if check.failed else ''}{found} in {what}, against {where}."


def _shown(new: list[CheckFinding]) -> int:
    return sum(f.strength != "weak" for f in new) + LISTED


def _rest(check: Check, new: list[CheckFinding]) -> list[str]:
    out = []
    weak = sum(f.strength == "weak" for f in new)
    if weak:
        out.append(f"{weak:,} of these are weak: chance shows as many as strong; look, but do not conclude.")
    if len(new) > _shown(new):
        out.append(f"{len(new) - _shown(new):,} more weak ones are in the JSON.")
    for state, words in (
        ("credited", "credited"),
        ("allowed", "allowed by the settings"),
        ("accepted", "accepted in the baseline"),
        ("explained", "explained by an ancestor or as common code"),
    ):
        count = sum(f.state == state for f in check.findings)
        if count:
            out.append(f"{wording.counted(count, 'finding')} {words}.")
    out += [f"note: {visible(note)}" for note in check.notes]
    return ["", *out] if out else []


def _place(finding: CheckFinding) -> str:
    return f"{visible(finding.here.path)}:{finding.here.start_line}-{finding.here.end_line}"


def _source(finding: CheckFinding) -> str:
    there = finding.there
    revision = f"@{visible(finding.revision[:12])}" if finding.revision else ""
    also = f" (and {len(finding.also)} more)" if finding.also else ""
    name = f" {visible(there.name)}" if there.name else ""
    return f"{visible(finding.origin)}{revision} {visible(there.path)}:{there.start_line}-{there.end_line}{name}{also}"


def _how(finding: CheckFinding) -> str:
    word = wording.TYPES[finding.type]
    return (
        f"{word}, {wording.percent(finding.alike)} alike, {wording.bits(finding.bits)} bits, "
        f"E = {wording.figure(finding.e_value)}"
    )


def _credit(finding: CheckFinding) -> str:
    if finding.credit is None:
        return "not credited"
    return f"named in {visible(finding.credit)}, {'notice kept' if finding.notice_kept else 'its notice not kept'}"


def _sentence(finding: CheckFinding) -> str:
    name = visible(finding.here.name) or finding.here.kind
    return (
        f"{name} is also in {_source(finding)} ({_how(finding)}). "
        f"Licence: {visible(finding.licence or 'not known')}; {_credit(finding)}. To do: {visible(finding.remedy)}."
    )


def _md(text: str) -> str:
    for character in "\\`*_{}[]<>|#":
        text = text.replace(character, "\\" + character)
    return text


def _code(text: str) -> str:
    return text.replace("`", "'").replace("|", "\\|")


def _command(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _command(text).replace(":", "%3A").replace(",", "%2C")


CHECK_FORMATS: Final[Mapping[str, Callable[[Check], str]]] = MappingProxyType(
    {"text": check_text, "json": check_json, "sarif": check_sarif, "md": check_markdown, "github": check_github}
)
"""Every format of a check by the name that `--format` takes."""
