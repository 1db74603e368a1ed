"""Who takes a class from the wrong place, takes what is not there, or means something else by the same name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from analysis import tables
from analysis.facts import scan
from analysis.names.canonical import find_stated
from analysis.names.conflicts import build_conflicts
from analysis.names.inheritance import find_inheritance
from analysis.names.paths import Resolution, build_resolution
from analysis.names.phantom_names import build_phantom_names
from analysis.names.violations import build_violations
from analysis.policy import ConceptPolicy, Policy, Redirect

Files = Mapping[str, str | bytes]
Resolve = Callable[..., Resolution]

TREE = {
    "a/__init__.py": "from a.core import Engine\n",
    "a/core.py": "class Engine: ...\n",
    "a/old.py": "from a.core import Engine\n",
    "a/user.py": "from a.core import Engine\ndef run(): ...\n",
}


@pytest.fixture
def resolve(make_tree: Callable[..., Path]) -> Resolve:
    """Return a function that resolves a tree given as file name to source."""

    def run(files: Files, policy: Policy | None = None) -> Resolution:
        return build_resolution(scan(make_tree(files), jobs=1), find_stated(policy or Policy()))

    return run


def brief(table: Any, *columns: str) -> list[tuple[Any, ...]]:
    """Return some columns of the rows of a table."""
    return [tuple(row[column] for column in columns) for row in table.to_pylist()]


def conflicts(files: Files, root: Path) -> list[tuple[Any, ...]]:
    """Return name, kind, definitions and whether they are related, of all conflicts of a tree."""
    facts = scan(root, jobs=1)
    resolution = build_resolution(facts)
    table = build_conflicts(resolution, find_inheritance(facts.definitions, resolution))
    return brief(table, "name", "kind", "definitions", "is_related")


def test_a_target_without_classes_has_no_violations(resolve: Resolve) -> None:
    resolution = resolve({"a.py": "x = 1\n", "b.py": "from a import x\n"})
    for table, schema in (
        (build_violations(resolution), tables.VIOLATIONS.schema),
        (build_phantom_names(resolution), tables.PHANTOM_NAMES.schema),
    ):
        assert (table.num_rows, table.schema) == (0, schema)


@pytest.mark.parametrize("statement", ["from a.core import Engine", "from a import Engine", "from . import Engine"])
def test_the_defining_module_and_the_packages_around_it_are_right(resolve: Resolve, statement: str) -> None:
    assert build_violations(resolve({**TREE, "a/use.py": statement + "\n"})).num_rows == 0


def test_a_class_taken_from_elsewhere_is_a_violation_in_any_scope(resolve: Resolve) -> None:
    source = (
        "from a.old import Engine\ndef f():\n    from a.user import Engine as E\n"
        "if TYPE_CHECKING:\n    from a.old import Engine\n"
    )
    table = build_violations(resolve({**TREE, "b.py": source}))
    assert brief(table, "importer", "path", "line", "import_path", "definition", "canonical", "route", "scope") == [
        ("b", "b.py", 1, "a.old.Engine", "a.core:Engine", "a.core.Engine", "shim", "module"),
        ("b", "b.py", 3, "a.user.Engine", "a.core:Engine", "a.core.Engine", "accidental", "function"),
        ("b", "b.py", 5, "a.old.Engine", "a.core:Engine", "a.core.Engine", "shim", "type_checking"),
    ]


def test_functions_instances_and_classes_from_outside_are_no_violations(resolve: Resolve) -> None:
    files = {
        "c.py": "from enum import Enum\nfrom a.core import Engine\nengine = Engine()\ndef f(): ...\n",
        "d.py": "from c import f, engine\n",
        "e.py": "from d import f, engine\nfrom c import Enum\n",
    }  # fmt: skip
    assert build_violations(resolve({**TREE, **files})).num_rows == 0


def test_scripts_and_files_that_do_not_parse_count_but_dead_files_do_not(resolve: Resolve) -> None:
    wrong = "from a.old import Engine\n"
    files = {"my-script.py": wrong, "broken.py": wrong + "class X(:\n", "dead.py": wrong, "dead/__init__.py": ""}
    table = build_violations(resolve({**TREE, **files}))
    assert brief(table, "path") == [("broken.py",), ("my-script.py",)]


def test_the_path_that_most_already_use_is_canonical(resolve: Resolve) -> None:
    users = {f"u{n}.py": "from a import Engine\n" for n in range(4)}
    rows = {row["import_path"]: row for row in resolve({**TREE, **users}).paths.to_pylist()}
    assert [path for path, row in rows.items() if row["is_canonical"]] == ["a.Engine"]
    assert (rows["a.Engine"]["statements"], rows["a.Engine"]["files"]) == (4, 4)
    assert (rows["a.core.Engine"]["statements"], rows["a.core.Engine"]["files"]) == (3, 3)


def test_a_policy_states_the_path(resolve: Resolve) -> None:
    users = {f"u{n}.py": f"from a.{module} import Engine\n" for n, module in enumerate(("core", "old", "user"))}
    policy = Policy(redirect=(Redirect(paths=("a.old.Engine", "a.core.Engine"), canonical="a.old.Engine"),))
    table = build_violations(resolve({**TREE, **users}, policy), find_stated(policy))
    assert {canonical for (canonical,) in brief(table, "canonical")} == {"a.old.Engine"}
    assert {path for (path,) in brief(table, "path")} == {
        "a/__init__.py", "a/user.py", "u0.py", "u2.py",
    }  # fmt: skip


def test_the_canonical_class_of_a_concept_does_not_forbid_facades(resolve: Resolve) -> None:
    policy = Policy(concept=(ConceptPolicy(name="engines", match=("*Engine",), canonical="a.core:Engine"),))
    resolution = resolve({**TREE, "u.py": "from a import Engine\n"}, policy)
    assert build_violations(resolution, find_stated(policy)).num_rows == 0


def test_a_name_that_its_module_lacks_is_a_phantom_with_suggestions(resolve: Resolve) -> None:
    files = {
        "b.py": "from a.core import Engin\n",
        "c.py": "try:\n    from a.core import Motor\nexcept ImportError:\n    Motor = None\n",
        "d.py": "class Motor: ...\n",
    }  # fmt: skip
    table = build_phantom_names(resolve({**TREE, **files}))
    assert brief(table, "importer", "module", "name", "line", "guard", "caught", "reason", "nearest", "defined_in") == [
        ("b", "a.core", "Engin", 1, "none", "", "no-such-name", "Engine", []),
        ("c", "a.core", "Motor", 2, "try", "ImportError", "no-such-name", "", ["d"]),
    ]


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("if TYPE_CHECKING:\n    class X: ...", "type-checking-only"),
        ("class X: ...\ndel X", "deleted"),
        ("if __name__ == '__main__':\n    X = 1", "main-program-only"),
        ("import sys\nif sys.version_info < (3, 0):\n    X = 1", "other-interpreter"),
        ("Y = 1", "no-such-name"),
    ],
)
def test_a_phantom_says_why_it_is_one(resolve: Resolve, source: str, reason: str) -> None:
    table = build_phantom_names(resolve({"m.py": source + "\n", "n.py": "from m import X\n"}))
    assert brief(table, "reason") == [(reason,)]


@pytest.mark.parametrize(
    "source",
    [
        "def __getattr__(name): return make(name)",
        "from numpy import *",
        "globals().update(x)",
        "class X(:",
        "def f():\n    global X\n    X = 1",
        "import sys\nsys.modules['m'] = Lazy()",
    ],
)
def test_a_module_that_may_have_the_name_is_given_the_benefit_of_the_doubt(resolve: Resolve, source: str) -> None:
    assert build_phantom_names(resolve({"m.py": source + "\n", "n.py": "from m import X\n"})).num_rows == 0


def test_a_star_import_hands_on_what_cannot_be_seen(resolve: Resolve) -> None:
    files = {
        "p/__init__.py": "from p.api import *\n", "p/api.py": "from p.fast import *\n", "p/fast.so": b"",
        "listed.py": "__all__ = ['A']\nfrom p.fast import *\n", "taker.py": "from listed import *\n",
        "n.py": "from p import X\nfrom p.api import Y\nfrom taker import A, B\n",
    }  # fmt: skip
    assert brief(build_phantom_names(resolve(files)), "module", "name") == [("taker", "B")]


def test_names_for_type_checkers_and_those_of_every_module_are_no_phantoms(resolve: Resolve) -> None:
    files = {
        "m.py": "if TYPE_CHECKING:\n    class X: ...\n", "p/__init__.py": "", "p/sub.py": "",
        "n.py": "if TYPE_CHECKING:\n    from m import X\nfrom m import __name__, __file__\nfrom p import sub\n",
    }  # fmt: skip
    assert build_phantom_names(resolve(files)).num_rows == 0


def test_unrelated_classes_of_one_name_are_told_from_a_class_and_its_base(make_tree: Callable[..., Path]) -> None:
    files = {
        "a.py": "class Engine: ...\nclass Bus: ...\n", "b.py": "class Engine: ...\n",
        "c.py": "import a\nclass Bus(a.Bus[int]): ...\n",
    }  # fmt: skip
    assert conflicts(files, make_tree(files)) == [
        ("Bus", "same-name", ["a:Bus", "c:Bus"], True),
        ("Engine", "same-name", ["a:Engine", "b:Engine"], False),
    ]


def test_an_import_under_another_classs_name_is_a_conflict(make_tree: Callable[..., Path]) -> None:
    files = {"a.py": "class Engine: ...\nclass Motor: ...\n", "b.py": "from a import Motor as Engine\n"}
    assert conflicts(files, make_tree(files)) == [("Engine", "renamed", ["a:Engine", "a:Motor"], False)]


def test_an_object_under_a_classs_name_is_a_conflict(make_tree: Callable[..., Path]) -> None:
    files = {"a.py": "class Registry: ...\n", "b.py": "import a\nRegistry = a.Registry()\n"}
    assert conflicts(files, make_tree(files)) == [("Registry", "instance", ["a:Registry", "b:Registry"], False)]


def test_a_module_that_chooses_among_classes_is_a_conflict(make_tree: Callable[..., Path]) -> None:
    files = {
        "a.py": "class X: ...\n", "b.py": "try:\n    from a import X\nexcept ImportError:\n    class X: ...\n",
        "c.py": "try:\n    from a import X\nexcept ImportError:\n    X = None\n", "d.py": "from b import X\n",
    }  # fmt: skip
    found = conflicts(files, make_tree(files))
    assert [row for row in found if row[1] == "branch"] == [
        ("X", "branch", ["a:X", "b:X"], False),
        ("X", "branch", ["a:X", "none"], False),
    ]


def test_a_name_that_the_order_of_imports_decides_is_a_conflict(make_tree: Callable[..., Path]) -> None:
    files = {"p/__init__.py": "same = 1\n", "p/same.py": "", "m.py": "import p.same\n"}
    assert conflicts(files, make_tree(files)) == [("same", "order", ["p.same", "p:same"], False)]
