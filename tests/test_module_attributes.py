"""Attributes that modules do not have, replaced submodules, and files that hide a library, as CPython has them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from conftest import Tree

from analysis.gate import check
from analysis.pipeline import investigate

_RULES = ("phantom-attribute", "submodule-replaced", "library-hidden-by-file")
_USER = "import s\nfrom p import a\na.gone\n"
_BASE = {"p/__init__.py": "", "p/a.py": "def there(): ...\n"}
_STAR = {
    "p/q/__init__.py": "from .tools import cut\n", "p/q/tools.py": "def cut(): ...\n",
    "p/tools.py": "def label(): ...\n",
    "p/use.py": "import p\n\ndef f():\n    return p.tools.label()\nf()\n",
}  # fmt: skip
#: What fails: files, what is run, the finding and its places.
FAILING: dict[str, tuple[dict[str, str], str, str]] = {
    "taken from a package": (
        {**_BASE, "m.py": "from p import a\na.gone()\n"}, "m", "P1 phantom-attribute p.a.gone m.py:2",
    ),
    "by its full name": ({**_BASE, "m.py": "import p.a\nX = p.a.gone\n"}, "m", "P1 phantom-attribute p.a.gone m.py:2"),
    "under another name": (
        {**_BASE, "m.py": "import p.a as x\ndef f():\n    return x.gone\nf()\n"}, "m",
        "P2 phantom-attribute p.a.gone m.py:3",
    ),
    "imported in a function": (
        {**_BASE, "m.py": "def f():\n    from p import a\n    return a.gone\nf()\n"}, "m",
        "P2 phantom-attribute p.a.gone m.py:3",
    ),
    "in a class body": (
        {**_BASE, "m.py": "from p import a\nclass C:\n    x = a.gone\n"}, "m", "P1 phantom-attribute p.a.gone m.py:3",
    ),
    "a star brings another module": (
        {**_STAR, "p/__init__.py": "from . import tools\nfrom .q import *\n"}, "p.use",
        "P2 submodule-replaced p.tools p/__init__.py:2",
    ),
    "another module under its name": (
        {**_STAR, "p/__init__.py": "from . import tools\nfrom .q import tools\n"}, "p.use",
        "P2 submodule-replaced p.tools p/__init__.py:2",
    ),
    "a function of its name": (
        {"p/__init__.py": "from .run import run\n", "p/run.py": "def run(): ...\ndef stop(): ...\n",
         "m.py": "import p\np.run.stop()\n"}, "m", "P1 submodule-replaced p.run p/__init__.py:1",
    ),
    "a file named like what it takes": (
        {"yaml.py": "from yaml import safe_load\n"}, "yaml", "P1 library-hidden-by-file yaml.py yaml.py:1",
    ),
    "a file named like a module of the standard library": (
        {"colorsys.py": "from colorsys import rgb_to_hsv\n"}, "colorsys",
        "P1 library-hidden-by-file colorsys.py colorsys.py:1",
    ),
    "a module below it": (
        {"yaml.py": "import yaml.loader\n"}, "yaml", "P1 library-hidden-by-file yaml.py yaml.py:1",
    ),
}  # fmt: skip
#: What works, or whose failure is expected: nothing is found.
WORKING: dict[str, tuple[dict[str, str], str]] = {
    "set by somebody": ({**_BASE, "s.py": "from p import a\na.gone = 1\n", "m.py": _USER}, "m"),
    "set in a function": (
        {**_BASE, "s.py": "from p import a\ndef f():\n    a.gone = 1\nf()\n", "m.py": _USER}, "m",
    ),
    "set by a computed name": (
        {**_BASE, "s.py": "from p import a\nfor n in ['gone']:\n    setattr(a, n, 1)\n",
         "m.py": _USER}, "m",
    ),
    "served": ({**_BASE, "p/a.py": "def __getattr__(name):\n    return 1\n", "m.py": "from p import a\na.gone\n"}, "m"),
    "bound by a function": (
        {**_BASE, "p/a.py": "def f():\n    global gone\n    gone = 1\nf()\n", "m.py": "from p import a\na.gone\n"}, "m",
    ),
    "replaced by another file": (
        {**_BASE, "s.py": "import sys\nclass gone: ...\nsys.modules['p.a'] = gone\ngone.gone = 1\n",
         "m.py": "import s\nimport p\np.a = s.gone\nfrom p import a\na.gone\n"}, "m",
    ),
    "asked for": ({**_BASE, "m.py": "from p import a\nif hasattr(a, 'gone'):\n    a.gone()\n"}, "m"),
    "caught": ({**_BASE, "m.py": "from p import a\ntry:\n    a.gone\nexcept AttributeError:\n    pass\n"}, "m"),
    "another object of that name": ({**_BASE, "m.py": "from p import a\ndef f(a):\n    return a.gone\n"}, "m"),
    "a loop over other objects": ({**_BASE, "m.py": "from p import a\nfor a in ():\n    a.gone\n"}, "m"),
    "a text": ({**_BASE, "m.py": "from p import a\nX = 'a.gone'  # a.gone\n"}, "m"),
    "an annotation": (
        {**_BASE, "m.py": "from __future__ import annotations\nfrom p import a\ndef f(x: a.gone) -> a.gone: ...\n"},
        "m",
    ),
    "a submodule of it": ({**_BASE, "p/s/__init__.py": "", "p/s/t.py": "", "m.py": "import p.s.t\np.s.t\n"}, "m"),
    "a function of its name, called": (
        {"p/__init__.py": "from .run import run\n", "p/run.py": "def run(): ...\n", "m.py": "import p\np.run()\n"}, "m",
    ),
    "a module of a package named like a library": (
        {"p/__init__.py": "", "p/colorsys.py": "from colorsys import rgb_to_hsv\n"}, "p.colorsys",
    ),
    "a module that takes its own name": ({"colors.py": "X = 1\nfrom colors import X as Y\n"}, "colors"),
}  # fmt: skip


def find_remarks(root: Path, data: Path) -> list[str]:
    rows = investigate(root, data=data, jobs=1).table("findings").to_pylist()
    return [
        f"{row['severity']} {row['rule']} {row['subject']} {place['path']}:{place['line']}"
        for row in rows
        for place in row["evidence"][:1]
        if row["rule"] in _RULES
    ]


def fails(root: Path, module: str) -> bool:
    run = [sys.executable, "-c", f"import {module}"]
    return bool(subprocess.run(run, cwd=root, capture_output=True, check=False).returncode)


@pytest.mark.parametrize("case", FAILING)
def test_what_fails_in_python_is_found(case: str, make_tree: Tree, tmp_path: Path) -> None:
    files, module, expected = FAILING[case]
    root = make_tree(files)
    assert fails(root, module)
    assert find_remarks(root, tmp_path / "data") == [expected]


@pytest.mark.parametrize("case", WORKING)
def test_what_works_in_python_is_no_finding(case: str, make_tree: Tree, tmp_path: Path) -> None:
    files, module = WORKING[case]
    root = make_tree(files)
    assert not fails(root, module)
    assert find_remarks(root, tmp_path / "data") == []


def find_messages(files: Mapping[str, str], rule: str, make_tree: Tree, tmp_path: Path) -> list[str]:
    rows = investigate(make_tree(files), data=tmp_path / "data", jobs=1).table("findings").to_pylist()
    return [f"{row['severity']} {row['message']}" for row in rows if row["rule"] == rule]


def test_a_declared_reexport_is_p3_and_the_message_names_what_is_imported(make_tree: Tree, tmp_path: Path) -> None:
    files = {
        "q/__init__.py": "", "q/core.py": "class Core: ...\n", "q/other.py": "",
        "q/api.py": "from q import core\nManager = core.Core\n\ndef own(): ...\n",
        "use.py": "from q.api import Manager\n",
    }  # fmt: skip
    assert find_messages(files, "class-taken-from-elsewhere", make_tree, tmp_path) == [
        "P3 1 statement in 1 file takes Manager, which is q.core:Core, from q.api instead of q.core.Core"
    ]


def test_the_nearest_module_is_named_only_where_it_has_what_is_asked(make_tree: Tree, tmp_path: Path) -> None:
    files = {"p/__init__.py": "", "p/model.py": "class Order: ...\n", "m.py": "from p.models import Order\n"}
    assert "nearest name is p.model" in find_messages(files, "phantom-import", make_tree, tmp_path)[0]
    files["m.py"] = "from p.models import Parcel\n"
    assert "nearest" not in find_messages(files, "phantom-import", make_tree, tmp_path / "other")[0]


def test_advice_prefers_a_public_path(make_tree: Tree, tmp_path: Path) -> None:
    files = {
        "p/__init__.py": "from ._impl import Order\n", "p/_impl.py": "class Order: ...\n", "p/old.py": "",
        "m.py": "from p.old import Order\n",
    }  # fmt: skip
    assert "it is defined in p" in find_messages(files, "phantom-name", make_tree, tmp_path)[0].replace("p._impl", "-")


def test_what_every_module_has_is_nowhere_missing(make_tree: Tree) -> None:
    always = ["__name__", "__file__", "__spec__", "__loader__", "__doc__", "__package__", "__builtins__", "__dict__",
              "__class__", "__cached__", "__annotations__", "__repr__", "__dir__", "__init_subclass__"]  # fmt: skip
    root = make_tree({
        "p/__init__.py": "", "p/m.py": "",
        "uses.py": "import p.m\nprint(p.__path__)\n" + "".join(f"print(p.m.{name}, p.{name})\n" for name in always),
        "takes.py": f"from p.m import {', '.join(always)}\nfrom p import __path__\n",
        "tests/test_patches.py": "from unittest.mock import patch\nimport p.m\ndef test(monkeypatch):\n"
        + "".join(f'    monkeypatch.setattr("p.m.{name}", 1)\n' for name in ("__file__", "__doc__", "__name__"))
        + "    monkeypatch.setattr(p, '__path__', [])\n",
    })  # fmt: skip
    for module in ("uses", "takes"):
        subprocess.run([sys.executable, "-c", f"import {module}"], cwd=root, check=True, capture_output=True)
    found = check(root).findings
    assert [(row.rule, row.message) for row in found if row.severity in {"P0", "P1", "P2"}] == []
