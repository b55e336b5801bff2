"""Weights on a server: a real one on the loopback, well-behaved or not."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pytest
import weightlab as lab
from typer.testing import CliRunner

from clonedetect.cli import app
from clonedetect.errors import WeightsError
from clonedetect.weights import compare_weights, open_weights, remote, rename_to

SIGMA = 1 / 708


class Hub(ThreadingHTTPServer):
    """Serves `files` by range; `manner` says how it misbehaves, `sent` counts the bytes of values sent."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files: dict[str, bytes] = {}
        self.manner = ""
        self.sent = 0
        self.asked: list[str] = []
        self.seen: set[str] = set()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def publish(self, name: str, revision: str, path: Path) -> None:
        """Put a file into a repository's revision."""
        self.files[f"/{name}/resolve/{revision}/{path.name}"] = path.read_bytes()
        listing = json.loads(self.files.get(f"/api/models/{name}/revision/main", b'{"siblings": []}'))
        listing["sha"] = revision
        listing["siblings"].append({"rfilename": path.name})
        self.files[f"/api/models/{name}/revision/main"] = json.dumps(listing).encode()


class Handler(BaseHTTPRequestHandler):
    """GET with an optional byte range."""

    server: Hub

    def log_message(self, *_: object) -> None:
        """Silent."""

    def do_GET(self) -> None:
        path, manner = unquote(self.path), self.server.manner
        self.server.asked.append(path)
        once = path + self.headers.get("Range", "")
        if manner == "flaky" and once not in self.server.seen:
            self.server.seen.add(once)
            self.send_error(503)
            return
        if manner.startswith("redirect ") and "/resolve/" in path and not path.startswith("/signed"):
            self.send_response(302)
            self.send_header("Location", manner.split()[1].replace("PATH", "/signed" + path))
            self.end_headers()
            return
        data = self.server.files.get(path.removeprefix("/signed"))
        if data is None:
            self.send_error(404)
            return
        span = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
        if span is None or manner == "whole":
            self._send(200, data, {})
            return
        begin, end = int(span[1]), min(int(span[2]) + 1, len(data))
        size = len(data) + (len(self.server.asked) if manner == "changing" else 0)
        body = data[begin:end]
        self.server.sent += len(body)
        if manner == "other bytes":
            begin += 1
        if manner == "endless":
            body += bytes(1 << 20)
        headers = {} if manner == "silent" else {"Content-Range": f"bytes {begin}-{end - 1}/{size}"}
        self._send(206, body, headers)

    def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in (headers | {"Content-Length": str(len(body))}).items():
            self.send_header(name, value)
        self.end_headers()
        if self.server.manner != "hangs up":
            self.wfile.write(body)


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    with Hub() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("HF_ENDPOINT", server.address + "/")
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        yield server
        server.shutdown()


def pair(folder: Path, width: int = 96) -> tuple[Path, Path]:
    base = lab.transformer(1, layers=2, width=width)
    left = lab.save_safetensors(folder / "model.safetensors", base)
    return left, lab.save_safetensors(folder / "right.safetensors", lab.renamed(lab.noise(base, SIGMA)))


def test_a_hub_repository_against_a_file_is_noise_under_other_names(hub: Hub, tmp_path: Path) -> None:
    left, right = pair(tmp_path)
    hub.publish("owner/model", "0123abcd", left)
    finding = compare_weights("hf:owner/model@main", right)
    assert finding.mechanism == "noise" and finding.strength == "decisive"
    assert finding.sigma == pytest.approx(SIGMA, rel=0.02)
    assert any("0123abcd" in note for note in finding.notes)
    assert all(path.startswith(("/api/models/owner/model", "/owner/model/resolve/0123abcd/")) for path in hub.asked)


def test_only_the_header_and_a_part_of_each_tensor_are_fetched(hub: Hub, tmp_path: Path) -> None:
    left, right = pair(tmp_path, width=512)
    hub.publish("owner/model", "main", left)
    finding = compare_weights("hf:owner/model", right)
    assert hub.sent < 0.35 * left.stat().st_size
    assert finding.mechanism == "noise" and finding.sigma == pytest.approx(SIGMA, rel=0.02)
    shapes = {t.left: t.shape for t in finding.tensors}
    assert shapes["encoder.layer.0.intermediate.dense.weight"] == (2048, 512)
    assert any("middle part" in note for note in finding.notes)


