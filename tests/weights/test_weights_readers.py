"""Readers: what they read back, and what they do with broken or hostile files."""

from __future__ import annotations

import json
import os
import pickle
import struct
import zipfile
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest
import weightlab as lab
import weightseeds as seeds
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clonedetect.errors import WeightsError
from clonedetect.weights import compare_weights, open_weights, rename_to
from clonedetect.weights.gguf import BLOCKS, PLAIN

FUZZ = settings(
    max_examples=int(os.environ.get("FUZZ_EXAMPLES", "30")),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
SMALL = {
    "a.weight": np.arange(24, dtype=np.float32).reshape(4, 6) / 7,
    "b.bias": np.linspace(-1, 1, 5, dtype=np.float16),
    "c": np.arange(6, dtype=np.int64),
}


def values(path: Path) -> dict[str, np.ndarray]:
    with open_weights(path) as checkpoint:
        return {t.name: t.read(0, t.size).reshape(t.shape) for t in checkpoint.tensors}


def assert_same(found: dict[str, np.ndarray], expected: dict[str, np.ndarray]) -> None:
    assert sorted(found) == sorted(expected)
    for name, array in expected.items():
        assert found[name].dtype == array.dtype
        np.testing.assert_array_equal(found[name], array)


@pytest.mark.parametrize("dtype", [ml_dtypes.bfloat16, ml_dtypes.float8_e4m3fn, ml_dtypes.float8_e5m2, np.float64])
def test_safetensors_reads_every_float_type(tmp_path: Path, dtype: type) -> None:
    model = SMALL | {"d": np.linspace(-2, 2, 64).astype(dtype).reshape(8, 8)}
    assert_same(values(lab.save_safetensors(tmp_path / "m.safetensors", model)), model)


def test_torch_zip_legacy_and_strided(tmp_path: Path) -> None:
    model = SMALL | {"t": np.asfortranarray(np.arange(12, dtype=np.float32).reshape(3, 4))}
    assert_same(values(lab.save_torch(tmp_path / "m.pt", model)), model)
    assert_same(values(lab.save_torch_legacy(tmp_path / "m.bin", model)), model)


def test_npz_and_npy_without_pickle(tmp_path: Path) -> None:
    model = SMALL | {"t": np.asfortranarray(np.arange(12, dtype=np.float32).reshape(3, 4))}
    np.savez(tmp_path / "a.npz", **model)
    np.savez_compressed(tmp_path / "b.npz", **model)
    assert_same(values(tmp_path / "a.npz"), model)
    assert_same(values(tmp_path / "b.npz"), model)
    np.save(tmp_path / "one.npy", SMALL["a.weight"])
    assert_same(values(tmp_path / "one.npy"), {"one": SMALL["a.weight"]})
    np.savez(tmp_path / "o.npz", good=SMALL["a.weight"], bad=np.array([{}], dtype=object))
    with open_weights(tmp_path / "o.npz") as checkpoint:
        assert [t.name for t in checkpoint.tensors] == ["good"]
        assert "pickle" in checkpoint.skipped[0].reason


def test_gguf_plain_and_q8_0(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    levels = rng.integers(-127, 128, (4, 32)).astype(np.int8)
    steps = np.array([0.5, 0.25, 2.0, 1.0], np.float16)
    blob = b"".join(step.tobytes() + row.tobytes() for step, row in zip(steps, levels, strict=True))
    plain = rng.standard_normal((3, 5)).astype(np.float32)
    data = seeds.gguf_bytes([("q", (2, 64), 8, blob), ("p", (3, 5), 0, plain.tobytes()), ("x", (1, 256), 19, b"")])
    (tmp_path / "m.gguf").write_bytes(data)
    found = values(tmp_path / "m.gguf")
    np.testing.assert_array_equal(found["p"], plain)
    np.testing.assert_array_equal(found["q"].reshape(4, 32), levels * steps[:, None].astype(np.float32))
    with open_weights(tmp_path / "m.gguf") as checkpoint:
        assert "iq1_s" in checkpoint.skipped[0].reason


@pytest.mark.parametrize("kind", sorted(BLOCKS))
def test_gguf_blocks_agree_with_the_reference(kind: int) -> None:
    quants = pytest.importorskip("gguf.quants", reason="the extra `formats` is not installed")
    import gguf

    _, _, width, dequantise = BLOCKS[kind]
    raw = np.random.default_rng(kind).integers(0, 256, (40, width), dtype=np.uint8)
    for at in (0, 2, width - 2):  # where scales lie: keep them finite
        raw[:, at + 1] &= 0x3B
    with np.errstate(all="ignore"):
        ours = dequantise(raw)
        theirs = quants.dequantize(raw, gguf.GGMLQuantizationType(kind)).reshape(ours.shape)
    finite = np.isfinite(theirs)
    assert finite.mean() > 0.9
    np.testing.assert_allclose(ours[finite], theirs[finite], rtol=1e-6, atol=1e-6)


def test_onnx_initialisers_constants_and_subgraphs(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    one, two, three = (rng.standard_normal((4, 3)).astype(np.float32) for _ in range(3))
    constant = seeds.message(2, b"const_out") + seeds.message(4, b"Constant")
    constant += seeds.message(5, seeds.message(1, b"value") + seeds.message(5, seeds.onnx_tensor("", two)))
    branch = seeds.message(
        5, seeds.message(1, b"then_branch") + seeds.message(6, seeds.message(5, seeds.onnx_tensor("inner", three)))
    )
    conditional = seeds.message(2, b"if_out") + seeds.message(4, b"If") + branch
    graph = seeds.message(5, seeds.onnx_tensor("w", one)) + seeds.message(1, constant) + seeds.message(1, conditional)
    (tmp_path / "m.onnx").write_bytes(seeds.onnx_model(graph))
    found = values(tmp_path / "m.onnx")
    assert_same(found, {"w": one, "const_out": two, "if_out/inner": three})


@pytest.mark.parametrize("number", [2**64, 2**70 - 1])
def test_onnx_number_beyond_64_bits_is_a_named_error(tmp_path: Path, number: int) -> None:
    """Found by benchmarks/weights/fuzz.py: ten bytes of a number hold up to 70 bits."""
    literal = seeds.varint(1 << 3) + seeds.varint(1) + seeds.varint(2 << 3) + seeds.varint(7)
    literal += seeds.message(8, b"w") + seeds.varint(7 << 3) + seeds.varint(number)
    (tmp_path / "m.onnx").write_bytes(seeds.onnx_model(seeds.message(5, literal)))
    with pytest.raises(WeightsError, match="more than 64 bits"):
        open_weights(tmp_path / "m.onnx")


@pytest.mark.parametrize("location", ["m.onnx", "../outside.bin", "/etc/hostname", "loop.bin", "missing.bin", ""])
def test_onnx_external_data_stays_in_its_directory(tmp_path: Path, location: str) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    (tmp_path / "outside.bin").write_bytes(bytes(48))
    (folder / "loop.bin").symlink_to(folder / "loop.bin")
    array = np.ones((4, 3), np.float32)
    good = np.arange(12, dtype=np.float32).reshape(4, 3)
    (folder / "data.bin").write_bytes(bytes(8) + good.tobytes())
    graph = seeds.message(5, seeds.onnx_tensor("bad", array, {"location": location}))
    graph += seeds.message(5, seeds.onnx_tensor("good", good, {"location": "data.bin", "offset": "8", "length": "48"}))
    (folder / "m.onnx").write_bytes(seeds.onnx_model(graph))
    assert_same(values(folder / "m.onnx"), {"good": good})
    with open_weights(folder / "m.onnx") as checkpoint:
        assert checkpoint.skipped[0].name == "bad" and "external data" in checkpoint.skipped[0].reason


def test_hdf5_without_following_links(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py", reason="the extra `formats` is not installed")
    with h5py.File(tmp_path / "m.h5", "w") as handle:
        handle["dense/kernel"] = SMALL["a.weight"]
        handle["gone"] = h5py.ExternalLink("other.h5", "/x")
    assert_same(values(tmp_path / "m.h5"), {"dense.kernel": SMALL["a.weight"]})


def test_sharded_index_and_directory(tmp_path: Path) -> None:
    lab.save_safetensors(tmp_path / "x-1.safetensors", {"a.weight": SMALL["a.weight"]})
    lab.save_safetensors(tmp_path / "x-2.safetensors", {"b.bias": SMALL["b.bias"]})
    index = {"weight_map": {"a.weight": "x-1.safetensors", "b.bias": "x-2.safetensors"}}
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps(index))
    assert (
        sorted(values(tmp_path)) == sorted(values(tmp_path / "model.safetensors.index.json")) == ["a.weight", "b.bias"]
    )
    (tmp_path / "x-2.safetensors").write_bytes(b"broken")
    with open_weights(tmp_path) as checkpoint:
        assert [t.name for t in checkpoint.tensors] == ["a.weight"]
        assert checkpoint.skipped[0].name == "x-2.safetensors"
    index["weight_map"]["b.bias"] = "../x-2.safetensors"
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps(index))
    with pytest.raises(WeightsError, match="leaves the directory"):
        open_weights(tmp_path)


# -- hostile


def safetensors_bytes(header: object, data: bytes = b"") -> bytes:
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


F32 = {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]}


@pytest.mark.parametrize(
    ("data", "message_part"),
    [
        (b"", "truncated"),
        (b"\x10\0\0", "truncated"),
        (struct.pack("<Q", 1 << 63) + b"{}", "over the limit"),
        (struct.pack("<Q", 400) + b"{}", "truncated"),
        (struct.pack("<Q", 4) + b"{]}}", "not valid JSON"),
        (struct.pack("<Q", 90_000) + b"[" * 90_000, "not valid JSON"),
        (safetensors_bytes([1]), "not an object"),
        (safetensors_bytes({"a": F32}, bytes(8)), "truncated"),
        (safetensors_bytes({"a": F32 | {"shape": [5]}}, bytes(16)), "do not hold shape"),
        (safetensors_bytes({"a": F32 | {"shape": [1 << 62, 8]}}, bytes(16)), "believable"),
        (safetensors_bytes({"a": F32 | {"shape": [-4]}}, bytes(16)), "believable"),
        (safetensors_bytes({"a": F32, "b": F32 | {"data_offsets": [8, 24]}}, bytes(24)), "overlap"),
        (safetensors_bytes({"a": F32 | {"data_offsets": [0, 1 << 63]}}, bytes(16)), "truncated"),
        (b'\x1c\0\0\0\0\0\0\0{"a": {"shape":[]}, "a": {}}', "occurs twice"),
    ],
)
def test_broken_safetensors_is_one_clear_line(tmp_path: Path, data: bytes, message_part: str) -> None:
    path = tmp_path / "m.safetensors"
    path.write_bytes(data)
    with pytest.raises(WeightsError, match=message_part) as caught:
        open_weights(path)
    assert "\n" not in str(caught.value) and "m.safetensors" in str(caught.value)


def test_a_pickle_that_calls_os_system_does_not_run_and_is_reported(tmp_path: Path) -> None:
    proof = tmp_path / "ran"
    call = b"cposix\nsystem\n" + lab._text(f"touch {proof}") + pickle.TUPLE1 + pickle.REDUCE
    path = lab.save_torch(tmp_path / "m.pt", SMALL | {"c": SMALL["c"]}, call)
    with open_weights(path) as checkpoint:
        assert len(checkpoint.tensors) == 3
        assert "posix.system" in checkpoint.notes[0]
    other = lab.save_torch(tmp_path / "n.pt", SMALL)
    finding = compare_weights(path, other)
    assert any("posix.system" in entry.name for entry in finding.excluded)
    assert any("posix.system" in note for note in finding.notes)
    bare = tmp_path / "bare.bin"

    class Hostile:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return os.system, (f"touch {proof}",)

    bare.write_bytes(pickle.dumps(Hostile()))
    with open_weights(bare) as checkpoint:
        assert not checkpoint.tensors and "posix.system" in checkpoint.notes[0]
    assert not proof.exists()


@pytest.mark.parametrize(
    "body",
    [
        b"\x80\x02.",
        b"\x80\x02(((((t.",
        b"\x80\x02]q\x00h\x00h\x05.",
        b"\x80\x02" + b"(" * 5000 + b"t" * 4999 + b"}.",
        b"\x80\x04\x95\xff\xff\xff\xff\xff\xff\xff\x7f.",
        b"\x80\x02\x8e\xff\xff\xff\xff\xff\xff\xff\x7f.",
        b"I" + b"9" * 10000 + b"\n.",
        b"\x80\x02K\x01K\x02R.",
    ],
)
def test_broken_pickles_end_in_a_named_error(tmp_path: Path, body: bytes) -> None:
    path = tmp_path / "m.pt"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", body)
    try:
        with open_weights(path) as checkpoint:
            assert checkpoint.tensors == ()
    except WeightsError as error:
        assert "m.pt" in str(error)


def test_torch_tensor_beyond_its_storage_is_set_aside(tmp_path: Path) -> None:
    path = tmp_path / "m.pt"
    lab.save_torch(path, SMALL)
    data = path.read_bytes().replace(lab._numbers((4, 6)), lab._numbers((400, 6)))
    path.write_bytes(data)
    with open_weights(path) as checkpoint:
        assert "a.weight" not in [t.name for t in checkpoint.tensors]
        assert "beyond its storage" in checkpoint.skipped[0].reason


def test_zip_bomb_is_refused_without_inflating(tmp_path: Path) -> None:
    path = tmp_path / "bomb.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("w.npy", "w") as member:
        header = b"{'descr': '<f4', 'fortran_order': False, 'shape': (16777216,), }"
        member.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header)
        for _ in range(64):
            member.write(bytes(1 << 20))
    with open_weights(path) as checkpoint:
        assert checkpoint.tensors == () and "expands" in checkpoint.skipped[0].reason


