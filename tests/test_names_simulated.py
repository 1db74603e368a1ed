"""Names that programs make up are rows: what a module has after its first import, and which class it is."""

# ruff: noqa: E501
from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from analysis.facts import scan
from analysis.names.paths import build_resolution
from analysis.names.simulated_names import add_simulated
from analysis.pipeline import investigate
from analysis.resolve import TargetResolver
from analysis.runtime import find_entries
from analysis.simulation import simulate_entries

Make = Callable[..., Path]

LIVE = """
import importlib, json, sys
sys.path.insert(0, sys.argv[1])
module = importlib.import_module("p.m")
print(json.dumps({
    name: f"{value.__module__}:{value.__qualname__}"
    for name, value in vars(module).items() if isinstance(value, type)
}))
"""
BASE = "import sys\nclass Base: ...\nclass Other(Base): ...\n"
TOOLS = (
    "import sys\nclass Maker:\n    @staticmethod\n    def export(cls):\n        class Shown(cls): ...\n"
    "        for name in ['Inner', 'Second']:\n            setattr(sys.modules[cls.__module__], name, getattr(cls, name))\n"
    "        setattr(sys.modules[cls.__module__], 'Shown', Shown)\n        return cls\n"
    "def double(kind):\n    return {f'{kind.__name__}{n}': type(f'{kind.__name__}{n}', (kind,), {}) for n in (1, 2)}\n"
    "class Build:\n    @classmethod\n    def make(cls):\n        classes = {}\n        for each in cls.kinds:\n"
    "            name = (cls.__name__ + '.' + each.split('.')[-1]).replace('.', '_')\n"
    "            class case(cls):\n                __module__ = cls.__module__\n            case.__name__ = name\n"
    "            case.__qualname__ = '.'.join(cls.__qualname__.split()[0:-1] + [name])\n"
    "            classes[case.__name__] = case\n        return classes\n"
)
#: The module ``p.m``, and the names that it makes up.
WAYS: dict[str, tuple[str, set[str]]] = {
    "a loop": (BASE + "for n in ('A', 'B'):\n    globals()['Made' + n] = type('Made' + n, (Base,), {})\n", {"MadeA", "MadeB"}),
    "a formatted name": (BASE + "for n in range(2):\n    globals()[f'Made_{n}'] = type('Made_%d' % n, (Base,), {})\n", {"Made_0", "Made_1"}),
    "the namespace as vars": (BASE + "for n in ('A', 'B'):\n    vars()['{}_x'.format(n)] = type(n + '_x', (), {})\n", {"A_x", "B_x"}),
    "a decorator": (BASE + "def twin(kind):\n    globals()[kind.__name__[1:]] = type(kind.__name__[1:], (kind,), {})\n    return kind\n@twin\nclass _Test: ...\n", {"Test"}),
    "a decorator elsewhere": ("from p.tools import Maker\nclass _First(Maker):\n    class Inner: ...\n    class Second: ...\nMaker.export(_First)\n", {"Inner", "Second", "Shown"}),
    "a table that a function returns": (BASE + "from p.tools import double\nglobals().update(double(Base))\n", {"Base1", "Base2"}),
    "a method that builds": ("from p.tools import Build\nclass Case(Build):\n    kinds = ['a.X', 'b.Y']\nglobals().update(Case.make())\n", {"Case_X", "Case_Y"}),
    "a namespace that is handed on": (BASE + "def fill(names, space):\n    for name in names:\n        space[name] = type(name, (), {})\nfill(['U', 'V'], globals())\n", {"U", "V"}),
    "named tuples": ("from collections import namedtuple\nfor n in ('A', 'B'):\n    globals()[n + 'T'] = namedtuple(n + 'T', 'x y')\n", {"AT", "BT"}),
    "subclasses": (BASE + "for each in Base.__subclasses__():\n    globals()[each.__name__ + '2'] = each\n", {"Other2"}),
    "a generator": (BASE + "def names():\n    for n in 'ab':\n        yield n.upper()\nfor n in names():\n    globals()[n] = Base\n", {"A", "B"}),
    "exec of a text": ("exec('class A: ...\\nclass B(A): ...\\n')\n", {"A", "B"}),
}  # fmt: skip


def _ask_python(root: Path) -> Any:
    run = subprocess.run([sys.executable, "-I", "-c", LIVE, str(root)], capture_output=True, text=True, check=True)
    return json.loads(run.stdout)


def _find_rows(root: Path) -> dict[str, dict[str, Any]]:
    facts = scan(root, jobs=1)
    resolver = TargetResolver(facts)
    entries = [(entry.module, entry.path) for entry in find_entries(facts)]
    made = simulate_entries(facts, entries, resolver=resolver)["simulated_names"]
    paths = add_simulated(build_resolution(facts, resolver=resolver).paths, made, resolver)
    return {row["name"]: row for row in paths.to_pylist() if row["module"] == "p.m"}


@pytest.mark.parametrize("way", WAYS)
def test_a_name_that_a_program_makes_up_has_a_row(way: str, make_tree: Make) -> None:
    source, names = WAYS[way]
    root = make_tree({"p/__init__.py": "", "p/tools.py": TOOLS, "p/m.py": source})
    live, rows = _ask_python(root), _find_rows(root)
    assert names <= live.keys()
    assert {name: rows[name]["definition"] for name in names} == {name: live[name] for name in names}
    assert all(rows[name]["certainty"] == "conditional" for name in names)
    assert all(
        row["definition"] == live[name] for name, row in rows.items() if row["certainty"] == "certain" and name in live
    )


def test_what_nobody_knows_has_no_row(make_tree: Make) -> None:
    source = "import os\nfor n in os.listdir('/'):\n    globals()[n] = type(n, (), {})\nclass A: ...\n"
    rows = _find_rows(make_tree({"p/__init__.py": "", "p/m.py": source}))
    assert rows.keys() == {"os", "n", "A"}


def test_a_snapshot_has_the_rows_too_and_says_the_same_when_nothing_changed(make_tree: Make, tmp_path: Path) -> None:
    source = BASE + "for n in ('A', 'B'):\n    globals()['Made' + n] = type('Made' + n, (Base,), {})\n"
    root = make_tree({"p/__init__.py": "", "p/m.py": source})
    seen = [investigate(root, data=tmp_path / "data").table("paths").to_pylist() for _ in range(2)]
    assert seen[0] == seen[1]
    made = [
        (row["name"], row["kind"], row["route"], row["is_canonical"])
        for row in seen[0]
        if row["name"].startswith("Made")
    ]
    assert made == [("MadeA", "made-class", "definition", True), ("MadeB", "made-class", "definition", True)]
