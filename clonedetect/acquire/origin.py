"""What a person writes for a repository, read into where it is and at which revision."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import unquote, urlsplit

from clonedetect.errors import OriginError

_DATE = re.compile(r"^(?P<rest>.*?)@\{(?P<date>[^{}]*)\}$", re.DOTALL)
_URL = re.compile(r"^(?:git\+)?(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<rest>.*)$", re.DOTALL)
_SCP = re.compile(r"^(?P<host>(?:[A-Za-z0-9_][\w.+-]*@)?[A-Za-z0-9_][\w.-]+):(?P<path>[^:].*)$", re.DOTALL)
_GITHUB = re.compile(r"^[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9._-]+$")
_HF = re.compile(r"^(?:(?:datasets|spaces|models)/)?[A-Za-z0-9._-]+(?:/[A-Za-z0-9._-]+)?$")
_BARE_HOST = re.compile(r"^(?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,}/[^/]+/.+$")
_SCHEMES = frozenset({"https", "http", "ssh", "git", "file"})
_WEB_TREE = re.compile(r"^(?P<repo>/[^/]+/.+?)(?:/-)?/(?:tree|blob|src/branch|src/tag|src/commit)/(?P<tree>.+)$")
_WEB_COMMIT = re.compile(r"^(?P<repo>/[^/]+/.+?)(?:/-)?/(?:commits?|releases/tag|tags)/(?P<revision>.+)$")
_WEB_PULL = re.compile(r"^(?P<repo>/[^/]+/[^/]+)/pull/(?P<number>\d+)(?:/.*)?$")
_FORMS = "give a directory, a git URL, owner/name (GitHub) or hf:owner/name, each with an optional @revision"


@dataclass(frozen=True, slots=True)
class Origin:
    """A repository named by a person: either `path` or `url` is set.

    display   what to call it in output: no revision, no credentials
    revision  branch, tag or commit as written; with `date`, the branch to look at (None: the default branch)
    date      the newest commit not after this moment is meant
    tree      "branch/sub/dir" of a pasted web URL, where only the refs tell the branch from the directory
    """

    display: str
    path: Path | None = None
    url: str | None = None
    revision: str | None = None
    date: datetime | None = None
    tree: str | None = None
    subdir: str | None = None


def parse_origin(text: str) -> Origin:
    """Read ORIGIN. What exists on disk wins over any other reading. Raises `OriginError` with the forms there are."""
    if not text.strip():
        raise OriginError(f"the origin is empty: {_FORMS}")
    if any(ord(c) < 32 or ord(c) == 127 for c in text) and not _exists(text):
        raise OriginError(f"the origin {text!r} holds control characters: {_FORMS}")
    if _exists(text):
        return _directory(text, text)
    date, rest = None, text
    if (dated := _DATE.match(text)) is not None:
        date, rest = parse_date(dated["date"]), dated["rest"]
        if _exists(rest):
            return replace(_directory(rest, rest), date=date)
    origin = _hosted(rest) or _local_with_revision(rest) or _short(rest)
    if origin is None:
        raise OriginError(_no_such(rest))
    if origin.revision is not None:
        _check_revision(origin.revision)
    return replace(origin, date=date)


def parse_date(text: str) -> datetime:
    """ISO 8601 date or date and time, UTC unless it says otherwise; a date alone means the end of that day."""
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise OriginError(
            f"@{{{text}}} is not a date; write it like @{{2024-05-01}} or @{{2024-05-01T12:00}}"
        ) from None
    if len(text.strip()) <= 10:
        moment += timedelta(days=1, seconds=-1)
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _exists(text: str) -> bool:
    try:
        return _as_path(text).exists()
    except (OSError, ValueError):
        return False


def _as_path(text: str) -> Path:
    try:
        return Path(text).expanduser()
    except RuntimeError:  # ~somebody who has no home here
        return Path(text)


def _directory(text: str, display: str) -> Origin:
    path = _as_path(text)
    if not path.is_dir():
        raise OriginError(f"{display} is not a directory: {_FORMS}")
    return Origin(display=display, path=path)


def _check_revision(revision: str) -> None:
    if not revision or revision.startswith("-") or any(c.isspace() or ord(c) < 32 for c in revision):
        raise OriginError(f"{revision!r} is not a revision; name a branch, tag, commit or a date like @{{2024-05-01}}")


def _split(text: str) -> tuple[str, str | None]:
    """Split `name@revision` at the first @ that does not begin a path component (`/@scope/name` is a path)."""
    at = re.search(r"(?<=[^/@])@", text)
    return (text, None) if at is None else (text[: at.start()], text[at.end() :])


def _local_with_revision(text: str) -> Origin | None:
    """The longest existing directory before an @ wins, so directories may have @ in their names."""
    for at in reversed([i for i, c in enumerate(text) if c == "@" and i]):
        if _exists(text[:at]):
            return replace(_directory(text[:at], text[:at]), revision=text[at + 1 :])
    return None


def _hosted(text: str) -> Origin | None:
    """URLs with a scheme, `hf:`, and scp-like addresses; None for anything else."""
    if text.startswith("hf:"):
        name, revision = _split(text[3:].strip("/"))
        if not _HF.match(name):
            raise OriginError(f"hf:{name} is not a Hugging Face repository; write hf:owner/name")
        name = name.removeprefix("models/").removesuffix(".git")
        return Origin(display=f"hf:{name}", url=f"https://huggingface.co/{name}", revision=revision)
    if (url := _URL.match(text)) is not None:
        scheme = url["scheme"].lower()
        if scheme not in _SCHEMES:
            raise OriginError(f"{scheme}:// is not supported; use one of {', '.join(sorted(_SCHEMES))}")
        return _file_url(url["rest"]) if scheme == "file" else _web_url(scheme, url["rest"])
    if "/" in text.split(":")[0] or "\\" in text or re.match(r"^[A-Za-z]:", text):
        return None
    if (scp := _SCP.match(text)) is not None:
        path, revision = _split(scp["path"])
        address = f"{scp['host']}:{path.rstrip('/')}"
        return Origin(display=address, url=address, revision=revision)
    return None


def _file_url(rest: str) -> Origin:
    path = rest if rest.startswith("/") else "/" + rest.partition("/")[2]  # file://localhost/...
    revision = None
    if not Path(unquote(path)).exists():
        for at in reversed([i for i, c in enumerate(path) if c == "@"]):
            if Path(unquote(path[:at])).exists():
                path, revision = path[:at], path[at + 1 :]
                break
        else:
            raise OriginError(f"file://{path} does not exist")
    url = "file://" + (path.rstrip("/") or "/")
    return Origin(display=url, url=url, revision=revision)


def _web_url(scheme: str, rest: str) -> Origin:
    authority, slash, path = rest.partition("/")
    host = authority.rpartition("@")[2]
    if not host or host.startswith("-") or not slash or not path.strip("/"):
        raise OriginError(f"{scheme}://{host}{slash} names no repository; a URL looks like https://host/owner/name")
    path, revision = _split(path) if ".git@" not in path else (path.split(".git@")[0] + ".git", path.split(".git@")[1])
    path = "/" + path.strip("/")
    tree = None
    if scheme in ("http", "https"):
        path = urlsplit(path).path.rstrip("/")
        for pattern in (_WEB_TREE, _WEB_PULL, _WEB_COMMIT):
            if revision is None and (web := pattern.match(path)) is not None:
                found = web.groupdict()
                path, tree = found["repo"], found.get("tree")
                revision = f"refs/pull/{found['number']}/head" if "number" in found else found.get("revision")
                break
    if host.lower().removeprefix("www.") == "github.com":
        path = path.removesuffix(".git")
    shown_user = authority.rpartition("@")[0].partition(":")[0] if scheme == "ssh" else ""
    return Origin(
        display=f"{scheme}://{shown_user + '@' if shown_user else ''}{host}{path}",
        url=f"{scheme}://{authority}{path}",
        revision=revision,
        tree=unquote(tree) if tree is not None else None,
    )


def _short(text: str) -> Origin | None:
    """`owner/name` on GitHub, or a web address written without its scheme."""
    name, revision = _split(text.rstrip("/"))
    if text.startswith((".", "/", "~")) or "\\" in text:
        return None
    if _BARE_HOST.match(name):
        return _web_url("https", text)
    name = name.removesuffix(".git")
    if _GITHUB.match(name):
        return Origin(display=name, url=f"https://github.com/{name}", revision=revision)
    return None


def _no_such(text: str) -> str:
    return f"no such directory: {text}; {_FORMS}"