def test_both_sides_by_url_and_independent_models_stay_unrelated(hub: Hub, tmp_path: Path) -> None:
    for name, seed in (("a", 1), ("b", 2)):
        path = lab.save_safetensors(tmp_path / f"{name}.safetensors", lab.transformer(seed, layers=2))
        hub.files[f"/{name}.safetensors"] = path.read_bytes()
    finding = compare_weights(f"{hub.address}/a.safetensors", f"{hub.address}/b.safetensors")
    assert finding.mechanism == "unrelated" and finding.strength == "none"


def test_shards_by_their_index(hub: Hub, tmp_path: Path) -> None:
    base = lab.transformer(1, layers=2)
    names = list(base)
    parts = {"model-1.safetensors": names[::2], "model-2.safetensors": names[1::2]}
    for file, members in parts.items():
        hub.publish("owner/model", "main", lab.save_safetensors(tmp_path / file, {n: base[n] for n in members}))
    hub.publish("owner/model", "main", lab.save_safetensors(tmp_path / "other.safetensors", {"x": base[names[0]]}))
    index = tmp_path / "model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": {n: file for file, members in parts.items() for n in members}}))
    hub.publish("owner/model", "main", index)
    with open_weights("hf:owner/model") as checkpoint:
        assert sorted(t.name for t in checkpoint.tensors) == sorted(base)
        for tensor in checkpoint.tensors:
            np.testing.assert_array_equal(tensor.read(0, tensor.size).reshape(tensor.shape), base[tensor.name])


@pytest.mark.parametrize(
    ("manner", "told"),
    [
        ("whole", "does not answer range requests"),
        ("silent", "does not say which bytes"),
        ("other bytes", "other bytes than it was asked for"),
        ("changing", "changed while it was read"),
        ("endless", "more than"),
        ("hangs up", "cannot be fetched|other bytes|cannot be read"),
        ("redirect file:///etc/passwd", "status 302"),
        ("redirect ftp://127.0.0.1/x", "no web address"),
    ],
)
def test_a_server_that_misbehaves_is_one_clear_line(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, manner: str, told: str
) -> None:
    monkeypatch.setattr(remote, "AHEAD", 4096)
    left, right = pair(tmp_path)
    hub.publish("owner/model", "main", left)
    hub.manner = manner
    with pytest.raises(WeightsError, match=told) as caught:
        compare_weights("hf:owner/model", right)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("manner", ["flaky", "redirect PATH"])
def test_a_busy_server_and_a_redirection_do_not_matter(hub: Hub, tmp_path: Path, manner: str) -> None:
    left, right = pair(tmp_path)
    hub.publish("owner/model", "main", left)
    hub.manner = manner.replace("PATH", hub.address + "PATH")
    assert compare_weights("hf:owner/model", right).mechanism == "noise"


@pytest.mark.parametrize(
    ("origin", "told"),
    [
        ("hf:owner/nobody", "status 404"),
        ("hf:owner/../etc", "not a model repository"),
        ("hf:", "not a model repository"),
        ("hf:owner/empty", "no .safetensors"),
        ("URL/model.bin", "only .safetensors"),
        ("URL/gone.safetensors", "status 404"),
    ],
)
def test_what_is_not_there_is_one_clear_line(hub: Hub, tmp_path: Path, origin: str, told: str) -> None:
    hub.publish("owner/empty", "main", Path(__file__))
    with pytest.raises(WeightsError, match=told):
        open_weights(origin.replace("URL", hub.address))


def test_a_broken_file_on_a_server(hub: Hub, tmp_path: Path) -> None:
    hub.files["/m.safetensors"] = (1 << 63).to_bytes(8, "little") + b"{}"
    with pytest.raises(WeightsError, match="over the limit"):
        open_weights(f"{hub.address}/m.safetensors")


def test_there_is_a_limit_to_what_is_fetched(hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    left, right = pair(tmp_path)
    hub.publish("owner/model", "main", left)
    monkeypatch.setattr(remote, "MAX_FETCHED", 300_000)
    with pytest.raises(WeightsError, match="would be fetched"):
        compare_weights("hf:owner/model", right)


def test_what_needs_every_value_wants_a_download(hub: Hub, tmp_path: Path) -> None:
    left, right = pair(tmp_path)
    hub.publish("owner/model", "main", left)
    with pytest.raises(WeightsError, match="--full"):
        compare_weights("hf:owner/model", right, full=True)
    with pytest.raises(WeightsError, match="on a server"):
        rename_to("hf:owner/model", {}, tmp_path / "out.safetensors")
    done = CliRunner().invoke(app, ["weights", "hf:owner/model", str(right), "--format", "json"])
    assert json.loads(done.stdout)["weights"]["mechanism"] == "noise"