@pytest.mark.parametrize("name", seeds.NAMES)
def test_truncated_at_any_length_is_a_named_error(tmp_path: Path, name: str) -> None:
    whole = seeds.hostile_seed(tmp_path, name)
    path = tmp_path / name
    for length in range(0, len(whole), max(1, len(whole) // 97)):
        path.write_bytes(whole[:length])
        seeds.read_all(path)


@pytest.mark.parametrize("name", seeds.NAMES)
@FUZZ
@given(edits=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255), st.integers(1, 8)), min_size=1, max_size=6))
def test_fuzzed_files_end_in_a_named_error(tmp_path: Path, name: str, edits: list[tuple[float, int, int]]) -> None:
    data = bytearray(seeds.hostile_seed(tmp_path, name))
    for place, value, length in edits:
        at = int(place * (len(data) - 1))
        data[at : at + length] = bytes([value]) * min(length, len(data) - at)
    path = tmp_path / name
    path.write_bytes(bytes(data))
    with np.errstate(all="ignore"):
        seeds.read_all(path)


@pytest.mark.parametrize("what", ["missing", "directory", "fifo", "text"])
def test_no_weight_file_is_one_clear_line(tmp_path: Path, what: str) -> None:
    path = tmp_path / "x.safetensors"
    if what == "directory":
        path.mkdir()
    elif what == "fifo":
        os.mkfifo(path)
    elif what == "text":
        path = tmp_path / "notes"
        path.write_text("nothing of interest in here")
    with pytest.raises(WeightsError) as caught:
        open_weights(path)
    assert "\n" not in str(caught.value)


def test_rename_to_streams_the_left_under_other_names(tmp_path: Path) -> None:
    model = SMALL | {"h": np.linspace(-1, 1, 32).astype(ml_dtypes.bfloat16)}
    left = lab.save_safetensors(tmp_path / "left.safetensors", model)
    out = tmp_path / "out.safetensors"
    assert rename_to(left, {"a.weight": "z.kernel", "nobody": "x"}, out) == 1
    assert_same(values(out), {("z.kernel" if k == "a.weight" else k): v for k, v in model.items()})
    with pytest.raises(WeightsError, match="name c"):
        rename_to(left, {"a.weight": "c"}, tmp_path / "clash.safetensors")
    with pytest.raises(WeightsError, match="being read"):
        rename_to(left, {}, left)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["left.safetensors", "out.safetensors"]


def test_plain_gguf_types_are_known() -> None:
    assert PLAIN[30] == np.dtype(ml_dtypes.bfloat16)
