"""What a second reader of findings on real packages called false, each in its smallest form."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from analysis.gate import CheckedFinding, CheckOptions, check

Tree = Callable[..., Path]
Files = Mapping[str, str]
PACKAGE = {"p/__init__.py": ""}


@pytest.fixture
def find(make_tree: Tree) -> Callable[..., list[CheckedFinding]]:
    """Return a function that gives the findings of one rule."""

    def run(files: Files, rule: str, budget: float | None = None) -> list[CheckedFinding]:
        result = check(make_tree(files), CheckOptions(use_cache=False, jobs=1, simulation_budget=budget))
        return [finding for finding in result.findings if finding.rule == rule]

    return run


Find = Callable[..., list[CheckedFinding]]


def test_a_cycle_that_nobody_simulated_is_not_said_to_fail(find: Find) -> None:
    files = {"p/__init__.py": "V = 1\nfrom .a import A\n", "p/a.py": "from p import V\nclass A: ...\n"}
    (finding,) = find(files, "import-cycle", budget=0.0)
    assert finding.severity == "P2"
    assert "was not simulated for 2 of 2 modules" in finding.message


def test_a_package_that_takes_from_its_submodule_cannot_meet_it_partially_initialized(find: Find) -> None:
    files = {
        "p/__init__.py": "V = 1\nfrom .a import A\nfrom .a import B\nfrom .a import C\n",
        "p/a.py": "from p import V\nA = B = C = V\n",
    }
    (finding,) = find(files, "import-cycle")
    assert "1 statement takes a name from a module that may be only partially initialized" in finding.message


def test_the_example_of_a_deferred_cycle_has_a_deferred_import(find: Find) -> None:
    files = {
        **PACKAGE, "p/a.py": "from p import b\nimport p.c\n", "p/b.py": "from p import a\n", "p/c.py": "import p.d\n",
        "p/d.py": "def f():\n    from p import b\n",
    }  # fmt: skip
    (finding,) = find(files, "deferred-cycle")
    assert "p.a → p.c → p.d → p.b → p.a" in finding.message
    assert ("p/d.py", 2) in [(place.path, place.line) for place in finding.evidence]


def test_the_example_of_a_cycle_through_packages_goes_through_one(find: Find) -> None:
    files = {
        **PACKAGE, "p/a.py": "import p.b\nimport q.c\n", "p/b.py": "import p.a\n", "q/__init__.py": "import p.a\n",
        "q/c.py": "",
    }  # fmt: skip
    (finding,) = find(files, "import-cycle-through-packages")
    assert "p.a → q → p.a" in finding.message


def test_a_package_is_not_told_to_take_a_class_from_itself(find: Find) -> None:
    files = {
        "p/__init__.py": "from .types import Int as Int\n", "p/types.py": "from .sql import Int as Int\n",
        "p/sql.py": "class Int: ...\n", "p/inner.py": "from p.types import Int\n", "a.py": "from p import Int\n",
        "b.py": "from p import Int\n", "c.py": "from p.types import Int\n",
    }  # fmt: skip
    (finding,) = find(files, "class-taken-from-elsewhere")
    assert "instead of p, and inside of it from p.sql" in finding.message


def test_the_source_of_a_compiled_module_is_counted(find: Find) -> None:
    files = {
        **PACKAGE, "p/a.py": "class X: ...\n", "p/d.py": "class X: ...\n", "p/b.py": "from p.a import X\n",
        "p/c.py": "from p.a import X\n", "p/b.so": "",
    }  # fmt: skip
    (finding,) = find(files, "class-defined-more-than-once")
    assert "all 2 imports resolve to p.a" in finding.message


def test_what_a_stub_imports_is_for_type_checkers(find: Find) -> None:
    typing = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from p.a import X\n"
    files = {**PACKAGE, "p/a.py": "class X: ...\n", "p/t.py": typing, "p/b.pyi": "from p.t import X\n", "p/b.so": ""}
    assert find(files, "phantom-name") == []


def test_a_folder_inside_a_package_stands_in_for_nobody(find: Find) -> None:
    files = {
        "a/__init__.py": "", "a/compat/__init__.py": "", "a/compat/sqlalchemy/__init__.py": "",
        "a/compat/sqlalchemy/orm.py": "def compat(): ...\n", "a/x.py": "from sqlalchemy.orm import Session\n",
        "a/y.py": "from sqlalchemy.orm import Session\nfrom sqlalchemy.exc import Boom\n",
        "a/z.py": "from sqlalchemy import select\n",
    }  # fmt: skip
    assert find(files, "phantom-import") == find(files, "phantom-name") == []


@pytest.mark.parametrize(
    "served",
    [
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from p.real import Real\n__getattr__ = make()\n",
        "from lazy import __getattr__\n",
        "add({__name__: {'Real': 'p.real'}}, package=__name__)\n",
    ],
)
def test_a_module_that_is_served_by_others_lacks_no_name(find: Find, served: str) -> None:
    files = {**PACKAGE, "p/sdk.py": served, "p/real.py": "class Real: ...\n", "p/use.py": "from p.sdk import Real\n"}
    assert find(files, "phantom-name") == []


@pytest.mark.parametrize(
    "facade",
    [
        "def __getattr__(name):\n    return load(_lazy.get(name))\n_lazy = {'Order': 'p.a'}\n",
        "_dyn = {'Order': (__spec__.parent, '.a')}\ndef __getattr__(name):\n    return load(*_dyn[name])\n",
    ],
)
def test_imports_through_a_lazy_facade_are_counted(find: Find, facade: str) -> None:
    files = {
        "p/__init__.py": facade, "p/a.py": "class Order: ...\n", "p/b.py": "class Order: ...\n",
        **{f"u{number}.py": "from p import Order\n" for number in range(3)}, "v.py": "from p.b import Order\n",
    }  # fmt: skip
    (finding,) = find(files, "class-defined-more-than-once")
    assert "3 of 4 imports resolve to p.a" in finding.message


def test_a_draw_has_no_winner_and_tests_do_not_choose(find: Find) -> None:
    two = {"a.py": "class X: ...\n", "b.py": "class X: ...\n", "c.py": "from a import X\n"}
    draw = {**two, "d.py": "from b import X\n"}
    (finding,) = find(draw, "class-defined-more-than-once")
    assert "the 2 imports are evenly split" in finding.message
    mock = {
        **two, "tests/mock.py": "class X: ...\n",
        **{f"tests/test_{number}.py": "from tests.mock import X\n" for number in range(3)},
    }  # fmt: skip
    (finding,) = find(mock, "class-defined-more-than-once")
    assert "1 of 4 imports resolves to a" in finding.message


@pytest.mark.parametrize(
    ("condition", "severity"),
    [("X is None and ready", "P3"), ("(ready and not X)", "P3"), ("X is None or ready", "P2"), ("ready", "P2")],
)
def test_a_value_that_is_made_once_is_not_overwritten(find: Find, condition: str, severity: str) -> None:
    files = {"a.py": f"X = None\ndef get():\n    global X\n    if {condition}:\n        X = make()\n"}
    (finding,) = find(files, "global-rebound")
    assert (finding.severity, "last call wins" in finding.message) == (severity, severity == "P2")


def test_a_cached_getter_names_all_that_it_may_call(find: Find) -> None:
    source = "from functools import cache\nclass Null: ...\nclass Real: ...\n@cache\ndef get():\n"
    (finding,) = find(
        {"a.py": f"{source}    if not key():\n        return Null()\n    return Real()\n"}, "cached-getter"
    )
    assert "calls Null or Real once" in finding.message


def test_a_swallowed_import_is_told_by_the_name_that_it_binds(find: Find) -> None:
    files = {
        **PACKAGE, "p/a.py": "from p.b import B\ndef get(): ...\n",
        "p/b.py": "try:\n    from p.a import get as get_unified\nexcept ImportError:\n    pass\nclass B: ...\n",
    }  # fmt: skip
    (finding,) = find(files, "swallowed-circular-import")
    assert finding.severity == "P1"
    assert "get_unified may not be what is imported" in finding.message
