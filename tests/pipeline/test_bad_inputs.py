"""Repositories that are no fair game: bounded time, a clear statement, nobody accused."""

import time

import numpy as np
import pytest

from clonedetect import Options, scan

OPTIONS = Options(jobs=1, cache=False, history=False)
SECONDS = 60.0  # of processor time, whatever else the machine does


def repository(root, files):
    for path, text in files.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
    return root


def within(seconds, left, right, ancestors=()):
    start = time.process_time()
    comparison = scan(left, right, ancestors, OPTIONS)
    assert time.process_time() - start <= seconds
    return comparison


def words(seed):
    rng = np.random.default_rng(seed)
    return lambda: "".join(rng.choice(list("bdfgklmnprstvz")) + rng.choice(list("aeiou")) for _ in range(3))


def client(seed, methods):
    """What a generator of API clients writes: one shape, other names."""
    word = words(seed)
    out = ["import json", "from urllib import request", "", "", f"class {word().title()}Client:"]
    for n in range(methods):
        name, one, two = f"{word()}_{n}", word(), word()
        out += [
            f"    def {name}(self, {one}, {two}=None, timeout=30):",
            f'        url = self.base + "/{word()}/{word()}/" + str({one})',
            f'        body = json.dumps({{"{one}": {one}, "{two}": {two}}}).encode("utf-8")',
            "        call = request.Request(url, data=body, headers=self.headers)",
            "        with request.urlopen(call, timeout=timeout) as answer:",
            "            if answer.status != 200:",
            f'                raise ValueError("{name}: " + str(answer.status))',
            "            return json.loads(answer.read())",
            "",
        ]
    return "\n".join(out) + "\n"


def small_functions(seed, count):
    word = words(seed)
    return "\n".join(f"def get_{word()}_{n}(store):\n    return store.get('{word()}', None)\n" for n in range(count))


def table(seed, rows):
    rng = np.random.default_rng(seed)
    values = rng.integers(0, 256, (rows, 8))
    lines = ",\n".join("    (" + ", ".join(f"0x{v:02x}" for v in row) + ")" for row in values.tolist())
    return f"TABLE = [\n{lines},\n]\n"


@pytest.mark.slow
def test_two_huge_generated_files_are_bounded_and_nobody_is_accused(tmp_path):
    left = repository(tmp_path / "left", {"client.py": client(1, 2500)})
    right = repository(tmp_path / "right", {"api.py": client(2, 2500)})
    comparison = within(3 * SECONDS, left, right)
    assert comparison.verdict.relation == "unrelated"
    assert comparison.verdict.strength in ("none", "weak")


@pytest.mark.slow
def test_thousands_of_near_identical_small_functions(tmp_path):
    left = repository(tmp_path / "left", {"a.py": small_functions(1, 4000)})
    right = repository(tmp_path / "right", {"b.py": small_functions(2, 4000)})
    comparison = within(SECONDS, left, right)
    assert comparison.verdict.relation == "unrelated"
    assert len(comparison.clone_pairs) <= 100_000


def test_files_of_nothing_but_data(tmp_path):
    shared = table(3, 2000)
    left = repository(tmp_path / "left", {"a.py": shared + table(1, 2000)})
    right = repository(tmp_path / "right", {"b.py": table(2, 2000) + shared})
    comparison = within(SECONDS, left, right)
    assert comparison.verdict.strength == "none"
    assert all(p.explained_by for p in comparison.clone_pairs if p.e_value <= 0.01)


@pytest.mark.parametrize("which", ["left", "right"])
def test_an_ancestor_that_is_one_of_the_two(tmp_path, which):
    text = client(1, 40)
    left = repository(tmp_path / "left", {"client.py": text})
    right = repository(tmp_path / "right", {"client.py": text.replace("timeout", "limit")})
    comparison = within(SECONDS, left, right, [left if which == "left" else right])
    assert comparison.verdict.strength == "none"
    assert comparison.verdict.relation == "common-ancestor"
    assert all(p.explained_by for p in comparison.clone_pairs if p.e_value <= 0.01)


def test_nothing_at_all(tmp_path):
    left = repository(tmp_path / "left", {"a.py": ""})
    right = repository(tmp_path / "right", {"b.py": "# nothing\n"})
    comparison = within(SECONDS, left, right)
    assert comparison.verdict.strength == "none"
