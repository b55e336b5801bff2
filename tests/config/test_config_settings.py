"""Settings with their lines from every format; hostile files are refused with a reason in bounded time."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clonedetect.config.lines import line_settings
from clonedetect.config.python import _settings, python_settings
from clonedetect.config.reading import read_configs, settings_of
from clonedetect.config.values import canonical, load_published, uncommon_spelling
from clonedetect.domain.config import Setting
from clonedetect.parse import settings


def table(read) -> dict[str, tuple[str, str, int]]:
    return {".".join(s.path): (s.kind, s.text, s.line) for s in read}


def test_json_yaml_and_toml_say_the_same():
    expected = {"a": "1e-06", "b.c": "[1, 2]", "b.d": '"x"', "b.e": "true", "f.0.g": "null", "f.1.g": "3"}
    sources = {
        "json": '{"a": 1e-6, "b": {"c": [1, 2], "d": "x", "e": true}, "f": [{"g": null}, {"g": 3}]}',
        "yaml": "a: 0.000001\nb: {c: [1, 2], d: x, e: True}\nf:\n- g: ~\n- g: 3\n",
    }
    for language, text in sources.items():
        assert {".".join(s.path): canonical(s) for s in settings(text.encode(), language)} == expected
    toml = 'a = 1e-6\nb.c = [1, 2]\n[b]\nd = "x"\ne = true\n[[f]]\ng = ""\n[[f]]\ng = 3\n'
    found = {".".join(s.path): canonical(s) for s in settings(toml.encode(), "toml")}
    assert found == expected | {"f.0.g": '""'}  # TOML has no null


def test_lines_and_spelling_are_kept():
    read = table(settings(b'{\n "a": 1e-6,\n "b": [\n  1,\n  2\n ]\n}', "json"))
    assert read == {"a": ("number", "1e-6", 2), "b": ("list", "1, 2", 3)}


def test_aliases_of_yaml_are_not_followed():
    read = table(settings(b"base: &x\n  k: 1\nother: *x\n<<: *x\nempty:\nz: |\n  two\n  lines\n", "yaml"))
    assert read["base.k"] == ("number", "1", 2)
    assert read["other"][0] == read["<<"][0] == "name"
    assert read["empty"][0] == "null" and read["z"][0] == "string"


def test_a_bomb_of_yaml_stays_small():
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 40)]
    start = time.perf_counter()
    assert len(settings("\n".join(lines).encode(), "yaml")) == 40
    assert time.perf_counter() - start < 2


HOSTILE = {
    "deep objects.json": b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
    "deep lists.json": b"[" * 10_000 + b"]" * 10_000,
    "deep flow.yaml": b"[" * 5_000 + b"]" * 5_000,
    "deep dashes.yaml": b"- " * 20_000,
    "deep keys.yaml": b"? " * 20_000,
    "stairs.yaml": b"".join(b" " * i + b"a:\n" for i in range(300)),
    "deep.toml": b"a = " + b"[" * 3_000 + b"]" * 3_000,
    "large.json": b'{"a": "' + b"x" * 600_000 + b'"}',
    "many.json": json.dumps({f"key{i}": i for i in range(6_000)}).encode(),
    "broken.json": b'{"a": ',
    "broken.toml": b"a = = 1\n[",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_are_skipped_with_a_reason(name: str):
    start = time.perf_counter()
    found, skipped = read_configs([(name, HOSTILE[name])], settings, 1)
    assert not found and len(skipped) == 1
    assert skipped[0].reason.startswith("configuration not read: ") and len(skipped[0].reason) > 40
    assert time.perf_counter() - start < 10


def test_duplicate_keys_are_one_setting_for_the_matcher():
    from clonedetect.config.match import leaves

    (leaf,) = leaves(settings(b'{"a": 1, "a": 2}', "json"))
    assert leaf.value == "2"


PYTHON = """
@dataclass
class A:
    x: int = 3
    rate: float = 1e-6
    items: list = field(default_factory=list)
    y: int = field(default=-2)
    def method(self): pass

class ModelConfig(Base):
    model_type = "m"
    def __init__(self, size=64, *, name="n", **kwargs):
        super().__init__(**kwargs)

class Plain:
    z = 1
    w = 2

