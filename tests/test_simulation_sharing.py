"""What simulated processes take over from one another is what each of them would have found out by itself."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from first_imports import compare
from hypothesis import HealthCheck, given, settings
from random_layouts import TREES, Tree, write_tree
from test_graph_simulate import CASES, HEAD, SECOND_ITEMS, _write_module

from analysis.bundled_case import build_bundled_case
from analysis.facts import scan
from analysis.runtime import find_entries
from analysis.simulation import simulate_entries

Make = Callable[..., Path]
CASES_FOLDER = Path(__file__).parent / "cases"


def _answer(root: Path, *, is_sharing: bool) -> dict[str, list[dict[str, Any]]]:
    facts = scan(root, jobs=1)
    entries = [(entry.module, entry.path) for entry in find_entries(facts)]
    found = simulate_entries(facts, entries, is_sharing=is_sharing)
    return {name: sorted(table.to_pylist(), key=str) for name, table in found.items()}


def _assert_same(root: Path) -> int:
    shared, alone = _answer(root, is_sharing=True), _answer(root, is_sharing=False)
    assert shared == alone
    return len(alone["simulated"])


def _list_trees() -> list[Path]:
    folders = [case / kind for case in sorted(CASES_FOLDER.iterdir()) for kind in ("files", "fixed")]
    return [each for each in folders if each.is_dir() and any(each.rglob("*.py"))]


@pytest.mark.parametrize("tree", _list_trees(), ids=lambda path: f"{path.parent.name}-{path.name}")
def test_in_each_case_first_imports_end_as_they_do_alone(tree: Path) -> None:
    _assert_same(tree)


def test_in_the_bundled_case_first_imports_end_as_they_do_alone() -> None:
    assert _assert_same(build_bundled_case()) > 50


def test_small_trees_together_end_as_they_do_alone(make_tree: Make) -> None:
    trees = [HEAD | files for files in (*CASES.values(), *SECOND_ITEMS.values())]
    files = {f"t{number}/{path}": text for number, tree in enumerate(trees) for path, text in tree.items()}
    assert _assert_same(make_tree(files)) > 150


def _write_random(seed: int, count: int) -> dict[str, str]:
    """Return packages with cycles, each of which imports from those before it."""
    random_ = random.Random(seed)
    files: dict[str, str] = {}
    for number in range(count):
        names = "abcd"[: random_.randint(2, 4)]
        other = f"t{random_.randrange(number)}" if number else "t0"
        files[f"t{number}/__init__.py"] = random_.choice(["", "", "from . import a\n", "from .b import X\n"])
        for name in names:
            text = _write_module(random_, f"t{number}", names)
            outside = random_.choice([
                f"import {other}.a\n", f"try:\n    from {other}.b import X as U\nexcept ImportError:\n    U = None\n",
                f"from {other}.a import *\n", f"import {other}\nT = hasattr({other}, 'b')\n",
                f"import {other}\ntry:\n    {other}.b\nexcept AttributeError:\n    import {other}.b\n",
                f"from {other} import b as V\n", "", "",
            ])  # fmt: skip
            files[f"t{number}/{name}.py"] = text + outside if random_.random() < 0.5 else outside + text
    return files


@pytest.mark.parametrize("seed", range(6))
def test_random_packages_that_import_one_another_end_as_they_do_alone(make_tree: Make, seed: int) -> None:
    _assert_same(make_tree(_write_random(seed, 25)))


def test_of_random_packages_that_import_one_another_everything_is_foretold(make_tree: Make) -> None:
    different, count = compare(make_tree(_write_random(909, 40)))
    assert count > 100
    assert different == []


@settings(max_examples=40, database=None, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
@given(tree=TREES)
def test_layouts_at_random_end_as_they_do_alone(tree: Tree, tmp_path_factory: pytest.TempPathFactory) -> None:
    root = tmp_path_factory.mktemp("layout")
    write_tree(root, tree)
    _assert_same(root)


#: Where the state that another process has left must not be taken over as it is.
ORDERS = {
    "a submodule that somebody else has loaded": {
        "p/__init__.py": "", "p/s.py": "S = 1\n", "m.py": "import p\nX = p.s\n", "a.py": "import p.s\nimport m\n",
        "b.py": "import a\n", "c.py": "try:\n    import m\nexcept AttributeError:\n    import p.s, m\n",
    },
    "a star that takes the submodules that are there": {
        "p/__init__.py": "", "p/s.py": "S = 1\n", "m.py": "from p import *\n", "a.py": "import p.s\nfrom m import s\n",
        "b.py": "from m import s\n",
    },
    "two ways into a ring": {
        "x.py": "import y\nX = 1\n", "y.py": "import x\nY = 1\n", "a.py": "import x\n", "b.py": "import y\n",
        "c.py": "import b\nimport a\nfrom x import X\n", "d.py": "import a\nimport b\nfrom y import Y\n",
    },
    "a ring that fails from one side only": {
        "x.py": "from y import Y\nX = 1\n",
        "y.py": "Y = 1\ntry:\n    from x import X\nexcept ImportError:\n    X = None\n",
        "a.py": "import y\nimport x\n", "b.py": "import x\nimport y\n", "c.py": "import a\nimport b\n",
    },
    "what fails again and again": {
        "p/__init__.py": "", "m.py": "try:\n    import n\nexcept ImportError:\n    pass\nimport p.gone\n",
        "n.py": "import p.gone\n",
        "a.py": "for name in (1, 2):\n    try:\n        import m\n    except ImportError:\n        import b\n",
        "b.py": "try:\n    import m\nexcept ImportError:\n    pass\n", "c.py": "import b\nimport a\n",
    },
    "an attribute set from outside": {
        "x.py": "", "m.py": "import x\nX = x.late\n", "a.py": "import x\nx.late = 1\nimport m\n",
        "b.py": "import a\nimport m\n",
    },
    "an entry of sys.modules": {
        "p/__init__.py": "", "m.py": "import sys\nif 'x' in sys.modules:\n    import p.gone\n", "x.py": "",
        "a.py": "import x\nimport m\n", "b.py": "import p, sys\nsys.modules['p.other'] = sys\n",
        "c.py": "import p.other\n", "d.py": "import b\nimport c\n",
    },
}  # fmt: skip


@pytest.mark.parametrize("what", ORDERS)
def test_what_depends_on_who_came_before_is_found_out_anew(make_tree: Make, what: str) -> None:
    root = make_tree(ORDERS[what])
    _assert_same(root)
    different, _ = compare(root)
    assert different == []
