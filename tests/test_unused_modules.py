"""Modules that nothing uses: CPython runs the program without them as before, and loads those that are used."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from rule_trees import judge, open_case

from analysis.rules.unused_modules import find_unused

Tree = Callable[..., Path]
_START = "from shop import orders\n\nif __name__ == '__main__':\n    print(orders.count())\n"
_EXTRA = "VALUE = 2\n\n\ndef count():\n    return VALUE\n"
_TREE = {"shop/__init__.py": "", "shop/orders.py": "def count():\n    return 1\n", "start.py": _START}
#: Ways to use ``shop.extra`` that CPython shows: the files that differ from those of the tree.
USED = {
    "import of another function": {
        "shop/orders.py": "def count():\n    from shop.extra import count\n    return count()\n"
    },
    "relative import": {"shop/orders.py": "from . import extra\n\n\ndef count():\n    return extra.count()\n"},
    "literal name": {
        "shop/orders.py": "from importlib import import_module\n\n\n"
        "def count():\n    return import_module('shop.extra').count()\n"
    },
    "name in a table": {
        "shop/orders.py": "from importlib import import_module\n\nNAMES = {'two': 'extra'}\n\n\n"
        "def count():\n    return import_module(f'shop.{NAMES[\"two\"]}').count()\n"
    },
    "name in a settings file": {
        "settings.json": '{"backend": "shop.extra"}',
        "shop/orders.py": "import json\nfrom importlib import import_module\n\n\n"
        "def count():\n    return import_module(json.load(open('settings.json'))['backend']).count()\n",
    },
    "folder that is listed": {
        "shop/orders.py": "import pkgutil\nfrom importlib import import_module\nimport shop\n\n\ndef count():\n"
        "    return [import_module(f'shop.{e.name}') for e in pkgutil.iter_modules(shop.__path__)][0].count()\n"
    },
    "all names of a package": {
        "shop/__init__.py": "__all__ = ['extra']\n",
        "shop/orders.py": "def count():\n    return 1\n",
        "start.py": f"from shop import *\n{_START}",
    },
    "second start": {
        "start.py": f"{_START}    import runpy\n    runpy.run_module('shop.extra')\n",
    },
}  # fmt: skip
#: Ways to use it that no start here can show: something outside of the tree reads them.
NAMED = {
    "server": {"Procfile": "web: gunicorn shop.extra:app\n"},
    "container": {"Dockerfile": 'FROM python\nCMD ["python", "-m", "shop.extra"]\n'},
    "console script": {
        "pyproject.toml": '[project]\nname = "s"\nversion = "1"\n[project.scripts]\ns = "shop.extra:count"\n'
    },
    "settings of Django": {"config/settings.py": "AUTHENTICATION_BACKENDS = ['shop.extra.Backend']\n"},
    "command of the documentation": {"README.md": "Run `python -m shop.extra` each night.\n"},
    "command of a pipeline": {"ci.yml": "run: python -c 'from shop import orders, extra'\n"},
    "notebook": {
        "look.ipynb": '{"cells": [{"cell_type": "code", "source": ["from shop import extra\\n"], "metadata": {}, '
        '"outputs": [], "execution_count": null}], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}'
    },
    "template": {"page.html": '<p data-source="shop.extra">'},
    "says that it is kept": {"shop/extra.py": f'"""Deprecated: use orders."""\n\n{_EXTRA}'},
    "says that it is loaded": {"shop/extra.py": f"LOADED_AS = 'shop.extra'\n{_EXTRA}"},
    "runs when it is loaded": {"shop/extra.py": f"{_EXTRA}\n\nprint(count())\n"},
    "distribution for others": {"setup.py": "from setuptools import setup\n\nsetup(name='shop', packages=['shop'])\n"},
}  # fmt: skip


def _find(root: Path) -> tuple[list[str], list[str]]:
    found = find_unused(open_case(root))
    return [module.plain for module in found.modules], [module.plain for module in found.tested]


def _run(root: Path) -> tuple[str, bool]:
    """Return what the start prints, and whether ``shop.extra`` was executed."""
    done = subprocess.run(
        [sys.executable, "-v", "start.py"], cwd=root, capture_output=True, text=True, timeout=60, check=True
    )
    return done.stdout, "extra.py" in done.stderr or "extra.cpython" in done.stderr


@pytest.mark.parametrize("way", USED)
def test_what_cpython_loads_is_used(make_tree: Tree, way: str) -> None:
    root = make_tree({**_TREE, "shop/extra.py": _EXTRA, **USED[way]})
    assert _run(root)[1]
    assert _find(root) == ([], [])


@pytest.mark.parametrize("way", NAMED)
def test_what_something_outside_may_load_is_no_finding(make_tree: Tree, way: str) -> None:
    root = make_tree({**_TREE, "shop/extra.py": _EXTRA, **NAMED[way]})
    assert _find(root) == ([], [])


def test_the_program_runs_as_before_without_what_is_unused(make_tree: Tree) -> None:
    more = {
        "shop/extra.py": "from shop import below\n",
        "shop/below.py": "from shop import extra\n",
        "shop/parts/__init__.py": "from shop.parts import deep\n",
        "shop/parts/deep.py": "DEEP = 1\n",
        "notes.md": "We thought of shop extra, and of `below`.\n",
    }
    root = make_tree({**_TREE, **more})
    before = _run(root)
    unused, tested = _find(root)
    assert (unused, tested) == (["shop.below", "shop.extra", "shop.parts.deep"], [])
    for name in more:
        (root / name).unlink()
    assert _run(root) == before == ("1\n", False)


def test_what_only_tests_use_is_told_apart(make_tree: Tree) -> None:
    tests = {"tests/test_extra.py": "from shop.extra import count\n\n\ndef test_count():\n    assert count() == 2\n"}
    root = make_tree({**_TREE, "shop/extra.py": _EXTRA, "shop/other.py": _EXTRA, "shop/testing.py": _EXTRA, **tests})
    assert _find(root) == (["shop.other"], ["shop.extra"])
    found = judge(root, "module-unused")
    assert [(each.severity, each.subject) for each in found] == [("P3", "shop")]
    assert "Outside of tests nothing imports, runs or names shop.extra" in found[0].message


def test_of_a_library_only_private_modules_are_judged(make_tree: Tree) -> None:
    project = '[build-system]\nrequires = ["setuptools"]\n[project]\nname = "shop"\nversion = "1"\n'
    files = {**_TREE, "shop/extra.py": _EXTRA, "shop/_left.py": _EXTRA, "pyproject.toml": project}
    assert _find(make_tree(files)) == (["shop._left"], [])


def test_a_package_that_a_server_runs_is_judged_though_it_is_built(make_tree: Tree) -> None:
    project = '[build-system]\nrequires = ["setuptools"]\n[project]\nname = "shop"\nversion = "1"\n'
    site = "def app(environ, start_response):\n    return []\n"
    files = {**_TREE, "shop/extra.py": _EXTRA, "shop/site.py": site, "pyproject.toml": project}
    root = make_tree({**files, "Procfile": "web: gunicorn shop.site:app\n"})
    assert _find(root) == (["shop.extra"], [])


def test_a_package_of_many_is_one_finding(make_tree: Tree) -> None:
    more = {f"shop/left{number}.py": _EXTRA for number in range(20)}
    found = judge(make_tree({**_TREE, **more}), "module-unused")
    assert [each.places for each in found] == [20]
