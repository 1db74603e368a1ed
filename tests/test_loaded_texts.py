"""Texts that the code of a file loads by `import_module` and its like: those that name nothing fail in Python, too."""

# ruff: noqa: E501
from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from rule_trees import judge

Tree = Callable[..., Path]
LOAD = "from importlib import import_module\n"
PARTS = (
    "def load(key):\n    module, _, name = T[key].rpartition('.')\n    return getattr(import_module(module), name)\n"
)
#: A module whose last line loads what ``GONE`` stands for; None where Python finds nothing wrong.
WRONG: Mapping[str, str] = {
    "a table": f"{LOAD}T = {{'x': 'shop.there.Here', 'y': 'shop.there.GONE'}}\n{PARTS}",
    "a module of a table": f"{LOAD}T = {{'y': 'shop.GONE.Here'}}\n{PARTS}",
    "pairs": f"{LOAD}T = {{'y': ('shop.there', 'GONE')}}\ndef load(key):\n    module, name = T[key]\n    return getattr(import_module(module), name)\n",
    "a colon": f"{LOAD}T = {{'y': 'shop.there:GONE'}}\ndef load(key):\n    module, name = T.get(key).split(':')\n    return getattr(import_module(module), name)\n",
    "all of a list": f"{LOAD}T = ['shop.GONE']\ndef load(key):\n    for name in T:\n        import_module(name)\n",
    "a table of a class": f"{LOAD}class R:\n    T = {{'y': 'shop.GONE'}}\n    def load(self, key):\n        return import_module(self.T[key])\nload = R().load\n",
    "resolve_name": "import pkgutil\ndef load(key):\n    return pkgutil.resolve_name('shop.there:GONE')\n",
}
SILENT: Mapping[str, str] = {
    "expected": f"{LOAD}T = {{'y': 'shop.gone'}}\ndef load(key):\n    try:\n        return import_module(T[key])\n    except ImportError:\n        return None\n",
    "another text": f"{LOAD}T = {{'y': 'shop.gone'}}\ndef load(key, name='shop.there'):\n    print(T[key])\n    return import_module(name)\n",
    "a part of a name": f"{LOAD}T = {{'y': 'op.gone'}}\ndef load(key):\n    return import_module('sh' + T[key])\n",
    "a parameter": f"{LOAD}T = {{'y': 'shop.gone'}}\ndef load(T):\n    return import_module(T[0])\n",
    "a third party's": f"{LOAD}T = {{'y': 'elsewhere.gone'}}\ndef load(key):\n    return import_module(T[key])\n",
}


@pytest.mark.parametrize("case", WRONG)
def test_what_a_table_names_and_nobody_has_fails_when_it_is_loaded(case: str, make_tree: Tree) -> None:
    for name in ("gone", "Here"):
        source = WRONG[case].replace("GONE", name if name == "gone" or "shop.GONE" not in WRONG[case] else "there")
        root = make_tree({"shop/__init__.py": "", "shop/there.py": "class Here: ...\n", "shop/a.py": source}, name)
        run = [sys.executable, "-c", "from shop.a import load; load('y')"]
        is_wrong = subprocess.run(run, cwd=root, capture_output=True, check=False).returncode != 0
        found = [each for each in judge(root) if each.rule in {"setting-names-missing-object", "phantom-import"}]
        assert (is_wrong, [each.severity for each in found]) == (name == "gone", ["P2"] * (name == "gone"))
        assert all("gone" in each.message and each.evidence[0].path == "shop/a.py" for each in found)


@pytest.mark.parametrize("case", SILENT)
def test_a_text_that_may_mean_something_else_is_not_reported(case: str, make_tree: Tree) -> None:
    root = make_tree({"shop/__init__.py": "", "shop/there.py": "", "shop/a.py": SILENT[case]})
    assert not [each for each in judge(root) if each.rule == "setting-names-missing-object"]
