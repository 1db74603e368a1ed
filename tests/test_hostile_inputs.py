"""Inputs that are valid but odd, or made to blow up: each costs its own row at most, and time in proportion."""

from __future__ import annotations

import ast
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from analysis import tables
from analysis.errors import BaselineError, PolicyError
from analysis.facts.expressions import find_text_pattern
from analysis.facts.extract import extract
from analysis.facts.recover import recover_imports
from analysis.facts.rows import MOST_PARTS, FileFacts
from analysis.facts.scan import scan
from analysis.facts.source_tree import WorkingTree
from analysis.gate import FORMATS, CheckOptions, check, render
from analysis.history import read_baseline
from analysis.names.concepts import find_suffix
from analysis.pipeline import investigate
from analysis.policy.reading import parse_policy
from analysis.simulation.entries import Simulation
from analysis.simulation.loading import MOST_RUNNING
from analysis.simulation.records import TOO_MUCH
from analysis.simulation.values import OutOfTime
from tests.conftest import Tree

#: Twice the input may take this many times as long; below the floor nothing is compared.
_MOST_RATIO, _FLOOR_SECONDS = 3.5, 0.5


def measure(work: Callable[[], object]) -> float:
    """Return the seconds of the fastest of two runs."""
    best = float("inf")
    for _ in range(2):
        started = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - started)
    return best


def read_rows(facts: FileFacts, table: str) -> list[dict[str, object]]:
    schema = tables.TABLES[table].names[1:]
    index = [each.name for each in tables.FACT_TABLES].index(table)
    return [dict(zip(schema, row, strict=True)) for row in facts.rows[index]]


# Texts that no file can hold

SURROGATES = {
    "exports": '__all__ = ["\\ud800", "X"]\nX = 1\n',
    "dynamic import": 'from importlib import import_module\nimport_module("\\ud800")\nimport_module("p.\\udfff")\n',
    "global": 'globals()["\\ud800"] = 1\n',
    "attribute": 'import sys\nsetattr(sys.modules[__name__], "\\ud800", 1)\nsys.modules["\\ud800"] = 1\n',
    "decorator": '@deco("\\ud800")\nclass X:\n    "\\ud800 deprecated"\n    __slots__ = ["\\ud800"]\n',
    "made class": 'from typing import TypeVar\nX = TypeVar("\\ud800")\nY = type("\\ud800", (), {})\n',
    "served name": 'def __getattr__(name):\n    if name == "\\ud800":\n        from p import b\n        return b\n',
    "condition": 'if x == "\\ud800":\n    import p.nowhere\n',
    "swallowed": 'try:\n    from p import nothing\nexcept ImportError:\n    X = "\\ud800"\n',
    "state": 'class A:\n    kept = {"\\ud800": []}\n    def add(self):\n        self.kept["\\ud800"] = 1\n',
    "library": 'import ctypes.util\nctypes.util.find_library("\\ud800")\nctypes.util.find_library("\\0")\n',
}


@pytest.mark.parametrize("source", SURROGATES.values(), ids=SURROGATES.keys())
def test_half_a_character_in_a_text_ends_no_run(source: str, make_tree: Tree, tmp_path: Path) -> None:
    tree = make_tree({"p/__init__.py": "", "p/a.py": source, "p/b.py": f"from p.a import *\n{source}"})
    inv = investigate(tree, data=tmp_path / "data", jobs=1)
    assert set(inv.table("files").column("status").to_pylist()) == {"ok"}
    result = check(tree, CheckOptions(data=tmp_path / "data", jobs=1))
    for form in FORMATS:
        render(result, form).encode()


def test_half_a_character_is_shown_as_its_escape(make_tree: Tree, tmp_path: Path) -> None:
    inv = investigate(make_tree({"a.py": '__all__ = ["\\ud800"]\n'}), data=tmp_path / "data", jobs=1)
    assert "\\ud800" in inv.table("exports").column("name").to_pylist()


# Encodings


@pytest.mark.parametrize("encoding", [
    "undefined", "rot13", "idna", "punycode", "unicode_escape", "raw_unicode_escape", "hex", "base64", "zip", "utf-7",
    "utf-16", "klingon", "latin-1", "cp1252", "shift_jis", "utf-8",
])  # fmt: skip
@pytest.mark.parametrize("rest", [b"import os\nx = 1  # ssot\n", b"x = '\xe9'  # deprecated\n", b"def (\nimport os\n"])
def test_python_decides_which_encodings_a_file_may_have(encoding: str, rest: bytes) -> None:
    source = f"# coding: {encoding}\n".encode() + rest
    try:
        compile(source, "a.py", "exec")
        is_taken = True
    except (SyntaxError, ValueError):
        is_taken = False
    facts = extract(source)
    assert (facts.status == "ok") is is_taken
    assert facts.reason or is_taken


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32", "utf-7", "utf-8-sig"])
def test_a_file_with_another_byte_order_mark_is_a_row(encoding: str) -> None:
    facts = extract("import os  # ssot\n".encode(encoding))
    assert facts.status == "ok" or facts.reason


