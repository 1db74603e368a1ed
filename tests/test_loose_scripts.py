"""Files that are run by their path and import relatively, with CPython as the witness."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from conftest import Tree

from analysis.case_building import build_case
from analysis.policy import Policy
from analysis.rules.catalogue import RULES_BY_NAME

TEXT = "ImportError: attempted relative import with no known parent package"
GUARD = "if __name__ == '__main__':\n"
P = {"p/__init__.py": "", "p/x.py": "a = 1\n"}
#: What runs the file, its text, the grade, and whether the start fails.
SCRIPTS: dict[str, tuple[dict[str, str], str, str]] = {
    "a container": ({"Dockerfile": 'CMD ["python", "p/run.py"]\n'}, "from .x import a\n", "P1"),
    "a build": ({"Makefile": "go:\n\tpython3 -u p/run.py --fast\n"}, "import os\nfrom . import x\n", "P1"),
    "a workflow with a folder": (
        {".github/workflows/a.yml": "steps:\n  - run: python run.py\n    working-directory: p\n"},
        "from .x import a\n", "P1",
    ),
    "a command, and an import in the main part": (
        {"run.sh": "python p/run.py\n"}, f"{GUARD}    from .x import a\n", "P1",
    ),
    "a command, and a handler of another exception": (
        {"run.sh": "python p/run.py\n"}, "try:\n    from .x import a\nexcept ValueError:\n    a = 0\n", "P1",
    ),
    "its own first line": ({}, f"#!/usr/bin/env python3\nfrom .x import a\n{GUARD}    print(a)\n", "P2"),
    "only a test of its name": ({}, f"from .x import a\n{GUARD}    print(a)\n", "P3"),
    "a command with -m": ({"Makefile": "go:\n\tpython -m p.run\n"}, f"from .x import a\n{GUARD}    print(a)\n", ""),
    "a console script": (
        {"pyproject.toml": "[project]\nname = 'p'\n[project.scripts]\ngo = 'p.run:main'\n"},
        f"from .x import a\ndef main(): ...\n{GUARD}    main()\n", "",
    ),
}  # fmt: skip
WELL = {
    "a handler": "try:\n    from .x import a\nexcept ImportError:\n    from x import a\n",
    "a bare handler": "try:\n    from .x import a\nexcept:\n    a = 0\n",
    "suppressed": "import contextlib\nwith contextlib.suppress(ImportError):\n    from .x import a\n",
    "the other branch": f"{GUARD}    from x import a\nelse:\n    from .x import a\n",
    "only when imported": "if __name__ != '__main__':\n    from .x import a\n",
    "its package is set": "import sys\nsys.path.insert(0, '.')\nimport p\n__package__ = 'p'\nfrom .x import a\n",
    "its package is asked for": "if __package__:\n    from .x import a\nelse:\n    from x import a\n",
    "a function that nobody calls": "def f():\n    from .x import a\n",
    "only for type checkers": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from .x import a\n",
    "absolute": "from x import a\n",
}


def run(root: Path, *command: str, folder: str = "") -> str:
    """Return the last line of the errors of a command; empty when it ends well."""
    ended = subprocess.run(
        [sys.executable, *command], cwd=root / folder, text=True, capture_output=True, check=False, timeout=60
    )
    return (ended.stderr.strip().splitlines() or [""])[-1]


def find(root: Path) -> list[tuple[str, str, str]]:
    check = RULES_BY_NAME["relative-import-in-script"].check
    assert check is not None
    return [(each.severity, each.subject, each.message) for each in check(build_case(root, Policy(), jobs=1))]


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_that_imports_relatively_fails_and_is_graded_by_what_runs_it(make_tree: Tree, name: str) -> None:
    files, text, severity = SCRIPTS[name]
    root = make_tree({**P, **files, "p/run.py": text})
    assert run(root, "p/run.py") == TEXT
    assert run(root, "-m", "p.run") == ""
    found = find(root)
    assert [(grade, path) for grade, path, _ in found] == ([(severity, "p/run.py")] if severity else [])
    assert all(TEXT in message and "python -m p.run" in message for *_, message in found)


@pytest.mark.parametrize("name", WELL)
def test_a_script_that_runs_by_its_path_is_no_finding(make_tree: Tree, name: str) -> None:
    root = make_tree({**P, "p/run.py": WELL[name], "Makefile": "go:\n\tpython p/run.py\n"})
    assert run(root, "p/run.py") == ""
    assert find(root) == []


def test_the_main_module_of_a_package_that_is_run_by_its_path_fails(make_tree: Tree) -> None:
    files = {**P, "p/__main__.py": "from .x import a\n", "Procfile": "web: python p/__main__.py\n"}
    root = make_tree(files)
    assert run(root, "p/__main__.py") == TEXT
    assert run(root, "-m", "p") == ""
    [(severity, _, message)] = find(root)
    assert severity == "P1" and "python -m p," in message


def test_a_test_that_asks_for_its_name_is_no_script(make_tree: Tree) -> None:
    root = make_tree({**P, "p/test_x.py": f"from .x import a\n{GUARD}    print(a)\n"})
    assert find(root) == []


def test_many_files_that_only_ask_for_their_name_are_one_finding(make_tree: Tree) -> None:
    text = f"from .x import a\n{GUARD}    print(a)\n"
    files = {**P, **{f"p/demo_{number}.py": text for number in range(6)}}
    [(severity, path, message)] = find(make_tree(files))
    assert (severity, path) == ("P3", "p/demo_0.py")
    assert "5 files beside it" in message
