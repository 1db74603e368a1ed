"""Names that modules serve on demand, by tables, lazy modules, stubs and ``__getattr__``: as CPython gets them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import Tree
from first_imports import ask_python as import_first
from first_imports import simulate

from analysis.facts import scan
from analysis.names.paths import build_resolution
from analysis.names.phantom_names import build_phantom_names

#: ``lazy_loader`` as far as it matters, and a lazy module as large projects write it.
_LIBRARY = """
import importlib, sys, types
def attach(package, submodules=(), submod_attrs=None):
    origin = {name: module for module, names in (submod_attrs or {}).items() for name in names}
    def __getattr__(name):
        if name in (submodules or ()):
            return importlib.import_module(f"{package}.{name}")
        if name in origin:
            return getattr(importlib.import_module(f"{package}.{origin[name]}"), name)
        raise AttributeError(name)
    return __getattr__, lambda: [], [*(submodules or ()), *origin]
class LazyModule(types.ModuleType):
    def __init__(self, name, file, structure, module_spec=None):
        super().__init__(name)
        self.__file__, self.__spec__, self.__path__ = file, module_spec, module_spec.submodule_search_locations
        self._structure = structure
    def __getattr__(self, name):
        for module, names in self._structure.items():
            if name == module:
                return importlib.import_module("." + module, self.__name__)
            if name in names:
                return getattr(importlib.import_module("." + module, self.__name__), name)
        raise AttributeError(name)
def recreate_module(name, by_module):
    class Module(types.ModuleType):
        def __getattr__(self, asked):
            for module, names in by_module.items():
                if asked in names:
                    return getattr(importlib.import_module(module), asked)
            raise AttributeError(asked)
    old = sys.modules[name]
    made = sys.modules[name] = Module(name)
    made.__path__, made.__spec__ = old.__path__, old.__spec__
    return old, made