# Depth and size


def test_folders_deeper_than_the_stack_are_counted(tmp_path: Path) -> None:
    handle = os.open(tmp_path, os.O_RDONLY)
    for _ in range(1_500):
        os.mkdir("d", dir_fd=handle)
        inner = os.open("d", os.O_RDONLY, dir_fd=handle)
        os.close(handle)
        handle = inner
    os.close(handle)
    (tmp_path / "d" / "a.py").write_text("X = 1\n")
    found = WorkingTree(tmp_path).count_python_files("")
    (tmp_path / "d" / "a.py").unlink()
    while (tmp_path / "d" / "d").exists():  # pytest's own removal of the folder would recurse
        (tmp_path / "d" / "d").rename(tmp_path / "e")
        (tmp_path / "d").rmdir()
        (tmp_path / "e").rename(tmp_path / "d")
    assert found == 1


def test_a_link_to_itself_is_left_alone(make_tree: Tree, tmp_path: Path) -> None:
    tree = make_tree({"a.py": "X = 1\n"})
    (tree / "loop").symlink_to("loop")
    (tree / "loop.py").symlink_to("loop.py")
    assert investigate(tree, data=tmp_path / "data", jobs=1).table("files").num_rows == 2


@pytest.mark.parametrize("source", [
    b"import os, " + b"a." * 100_000 + b"a as q, z\nclass A: pass\n",
    b"from " + b"a.\\\n" * 20_000 + b"a import z\nclass A: pass\n",
    b"from .. " + b"a . " * 50_000 + b"a import z\nclass A: pass\n",
], ids=["import", "continued", "relative"])  # fmt: skip
def test_a_name_of_very_many_parts_is_cut_and_marked(source: bytes) -> None:
    facts = extract(source)
    assert facts.status == "ok"
    longest = max((str(row["module"]) for row in read_rows(facts, "imports")), key=len)
    assert longest.count(".") == MOST_PARTS and longest.endswith("…")
    assert read_rows(facts, "definitions")[0]["line"] == source.count(b"\n", 0, source.index(b"class")) + 1
    assert "z" in {row["bound_as"] for row in read_rows(facts, "imports")}


@pytest.mark.parametrize("source", [
    "sys.modules['p" + ".a" * 5_000 + "'] = 1\n", "__all__ = ['" + "a." * 5_000 + "']\n",
    "import importlib\nimportlib.import_module('p" + ".a" * 5_000 + "')\n", "def (\nimport " + "a." * 5_000 + "a\n",
])  # fmt: skip
def test_no_dotted_text_has_more_parts_than_any_module(source: str) -> None:
    texts = [str(cell) for rows in extract(source.encode()).rows for row in rows for cell in row[:10]]
    assert max(text.count(".") for text in texts if not text.startswith("[")) <= MOST_PARTS


@pytest.mark.parametrize("module", ["json." + "a" * 300, "email." + "a" * 5_000])
def test_a_name_longer_than_any_file_name_is_only_missing(module: str, make_tree: Tree, tmp_path: Path) -> None:
    tree = make_tree({"a.py": f"import {module}\n", "b.py": f"from json import {'b' * 300}\n"})
    outcomes = investigate(tree, data=tmp_path / "data", jobs=1).table("simulated").column("outcome").to_pylist()
    assert outcomes == ["missing-third-party", "missing-third-party"]


@pytest.mark.parametrize("source", [
    "x = 'a'\n" + "x = x + x\n" * 60, "x = 'a'\n" + "x += x\n" * 60, "x = [1]\n" + "x = x + x\n" * 60,
    "x = [1]\n" + "x += x\n" * 60, "x = [1]\n" + "x.extend(x)\n" * 60,
    "x = 'a' * 200\ny = 'a'\n" + "y = y.replace('a', 'aaaa')\n" * 60, "x = 'ab'\n" + "x = x.join([x, x, x])\n" * 60,
    "x = 10 ** 10 ** 10\ny = 1 << 10 ** 9\nz = 'a' * 10 ** 10\nw = '%1000000000d' % 1\n",
])  # fmt: skip
def test_values_that_double_with_every_statement_stay_small(source: str, make_tree: Tree, tmp_path: Path) -> None:
    inv = investigate(make_tree({"a.py": source}), data=tmp_path / "data", jobs=1)
    assert inv.table("simulated").column("outcome").to_pylist() == ["ok"]


