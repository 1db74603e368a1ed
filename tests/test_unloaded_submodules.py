"""A submodule is an attribute of its package after somebody has imported it: CPython runs each program as witness."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from analysis import investigate
from analysis.resolve.library_submodules import find_loaded, find_unbound_submodules

Tree = Callable[..., Path]
APP = {"app/__init__.py": "", "app/core.py": "def run(): ...\n", "app/in/x.py": "", "app/deep/__init__.py": "",
       "app/deep/er.py": "def run(): ...\n"}  # fmt: skip
#: Programs that fail when they run: the severity of the finding, and what is missing.
FAILING: Mapping[str, tuple[Mapping[str, str], str, str]] = {
    "in a function": ({"main.py": "import app\ndef go():\n    app.core.run()\ngo()\n"}, "P2", "app.core"),
    "at once": ({"main.py": "import app\napp.core.run()\n"}, "P1", "app.core"),
    "by another name": ({"main.py": "import app as a\na.core.run()\n"}, "P1", "app.core"),
    "two levels down": ({"main.py": "import app.deep\napp.deep.er.run()\n"}, "P1", "app.deep.er"),
    "a package that was taken": ({"main.py": "from app import deep\ndeep.er.run()\n"}, "P1", "app.deep.er"),
    "beside one that is there": ({"main.py": "import app.deep\napp.core.run()\n"}, "P1", "app.core"),
    "of the library": ({"main.py": "import concurrent\nconcurrent.futures.wait\n"}, "P1", "concurrent.futures"),
    "of the library, deeper": ({"main.py": "import xml.etree\nxml.etree.ElementTree.parse\n"}, "P1",
                               "xml.etree.ElementTree"),
    "of the library, with a docstring": ({"main.py": "import xml\nxml.dom.Node\n"}, "P1", "xml.dom"),
    "another module loads it": (
        {"main.py": "import app\napp.core.run()\n", "other.py": "import app.core\n"}, "P3", "app.core",
    ),
    "a computed import may load it": (
        {"main.py": "import app\napp.core.run()\n",
         "other.py": "import importlib\ndef load(name):\n    importlib.import_module(f'app.{name}')\n"},
        "P3", "app.core",
    ),
}  # fmt: skip
#: Programs that work.
WORKING: Mapping[str, Mapping[str, str]] = {
    "it is imported": {"main.py": "import app.core\napp.core.run()\n"},
    "it is imported besides": {"main.py": "import app\nimport app.core\napp.core.run()\n"},
    "the package imports it": {"app/__init__.py": "from app import core\n", "main.py": "import app\napp.core.run()\n"},
    "the package takes from it": {
        "app/__init__.py": "from .core import run\n", "main.py": "import app\napp.core.run()\n",
    },
    "a module that is imported loads it": {
        "helper.py": "import app.core\n", "main.py": "import app, helper\napp.core.run()\n",
    },
    "the package serves it": {
        "app/__init__.py": "import importlib\ndef __getattr__(n):\n    return importlib.import_module(f'app.{n}')\n",
        "main.py": "import app\napp.core.run()\n",
    },
    "it is asked for first": {"main.py": "import app\nif hasattr(app, 'core'):\n    app.core.run()\n"},
    "it is expected to fail": {"main.py": "import app\ntry:\n    app.core.run()\nexcept AttributeError:\n    pass\n"},
    "the library binds it": {"main.py": "import os\nos.path.join('a', 'b')\n"},
    "the library's package imports it": {"main.py": "import json\njson.decoder.JSONDecoder\n"},
    "the library loads it elsewhere": {"main.py": "import concurrent, asyncio\nconcurrent.futures.wait\n"},
    "the library's is imported": {"main.py": "import xml.dom\nxml.dom.Node\n"},
}  # fmt: skip


def find(root: Path, tmp_path: Path) -> list[Mapping[str, object]]:
    found: list[Mapping[str, object]] = investigate(root, data=tmp_path / "data", jobs=1).table("findings").to_pylist()
    return [each for each in found if each["rule"] == "submodule-not-imported"]


def run(root: Path) -> int:
    command = [sys.executable, "-I", "-S", "-c", "import sys; sys.path.insert(0, '.'); import main"]
    return subprocess.run(command, cwd=root, capture_output=True, timeout=60, check=False).returncode


@pytest.mark.parametrize("name", FAILING)
def test_a_submodule_that_is_used_and_not_loaded_is_a_finding(make_tree: Tree, tmp_path: Path, name: str) -> None:
    files, severity, missing = FAILING[name]
    root = make_tree({**APP, **files})
    assert run(root) == 1
    (found,) = find(root, tmp_path)
    assert (found["severity"], found["subject"]) == (severity, missing)


@pytest.mark.parametrize("name", WORKING)
def test_a_submodule_that_is_loaded_is_none(make_tree: Tree, tmp_path: Path, name: str) -> None:
    root = make_tree({**APP, **WORKING[name]})
    assert run(root) == 0
    assert not find(root, tmp_path)


def test_what_the_library_loads_is_what_its_source_says() -> None:
    for package in ("concurrent", "xml", "json", "email", "logging", "importlib", "urllib", "http", "html", "unittest"):
        code = f"import sys, {package}; print(*sys.modules)"
        ran = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=True)
        really = {f"{package}.{name}" for name in find_unbound_submodules(package)} & set(ran.stdout.split())
        assert really <= find_loaded([package], really)
