"""Repositories that are no fair game: bounded time, a clear statement, nobody accused."""

import time
from pathlib import Path

import numpy as np
import pytest

from clonedetect import Options, scan
from clonedetect.assess import pair_strength

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"

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


def long_client(seed, methods):
    """As a generator for a whole interface description writes them: pairs of long methods, one shape with parts."""
    word, rng = words(seed), np.random.default_rng(seed)
    out = ["import six", f"from {word()} import ApiClient, ApiTypeError, ApiValueError", "", f"class {word()}Api:"]
    out += ["    def __init__(self, api_client=None):", "        self.api_client = api_client or ApiClient()", ""]
    for n in range(methods):
        name, given = f"{word()}_{n}", [f"{word()}_{word()}" for _ in range(int(rng.integers(1, 4)))]
        out += [
            f"    def {name}(self, {', '.join(given)}, **kwargs):",
            "        kwargs['_return_http_data_only'] = True",
            f"        return self.{name}_with_http_info({', '.join(given)}, **kwargs)",
            "",
            f"    def {name}_with_http_info(self, {', '.join(given)}, **kwargs):",
            "        local_var_params = locals()",
            f"        all_params = {given!r}",
            "        all_params.extend(['async_req', '_return_http_data_only', '_preload_content'])",
            "        for key, val in six.iteritems(local_var_params['kwargs']):",
            "            if key not in all_params:",
            f"                raise ApiTypeError(\"Got an unexpected argument '%s' to method {name}\" % key)",
            "            local_var_params[key] = val",
            "        del local_var_params['kwargs']",
            "        path_params, query_params, header_params = {}, [], {}",
        ]
        for each in given:
            out += [
                f"        if self.api_client.client_side_validation and local_var_params.get('{each}') is None:",
                f"            raise ApiValueError('Missing the required parameter `{each}` when calling `{name}`')",
                f"        if '{each}' in local_var_params:",
                f"            path_params['{each}'] = local_var_params['{each}']",
            ]
        out += [
            "        header_params['Accept'] = self.api_client.select_header_accept(['application/json'])",
            "        return self.api_client.call_api(",
            f"            '/{word()}/{{{word()}}}', '{rng.choice(['GET', 'POST'])}', path_params, query_params,",
            f"            header_params, response_type='{word().title()}', auth_settings=['{word()}'],",
            "            async_req=local_var_params.get('async_req'),",
            "            _preload_content=local_var_params.get('_preload_content', True))",
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


@pytest.mark.parametrize("methods", [5, 40])
@pytest.mark.parametrize("generated", [client, long_client])
def test_clients_of_one_generator_for_different_services_are_weak_at_most(tmp_path, generated, methods):
    left = repository(tmp_path / "left", {"client.py": generated(1, methods)})
    right = repository(tmp_path / "right", {"api.py": generated(2, methods)})
    comparison = within(SECONDS, left, right)
    assert comparison.verdict.relation == "unrelated"
    assert comparison.verdict.strength in ("none", "weak")
    free = [p for p in comparison.clone_pairs if p.explained_by is None]
    assert {pair_strength(p.e_value, p.bits) for p in free} <= {"weak"}
    assert any((p.explained_by or "").startswith("repetition") for p in comparison.clone_pairs)


def test_repetition_explains_what_repeats_and_nothing_beside_it(tmp_path):
    own = (FIXTURES / "vlm" / "original" / "heron" / "slicing.py").read_text()
    left = repository(tmp_path / "left", {"client.py": long_client(1, 10), "slicing.py": own})
    right = repository(tmp_path / "right", {"api.py": long_client(2, 10), "tiles.py": own})
    comparison = within(SECONDS, left, right)
    assert comparison.verdict.relation == "derived"
    told = {p.left.path: p.explained_by for p in comparison.clone_pairs if p.left.kind == "module"}
    assert told["slicing.py"] is None


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
