"""Which import of a cycle to defer, as simulated, against CPython on the tree without it; and findings of one cause."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from analysis import investigate
from analysis.facts.program import write_program
from analysis.investigation import Investigation
from analysis.rules.registrations import registers, remove_imports
from analysis.steps import read_statement

Tree = Callable[..., Path]
_REGISTRY = "REGISTRY = {}\n\ndef register(cls):\n    REGISTRY[cls.__name__] = cls\n    return cls\n"
#: Both modules fail first; only the import of the second is not needed while it runs.
_ONE_WAY = {
    "p/__init__.py": "",
    "p/core.py": "from p.handlers import Handler\n\nclass Core:\n    first = Handler\n",
    "p/handlers.py": "from p.core import Core\n\nclass Handler: ...\n\ndef make():\n    return Core()\n",
    "p/x.py": "import p.handlers\n",
}
#: To cut the import of the plug-ins is cheapest, and would leave the registry empty.
_PLUGINS = {
    "p/__init__.py": "",
    "p/registry.py": _REGISTRY,
    "p/app.py": "from p import registry\nfrom p import plugins\n\nclass App:\n    known = registry.REGISTRY\n",
    "p/plugins.py": "from p.app import App\nfrom p.registry import register\n\n@register\nclass Plugin(App): ...\n",
}
#: Whichever import is deferred, a base class is missing.
_BOTH_WAYS = {
    "p/__init__.py": "",
    "p/a.py": "from p.b import B\n\nclass A(B): ...\nclass C: ...\n",
    "p/b.py": "from p.a import C\n\nclass B(C): ...\n",
}


@pytest.fixture
def look(make_tree: Tree, tmp_path: Path) -> Callable[[dict[str, str]], Investigation]:
    """Return a function that analyses a tree."""
    return lambda files: investigate(make_tree(files), data=tmp_path / "data")


def read_findings(inv: Investigation, rule: str) -> list[dict[str, Any]]:
    """Return the findings of a rule."""
    return [row for row in inv.table("findings").to_pylist() if row["rule"] == rule]


def import_all(root: Path, modules: list[str]) -> dict[str, bool]:
    """Return for each module whether CPython can import it first."""
    found = {}
    for module in modules:
        done = subprocess.run(
            [sys.executable, "-c", f"import {module}"], cwd=root, capture_output=True, check=False, timeout=60
        )
        found[module] = done.returncode == 0
    return found


def drop_lines(root: Path, statements: list[str]) -> None:
    """Take import statements of one line out of a tree."""
    for step in map(read_statement, statements):
        assert step is not None
        path = root / step.path
        lines = path.read_text().splitlines()
        lines[step.line - 1] = ""
        path.write_text("\n".join(lines))


def test_a_cut_is_offered_that_cpython_confirms(look: Callable[..., Investigation], make_tree: Tree) -> None:
    inv = look(_ONE_WAY)
    [trial] = inv.table("cut_trials").to_pylist()
    assert trial["statements"] == ["p/handlers.py:1 p.core"]
    root = make_tree(_ONE_WAY)
    assert [module for module, works in import_all(root, trial["affected"]).items() if not works] == trial["affected"]
    drop_lines(root, trial["statements"])
    assert all(import_all(root, trial["restored"]).values())
    [finding] = read_findings(inv, "import-cycle")
    assert "Defer the import of p.core at p/handlers.py:1: then all 3 first imports work again" in finding["message"]


def test_a_cut_that_leaves_a_registry_empty_is_not_offered(look: Callable[..., Investigation]) -> None:
    inv = look(_PLUGINS)
    [trial] = inv.table("cut_trials").to_pylist()
    assert trial["statements"] == []
    [finding] = read_findings(inv, "import-cycle")
    assert "Move what both sides need into a third module" in finding["message"]
    assert "no longer be registered" in finding["message"]


def test_a_cut_that_breaks_another_import_is_not_offered(look: Callable[..., Investigation], make_tree: Tree) -> None:
    inv = look(_BOTH_WAYS)
    [trial] = inv.table("cut_trials").to_pylist()
    assert (trial["statements"], trial["restored"]) == ([], [])
    for statement in ("p/a.py:1 p.b", "p/b.py:1 p.a"):
        root = make_tree(_BOTH_WAYS)
        drop_lines(root, [statement])
        assert not all(import_all(root, ["p.a", "p.b"]).values())


def test_cycle_failures_and_what_they_lose_are_one_finding(look: Callable[..., Investigation]) -> None:
    inv = look(_ONE_WAY)
    [cycle] = read_findings(inv, "import-cycle")
    assert cycle["cause"] == ""
    effects = read_findings(inv, "module-fails-when-imported-first")
    assert [row["subject"] for row in effects] == ["p.core", "p.handlers", "p.x"]
    assert {row["cause"] for row in effects} == {cycle["fingerprint"]}
    assert inv.metric("findings-p0") + inv.metric("findings-p1") == 1
    assert [step.rule for phase in inv.plan() for step in phase.steps] == ["import-cycle"]


def test_what_a_swallowed_import_loses_has_the_cycle_as_its_cause(look: Callable[..., Investigation]) -> None:
    inv = look({
        "p/__init__.py": "",
        "p/a.py": "from p import b\n\nclass A: ...\n",
        "p/b.py": "try:\n    from p.a import A\nexcept ImportError:\n    A = None\n",
    })  # fmt: skip
    [cycle] = read_findings(inv, "import-cycle")
    [swallowed] = read_findings(inv, "swallowed-circular-import")
    assert swallowed["cause"] == cycle["fingerprint"]


def test_two_causes_stay_two_findings(look: Callable[..., Investigation]) -> None:
    other = {path.replace("p/", "q/"): text.replace("p.", "q.") for path, text in _ONE_WAY.items()}
    inv = look({**_ONE_WAY, **other})
    cycles = read_findings(inv, "import-cycle")
    assert [row["cause"] for row in cycles] == ["", ""]
    effects = read_findings(inv, "module-fails-when-imported-first")
    owners = {row["fingerprint"]: row["subject"].partition(".")[0] for row in cycles}
    assert [owners[row["cause"]] for row in effects] == [row["subject"].partition(".")[0] for row in effects]
    assert len(effects) == 6


def test_nothing_is_tried_where_nothing_fails(look: Callable[..., Investigation]) -> None:
    inv = look({"p/__init__.py": "", "p/a.py": "import p.b\n", "p/b.py": "import p.a\n"})
    assert inv.table("cut_trials").num_rows == 0


def test_imports_are_removed_by_their_line_only() -> None:
    program = [["from", 1, 0, "p", [["a", "a"]]], ["if", 2, [[["n", "x", 2], [["import", 3, [["q", None]]]], 2]], []]]
    assert remove_imports(program, {3}) == [program[0], ["if", 2, [[["n", "x", 2], [], 2]], []]]
    assert remove_imports(program, {1}) == [program[1]]
    assert json.dumps(remove_imports(program, set())) == json.dumps(program)


@pytest.mark.parametrize(
    ("source", "does"),
    [
        ("from r import register\n@register\nclass A: ...\n", True),
        ("from r import registry\n@registry.add('x')\ndef f(): ...\n", True),
        ("import r\nr.TABLE['x'] = 1\n", True),
        ("import r\nif 1:\n    try:\n        r.connect(print)\n    finally:\n        pass\n", True),
        ("import r\nclass A:\n    r.note('x')\n", True),
        ("import r\nx = r.make()\nclass A(r.Base): ...\ndef f():\n    r.connect(print)\n", False),
        ("from functools import cache\n@cache\ndef f(): ...\nprint('x')\n", False),
    ],
)
def test_what_registers_something_elsewhere(source: str, does: bool) -> None:
    assert registers(json.loads(write_program(ast.parse(source))), {"r", "register", "registry"}) is does


def test_what_goes_wrong_elsewhere_does_not_hide_that_a_cut_helps(
    look: Callable[[dict[str, str]], Investigation],
) -> None:
    """Every import of the package swallows another failure, which no cut of this cycle can change."""
    files = dict(_ONE_WAY)
    files["p/__init__.py"] = "from p.log import get\nget()\n"
    files["p/log.py"] = (
        "def get():\n    try:\n        from p.settings import debug\n    except ImportError:\n        debug = 0\n"
    )
    files["p/settings.py"] = "from p.log import get\nget()\ndebug = 1\n"
    inv = look(files)
    assert [row for row in inv.table("simulated_swallowed").to_pylist() if row["path"] == "p/log.py"]
    (row,) = [row for row in inv.table("cut_trials").to_pylist() if "p.core" in row["cycle"]]
    assert row["statements"] and row["restored"] == row["affected"]
