"""The mutation trial, on a package of one function: it catches a fault, reports a survivor, and leaves text alone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from conftest import Tree

from tools.mutate import main
from tools.mutation.nearness import TestFiles
from tools.mutation.operators import Mutant, find_mutants, is_other_code
from tools.mutation.trial import TestRecord, choose_mutants, choose_tests

SHOP = {
    "shop/__init__.py": "",
    "shop/price.py": (
        "def add(prices):\n    total = 0\n    for price in prices:\n        total += price\n    return total\n\n\n"
        "def is_free(total):\n    return total <= 0\n"
    ),
    "tests/test_price.py": (
        "from shop.price import add, is_free\n\n\n"
        "def test_prices_are_added():\n    assert add([1, 2]) == 3\n\n\n"
        "def test_nothing_is_free():\n    assert is_free(-1) and not is_free(1)\n"
    ),
    "pyproject.toml": '[tool.pytest]\npythonpath = ["."]\nmarkers = ["slow: ", "trial: ", "browser: "]\n',
}
#: The recorder of the copy: a checkout brings its own.
TOOLS = {
    f"tools/{path.relative_to(Path(__file__).parent.parent / 'tools').as_posix()}": path.read_text()
    for path in (Path(__file__).parent.parent / "tools").rglob("*.py")
}


def find_kinds(source: str) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for mutant in find_mutants("a.py", source):
        if is_other_code(mutant, source):
            changed = mutant.apply(source).strip()
            found.setdefault(mutant.operator, set()).add(changed)
    return found


def test_text_types_and_imports_have_no_mutants() -> None:
    source = '''
"""Docstring."""
from __future__ import annotations
from dataclasses import dataclass
from typing import TYPE_CHECKING
if TYPE_CHECKING:
    from a import b
__all__ = ["find"]

@dataclass(frozen=True, slots=True)
class Part:
    """A part."""
    name: str | None

def find(name: int | None) -> str | None:
    """Return it."""
    progress.advance(1)
    log.info("found", 1)
    assert name, "no name"
    raise ValueError("it has 1 name: " + str(1))

_MOST_STEPS = 8
_LONGEST_CHAIN: int = 3
REACH_LIMIT = 3000
'''
    assert find_mutants("a.py", source) == []


@pytest.mark.parametrize(
    ("operator", "source", "expected"),
    [
        ("comparison", "x = a < b", "x = (a >= b)"),
        ("boundary", "x = a < b", "x = (a <= b)"),
        ("negation", "x = not a", "x = (a)"),
        ("negation", "if a: b()", "if (not (a)): b()"),
        ("and_or", "x = a and b", "x = ((a) or (b))"),
        ("constant", "x = 1", "x = 2"),
        ("constant", "x = True", "x = False"),
        ("default", "def f(a=1): pass", "def f(a=2): pass"),
        ("kind", "x = kind == 'class'", "x = kind == 'class_other'"),
        ("dropped_value", "def f(): return a", "def f(): return None"),
        ("removed_branch", "if a: b()", "if (False and (a)): b()"),
        ("first_item", "for a in b: c()", "for a in __import__('itertools').islice(b, 1): c()"),
        ("replaced_call", "x = sorted(a)", "x = list(a)"),
        ("replaced_call", "x = min(a, b)", "x = max(a, b)"),
        ("arithmetic", "x = a + b", "x = (a - b)"),
        ("jump", "for a in b: continue", "for a in b: break"),
        ("removed_call", "a.add(b)", "pass"),
    ],
)
def test_operator_changes_one_thing(operator: str, source: str, expected: str) -> None:
    assert expected in find_kinds(source)[operator]


def test_texts_are_not_subtracted_and_unicode_does_not_move_a_mutant() -> None:
    assert "arithmetic" not in find_kinds("x = 'a ' + b")
    assert find_kinds("s = 'äöü→ x'; x = a < b")["boundary"] == {"s = 'äöü→ x'; x = (a <= b)"}


def test_one_step_more_or_less_of_a_search_is_no_fault_but_a_search_that_never_starts_is() -> None:
    found = find_kinds("x = steps < _MOST_STEPS")
    assert "boundary" not in found
    assert found["comparison"] == {"x = (steps >= _MOST_STEPS)"}
    assert find_kinds("x = steps < MOST")["boundary"] == {"x = (steps <= MOST)"}


def test_items_that_are_written_as_a_set_are_found_in_a_tuple_too() -> None:
    assert "replaced_call" not in find_kinds("x = frozenset({'a', 'b'})")
    assert find_kinds("x = frozenset(names)")["replaced_call"] == {"x = tuple(names)"}


def test_the_choice_of_mutants_follows_the_seed_alone(make_tree: Tree) -> None:
    root = make_tree(SHOP)
    first = choose_mutants(root, ["shop"], count=5, seed=1)
    assert len(set(first)) == 5
    assert choose_mutants(root, ["shop"], count=5, seed=1) == first
    assert choose_mutants(root, ["shop"], count=5, seed=2) != first
    everything = choose_mutants(root, ["shop"], count=1000, seed=1)
    assert 5 < len(everything) == len(set(everything)) < 1000


def test_the_nearest_tests_import_the_module_or_share_its_name(make_tree: Tree) -> None:
    files = {
        "shop/__init__.py": "from shop.cart import buy\n", "shop/cart.py": "from .price import add\n",
        "shop/price.py": "", "shop/lone.py": "",
        "tests/test_zero_price.py": "import shop\n", "tests/test_add.py": "from shop.price import add\n",
        "tests/test_cart.py": "from shop import cart\n", "tests/test_other.py": "import os\n",
    }  # fmt: skip
    nearest = TestFiles(make_tree(files), ["shop"])
    found = nearest.find_nearest("shop/price.py", 9)
    assert found[:2] == ["tests/test_add.py", "tests/test_zero_price.py"]
    assert "tests/test_other.py" not in found
    assert nearest.find_nearest("shop/price.py", 1) == found[:1]
    assert nearest.find_nearest("shop/lone.py", 9) == []


def test_names_graph_agreement_and_cases_are_tests_of_resolve() -> None:
    nearest = TestFiles(Path(__file__).parent.parent, ["analysis/resolve"]).find_nearest(
        "analysis/resolve/search.py", 30
    )
    for words in ("test_resolve_", "test_names_", "test_graph_", "test_agreement", "test_cases"):
        assert any(file.startswith(f"tests/{words}") for file in nearest), words


def test_tests_that_run_the_function_come_first_and_time_limits_them() -> None:
    mutant = Mutant("a.py", 5, "constant", 0, 1, "2", 4)
    runs, other = frozenset({("a.py", 4)}), frozenset({("a.py", 9)})
    tests = [
        TestRecord("tests/test_b.py::runs", 1.0, runs), TestRecord("tests/test_a.py::other", 0.1, other),
        TestRecord("tests/test_a.py::runs", 2.0, runs), TestRecord("tests/test_c.py::runs", 0.1, runs),
    ]  # fmt: skip
    near = ["tests/test_a.py", "tests/test_b.py"]
    chosen = choose_tests(mutant, near, tests, seconds=60)
    assert chosen == ["tests/test_b.py::runs", "tests/test_a.py::runs", "tests/test_a.py::other"]
    assert choose_tests(mutant, near, tests, seconds=1.5) == ["tests/test_b.py::runs", "tests/test_a.py::other"]


def test_a_trial_catches_a_fault_and_reports_a_survivor(make_tree: Tree, capsys: pytest.CaptureFixture[str]) -> None:
    root = make_tree({**SHOP, **TOOLS})
    before = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
    code = main(["shop", "--root", str(root), "--count", "1000", "--least", "100"])
    shown = capsys.readouterr().out
    assert code == 1
    lines = shown.splitlines()
    assert any(line.startswith("caught   shop/price.py:3 first_item (failed; 2 tests") for line in lines)
    place = next(number for number, line in enumerate(lines) if line.startswith("SURVIVED shop/price.py:9 boundary"))
    assert lines[place + 1 : place + 3] == ["    - return total <= 0", "    + return (total < 0)"]
    assert "Survivors:" in lines
    assert "%" in lines[-1] and "mutants caught" in lines[-1]
    assert {path: path.read_bytes() for path in root.rglob("*") if path.is_file()} == before


def test_the_command_explains_itself_and_refuses_what_is_not_there(tmp_path: Path) -> None:
    root = Path(__file__).parent.parent
    help_ = subprocess.run(
        [sys.executable, "-m", "tools.mutate", "--help"], cwd=root, capture_output=True, text=True, check=True
    )
    assert "--seed" in help_.stdout and "--jobs" in help_.stdout
    assert main(["nothing", "--root", str(tmp_path)]) == 2
