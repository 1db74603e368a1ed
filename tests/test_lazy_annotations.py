"""Annotations fail on import on the versions that evaluate them there (before 3.14), and on no other."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from analysis import investigate

Tree = Callable[..., Path]
TYPING = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from p.base import Base\n"
#: Bodies of ``p.m`` that fail where annotations are evaluated on import.
NOTED = {
    "an argument": TYPING + "def f(x: Base): ...\n",
    "what is returned": TYPING + "class A:\n    def f(self) -> list[Base]: ...\n",
    "a field": TYPING + "from dataclasses import dataclass\n@dataclass\nclass A:\n    x: Base\n",
    "a named tuple": TYPING + "from typing import NamedTuple\nclass A(NamedTuple):\n    x: Base\n",
    "a variable": TYPING + "x: Base = None\n",
    "a variable without a value": TYPING + "x: Base\n",
    "an attribute": TYPING + "class A: ...\nA.x: Base = None\n",
    "a class that follows": "def f(x: Later): ...\nclass Later: ...\n",
    "the class around it": "class Node:\n    def f(self) -> Node: ...\n",
    "an attribute of a module": "import p.base\ndef f(x: p.base.Gone): ...\n",
}
#: Bodies that fail on every version.
EAGER = {
    "a base class": TYPING + "class A(Base): ...\n",
    "a default beside its annotation": TYPING + "def f(x: Base = Base): ...\n",
    "hints that are read": TYPING + "from typing import get_type_hints\ndef f(x: Base): ...\nget_type_hints(f)\n",
    "hints of a class that are read": (
        TYPING + "from typing import get_type_hints\nclass A:\n    x: Base\nget_type_hints(A)\n"
    ),
    "a signature": TYPING + "import inspect\ndef f(x: Base): ...\ninspect.signature(f)\n",
}


def find(make_tree: Tree, tmp_path: Path, body: str, requires: str) -> list[Mapping[str, object]]:
    project = f'[project]\nname = "p"\nversion = "1"\nrequires-python = "{requires}"\n'
    files = {"pyproject.toml": project, "p/__init__.py": "", "p/base.py": "class Base: ...\n", "p/m.py": body}
    root = make_tree(files)
    if sys.version_info < (3, 14):
        command = [sys.executable, "-c", "import p.m"]
        ran = subprocess.run(command, cwd=root, capture_output=True, timeout=60, check=False)
        assert ran.returncode == 1, "fails on the versions before 3.14"
    found: list[Mapping[str, object]] = investigate(root, data=tmp_path / "data", jobs=1).table("findings").to_pylist()
    return [each for each in found if each["rule"] == "import-fails"]


@pytest.mark.parametrize("name", NOTED)
def test_where_all_versions_evaluate_annotations_later_nothing_fails(
    make_tree: Tree, tmp_path: Path, name: str
) -> None:
    assert not find(make_tree, tmp_path, NOTED[name], ">=3.14")


@pytest.mark.parametrize("name", NOTED)
def test_where_some_version_evaluates_annotations_the_finding_names_it(
    make_tree: Tree, tmp_path: Path, name: str
) -> None:
    (found,) = find(make_tree, tmp_path, NOTED[name], ">=3.12")
    assert found["severity"] == "P1"
    assert "Python 3.12 to 3.13 evaluates the annotation on import" in str(found["message"])


@pytest.mark.parametrize("name", NOTED)
def test_where_all_versions_evaluate_annotations_none_is_named(make_tree: Tree, tmp_path: Path, name: str) -> None:
    (found,) = find(make_tree, tmp_path, NOTED[name], ">=3.11,<3.14")
    assert found["severity"] == "P1"
    assert "annotation on import" not in str(found["message"])


@pytest.mark.parametrize("name", EAGER)
def test_what_no_annotation_delays_fails_on_every_version(make_tree: Tree, tmp_path: Path, name: str) -> None:
    (found,) = find(make_tree, tmp_path, EAGER[name], ">=3.14")
    assert found["severity"] == "P1"
    assert "annotation on import" not in str(found["message"])


def test_hints_of_a_method_see_what_its_class_has(make_tree: Tree, tmp_path: Path) -> None:
    body = "from typing import get_type_hints\nclass A:\n    T = int\n    def f(self, x: T): ...\nget_type_hints(A.f)\n"
    root = make_tree({"p/__init__.py": "", "p/m.py": body})
    subprocess.run([sys.executable, "-c", "import p.m"], cwd=root, timeout=60, check=True)
    found = investigate(root, data=tmp_path / "data", jobs=1).table("findings").to_pylist()
    assert not [each for each in found if each["rule"] == "import-fails"]
