"""A cycle is called dead only where Python itself cannot import any of its modules first."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from rule_trees import judge, open_case

from analysis.rules.dead_cycles import find_dead_cycles

Tree = Callable[..., Path]

#: Imports each module named on the command line as the first of its package, and says what came of it.
TRY_ALL = """
import importlib, json, sys
outcomes = {}
for name in json.load(sys.stdin):
    for known in [key for key in sys.modules if key.partition(".")[0] == name.partition(".")[0]]:
        del sys.modules[known]
    try:
        importlib.import_module(name)
        outcomes[name] = "ok"
    except Exception as error:
        outcomes[name] = type(error).__name__
json.dump(outcomes, sys.stdout)
"""


def import_first(root: Path, names: list[str]) -> dict[str, str]:
    """Import each name as the first of its package in Python itself; return ok or the error by name."""
    command = [sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, {str(root)!r})\n{TRY_ALL}"]
    done = subprocess.run(command, input=json.dumps(names), capture_output=True, text=True, timeout=120, check=True)
    outcomes: dict[str, str] = json.loads(done.stdout)
    return outcomes


def find_dead(root: Path) -> dict[tuple[str, ...], list[str]]:
    """Return the names that fail by the modules of each dead cycle."""
    return {modules: [f.name for f in failures] for modules, failures in find_dead_cycles(open_case(root)).items()}


HEAD = {"p/__init__.py": ""}
DEAD = {"p/a.py": "from p.b import B\nA = 1\n", "p/b.py": "from p.a import A\nB = 1\n"}


def test_a_tree_without_cycles_has_no_dead_one(make_tree: Tree) -> None:
    assert find_dead(make_tree({"p/__init__.py": "", "p/a.py": "import p.b\n", "p/b.py": ""})) == {}


def test_two_modules_that_want_each_others_names_are_dead(make_tree: Tree) -> None:
    root = make_tree(HEAD | DEAD)
    assert find_dead(root) == {("p.a", "p.b"): ["B", "A"]}
    (finding,) = judge(root, "import-cycle")
    assert finding.severity == "P0"
    assert "Whichever comes first, the import fails: p.a takes B from p.b, which has not bound it by then" in (
        finding.message
    )
    assert set(import_first(root, ["p.a", "p.b"]).values()) == {"ImportError"}


@pytest.mark.parametrize(
    ("importer", "what"),
    [
        ("A = 1\nfrom p.b import B\n", "the name is bound before"),
        ("A = 1; from p.b import B\n", "the name is bound on the same line, before"),
        ("from p.b import *\nA = 1\n", "a star takes what is there"),
        ("import p.b\nA = 1\n", "a whole module is taken, but only one way"),
        ("try:\n    from p.b import B\nexcept ImportError:\n    B = 0\nA = 1\n", "the failure is swallowed"),
        ("if True:\n    from p.b import B\nA = 1\n", "a condition decides"),
        ("def __getattr__(name):\n    return 1\nfrom p.b import B\n", "the module serves any name"),
        ("globals()['A'] = 1\nfrom p.b import B\n", "names are computed"),
        ("from os import *\nfrom p.b import B\n", "a star may have bound it"),
        ("class C:\n    from p.b import B\nA = 1\n", "the import stands in a class"),
    ],
)
def test_what_is_less_clear_is_left_alone(make_tree: Tree, importer: str, what: str) -> None:
    assert find_dead(make_tree(HEAD | DEAD | {"p/a.py": importer})) == {}, what


def test_what_every_module_has_is_there(make_tree: Tree) -> None:
    root = make_tree(HEAD | {"p/a.py": "from p.b import __name__ as b\n", "p/b.py": "from p.a import __name__ as a\n"})
    assert find_dead(root) == {}
    assert set(import_first(root, ["p.a", "p.b"]).values()) == {"ok"}


def test_modules_that_lead_into_a_dead_ring_are_dead_too(make_tree: Tree) -> None:
    root = make_tree(HEAD | DEAD | {"p/b.py": "from p.a import A\nfrom p.c import C\n", "p/c.py": "import p.a\n"})
    assert list(find_dead(root)) == [("p.a", "p.b", "p.c")]
    assert set(import_first(root, ["p.a", "p.b", "p.c"]).values()) == {"ImportError"}


def _write_module(random_: random.Random, package: str, names: str) -> str:
    """Return a module of a few statements, in which imports of its siblings stand among its own names."""
    lines = []
    for _ in range(random_.randint(1, 4)):
        other, name = random_.choice(names), random_.choice("XY")
        lines.append(
            random_.choices(
                [
                    f"from {package}.{other} import {name}", f"import {package}.{other}", f"from . import {other}",
                    f"{name} = 1", f"from .{other} import *",
                    f"try:\n    from .{other} import {name}\nexcept ImportError:\n    pass",
                ],
                [6, 1, 1, 2, 1, 1],
            )[0]
        )  # fmt: skip
    return "\n".join([*lines, "X = 1", "Y = 1"]) + "\n"


def test_in_random_trees_no_module_of_a_dead_cycle_can_be_imported_first(make_tree: Tree) -> None:
    random_ = random.Random(909)
    files: dict[str, str] = {}
    for number in range(300):
        names = "abcd"[: random_.randint(2, 4)]
        files[f"t{number}/__init__.py"] = random_.choice(["", "", "from . import a\n", "from .b import X\n"])
        files |= {f"t{number}/{name}.py": _write_module(random_, f"t{number}", names) for name in names}
    root = make_tree(files)
    dead = [name for modules in find_dead(root) for name in modules]
    outcomes = import_first(root, dead)
    assert len(dead) > 50
    assert set(outcomes.values()) == {"ImportError"}
