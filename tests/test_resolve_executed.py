"""Names that calls put into modules: what CPython then has under them, and which are surely not there."""

from __future__ import annotations

import subprocess
import sys

import pytest
from conftest import Tree
from rule_trees import judge

from analysis.facts import scan
from analysis.graph.edges import build_import_graph
from analysis.names.paths import build_resolution
from analysis.names.phantom_names import build_phantom_names

_BASE = {"p/__init__.py": "", "p/a.py": "class X: ...\n"}
#: Statements of ``p.b``, and the definition that ``p.b.X`` is; empty where it is some object.
WAYS = {
    "all of a module": ("from p import a\nglobals().update(vars(a))\n", "p.a:X"),
    "the dict of a module": ("import p.a as other\nglobals().update(other.__dict__)\n", "p.a:X"),
    "a literal": ("from p import a\nglobals().update({'X': a.X})\n", "p.a:X"),
    "keywords": ("from p import a\nglobals().update(X=a.X)\n", "p.a:X"),
    "one name": ("from p import a\nglobals()['X'] = a.X\n", "p.a:X"),
    "an attribute of itself": ("import sys\nfrom p import a\nsys.modules[__name__].X = a.X\n", "p.a:X"),
    "set on itself": ("import sys\nfrom p import a\nsetattr(sys.modules[__name__], 'X', a.X)\n", "p.a:X"),
    "set by name": ("import sys\nfrom p import a\nsetattr(sys.modules['p.b'], 'X', a.X)\n", "p.a:X"),
    "a text that is executed": ("exec('class X: ...')\n", "p.b:X"),
    "a class that a called function makes global": (
        "def make():\n    global X\n    class X: ...\nmake()\n", "p.b:make.<locals>.X",
    ),
}  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
def test_a_name_put_into_a_module_is_there_and_another_is_not(way: str, make_tree: Tree) -> None:
    source, definition = WAYS[way]
    root = make_tree({**_BASE, "p/b.py": source, "u.py": "from p.b import X, gone\n"})
    code = "from p.b import X; print(f'{X.__module__}:{X.__qualname__}')"
    run = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    if definition:
        assert run.stdout.strip().replace("make.<locals>.", "") == definition.replace("make.<locals>.", "")
    resolution = build_resolution(scan(root))
    found = {row["import_path"]: row["definition"] for row in resolution.paths.to_pylist()}
    assert found.get("u.X", "").replace("make.<locals>.", "") == definition.replace("make.<locals>.", "")
    assert "X" not in {row["name"] for row in build_phantom_names(resolution).to_pylist()}


def test_members_of_an_enumeration_become_names_of_the_module(make_tree: Tree) -> None:
    source = "import enum\n@enum.global_enum\nclass E(enum.Enum):\n    X = 1\n"
    root = make_tree({"b.py": source, "u.py": "from b import X\nassert X.value == 1\n"})
    subprocess.run([sys.executable, "-c", "import u"], cwd=root, check=True)
    assert [each for each in judge(root) if each.severity < "P3"] == []


def test_a_file_whose_name_is_no_identifier_is_imported_by_a_call(make_tree: Tree) -> None:
    call = "from importlib import import_module\nm = import_module('p.0001_initial')\nM = m.M\n"
    root = make_tree({**_BASE, "p/0001_initial.py": "class M: ...\n", "p/b.py": call})
    facts = scan(root)
    graph = build_import_graph(facts)
    assert ("p.b", "p.0001_initial") in {(row["importer"], row["imported"]) for row in graph.edges.to_pylist()}
    assert graph.phantoms.num_rows == 0
    rows = [row for row in build_resolution(facts).paths.to_pylist() if row["import_path"] == "p.b.m"]
    assert [(row["certainty"], "no such" in row["reason"]) for row in rows] == [("unknown", False)]
