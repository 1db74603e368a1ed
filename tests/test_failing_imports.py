"""Imports that fail are reported with statement and cause, and only those: CPython imports each tree as witness."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from analysis import investigate

Tree = Callable[..., Path]
Files = Mapping[str, str]
TYPING = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from p.base import Base\n"
HINTS = "from dataclasses import dataclass\nfrom typing import get_type_hints\n"
LATER = f"from __future__ import annotations\n{HINTS}{TYPING}"
PACKAGE = {"p/__init__.py": "", "p/base.py": "class Base: ...\n"}
CALLED = (
    "def ask():\n    try:\n        from q.config import level\n        return level\n"
    "    except ImportError:\n        return 0\n"
)


def typed(source: str) -> Files:
    return {**PACKAGE, "p/m.py": TYPING + source}


def read(source: str) -> Files:
    return {**PACKAGE, "p/m.py": LATER + source}


#: A tree whose module cannot be imported: the module, what CPython says, the rule that names it, and the file.
FAILING: Mapping[str, tuple[Files, str, str, str, str]] = {
    "one dot too many": (
        {"p/__init__.py": "", "p/m.py": "from .. import x\n"},
        "p.m",
        "beyond top-level",
        "phantom-import",
        "p/m.py",
    ),
    "dots in a function that is called": (
        {"p/__init__.py": "", "p/m.py": "def f():\n    from ... import x\nf()\n"},
        "p.m",
        "beyond top-level",
        "import-fails",
        "p/m.py",
    ),
    "dots at the top": (
        {"m.py": "from . import x\n", "use.py": "import m\n"},
        "use",
        "no known parent",
        "phantom-import",
        "m.py",
    ),
    "dots through a neighbour": (
        {"p/__init__.py": "from p import m\n", "p/m.py": "from ..q import x\n", "q.py": "x = 1\n"},
        "p",
        "beyond top-level",
        "phantom-import",
        "p/m.py",
    ),
    "a list with a missing name": (
        {"p/__init__.py": "__all__ = ['gone']\n", "m.py": "from p import *\n"},
        "m",
        "has no attribute 'gone'",
        "all-lists-missing-name",
        "p/__init__.py",
    ),
    "a list that grows": (
        {"p.py": "__all__ = ['x']\nx = 1\n__all__ += ['gone']\n", "m.py": "from p import *\n"},
        "m",
        "has no attribute 'gone'",
        "all-lists-missing-name",
        "p.py",
    ),
    "a list of what was deleted": (
        {"p.py": "__all__ = ['x']\nx = 1\ndel x\n", "m.py": "from p import *\n"},
        "m",
        "has no attribute 'x'",
        "all-lists-missing-name",
        "p.py",
    ),
    "a list of what checkers see": (
        {**PACKAGE, "p/m.py": f"__all__ = ['Base']\n{TYPING}", "m.py": "from p.m import *\n"},
        "m",
        "has no attribute 'Base'",
        "all-lists-missing-name",
        "p/m.py",
    ),
    "a missing name of its own package": (
        {"p/__init__.py": "from p import gone\n"},
        "p",
        "cannot import name 'gone'",
        "phantom-name",
        "p/__init__.py",
    ),
    "a missing name of its own package by dots": (
        {"p/__init__.py": "from .a import x\n", "p/a.py": "from . import gone\nx = 1\n"},
        "p.a",
        "cannot import name 'gone'",
        "phantom-name",
        "p/a.py",
    ),
    "a name that the other module never gets": (
        {"a.py": "import b\nx = 1\n", "b.py": "from a import gone\n"},
        "a",
        "cannot import name 'gone'",
        "phantom-name",
        "b.py",
    ),
    "an attribute that the other module never gets": (
        {"a.py": "import b\nx = 1\n", "b.py": "import a\na.gone\n"},
        "a",
        "has no attribute 'gone'",
        "import-fails",
        "b.py",
    ),
    "a missing module in a function that is called": (
        {"p/__init__.py": "", "p/m.py": "def load():\n    from p.gone import x\n    return x\nX = load()\n"},
        "p.m",
        "No module named",
        "import-fails",
        "p/m.py",
    ),
    "a base class": (typed("class Part(Base): ...\n"), "p.m", "'Base' is not defined", "import-fails", "p/m.py"),
    "a decorator": (typed("@Base\ndef f(): ...\n"), "p.m", "'Base' is not defined", "import-fails", "p/m.py"),
    "a default value": (typed("def f(x=Base): ...\n"), "p.m", "'Base' is not defined", "import-fails", "p/m.py"),
    "a call": (typed("made = Base()\n"), "p.m", "'Base' is not defined", "import-fails", "p/m.py"),
    "an annotation": (typed("def f(x: Base): ...\n"), "p.m", "'Base' is not defined", "import-fails", "p/m.py"),
    "an annotation of what is returned": (
        typed("class A:\n    def f(self) -> list[Base]: ...\n"),
        "p.m",
        "'Base' is not defined",
        "import-fails",
        "p/m.py",
    ),
    "a field": (typed("class A:\n    x: Base\n"), "p.m", "'Base' is not defined", "import-fails", "p/m.py"),
    "a variable": (typed("x: Base = None\n"), "p.m", "'Base' is not defined", "import-fails", "p/m.py"),
    "an argument of a generic base": (
        typed("class A(list[Base]): ...\n"),
        "p.m",
        "'Base' is not defined",
        "import-fails",
        "p/m.py",
    ),
    "hints of a class": (
        read("@dataclass\nclass A:\n    x: Base\nget_type_hints(A)\n"),
        "p.m",
        "'Base' is not defined",
        "import-fails",
        "p/m.py",
    ),
    "hints of a function": (
        read("def f(x: Base | None): ...\nget_type_hints(f)\n"),
        "p.m",
        "'Base' is not defined",
        "import-fails",
        "p/m.py",
    ),
    "hints of what is inherited": (
        read("class A:\n    x: Base\nclass B(A):\n    y: int\nget_type_hints(B)\n"),
        "p.m",
        "'Base' is not defined",
        "import-fails",
        "p/m.py",
    ),
    "hints of a function that is registered by its type": (
        read("import functools\n@functools.singledispatch\ndef f(x): ...\n@f.register\ndef _(x: Base): ...\n"),
        "p.m",
        "'Base' is not defined",
        "import-fails",
        "p/m.py",
    ),
    "hints of a method that is registered by its type": (
        read(
            "from functools import singledispatchmethod as by_type\nclass A:\n    @by_type\n    def f(self, x): ...\n"
            "    @f.register\n    def _(self, x: Base): ...\n"
        ),
        "p.m",
        "'Base' is not defined",
        "import-fails",
        "p/m.py",
    ),
    "a signature with types": (
        read("import inspect\ndef f(x: Base): ...\ninspect.signature(f, eval_str=True)\n"),
        "p.m",
        "'Base' is not defined",
        "import-fails",
        "p/m.py",
    ),
    "hints in texts": (
        typed("from typing import Optional, get_type_hints\nclass A:\n    x: Optional['Base']\nget_type_hints(A)\n"),
        "p.m",
        "'Base' is not defined",
        "import-fails",
        "p/m.py",
    ),
    "a module that is a stub only": (
        {"p/__init__.py": "", "p/types.pyi": "class A: ...\n", "p/m.py": "from p.types import A\n"},
        "p.m",
        "No module named",
        "phantom-import",
        "p/m.py",
    ),
    "a stub by its package": (
        {"p/__init__.py": "", "p/types.pyi": "class A: ...\n", "p/m.py": "from p import types\n"},
        "p.m",
        "cannot import name",
        "phantom-name",
        "p/m.py",
    ),
    "what only checkers have": (
        {"p/__init__.py": "", "p/m.py": "import _typeshed\n"},
        "p.m",
        "No module named",
        "import-fails",
        "p/m.py",
    ),
    "None is called": ({"m.py": "make = None\nmake()\n"}, "m", "not callable", "import-fails", "m.py"),
}
#: A tree whose module fails because of a cycle: the module, what CPython says, and the file.
CIRCULAR: Mapping[str, tuple[Files, str, str, str]] = {
    "a dotted base class": (
        {"q/__init__.py": "", "q/a.py": "import q.b\nclass A: ...\n", "q/b.py": "import q.a\nclass B(q.a.A): ...\n"},
        "q.a",
        "circular import",
        "q/b.py",
    ),
    "a dotted decorator": (
        {
            "q/__init__.py": "",
            "q/a.py": "import q.b\ndef d(f): return f\n",
            "q/b.py": "import q.a\n@q.a.d\ndef f(): ...\n",
        },
        "q.a",
        "circular import",
        "q/b.py",
    ),
    "a dotted default": (
        {"q/__init__.py": "", "q/a.py": "import q.b\nX = 1\n", "q/b.py": "import q.a\ndef f(x=q.a.X): ...\n"},
        "q.a",
        "circular import",
        "q/b.py",
    ),
    "an attribute of the module itself": (
        {"a.py": "import b\nX = 1\n", "b.py": "import a\nY = a.X\n"},
        "a",
        "circular import",
        "b.py",
    ),
    "one that is raised again": (
        {"a.py": "import b\nX = 1\n", "b.py": "try:\n    from a import X\nexcept ImportError:\n    raise\n"},
        "a",
        "circular import",
        "b.py",
    ),
    "one that is wrapped": (
        {
            "a.py": "import b\nX = 1\n",
            "b.py": "try:\n    from a import X\nexcept ImportError as e:\n    raise RuntimeError('no X') from e\n",
        },
        "a",
        "no X",
        "b.py",
    ),
    "one that is wrapped without a cause": (
        {
            "a.py": "import b\nX = 1\n",
            "b.py": "try:\n    from a import X\nexcept ImportError:\n    raise ValueError('no X')\n",
        },
        "a",
        "no X",
        "b.py",
    ),
    "one that is kept and raised": (
        {
            "a.py": "import b\nX = 1\n",
            "b.py": (
                "seen = None\ntry:\n    from a import X\n"
                "except ImportError as e:\n    seen = e\nif seen:\n    raise seen\n"
            ),
        },
        "a",
        "circular import",
        "b.py",
    ),
}
#: A tree that has no finding of severity P2 or more, and a module that CPython imports, or fails on deliberately.
QUIET: Mapping[str, tuple[Files, str, str]] = {
    "for another platform": (
        {"m.py": "import sys\nif sys.platform == 'win32':\n    x = 1\nelse:\n    raise ImportError('Windows only')\n"},
        "m",
        "Windows only",
    ),
    "for another platform, by a name": (
        {"m.py": "import os\nWINDOWS = os.name == 'nt'\nif not WINDOWS:\n    raise ImportError('Windows only')\n"},
        "m",
        "Windows only",
    ),
    "for another platform, by a name from elsewhere": (
        {
            "p/__init__.py": "",
            "p/compat.py": "import sys\nWIN = sys.platform.startswith('win')\n",
            "p/m.py": "from .compat import WIN\nif not WIN:\n    raise OSError('Windows only')\n",
        },
        "p.m",
        "Windows only",
    ),
    "for another version": (
        {"m.py": "import sys\nif sys.version_info >= (3,):\n    raise RuntimeError('Python 2 only')\n"},
        "m",
        "Python 2 only",
    ),
    "an exit": ({"m.py": "raise SystemExit\n"}, "m", ""),
    "a library that is not there": ({"m.py": "import no_library_of_that_name\n"}, "m", "No module named"),
    "stubs for checkers": (
        {
            "p/__init__.py": "",
            "p/types.pyi": "class A: ...\n",
            "p/m.py": (
                "from __future__ import annotations\nfrom typing import TYPE_CHECKING\nif TYPE_CHECKING:\n"
                "    import _typeshed\n    from p.types import A\n"
                "    from p import types\ndef f(x: A, y: types.A): ...\n"
            ),
        },
        "p.m",
        "",
    ),
    "names for checkers, in texts": (typed("def f(x: 'Base') -> 'Base': ...\nclass A:\n    x: 'Base'\n"), "p.m", ""),
    "hints that nobody reads": (read("@dataclass\nclass A:\n    x: Base\n"), "p.m", ""),
    "hints that are there": (
        read("@dataclass\nclass A:\n    x: int\n    y: 'list[A]'\nget_type_hints(A)\n"),
        "p.m",
        "",
    ),
    "hints with a name that is given": (
        read("class A:\n    x: Base\nget_type_hints(A, localns={'Base': int})\n"),
        "p.m",
        "",
    ),
    "a function that is registered with its type": (
        read(
            "import functools\n@functools.singledispatch\ndef f(x: Base): ...\n@f.register(int)\ndef _(x: Base): ...\n"
        ),
        "p.m",
        "",
    ),
    "a signature of texts": (read("import inspect\ndef f(x: Base): ...\ninspect.signature(f)\n"), "p.m", ""),
    "tests that are left out": (
        {"p/__init__.py": "", "test_m.py": "import pytest\npytest.importorskip('p.gone')\nx = 1\n"},
        "test_m",
        "Skipped",
    ),
    "tests that are left out by hand": (
        {"test_m.py": "import pytest\npytest.skip('no', allow_module_level=True)\n"},
        "test_m",
        "no",
    ),
    "a list of submodules": (
        {"p/__init__.py": "__all__ = ['a']\n", "p/a.py": "", "m.py": "from p import *\n"},
        "m",
        "",
    ),
    "a list of what is served": (
        {"p/__init__.py": "__all__ = ['a']\ndef __getattr__(name):\n    return 1\n", "m.py": "from p import *\n"},
        "m",
        "",
    ),
    "a library without which it works": (
        {
            "m.py": "try:\n    import no_np as np\nexcept ImportError:\n"
            "    np = None\nif np is not None:\n    x = np.y\n"
        },
        "m",
        "",
    ),
    "constants of the library": (
        {
            "p/__init__.py": "",
            "m.py": (
                "from re import IGNORECASE\nfrom ssl import CERT_NONE, HAS_SNI\n"
                "from signal import SIGINT\nfrom socket import AF_INET\n"
                "import sys, string, socket, os, platform\nif sys.maxsize > 2**32:\n"
                "    import json\nelse:\n    from p import gone\n"
                "if sys.flags.optimize > 1 and 'a' not in string.ascii_letters:\n    raise ValueError\n"
            ),
        },
        "m",
        "",
    ),
}


def ask(root: Path, module: str) -> str:
    """Return the last line of what CPython says when it imports a module; empty when that works."""
    command = [sys.executable, "-c", f"import {module}"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=60, check=False)
    return (done.stderr.strip().splitlines() or [""])[-1]


def find(root: Path, tmp_path: Path) -> list[dict[str, object]]:
    found: list[dict[str, object]] = investigate(root, data=tmp_path / "data", jobs=1).table("findings").to_pylist()
    return found


def stands(finding: Mapping[str, object], path: str) -> bool:
    return any(place["path"] == path for place in finding["evidence"])  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", FAILING)
def test_an_import_that_fails_is_named_with_its_statement(make_tree: Tree, tmp_path: Path, name: str) -> None:
    files, module, text, rule, path = FAILING[name]
    root = make_tree(files)
    assert text in ask(root, module)
    found = find(root, tmp_path)
    named = [each for each in found if each["rule"] == rule and stands(each, path)]
    assert [each["severity"] for each in named] == ["P1"], [(each["rule"], each["message"]) for each in found]
    assert not [each for each in found if each["rule"] == "module-fails-when-imported-first"]


@pytest.mark.parametrize("name", CIRCULAR)
def test_an_import_that_fails_because_of_a_cycle_is_called_that(make_tree: Tree, tmp_path: Path, name: str) -> None:
    files, module, text, path = CIRCULAR[name]
    root = make_tree(files)
    assert text in ask(root, module)
    found = find(root, tmp_path)
    rules = {each["rule"] for each in found if each["severity"] in {"P0", "P1"} and stands(each, path)}
    assert {"import-cycle", "module-fails-when-imported-first"} <= rules
    assert not [each for each in found if each["rule"] in {"phantom-name", "import-fails"}]


@pytest.mark.parametrize("name", QUIET)
def test_what_works_and_what_is_meant_to_fail_is_no_finding(make_tree: Tree, tmp_path: Path, name: str) -> None:
    files, module, text = QUIET[name]
    root = make_tree(files)
    said = ask(root, module)
    assert text in said if text else not said
    assert [each for each in find(root, tmp_path) if each["severity"] < "P3"] == []


def test_dots_beyond_the_top_are_named_where_nothing_runs_them(make_tree: Tree, tmp_path: Path) -> None:
    waits = "def f():\n    from ... import x\n"
    guarded = "try:\n    from ...q import x\nexcept ImportError:\n    x = None\n"
    root = make_tree(
        {"p/__init__.py": "", "p/waits.py": waits, "p/guarded.py": guarded, "p/fine.py": "from . import waits\n"}
    )
    found = [(each["subject"], each["severity"]) for each in find(root, tmp_path) if each["rule"] == "phantom-import"]
    assert found == [("p.guarded", "P2"), ("p.waits", "P2")]


def test_a_failure_inside_a_function_that_runs_on_import_is_named(make_tree: Tree, tmp_path: Path) -> None:
    root = make_tree({
        "q/__init__.py": "", "q/log.py": f"{CALLED}log = ask()\n", "q/config.py": "from q.log import log\nlevel = 1\n",
    })  # fmt: skip
    (finding,) = [each for each in find(root, tmp_path) if each["rule"] == "swallowed-circular-import"]
    assert finding["severity"] == "P1"
    assert stands(finding, "q/log.py")
    assert "level of q.config" in str(finding["message"])


def test_a_library_whose_absence_is_guarded_and_needed_is_named(make_tree: Tree, tmp_path: Path) -> None:
    guard = "try:\n    import no_np as np\nexcept ImportError:\n    np = None\n"
    sources = {
        "note": "def f(x: np.y): ...\n", "default": "def f(x=np.y): ...\n", "base": "class A(np.y): ...\n",
        "call": "x = np.zeros(3)\n", "decorator": "@np.vectorize\ndef f(x): ...\n",
    }  # fmt: skip
    root = make_tree({f"{name}.py": guard + source for name, source in sources.items()})
    for name in sources:
        assert "NoneType" in ask(root, name)
    found = find(root, tmp_path)
    assert {each["subject"] for each in found if each["rule"] == "optional-library-needed"} == set(sources)


def test_every_consequence_of_one_cause_is_in_one_finding(make_tree: Tree, tmp_path: Path) -> None:
    users = {f"u{number}.py": "import broken\n" for number in range(20)}
    found = find(make_tree({"broken.py": "make = None\nmake()\n", **users}), tmp_path)
    (finding,) = [each for each in found if each["severity"] == "P1"]
    assert "u0" in str(finding["message"])
    assert finding["places"] == 1


def test_a_condition_on_a_name_from_a_library_is_settled(make_tree: Tree, tmp_path: Path) -> None:
    root = make_tree(
        {"p/__init__.py": "", "p/m.py": "from os import name as NAME\nif NAME == 'nt':\n    import p.gone\n"}
    )
    assert not ask(root, "p.m")
    assert [each["severity"] for each in find(root, tmp_path) if each["rule"] == "phantom-import"] == ["P2"]


def test_a_library_that_is_left_out_by_suppress_and_needed_is_named(make_tree: Tree, tmp_path: Path) -> None:
    guard = "import contextlib\nnp = None\nwith contextlib.suppress(ImportError):\n    import no_np as np\n"
    root = make_tree({"m.py": f"{guard}@np.vectorize\ndef f(x): ...\n"})
    assert "NoneType" in ask(root, "m")
    assert [each["rule"] for each in find(root, tmp_path)] == ["optional-library-needed"]


def test_a_handler_that_raises_or_ends_the_program_swallows_nothing(make_tree: Tree, tmp_path: Path) -> None:
    ends = {"a": "raise RuntimeError('no b') from None", "c": "sys.exit('no d')"}
    files: dict[str, str] = {}
    for (first, end), second in zip(ends.items(), "bd", strict=True):
        files[f"{first}.py"] = (
            f"import sys\ntry:\n    from {second} import X\nexcept ImportError:\n    {end}\nclass Y: ...\n"
        )
        files[f"{second}.py"] = f"from {first} import Y\nclass X: ...\n"
    root = make_tree(files)
    assert ("no b" in ask(root, "a"), "no d" in ask(root, "c")) == (True, True)
    assert "swallowed-circular-import" not in {each["rule"] for each in find(root, tmp_path)}
