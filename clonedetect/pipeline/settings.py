"""What a repository says of its own check: `[tool.clonedetect]` in pyproject.toml, or clonedetect.toml."""

from __future__ import annotations

import datetime
import tomllib
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, get_args

from clonedetect.domain import Allow, CheckSettings, Strength
from clonedetect.errors import CloneDetectError

if TYPE_CHECKING:
    from pathlib import Path

KEYS = ("against", "ancestors", "corpus", "fail-on", "allow")
ALLOW_KEYS = ("path", "clone", "reason", "expires")


def read_settings(directory: Path) -> CheckSettings:
    """The settings of the repository at `directory`; the defaults where it says nothing.

    Raises CloneDetectError for a key that does not exist (with the nearest one that does) or a value of another kind.
    """
    own, project = directory / "clonedetect.toml", directory / "pyproject.toml"
    table = _read(own)
    inside = _read(project).get("tool", {}).get("clonedetect") if project.is_file() else None
    if own.is_file() and inside is not None:
        raise CloneDetectError(f"both {own} and [tool.clonedetect] in {project} are there: keep one of them")
    where = str(own) if own.is_file() else f"[tool.clonedetect] in {project}"
    return _settings(table if own.is_file() else inside or {}, where)


def _read(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise CloneDetectError(f"{path} cannot be read: {error}") from error


def _settings(table: Any, where: str) -> CheckSettings:
    if not isinstance(table, dict):
        raise CloneDetectError(f"{where} is no table")
    _known(table, KEYS, where)
    levels = [level for level in get_args(Strength) if level != "none"]
    fail_on = table.get("fail-on", "moderate")
    if fail_on not in levels:
        raise CloneDetectError(f"{where}: fail-on = {fail_on!r} is none of {', '.join(levels)}")
    corpus = table.get("corpus")
    if corpus is not None and not isinstance(corpus, str):
        raise CloneDetectError(f"{where}: corpus is a directory")
    allow = table.get("allow", [])
    if not isinstance(allow, list):
        raise CloneDetectError(f"{where}: allow is a list of tables, [[tool.clonedetect.allow]]")
    return CheckSettings(
        against=_texts(table, "against", where),
        ancestors=_texts(table, "ancestors", where),
        corpus=corpus,
        fail_on=fail_on,
        allow=tuple(_allow(one, f"{where}, allow {n}") for n, one in enumerate(allow, 1)),
    )


def _known(table: dict[str, Any], keys: tuple[str, ...], where: str) -> None:
    for key in table:
        if key not in keys:
            near = get_close_matches(key, keys, n=1, cutoff=0.4)
            hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(keys)}"
            raise CloneDetectError(f"{where}: unknown key {key!r}; {hint}")


def _texts(table: dict[str, Any], key: str, where: str) -> tuple[str, ...]:
    value = table.get(key, [])
    if not isinstance(value, list) or not all(isinstance(v, str) and v for v in value):
        raise CloneDetectError(f"{where}: {key} is a list of origins")
    return tuple(value)


def _allow(table: Any, where: str) -> Allow:
    if not isinstance(table, dict):
        raise CloneDetectError(f"{where} is no table")
    _known(table, ALLOW_KEYS, where)
    expires = table.get("expires")
    if isinstance(expires, datetime.date):
        expires = expires.isoformat()[:10]
    texts = {k: table.get(k) for k in ("path", "clone", "reason")} | {"expires": expires}
    if any(v is not None and (not isinstance(v, str) or not v.strip()) for v in texts.values()):
        raise CloneDetectError(f"{where}: path, clone, reason and expires are texts")
    if not texts["reason"]:
        raise CloneDetectError(f"{where}: say why, reason = ...")
    if (texts["path"] is None) == (texts["clone"] is None):
        raise CloneDetectError(f"{where}: name a path or a clone, one of the two")
    if expires is not None:
        try:
            datetime.date.fromisoformat(expires)
        except ValueError:
            raise CloneDetectError(f"{where}: expires = {expires!r} is no date like 2027-01-31") from None
    return Allow(texts["reason"], texts["path"], texts["clone"], expires)
