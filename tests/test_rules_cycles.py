"""Cycles are told by kind, graded by what can be proven, and shown with the cheapest way out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from rule_trees import judge, open_case

from analysis.rules.cycle_edges import find_names_taken

Tree = Callable[..., Path]
HEAD = {"p/__init__.py": ""}


def read_taken(root: Path) -> list[tuple[str, str]]:
    """Return importer and name of the imports inside cycles that take a name."""
    case = open_case(root)
    edges = [edge for edges in case.cycle_edges.values() for edge in edges]
    return sorted((edge.importer, edge.name) for edge in find_names_taken(edges))


def test_modules_that_import_each_other_whole_are_no_wrong_now(make_tree: Tree) -> None:
    root = make_tree(HEAD | {"p/a.py": "import p.b\n", "p/b.py": "from p import a\n"})
    (finding,) = judge(root, "import-cycle")
    assert (finding.severity, finding.subject) == ("P2", "p.a")
    assert "2 modules import each other while they are imported, for example p.a → p.b → p.a" in finding.message
    assert "All of them import whole modules" in finding.message
    assert [(place.path, place.line) for place in finding.evidence] == [("p/a.py", 1), ("p/b.py", 1)]


def test_a_name_taken_from_a_partially_initialized_module_makes_it_wrong_now(make_tree: Tree) -> None:
    root = make_tree(HEAD | {"p/a.py": "import p.b\nx = 1\n", "p/b.py": "from p.a import x, y\n"})
    (finding,) = judge(root, "import-cycle")
    assert finding.severity == "P1"
    assert "The import fails when p.a comes first: x of p.a is not defined yet" in finding.message
    assert "The cheapest cut removes 1 import: p.a → p.b" in finding.message


def test_a_cycle_that_works_from_every_first_import_is_wrong_later(make_tree: Tree) -> None:
    root = make_tree(HEAD | {"p/a.py": "x = 1\nimport p.b\n", "p/b.py": "from p.a import x\n"})
    (finding,) = judge(root, "import-cycle")
    assert finding.severity == "P2"
    assert "1 statement takes a name from a module that may be only partially initialized" in finding.message
    assert "Every module can be imported first today" in finding.message


def test_a_cycle_of_which_no_module_can_come_first_stops_the_product(make_tree: Tree) -> None:
    root = make_tree(HEAD | {"p/a.py": "from p.b import B\nA = 1\n", "p/b.py": "from p.a import A\nB = 1\n"})
    (finding,) = judge(root, "import-cycle")
    assert finding.severity == "P0"
    assert (
        "Every module of this cycle fails when it is imported first: B of p.b is not defined yet, A of p.a"
        in finding.message
    )
    assert {(place.path, place.line) for place in finding.evidence} == {("p/a.py", 1), ("p/b.py", 1)}


def test_a_cycle_that_silently_loses_a_name_says_what_is_left(make_tree: Tree) -> None:
    guarded = "try:\n    from p.a import A\nexcept ImportError:\n    A = None\nB = 1\n"
    (finding,) = judge(make_tree(HEAD | {"p/a.py": "from p.b import B\nA = 1\n", "p/b.py": guarded}), "import-cycle")
    assert finding.severity == "P1"
    assert "The failure of 1 guarded import is silently swallowed; A stays None" in finding.message


@pytest.mark.parametrize(
    ("statement", "taken"),
    [
        ("import p.b.b", []),
        ("from p.b import b", []),
        ("from .b import b", []),
        ("from p import b", []),
        ("from p.b import c", [("p.a", "c")]),
        ("from p.b import *", [("p.a", "*")]),
        ("from p.b.b import b", [("p.a", "b")]),
        ("from .b.b import b", [("p.a", "b")]),
    ],
)
def test_a_submodule_is_no_name_that_is_taken(make_tree: Tree, statement: str, taken: list[tuple[str, str]]) -> None:
    files = {"p/a.py": statement, "p/b/__init__.py": "import p.a\n", "p/b/b.py": "import p.a\nb = c = 1\n"}
    assert read_taken(make_tree(HEAD | files)) == taken


def test_an_import_in_a_function_is_a_deferred_cycle(make_tree: Tree) -> None:
    files = {"p/a.py": "from p import b\n", "p/b.py": "def f():\n    from p.a import x\n    return x\n"}
    root = make_tree(HEAD | files)
    assert judge(root, "import-cycle") == []
    (finding,) = judge(root, "deferred-cycle")
    assert (finding.severity, finding.evidence[1].source) == ("P2", "from p.a import x")


def test_an_import_for_type_checkers_is_a_typing_cycle_only(make_tree: Tree) -> None:
    typing = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from p.a import x\n"
    root = make_tree(HEAD | {"p/a.py": "from p import b\nx = 1\n", "p/b.py": typing})
    assert [(finding.rule, finding.severity) for finding in judge(root)] == [("typing-cycle", "P3")]


def test_packages_on_the_way_close_a_cycle_that_nobody_wrote(make_tree: Tree) -> None:
    files = {"p/a.py": "import q.b\n", "q/__init__.py": "import p.a\n", "q/b.py": ""}
    (finding,) = judge(make_tree(HEAD | files))
    assert (finding.rule, finding.severity) == ("import-cycle-through-packages", "P2")
    assert "These packages run on the way: q." in finding.message


def test_a_cycle_that_packages_do_not_change_is_told_once(make_tree: Tree) -> None:
    files = {"p/a.py": "import p.b\n", "p/b.py": "import p.a\n", "q/__init__.py": "", "q/c.py": "import p.a\n"}
    assert [finding.rule for finding in judge(make_tree(HEAD | files))] == ["import-cycle"]


def test_a_long_loop_is_shortened_and_a_large_cut_too(make_tree: Tree) -> None:
    ring = {f"p/m{number}.py": f"from p.m{(number + 1) % 9} import x\n" for number in range(9)}
    (finding,) = judge(make_tree(HEAD | ring), "import-cycle")
    assert "p.m0 → p.m1 → p.m2 → p.m3 → p.m4 → p.m5 → … → p.m0" in finding.message
    assert finding.places == 9
    star = {"p/hub.py": "".join(f"import p.s{number}\n" for number in range(5))}
    star |= {f"p/s{number}.py": "import p.hub\n" for number in range(5)}
    (finding,) = judge(make_tree(HEAD | star), "import-cycle")
    assert "cut removes 5 imports" in finding.message
    assert "and 2 more" in finding.message


def test_a_cycle_keeps_its_fingerprint_while_its_modules_stay(make_tree: Tree) -> None:
    first = judge(make_tree(HEAD | {"p/a.py": "import p.b\n", "p/b.py": "import p.a\n"}))
    other = judge(make_tree(HEAD | {"p/a.py": "\nfrom p import b\n", "p/b.py": "x = 1\nimport p.a as a\n"}))
    grown = judge(make_tree(HEAD | {"p/a.py": "import p.b\n", "p/b.py": "import p.c\n", "p/c.py": "import p.a\n"}))
    assert first[0].fingerprint == other[0].fingerprint != grown[0].fingerprint
