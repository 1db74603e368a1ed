"""Imports by function call: what they import is what CPython has loaded afterwards, and what is computed is a row."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import Tree

from analysis.facts import scan
from analysis.facts.texts import TextFinder
from analysis.graph.edges import build_import_graph
from analysis.names.paths import build_resolution
from analysis.resolve import TargetResolver

_PACKAGE = {"d/__init__.py": "", "d/t.py": "X = 1\nclass C: ...\n", "d/u.py": "", "d/s/__init__.py": "", "d/s/v.py": ""}
_LIB = "import importlib\n"
WAYS = {
    "literal": f"{_LIB}t = importlib.import_module('d.t')",
    "other name": "from importlib import import_module as im\nim('d.t')",
    "other name of the library": "import importlib as il\nil.import_module('d.t')",
    "name given by keyword": f"{_LIB}importlib.import_module(name='d.t')",
    "relative, package by keyword": f"{_LIB}importlib.import_module(name='.t', package='d')",
    "relative to the own package": f"{_LIB}importlib.import_module('.t', __package__)",
    "relative to the spec": f"{_LIB}importlib.import_module('.s.v', package=__spec__.parent)",
    "f-string of a constant": f"{_LIB}BASE = 'd'\nimportlib.import_module(f'{{BASE}}.t')",
    "f-string of the package": f"{_LIB}importlib.import_module(f'{{__package__}}.t')",
    "sum": f"{_LIB}BASE = 'd'\nimportlib.import_module(BASE + '.s' + '.v')",
    "percent": f"{_LIB}importlib.import_module('%s.%s' % ('d', 't'))",
    "format": f"{_LIB}importlib.import_module('{{}}.{{}}'.format('d', 't'))",
    "join": f"{_LIB}importlib.import_module('.'.join(['d', 's', 'v']))",
    "loop over literals": f"{_LIB}for name in ('d.t', 'd.u'):\n    importlib.import_module(name)",
    "loop over a constant": f"{_LIB}NAMES = ['t', 'u']\nfor name in NAMES:\n    importlib.import_module('d.' + name)",
    "loop over items": f"{_LIB}T = {{'x': 'd.t'}}\nfor key, name in T.items():\n    importlib.import_module(name)",
    "comprehension": f"{_LIB}found = [importlib.import_module(f'd.{{n}}') for n in ('t', 'u')]",
    "local constant": f"{_LIB}def f():\n    name = 'd.t'\n    return importlib.import_module(name)\nf()",
    "parameter": f"{_LIB}def load(name):\n    return importlib.import_module('d.' + name)\nload('t')\nload(name='u')",
    "builtin": "__import__('d.s.v')",
    "builtin with names": "__import__('d', fromlist=['t', 'nothing'])",
    "builtin with level": "__import__('t', globals(), locals(), ['X'], 1)",
    "builtin relative to the package": "__import__('', globals(), level=1, fromlist=('u',))",
    "bound function": f"{_LIB}load = importlib.import_module\nload('d.t')",
    "resolve_name with a colon": "import pkgutil\npkgutil.resolve_name('d.t:C')",
    "resolve_name without": "from pkgutil import resolve_name as find\nfind('d.t')",
}
_LOADED = "import sys, json, importlib; importlib.import_module(sys.argv[1]); print(json.dumps(sorted(sys.modules)))"


def load_in_python(root: Path, name: str) -> set[str]:
    run = [sys.executable, "-c", _LOADED, name]
    done = subprocess.run(run, cwd=root, capture_output=True, text=True, check=True)
    return {each for each in json.loads(done.stdout) if each.partition(".")[0] == "d"}


def find_edges(root: Path, importer: str) -> set[str]:
    rows = build_import_graph(scan(root)).edges.to_pylist()
    return {row["imported"] for row in rows if row["importer"] == importer}


@pytest.mark.parametrize("way", WAYS)
def test_edges_of_a_call_are_what_python_loads(way: str, make_tree: Tree) -> None:
    root = make_tree({**_PACKAGE, "d/m.py": WAYS[way] + "\n"})
    loaded = load_in_python(root, "d.m") - {"d", "d.m"}
    assert loaded
    assert find_edges(root, "d.m") - {"d"} == loaded


@pytest.mark.parametrize(
    ("source", "pattern", "written"),
    [
        ("importlib.import_module(f'd.{sys.argv[1]}')", "d.*", "f'd.{sys.argv[1]}'"),
        ("importlib.import_module('.t')", ".t", "'.t'"),
        ("def f(name):\n    importlib.import_module(name)", "*", "name"),
        ("for name in find():\n    __import__(name)", "*", "name"),
        ("x = 'd.t'\nx += 'y'\nimportlib.import_module(x)", "*", "x"),
        ("def f():\n    global x\n    x = g()\nx = 'd.t'\nimportlib.import_module(x)", "*", "x"),
    ],
)
def test_a_computed_name_is_a_row_with_what_is_known_of_it(
    source: str, pattern: str, written: str, make_tree: Tree
) -> None:
    root = make_tree({**_PACKAGE, "d/m.py": f"import importlib, sys\n{source}\n"})
    rows = [row for row in scan(root).hooks.to_pylist() if row["kind"] == "computed_import"]
    assert [(row["name"], row["value"]) for row in rows] == [(pattern, written)]
    assert find_edges(root, "d.m") == set()


def test_a_name_that_a_call_imports_is_that_of_the_module(make_tree: Tree) -> None:
    source = "from importlib import import_module\nt = import_module('.t', __package__)\nC = t.C\n"
    other = "import importlib\nD = importlib.import_module('d.t').C\nE = getattr(importlib.import_module('d.t'), 'C')\n"
    root = make_tree({**_PACKAGE, "d/m.py": source, "d/n.py": other})
    rows = build_resolution(scan(root)).paths.to_pylist()
    found = {row["import_path"]: (row["definition"], row["certainty"]) for row in rows}
    assert found["d.m.t"] == ("d.t", "certain")
    assert {found[path] for path in ("d.m.C", "d.n.D", "d.n.E")} == {("d.t:C", "certain")}


def test_a_call_in_a_lambda_waits_and_a_choice_is_not_sure(make_tree: Tree) -> None:
    root = make_tree({
        **_PACKAGE,
        "d/m.py": "import importlib\nload = {'g': lambda: importlib.import_module('d.gone')}\n",
        "d/n.py": "import importlib\nfor name in ('d.t', 'd.gone'):\n    importlib.import_module(name)\n",
    })  # fmt: skip
    rows = build_import_graph(scan(root)).phantoms.to_pylist()
    assert [(row["importer"], row["scope"], row["liveness"]) for row in rows] == [
        ("d.m", "function", "always"),
        ("d.n", "module", "sometimes"),
    ]


def test_an_own_function_of_that_name_imports_nothing(make_tree: Tree) -> None:
    root = make_tree({**_PACKAGE, "d/m.py": "def import_module(name): ...\nimport_module('d.gone')\n"})
    assert build_import_graph(scan(root)).phantoms.num_rows == 0


def test_texts_that_grow_are_given_up() -> None:
    lines = ["a0 = 'x' * 9", *(f"a{n + 1} = a{n} + a{n}" for n in range(40))]
    tree = ast.parse("\n".join([*lines, "f(a40, a3)"]))
    call = tree.body[-1].value  # type: ignore[attr-defined]
    assert [TextFinder(tree).find(argument, ()) for argument in call.args] == [None, None]
    many = ast.parse("for a in 'x', 'y', 'z':\n    f(a + a + a + a + a)\nb = b + 'c'\nf(b)")
    loop, last = many.body[0].body[0].value.args[0], many.body[-1].value.args[0]  # type: ignore[attr-defined]
    assert TextFinder(many).find(loop, ()) is None
    assert TextFinder(many).find(last, ()) is None


def test_the_resolver_loads_what_a_list_of_names_says(make_tree: Tree) -> None:
    source = "__import__('d', fromlist=['t'])\n"
    root = make_tree({**_PACKAGE, "d/__init__.py": "import d.m\n", "d/m.py": source})
    target = TargetResolver(scan(root))
    package, child = (next(each for each in target.index.modules if each.name == name) for name in ("d", "d.t"))
    assert child.number in target.names.submodules.find_reached(package.number)
