"""Names of test files that collide under pytest: pytest itself collects each tree as witness."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from analysis import investigate

Tree = Callable[..., Path]
Files = Mapping[str, str]
T = "def test(): pass\n"
TAKES = "from app.core import X\ndef test(): assert X\n"
APP = {"pytest.ini": "[pytest]\n", "app/__init__.py": "", "app/core.py": "X = 1\n"}
RULES = {"test-files-share-name", "tests-hide-package"}
#: Trees of which pytest cannot collect all, and the rule that says so.
FAILING: Mapping[str, tuple[Files, str]] = {
    "one name in two folders": ({"tests/a/test_x.py": T, "tests/b/test_x.py": T}, "test-files-share-name"),
    "a name that ends with test": ({"tests/a/x_test.py": T, "tests/b/x_test.py": T}, "test-files-share-name"),
    "one name in the root and below": ({"test_x.py": T, "tests/test_x.py": T}, "test-files-share-name"),
    "two packages of one name": (
        {"a/t/__init__.py": "", "a/t/test_x.py": T, "b/t/__init__.py": "", "b/t/test_x.py": T}, "test-files-share-name",
    ),
    "tests named like the product": (
        {"tests/app/__init__.py": "", "tests/app/test_core.py": TAKES}, "tests-hide-package",
    ),
    "tests named like the product in src": (
        {"pytest.ini": "[pytest]\npythonpath = src\n", "app/__init__.py": None, "app/core.py": None,
         "src/app/__init__.py": "", "src/app/core.py": "X = 1\n", "tests/app/__init__.py": "",
         "tests/app/test_core.py": TAKES}, "tests-hide-package",
    ),
}  # fmt: skip
WORKING: Mapping[str, Files] = {
    "packages": {
        "tests/a/__init__.py": "", "tests/a/test_x.py": T, "tests/b/__init__.py": "", "tests/b/test_x.py": T,
    },
    "one in a package": {"tests/a/__init__.py": "", "tests/a/test_x.py": T, "tests/b/test_x.py": T},
    "the other mode": {
        "pytest.ini": "[pytest]\naddopts = --import-mode=importlib\n", "tests/a/test_x.py": T, "tests/b/test_x.py": T,
    },
    "different names": {"tests/a/test_x.py": T, "tests/b/test_y.py": T},
    "conftest": {"tests/a/conftest.py": "", "tests/b/conftest.py": "", "tests/a/test_x.py": T, "tests/b/test_y.py": T},
    "a package of tests": {
        "tests/__init__.py": "", "tests/app/__init__.py": "", "tests/app/test_core.py": TAKES,
    },
    "no package of that name": {"tests/app/test_core.py": TAKES},
    "another name": {"tests/app_tests/__init__.py": "", "tests/app_tests/test_core.py": TAKES},
}  # fmt: skip


def place(make_tree: Tree, files: Files) -> Path:
    return make_tree({path: text for path, text in {**APP, **files}.items() if text is not None})


def find(root: Path, tmp_path: Path) -> list[Mapping[str, object]]:
    found: list[Mapping[str, object]] = investigate(root, data=tmp_path / "data", jobs=1).table("findings").to_pylist()
    return [each for each in found if each["rule"] in RULES]


def collect(root: Path) -> int:
    command = [sys.executable, "-m", "pytest", "-q", "--collect-only", "-p", "no:cacheprovider"]
    return subprocess.run(command, cwd=root, capture_output=True, timeout=60, check=False).returncode


@pytest.mark.parametrize("name", FAILING)
def test_names_that_collide_are_a_finding(make_tree: Tree, tmp_path: Path, name: str) -> None:
    files, rule = FAILING[name]
    root = place(make_tree, files)
    assert collect(root) == 2
    (found,) = find(root, tmp_path)
    assert (found["rule"], found["severity"]) == (rule, "P2")


@pytest.mark.parametrize("name", WORKING)
def test_names_that_do_not_collide_are_none(make_tree: Tree, tmp_path: Path, name: str) -> None:
    root = place(make_tree, WORKING[name])
    assert collect(root) == 0
    assert not find(root, tmp_path)


def test_projects_side_by_side_run_apart(make_tree: Tree, tmp_path: Path) -> None:
    project = '[project]\nname = "x"\nversion = "1"\n'
    files = {f"{name}/{path}": text for name in "ab" for path, text in
             {"pyproject.toml": project, "tests/test_x.py": T}.items()}  # fmt: skip
    assert not find(place(make_tree, files), tmp_path)