TRAIN_CONFIG = {"lr": 0.1, "nested": dict(a=1, b=[1, 2])}
other = {"k": 1, "l": 2}
"""


def test_python_classes_and_dictionaries():
    read = table(python_settings(PYTHON.encode()))
    assert read["A.x"] == ("number", "3", 4) and read["A.rate"] == ("number", "1e-6", 5)
    assert read["A.items"][0] == "name" and read["A.y"] == ("number", "-2", 7)
    assert read["ModelConfig.size"][:2] == ("number", "64") and read["ModelConfig.name"][:2] == ("string", "n")
    assert read["TRAIN_CONFIG.lr"][:2] == ("number", "0.1") and read["TRAIN_CONFIG.nested.b"][:2] == ("list", "1, 2")
    assert not {key.split(".")[0] for key in read} & {"Plain", "other"}


@pytest.mark.parametrize("value", ["(", "-" * 50_000 + "1", "(" * 5_000])
def test_python_that_does_not_parse_is_a_reason(value: str):
    with pytest.raises(ValueError, match="does not parse as Python"):
        python_settings(f"class AConfig:\n x = {value}".encode())


def test_ini_and_env():
    read = table(line_settings(b"# note\n[a.b]\nx = 1 ; why\ny: yes\nz =\n  one\n  two\n"))
    assert read == {"a.b.x": ("number", "1", 3), "a.b.y": ("bool", "yes", 4), "a.b.z": ("list", "one, two", 5)}
    assert table(line_settings(b'export KEY="v"\nN=2\n')) == {"KEY": ("string", "v", 1), "N": ("number", "2", 2)}


@pytest.mark.parametrize("text", ["1e-6", "1_000", "3.0e-4", "0.10", "1e-06", "83000.0", "7"])
def test_uncommon_spellings(text: str):
    uncommon = text in ("1e-6", "1_000", "3.0e-4", "0.10")
    assert uncommon_spelling(Setting(("a",), text, "number", 1, 1)) is uncommon


def test_published_values():
    table = load_published()
    assert table.total > 1_000
    assert table.bits("true") < 2 < table.bits("96") < table.bits("122701")


@given(st.binary(max_size=200), st.sampled_from(["a.json", "a.toml", "a.ini", "a.env", "conf.py"]))
def test_any_bytes_are_read_or_refused(data: bytes, name: str):
    try:
        assert isinstance(settings_of(name, data, settings), tuple)
    except ValueError as error:
        assert str(error)


@given(st.text(alphabet="-?:[]{}&*!|>'\"# \n\tab,%.", max_size=300))
def test_any_yaml_is_read_or_refused(text: str):
    try:
        settings(text.encode(), "yaml")
    except ValueError as error:
        assert str(error)


PIECES = (
    "import os\n",
    "@dataclass\nclass A:\n    x: int = 1\n\n    y: str = 'b'\n",
    "@other\n@attrs.define(frozen=True)\nclass B(C):\n    p = 1e-6\n    q = [1, 2]\n",
    "class PondConfig(Base):\n    def __init__(self, a=1, b=None):\n        pass\n",
    "class Outer:\n    class InnerSettings:\n        u = 1\n        v = 2\n",
    "DEFAULTS = dict(\n    a=1,\n    b={'c': 2, 'd': 3},\n)\n",
    "args: dict[\n    str, int\n] = {'m': 1, 'n': 2}\n",
    "def f():\n    config = {'a': 1, 'b': 2}\n    return config\n",
    '"""\nclass TextConfig:\n    x = 1\n    y = 2\n\nAnd so on.\n"""\n',
    "call(\nconfig = {'k': 1, 'l': 2}\n)\n",
    "if x:\n    class HiddenConfig:\n        a = 1\n        b = 2\nelse:\n    pass\n",
)


@given(st.lists(st.sampled_from(PIECES), max_size=6))
def test_reading_the_pieces_of_a_file_finds_what_reading_all_of_it_finds(pieces: list[str]) -> None:
    text = "".join(pieces)
    assert python_settings(text.encode()) == tuple(_settings(text, 0))


def test_broken_code_elsewhere_hides_no_configuration() -> None:
    data = b"print 'two'\n\nclass PondConfig:\n    a = 1\n    b = 2\n"
    assert [(s.path, s.line) for s in python_settings(data)] == [(("PondConfig", "a"), 4), (("PondConfig", "b"), 5)]