"""
_TABLE = (
    "import importlib\n_T = {}\ndef __getattr__(name):\n    if name not in _T:\n        raise AttributeError(name)\n"
)
_LAZY = "import sys\nfrom lazylib import LazyModule\n"
_MAKE = "sys.modules[__name__] = LazyModule(__name__, __file__, _structure, module_spec=__spec__)\n"
WAYS = {
    "module and attribute": _TABLE.format("{'A': ('._a', 'A'), 'B': ('._b', 'Bee')}")
    + "    module, attribute = _T[name]\n    value = getattr(importlib.import_module(module, __name__), attribute)\n"
    "    globals()[name] = value\n    return value\n",
    "text with a colon": _TABLE.format("{'A': 'p._a:A', 'B': 'p._b:Bee'}")
    + "    module, _, attribute = _T[name].partition(':')\n"
    "    return getattr(importlib.import_module(module), attribute)\n",
    "module beside, without a dot": _TABLE.format("{'A': '_a', 'C': '_b'}")
    + "    return getattr(importlib.import_module(f'{__name__}.{_T[name]}'), name)\n",
    "modules to names, turned around": "import importlib\n_M = {'_a': ['A'], '_b': ['C']}\n"
    "_T = {name: module for module, names in _M.items() for name in names}\ndef __getattr__(name):\n"
    "    if name in _T:\n        return getattr(importlib.import_module('.' + _T[name], __package__), name)\n"
    "    raise AttributeError(name)\n",
    "loop over modules": "import importlib\n_M = {'_a': ['A'], '_b': ['C']}\ndef __getattr__(name):\n"
    "    for module, names in _M.items():\n        if name in names:\n"
    "            return getattr(importlib.import_module(f'.{module}', __name__), name)\n    raise AttributeError\n",
    "set of submodules": "import importlib\n_SUB = frozenset({'_a', '_b'})\ndef __getattr__(name):\n"
    "    if name in _SUB:\n        return importlib.import_module(f'.{name}', __name__)\n    raise AttributeError\n",
    "match": "def __getattr__(name):\n    match name:\n        case 'A':\n            from ._a import A\n"
    "            return A\n        case 'B' | 'C':\n            from . import _b\n"
    "            return getattr(_b, {'B': 'Bee'}.get(name, name))\n        case _:\n            raise AttributeError\n",
    "chain of tests": "def __getattr__(name):\n    if name == 'A':\n        from ._a import A as found\n"
    "    elif name in ('B',):\n        from ._b import Bee as found\n    elif name == 'C':\n        from ._b import C\n"
    "        return C\n    else:\n        raise AttributeError(name)\n    return found\n",
    "attach": "import lazylib as lazy\n__getattr__, __dir__, __all__ = lazy.attach(\n"
    "    __name__, submodules=['_a'], submod_attrs={'_b': ['Bee', 'C']})\n",
    "lazy module": f"{_LAZY}_structure = {{'_a': ['A']}}\nif True:\n    _structure['_b'] = ['Bee']\n"
    f"_structure['_b'].append('C')\n{_MAKE}",
    "lazy module, completed": f"{_LAZY}_structure = {{}}\n_structure.setdefault('_b', []).extend(['Bee', 'C'])\n"
    f"{_MAKE}",
    "modules in full": "from lazylib import recreate_module\n"
    "old, new = recreate_module(__name__, by_module={'p._a': ['A'], 'p._b': ['C', 'Bee']})\n",
}
_TREE = {"p/_a.py": "class A: ...\n", "p/_b.py": "class Bee: ...\nclass C: ...\n", "lazylib.py": _LIBRARY}
_NAMES = ("A", "B", "C", "Bee", "_a", "_b", "gone")
_ASK = """
import json, sys, types
found = {}
for name in sys.argv[1:]:
    for each in [each for each in sys.modules if each.split(".")[0] == "p"]:
        del sys.modules[each]
    try:
        exec(f"from p import {name} as value")
    except ImportError:
        found[name] = None
        continue
    is_module = isinstance(value, types.ModuleType)
    found[name] = value.__name__ if is_module else f"{value.__module__}:{value.__qualname__}"
