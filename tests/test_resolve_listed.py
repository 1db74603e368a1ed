"""Imports of what lies in a folder are edges: from the file that lists it to each module, with the line of the call."""

# ruff: noqa: E501
from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from test_resolve_dynamic import load_in_python
from test_simulation_folders import WAYS

from analysis.case_building import build_case
from analysis.policy import Policy
from analysis.rules import RuleContext

Make = Callable[[Mapping[str, str]], Path]

_FILES = {
    "d/__init__.py": "", "d/plugins/one.py": "", "d/plugins/two.py": "", "d/plugins/_hidden.py": "",
    "d/plugins/notes.txt": "", "d/plugins/sub/__init__.py": "", "d/plugins/sub/deep.py": "",
}  # fmt: skip
#: Ways that end with an exception before they import anything, or import nothing.
_OTHERS = frozenset({"iter_modules of a text", "nothing calls it"})


def find_listed(case: RuleContext, importer: str = "d.plugins") -> dict[str, tuple[int, str]]:
    rows = case.graph.edges.to_pylist()
    return {
        row["imported"]: (row["line"], row["scope"])
        for row in rows
        if row["importer"] == importer and row["kind"] == "dynamic"
    }


def list_computed(case: RuleContext) -> list[tuple[str, int]]:
    return [(row["path"], row["line"]) for row in case.facts.hooks.to_pylist() if row["kind"] == "computed_import"]


@pytest.mark.parametrize("way", sorted(WAYS.keys() - _OTHERS))
def test_every_module_that_cpython_loads_is_an_edge_of_the_file_that_lists_the_folder(
    make_tree: Make, way: str
) -> None:
    root = make_tree({**_FILES, "d/plugins/__init__.py": WAYS[way].replace("pk.", "d.")})
    case = build_case(root, Policy())
    loaded = load_in_python(root, "d.plugins") - {"d", "d.plugins"}
    assert set(find_listed(case)) - {"d"} == loaded
    assert list_computed(case) == []


def test_a_function_that_nothing_calls_imports_later(make_tree: Make) -> None:
    way = WAYS["nothing calls it"].replace("pk.", "d.")
    found = find_listed(build_case(make_tree({**_FILES, "d/plugins/__init__.py": way}), Policy()))
    assert found == {f"d.plugins.{name}": (4, "function") for name in ("_hidden", "one", "sub", "two")}


def test_another_package_is_listed_by_its_path_and_a_method_does_it_too(make_tree: Make) -> None:
    boot = (
        "import importlib, pkgutil\nimport d.plugins as found\nclass Loader:\n    def load(self, prefix):\n"
        "        for m in pkgutil.iter_modules(found.__path__, found.__name__ + '.'):\n"
        "            if not m.name.rpartition('.')[2].startswith('_'):\n                importlib.import_module(m.name)\n"
    )
    case = build_case(make_tree({**_FILES, "d/plugins/__init__.py": "", "d/boot.py": boot}), Policy())
    listed = {name for name in find_listed(case, "d.boot") if name.startswith("d.plugins.")}
    assert listed == {"d.plugins.one", "d.plugins.two", "d.plugins.sub"}


UNKNOWN = {
    "a folder that is given": "import os, importlib\ndef load(folder):\n    for f in os.listdir(folder):\n        importlib.import_module('d.plugins.' + f[:-3])\n",
    "a variable": "import os, importlib\nfor f in os.listdir(os.environ.get('PLUGINS', '.')):\n    importlib.import_module(f)\n",
    "entry points": "import importlib.metadata, glob\nfor entry in importlib.metadata.entry_points(group='x'):\n    importlib.import_module(entry.module)\n",
    "all that is installed": "import pkgutil, importlib\nfor m in pkgutil.iter_modules():\n    importlib.import_module(m.name)\n",
}


@pytest.mark.parametrize("way", UNKNOWN)
def test_a_folder_that_is_not_known_leaves_the_call_unknown(make_tree: Make, way: str) -> None:
    case = build_case(make_tree({**_FILES, "d/plugins/__init__.py": UNKNOWN[way]}), Policy())
    assert find_listed(case) == {}
    assert len(list_computed(case)) == 1