def test_modules_that_all_import_each_other_have_an_answer(make_tree: Tree, tmp_path: Path) -> None:
    count = 40
    files = {f"big/m{i}.py": "".join(f"import big.m{j}\n" for j in range(count) if j != i) for i in range(count)}
    tree = make_tree({"big/__init__.py": "", **files})
    inv = investigate(tree, data=tmp_path / "data", jobs=1)
    assert inv.table("cycles").column("size").to_pylist()[0] == count
    assert set(inv.table("simulated").column("outcome").to_pylist()) == {"ok"}
    assert check(tree, CheckOptions(data=tmp_path / "data", jobs=1)).modules == count + 1


def test_a_first_import_that_takes_too_long_ends_at_the_deadline(make_tree: Tree) -> None:
    files = {f"m{i}.py": "".join(f"import m{j}\n" for j in range(150) if j != i) for i in range(150)}
    facts = scan(make_tree(files), jobs=1)
    simulation = Simulation(facts)
    started = time.monotonic()
    simulation.limit(started + 0.05)
    with pytest.raises(OutOfTime):
        simulation.find_delta(simulation.find_entry("m0"))
    assert simulation.steps > 0 and time.monotonic() - started < 3


def test_imports_nested_deeper_than_can_be_followed_are_unknown(make_tree: Tree) -> None:
    facts = scan(make_tree({"a.py": "import b\n", "b.py": "import c\n", "c.py": "X = 1\n"}), jobs=1)
    simulation = Simulation(facts)
    simulation.running = MOST_RUNNING - 2
    delta = simulation.find_delta(simulation.find_entry("a"))
    assert delta is not None and TOO_MUCH in delta.doubts
    assert simulation.running == MOST_RUNNING - 2


# Texts that look like comments

ALLOW = "# ssot: allow[class-defined-more-than-once] because x"


@pytest.mark.parametrize(("source", "place"), [
    (f"NOTE = '{ALLOW}'\n", "code"),
    (f"NOTE = f'{ALLOW}'\n", "code"),
    (f"NOTE = '''\n{ALLOW}\n'''\n", "code"),
    (f"NOTE = '\\\n{ALLOW}'\n", "code"),
    (f"NOTE = {{\n'a': '{ALLOW}'}}\n", "code"),
    (f'"""\n{ALLOW}\n"""\n', "docstring"),
    (f"NOTE = '#'  {ALLOW}\n", "comment"),
    (f"NOTE = (1, {ALLOW}\n)\n", "comment"),
    (f"\fNOTE = 1  {ALLOW}\r\n", "comment"),
    (f"NOTE = '''\n'''  {ALLOW}\n", "comment"),
    (f"NOTE = '{ALLOW}'  {ALLOW}\n", "comment"),
])  # fmt: skip
def test_only_what_python_takes_for_a_comment_is_one(source: str, place: str) -> None:
    (row,) = read_rows(extract(source.encode()), "markers")
    assert row["place"] == place
    if place == "comment":
        text = str(row["text"])
        assert text.index("#") == len(text) - len(ALLOW) or "'#'" not in source


def test_a_comment_in_another_encoding_is_found_on_its_line() -> None:
    source = "# coding: latin-1\nx = 'ééé'  # é deprecated\n".encode("latin-1")
    (row,) = read_rows(extract(source), "markers")
    assert (row["line"], row["place"], row["text"]) == (2, "comment", "x = 'ééé'  # é deprecated")


@pytest.mark.parametrize(("source", "is_waived"), [
    (f"class Order: NOTE = '{ALLOW}'\n", False), (f"class Order: NOTE = 1  {ALLOW}\n", True),
])  # fmt: skip
def test_a_text_waives_nothing(source: str, is_waived: bool, make_tree: Tree, tmp_path: Path) -> None:
    tree = make_tree(
        {
            "a.py": "class Order:\n    pass\n",
            "b.py": source,
            "use.py": "import a\nimport b\nfrom a import Order\nfrom b import Order as Other\n",
        }
    )
    result = check(tree, CheckOptions(data=tmp_path / "data", jobs=1))
    assert (not [each for each in result.findings if each.rule == "class-defined-more-than-once"]) is is_waived


# Policies and baselines