print(json.dumps(found))
"""


def ask_python(root: Path) -> dict[str, str | None]:
    run = [sys.executable, "-c", _ASK, *_NAMES]
    found: dict[str, str | None] = json.loads(subprocess.run(run, cwd=root, capture_output=True, check=True).stdout)
    return found


@pytest.mark.parametrize("way", WAYS)
def test_names_are_what_python_gets_for_them(way: str, make_tree: Tree) -> None:
    uses = {f"use{name}.py": f"from p import {name}\n" for name in _NAMES}
    root = make_tree({**_TREE, "p/__init__.py": WAYS[way], **uses})
    expected = ask_python(root)
    assert sum(value is not None for value in expected.values()) >= 2
    resolution = build_resolution(scan(root))
    found = {row["import_path"]: row["definition"] or None for row in resolution.paths.to_pylist()}
    assert {name: found.get(f"use{name}.{name}") for name in _NAMES} == expected
    missing = {row["name"] for row in build_phantom_names(resolution).to_pylist()}
    assert missing <= {name for name, value in expected.items() if value is None}


def test_a_stub_says_what_a_package_serves(make_tree: Tree) -> None:
    files = {
        **_TREE,
        "p/__init__.py": "import lazy_loader\n__getattr__, *_ = lazy_loader.attach_stub(__name__, __file__)\n",
        "p/__init__.pyi": "__all__ = ['A']\nfrom ._a import A\nfrom ._b import Bee as B\n",
        "use.py": "from p import A, B, gone\n",
    }
    root = make_tree(files)
    resolution = build_resolution(scan(root))
    found = {row["import_path"]: row["definition"] for row in resolution.paths.to_pylist()}
    assert (found["use.A"], found["use.B"]) == ("p._a:A", "p._b:Bee")
    assert [row["name"] for row in build_phantom_names(resolution).to_pylist()] == ["gone"]
    (root / "p/__init__.pyi").unlink()
    resolution = build_resolution(scan(root))
    assert {row["kind"] for row in resolution.paths.to_pylist() if row["module"] == "use"} == {"unknown"}


def test_what_type_checkers_are_told_is_what_a_lazy_module_most_likely_serves(make_tree: Tree) -> None:
    lazy = (
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from ._a import *\n    from ._b import Bee as B\n"
        "else:\n    import sys\n    sys.modules[__name__] = make(__name__, find_structure())\n"
    )
    root = make_tree({**_TREE, "p/__init__.py": lazy, "use.py": "from p import A, B, other\n"})
    rows = build_resolution(scan(root)).paths.to_pylist()
    found = {row["import_path"]: (row["definition"], row["certainty"]) for row in rows}
    assert found["use.A"] == ("p._a:A", "conditional")
    assert found["p.B"] == ("p._b:Bee", "conditional")
    assert found["use.other"] == ("", "unknown")


@pytest.mark.parametrize(
    "body",
    [
        "    if name == 'A':\n        return 1\n    return getattr(other, name)\n",
        "    if name == 'A':\n        return 1\n",
        "    if name.startswith('_'):\n        raise AttributeError(name)\n    return load(name)\n",
    ],
)  # fmt: skip
def test_other_names_may_be_there_where_the_function_does_not_raise(body: str, make_tree: Tree) -> None:
    root = make_tree({"p/__init__.py": f"def __getattr__(name):\n{body}", "use.py": "from p import Z\n"})
    assert build_phantom_names(build_resolution(scan(root))).num_rows == 0


def test_a_name_for_which_the_function_raises_is_not_served(make_tree: Tree) -> None:
    asked = "    if name == 'old':\n        raise AttributeError('use new')\n"
    source = f"def __getattr__(name):\n{asked}    raise AttributeError\n"
    root = make_tree({"p/__init__.py": source, "use.py": "from p import old\n"})
    resolution = build_resolution(scan(root))
    assert [row["name"] for row in build_phantom_names(resolution).to_pylist()] == ["old"]
    assert {row["definition"] for row in resolution.paths.to_pylist() if row["module"] == "p"} == set()


def test_what_lazy_loader_does_not_serve_is_missing_in_the_simulation_too(make_tree: Tree) -> None:
    attach = "import lazy_loader as lazy\n__getattr__, __dir__, __all__ = lazy.attach(__name__, {given})\n"
    files = {
        "pkg/__init__.py": attach.format(given="submodules=['sub'], submod_attrs={'core': ['Engine', 'Missing']}"),
        "pkg/core.py": "class Engine: ...\n", "pkg/sub.py": "",
        "a.py": "from pkg import Engine, sub\n", "b.py": "from pkg import Missing\n", "c.py": "from pkg import Nope\n",
    }  # fmt: skip
    rows = simulate(make_tree(files))
    assert {name: rows[name]["outcome"] for name in ("a", "b", "c")} == {
        "a": "ok", "b": "missing-name", "c": "missing-name",
    }  # fmt: skip


def test_a_module_whose_class_is_replaced_has_what_that_class_has(make_tree: Tree) -> None:
    made = (
        "import sys, types\nclass M(types.ModuleType):\n    @property\n    def value(self): return 1\n"
        "    def __getattr__(self, name):\n        if name == 'late': return 2\n        raise AttributeError(name)\n"
        "sys.modules[__name__].__class__ = M\n"
    )
    files = {"pkg.py": made, "a.py": "from pkg import value, late\n", "b.py": "from pkg import nope\n"}
    root = make_tree(files)
    rows, seen = simulate(root), import_first(root, ["a", "b"])
    assert {name: rows[name]["exception"] or "ok" for name in "ab"} == {name: seen[name][0] for name in "ab"}
