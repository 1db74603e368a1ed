"""Names for type checkers that functions use when they run: CPython calls the function as witness."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping

import pytest
from conftest import Tree
from rule_trees import judge

HEAD = (
    "from typing import TYPE_CHECKING, cast\nif TYPE_CHECKING:\n    from p.base import Base\n    import p.base as b\n"
)
#: The module, with a function ``f``, and whether a call of it fails.
FUNCTIONS: Mapping[str, tuple[str, bool]] = {
    "isinstance": ("def f(x): return isinstance(x, Base)\n", True),
    "a call": ("def f(x): return Base()\n", True),
    "an attribute of a module": ("def f(x):\n    return b.Base\n", True),
    "cast": ("def f(x): return cast(Base, x)\n", True),
    "a handler": ("def f(x):\n    try:\n        raise ValueError\n    except Base:\n        pass\n", True),
    "a value that is returned": ("def f(x):\n    return Base\n", True),
    "a base class inside": ("def f(x):\n    class A(Base): ...\n    return Base.x\n", True),
    "a coroutine": ("import asyncio\nasync def g(x):\n    return Base()\ndef f(x): asyncio.run(g(x))\n", True),
    "a method": ("class A:\n    def g(self): return Base()\ndef f(x): A().g()\n", True),
    "a text": ("def f(x): return cast('Base', x)\n", False),
    "an annotation of a local name": ("def f(x):\n    y: Base = x\n    return y\n", False),
    "an import inside": ("def f(x):\n    from p.base import Base\n    return Base()\n", False),
    "a parameter": ("def f(Base): return Base.real\n", False),
    "a loop": ("def f(x): return [Base.real for Base in (1, 2)]\n", False),
    "a branch for checkers": ("def f(x):\n    if TYPE_CHECKING:\n        return Base()\n", False),
    "a test for checkers": ("def f(x):\n    assert not TYPE_CHECKING or isinstance(x, Base)\n", False),
    "the other branch binds it": ("    pass\nelse:\n    Base = b = None\ndef f(x): return Base is b\n", False),
    "a handler that expects it": (
        "def f(x):\n    try:\n        return Base()\n    except NameError:\n        return None\n", False,
    ),
    "a function that binds it for all": (
        "def g():\n    global Base\n    from p.base import Base\ndef f(x):\n    g()\n    return Base()\n", False,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FUNCTIONS)
def test_what_a_function_lacks_when_it_runs_is_named(make_tree: Tree, name: str) -> None:
    source, fails = FUNCTIONS[name]
    root = make_tree({"p/__init__.py": "", "p/base.py": "class Base: ...\n", "p/m.py": HEAD + source})
    command = [sys.executable, "-B", "-c", "from p.m import f; f(1)"]
    ran = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert ("NameError" in ran.stderr) == fails
    assert bool(ran.returncode) == fails, ran.stderr
    assert [each.severity for each in judge(root, "typing-name-at-run-time")] == (["P2"] if fails else [])


def test_a_name_that_another_module_gives_is_not_missing(make_tree: Tree) -> None:
    files = {
        "p/__init__.py": "from p import m, base\n", "p/m.py": HEAD + "def f(x): return Base()\n",
        "p/base.py": "from p import m\nclass Base: ...\nm.Base = Base\n",
    }  # fmt: skip
    root = make_tree(files)
    subprocess.run([sys.executable, "-B", "-c", "from p.m import f; f(1)"], cwd=root, check=True)
    assert judge(root, "typing-name-at-run-time") == []
