from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from clonedetect.acquire.origin import parse_date, parse_origin
from clonedetect.errors import OriginError

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.mark.parametrize(
    ("text", "url", "revision"),
    [
        ("owner/name", "https://github.com/owner/name", None),
        ("owner/name@v1.2", "https://github.com/owner/name", "v1.2"),
        ("owner/na.me@feature/x", "https://github.com/owner/na.me", "feature/x"),
        ("owner/name.git", "https://github.com/owner/name", None),
        ("owner/name/", "https://github.com/owner/name", None),
        ("hf:owner/name", "https://huggingface.co/owner/name", None),
        ("hf:owner/name@" + COMMIT, "https://huggingface.co/owner/name", COMMIT),
        ("hf:gpt2", "https://huggingface.co/gpt2", None),
        ("hf:datasets/owner/name", "https://huggingface.co/datasets/owner/name", None),
        ("https://example.org/o/n.git", "https://example.org/o/n.git", None),
        ("https://example.org/o/n.git@main", "https://example.org/o/n.git", "main"),
        ("https://user:key@example.org/o/n@main", "https://user:key@example.org/o/n", "main"),
        ("https://example.org/@scope/n@main", "https://example.org/@scope/n", "main"),
        ("https://example.org/o/n.git@renovate/@types/x", "https://example.org/o/n.git", "renovate/@types/x"),
        ("git+https://example.org/o/n@main", "https://example.org/o/n", "main"),
        ("https://example.org/o/n/", "https://example.org/o/n", None),
        ("ssh://git@example.org:22/o/n.git@v1", "ssh://git@example.org:22/o/n.git", "v1"),
        ("git@example.org:o/n.git", "git@example.org:o/n.git", None),
        ("git@example.org:o/n.git@v1", "git@example.org:o/n.git", "v1"),
        ("git@example.org:o/n@feature/x", "git@example.org:o/n", "feature/x"),
        ("github.com/o/n", "https://github.com/o/n", None),
        ("https://github.com/o/n.git", "https://github.com/o/n", None),
        ("https://github.com/o/n?tab=readme#top", "https://github.com/o/n", None),
        ("https://github.com/o/n/commit/" + COMMIT, "https://github.com/o/n", COMMIT),
        ("https://github.com/o/n/releases/tag/v2", "https://github.com/o/n", "v2"),
        ("https://github.com/o/n/pull/12/files", "https://github.com/o/n", "refs/pull/12/head"),
    ],
)
def test_remote_forms(text: str, url: str, revision: str | None) -> None:
    origin = parse_origin(text)
    assert (origin.path, origin.url, origin.revision) == (None, url, revision)


@pytest.mark.parametrize(
    ("text", "url", "tree"),
    [
        ("https://github.com/o/n/tree/main/src/x", "https://github.com/o/n", "main/src/x"),
        ("https://github.com/o/n/blob/main/a%20b.py", "https://github.com/o/n", "main/a b.py"),
        ("https://huggingface.co/o/n/tree/main", "https://huggingface.co/o/n", "main"),
        ("https://gitlab.example/g/s/n/-/tree/dev/src", "https://gitlab.example/g/s/n", "dev/src"),
    ],
)
def test_pasted_web_addresses(text: str, url: str, tree: str) -> None:
    origin = parse_origin(text)
    assert (origin.url, origin.tree, origin.revision) == (url, tree, None)


@pytest.mark.parametrize("text", ["owner/name", "git@example.org:o/n.git", "https://e.org/o/n", "hf:o/n"])
def test_a_date_may_follow_any_form(text: str) -> None:
    origin = parse_origin(text + "@{2024-05-01}")
    assert origin.date == datetime(2024, 5, 1, 23, 59, 59, tzinfo=UTC)
    assert origin.revision is None
    assert origin.url == parse_origin(text).url
    assert parse_origin(text + "@dev@{2024-05-01}").revision == "dev"


def test_dates_are_utc_unless_they_say_otherwise() -> None:
    assert parse_date("2024-05-01T12:00") == datetime(2024, 5, 1, 12, tzinfo=UTC)
    assert parse_date("2024-05-01T12:00+02:00") == datetime(2024, 5, 1, 10, tzinfo=UTC)
    with pytest.raises(OriginError, match="not a date"):
        parse_date("1")


def test_credentials_are_not_displayed() -> None:
    assert parse_origin("https://user:secret@example.org/o/n").display == "https://example.org/o/n"
    assert parse_origin("ssh://git:secret@example.org/o/n").display == "ssh://git@example.org/o/n"


def test_what_exists_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("owner/name", "odd@name", "odd", "x@{2024-01-01}"):
        (tmp_path / name).mkdir(parents=True)
    assert parse_origin("owner/name").path == Path("owner/name")
    assert parse_origin("owner/name/").path == Path("owner/name")
    assert parse_origin("owner/name@v1").revision == "v1"
    assert parse_origin("owner/name@v1").path == Path("owner/name")
    assert parse_origin("odd@name").path == Path("odd@name")
    assert parse_origin("odd@name@v1") == parse_origin("./odd@name@v1").__class__(
        display="odd@name", path=Path("odd@name"), revision="v1"
    )
    assert parse_origin("odd@other").path == Path("odd")
    assert parse_origin("x@{2024-01-01}").date is None


def test_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "code").mkdir()
    assert parse_origin("~/code").path == tmp_path / "code"
    assert parse_origin("~/code@v1").revision == "v1"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "empty"),
        ("  ", "empty"),
        ("nowhere", "no such directory: nowhere"),
        ("./no/where", "no such directory"),
        ("~nobody-of-this-name/x", "no such directory"),
        ("C:\\code\\x", "no such directory"),
        ("a/b/c/d", "no such directory"),
        ("ext::sh -c id", "no such directory|not a revision|cannot"),
        ("ftp://example.org/o/n", "not supported"),
        ("https://example.org", "names no repository"),
        ("https://-oProxyCommand=x/o/n", "names no repository"),
        ("owner/name@", "not a revision"),
        ("owner/name@--upload-pack=x", "not a revision"),
        ("owner/name@{tomorrow}", "not a date"),
        ("hf:a/b/c/d", "Hugging Face"),
        ("a\nb", "control characters"),
        ("file:///no/such/place", "does not exist"),
    ],
)
def test_errors_name_a_way_out(text: str, says: str) -> None:
    with pytest.raises(OriginError, match=says) as caught:
        parse_origin(text)
    assert "\n" not in str(caught.value)