@pytest.mark.parametrize(("text", "place"), [
    ("[target]\n\n[compliance]\nthreshold = " + "9" * 5_000, ":4:13: a number has more than"),
    ("x = [1, -" + "1" * 5_000 + "]", ":1:9: a number has more than"),
    ('[target]\nname = "', ":2:"), ("[target\n", ":1:"), ("x = " + "[" * 5_000, "nested too deeply"),
    ("'a]b' = 1\n", ":1:1: a policy has no key"), ('["x]y"]\n', ":1:"),
    ("[target]\nsource_url = 'https://" + "{" * 100_000 + "'\n[target2]\n", "no key"),
    ("[[redirect]]\npaths = ['" + "." * 100_000 + ":', 'a.b']\n", ":2:10: paths: "),
])  # fmt: skip
def test_a_policy_that_cannot_be_read_is_one_clear_line(text: str, place: str) -> None:
    with pytest.raises(PolicyError) as caught:
        parse_policy(text)
    assert place in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize("text", [
    "[" * 100_000, '{"a":' * 100_000, '{"format": ' + "9" * 5_000 + "}", '{"format": 1, "score": NaN}',
    '{"format": 1, "score": 1e999}', "null", "[]", "1", '{"format": "' + "a" * 100_000 + '"}',
    '{"format": 1, "findings": [1]}', '{"format": 1, "sketches": {"a": 1}}', "",
])  # fmt: skip
def test_a_baseline_that_cannot_be_read_is_one_short_line(text: str, tmp_path: Path) -> None:
    place = tmp_path / "ssot-baseline.json"
    place.write_text(text)
    with pytest.raises(BaselineError) as caught:
        read_baseline(place)
    assert len(str(caught.value)) < 500 and "\n" not in str(caught.value)


def test_half_a_character_in_a_baseline_can_be_shown(make_tree: Tree, tmp_path: Path) -> None:
    known = (
        '{"fingerprint":"\\ud800","rule":"\\ud800","severity":"P0","subject":"\\ud800","places":1,"paths":["\\ud800"]}'
    )
    tree = make_tree({"a.py": "X = 1\n", "ssot-baseline.json": f'{{"format":1,"findings":[{known}]}}'})
    result = check(tree, CheckOptions(data=tmp_path / "data", jobs=1))
    assert [render(result, form).encode() for form in FORMATS]


# Time in proportion to the input


def _recover(text: str) -> None:
    list(recover_imports(text))


def _parse(code: str) -> ast.expr:
    return ast.parse(code, mode="eval").body


GROWING: dict[str, Callable[[int], Callable[[], object]]] = {
    "from and blanks": lambda n: lambda: _recover("from" + " " * n),
    "from and blanks, then a name": lambda n: lambda: _recover("from" + " " * n + "x"),
    "from and dots": lambda n: lambda: _recover("from " + ". " * n + "import x"),
    "from and names": lambda n: lambda: _recover("from " + "a" * n + " importx"),
    "import and blanks": lambda n: lambda: _recover("import " + "a " * n + "!"),
    "as and as": lambda n: lambda: _recover("from x import " + "a as " * n),
    "brackets": lambda n: lambda: _recover("from x import (\n" * (n // 10)),
    "continued": lambda n: lambda: _recover("import x\\\n" * (n // 10)),
    "percent": lambda n: lambda: find_text_pattern(_parse("'" + "%(a" * n + "' % x")),
    "zeros": lambda n: lambda: find_text_pattern(_parse("'%" + "0" * n + "!' % x")),
    "braces": lambda n: lambda: find_text_pattern(_parse("'" + "{" * n + "'.format(x)")),
    "mentions": lambda n: lambda: extract(b"x = 1  # " + b"ssot: allow[a] # " * (n // 10) + b"\n"),
    "underlines": lambda n: lambda: find_suffix("A" + "_1v" * n + "x"),
    "capitals": lambda n: lambda: find_suffix("A" * n + "_x"),
    "defaults": lambda n: lambda: extract(
        b"def f(" + b",".join(b"a%d=[]" % i for i in range(n // 25)) + b"): return a0\n"
    ),
    "returns": lambda n: lambda: extract(b"class A:\n def get(self):\n" + b"  return x\n" * (n // 10)),
}  # fmt: skip


@pytest.mark.parametrize("name", GROWING)
def test_twice_the_text_takes_about_twice_the_time(name: str) -> None:
    half, whole = measure(GROWING[name](25_000)), measure(GROWING[name](50_000))
    assert whole < max(_FLOOR_SECONDS, _MOST_RATIO * half)
    assert whole < 2
