"""Names for type checkers that functions use when they run: CPython calls the function as witness."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from typing import NamedTuple

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


TEXTS = (
    "from __future__ import annotations\nfrom typing import TYPE_CHECKING\n"
    "if TYPE_CHECKING:\n    from p.base import Base\n"
)
MODEL = "from pydantic import BaseModel\nclass M(BaseModel):\n    "


class Read(NamedTuple):
    """A module, what is run after ``from p.m import *``, whether that fails, and the grade."""

    source: str
    run: str
    fails: bool = True
    severity: str = "P2"


EVALUATED: Mapping[str, Read] = {
    "a model": Read(f"{MODEL}x: Base\n", "M(x=1)"),
    "a model by its own base": Read("from p.own import Own\nclass M(Own):\n    x: 'list[Base]'\n", "M(x=1)"),
    "a dataclass of pydantic": Read(
        "from pydantic.dataclasses import dataclass\n@dataclass\nclass M:\n    x: Base\n", "M(x=1)"
    ),
    "a function that is checked": Read(
        "from pydantic import validate_call\n@validate_call\ndef f(x: Base): ...\n", "", severity=""
    ),
    "a command": Read(
        "import typer\napp = typer.Typer()\n@app.command()\ndef main(x: Base): ...\n", "app(['1'])"
    ),
    "a command of an application elsewhere": Read(
        "from p.own import app\n@app.command()\ndef main(x: Base): ...\n", "app(['1'])"
    ),
    "hints of a dataclass": Read(
        "import typing, dataclasses\n@dataclasses.dataclass\nclass A:\n    x: Base\n"
        "def f(): typing.get_type_hints(A)\n", "f()",
    ),
    "a signature": Read("import inspect\ndef g(x: Base): ...\ndef f(): inspect.signature(g, eval_str=True)\n", "f()"),
    "a model that is rebuilt": Read(
        f"{MODEL}x: Base\ndef f():\n    from p.base import Base\n"
        "    M.model_rebuild(_types_namespace={'Base': Base})\n", "", fails=False, severity="",
    ),
    "a private attribute, a class variable and a method": Read(
        f"{MODEL}_x: Base\n    def f(self, x: Base) -> Base: ...\n", "M()", fails=False, severity=""
    ),
    "a dataclass": Read(
        "import dataclasses\n@dataclasses.dataclass\nclass A:\n    x: Base\n", "A(1)", fails=False, severity=""
    ),
    "a signature as it is written": Read(
        "import inspect\ndef f(x: Base): inspect.signature(f)\n", "f(1)", fails=False, severity=""
    ),
    "a handler that expects it": Read(
        "import typing\nclass A:\n    x: Base\ndef f():\n    try:\n        typing.get_type_hints(A)\n"
        "    except NameError:\n        pass\n", "f()", fails=False, severity="",
    ),
}  # fmt: skip
OWN = (
    "import pydantic, typer\napp = typer.Typer()\n"
    "class Own(pydantic.BaseModel):\n    model_config = pydantic.ConfigDict(arbitrary_types_allowed=True)\n"
)


@pytest.mark.parametrize("name", EVALUATED)
def test_what_evaluates_annotations_lacks_names_of_checkers(make_tree: Tree, name: str) -> None:
    source, run, fails, severity = EVALUATED[name]
    rules = {"typing-name-at-run-time", "import-fails"}
    files = {"p/__init__.py": "", "p/base.py": "class Base: ...\n", "p/own.py": OWN, "p/m.py": TEXTS + source}
    root = make_tree(files)
    command = [sys.executable, "-B", "-c", f"from p.m import *\n{run}"]
    ran = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert bool(ran.returncode) == fails, ran.stderr
    told = {each.rule: each.severity for each in judge(root) if each.rule in rules}
    expected = {"typing-name-at-run-time": severity} if severity else {"import-fails": "P1"} if fails else {}
    assert told == expected


COLUMN = (
    f"{TEXTS}from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship\n"
    "class Table(DeclarativeBase): ...\nclass Line(Table):\n    __tablename__ = 'line'\n"
    "    id: Mapped[int] = mapped_column(primary_key=True)\n"
)
ROUTE = f"{TEXTS}from fastapi import APIRouter\nrouter = APIRouter()\n@router.get('/')\n"
#: What these libraries do was seen with their current versions: they are not among what the tests need.
LIBRARIES = {
    f"{COLUMN}    x: Mapped[Base]\n": ["P1"],
    f"{COLUMN}    x: Mapped[Base | None] = mapped_column()\n": ["P1"],
    f"{COLUMN}    x: Mapped[Base] = relationship()\n": [],
    f"{COLUMN}    x: Mapped[list[Base]] = relationship()\n": [],
    f"{ROUTE}def show(x: Base): ...\n": ["P2"],
    f"{ROUTE}async def show() -> Base: ...\n": ["P2"],
    ROUTE.replace("'/'", "'/', response_model=None") + "def show() -> Base: ...\n": [],
}


@pytest.mark.parametrize("source", LIBRARIES)
def test_columns_and_routes_are_evaluated_and_relationships_are_not(make_tree: Tree, source: str) -> None:
    root = make_tree({"p/__init__.py": "", "p/base.py": "class Base: ...\n", "p/m.py": source})
    assert [each.severity for each in judge(root, "typing-name-at-run-time")] == LIBRARIES[source]
