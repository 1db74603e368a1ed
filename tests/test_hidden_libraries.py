"""A file beside a script that hides the standard library from it, with CPython as the witness."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping

import pytest
from conftest import Tree
from rule_trees import judge

from analysis.facts import scan
from analysis.resolve import TargetResolver
from analysis.resolve.hidden_libraries import find_hidden_libraries

GUARD = "if __name__ == '__main__':\n    main()\n"
FAILS: Mapping[str, dict[str, str]] = {
    "in a package": {
        "utils/__init__.py": "", "utils/logging.py": "LEVEL = 1\n",
        "utils/run.py": f"import logging\ndef main():\n    logging.getLogger()\n{GUARD}",
    },
    "in a folder that is no package": {
        "jobs/queue.py": "NAMES = []\n", "jobs/run.py": f"from queue import Queue\ndef main():\n    Queue()\n{GUARD}",
    },
    "at the top": {"token.py": "x = 1\n", "run.py": f"import token\ndef main():\n    token.tok_name\n{GUARD}"},
    "a package of that name": {
        "jobs/json/__init__.py": "", "jobs/json/old.py": "",
        "jobs/run.py": f"import json\ndef main():\n    json.dumps(1)\n{GUARD}",
    },
    "in a file that the script imports": {
        "jobs/calendar.py": "", "jobs/helper.py": "import calendar\ncalendar.month(2024, 1)\n",
        "jobs/run.py": f"import helper\ndef main(): ...\n{GUARD}",
    },
    "under another name": {
        "jobs/random.py": "seed = 1\n", "jobs/run.py": f"import random as r\ndef main():\n    r.choice([1])\n{GUARD}",
    },
    "through the library's own imports": {
        "jobs/random.py": "seed = 1\n", "jobs/run.py": f"import tempfile\ndef main(): ...\n{GUARD}",
    },
    "through two modules of the library": {
        "jobs/random.py": "", "jobs/run.py": f"from multiprocessing import dummy\nimport concurrent.futures.process\n"
                                             f"def main(): ...\n{GUARD}",
    },
    "through a package of the library": {
        "jobs/enum.py": "", "jobs/run.py": f"import json.decoder\ndef main(): ...\n{GUARD}",
    },
    "through the library, although the script means the neighbour": {
        "jobs/random.py": "seed = 1\n",
        "jobs/run.py": f"from random import seed\nimport tempfile\ndef main(): ...\n{GUARD}",
    },
    "through what a neighbour imports": {
        "jobs/random.py": "", "jobs/helper.py": "import tempfile\n",
        "jobs/run.py": f"import helper\ndef main(): ...\n{GUARD}",
    },
    "the script hides the library from itself": {
        "jobs/random/__init__.py": "", "jobs/random/x.py": "",
        "jobs/run.py": f"import tempfile\ndef main(): ...\n{GUARD}",
    },
}  # fmt: skip
WORKS: Mapping[str, dict[str, str]] = {
    "the neighbour is meant": {
        "jobs/queue.py": "NAMES = []\n", "jobs/run.py": f"from queue import NAMES\ndef main(): ...\n{GUARD}",
    },
    "loaded before any script": {
        "jobs/os.py": "", "jobs/sys.py": "",
        "jobs/run.py": f"import os, sys\ndef main():\n    os.getcwd(), sys.path\n{GUARD}",
    },
    "the library has it, and nobody on the way takes it": {
        "jobs/random.py": "", "jobs/wave.py": "", "jobs/run.py": f"import string\ndef main(): ...\n{GUARD}",
    },
    "the library imports it only in a function": {
        "jobs/ctypes.py": "", "jobs/run.py": f"import uuid\ndef main(): ...\n{GUARD}",
    },
    "what the library takes is there": {
        "jobs/bisect.py": "def bisect(): ...\n", "jobs/random.py": "class Random: ...\n",
        "jobs/run.py": f"import tempfile\ndef main(): ...\n{GUARD}",
    },
    "in another folder": {
        "jobs/__init__.py": "", "jobs/sub/logging.py": "",
        "jobs/run.py": f"import logging\ndef main():\n    logging.getLogger()\n{GUARD}",
    },
    "the script is the file itself": {
        "jobs/calendar.py": f"def main(): ...\n{GUARD}", "jobs/run.py": f"def main(): ...\n{GUARD}",
    },
}  # fmt: skip


def start(root: str, files: Mapping[str, str]) -> int:
    """Return how the script of a tree ends."""
    script = next(path for path in files if path.endswith("run.py"))
    run = [sys.executable, "-E", "-B", script]
    return subprocess.run(run, cwd=root, capture_output=True, check=False).returncode


@pytest.mark.parametrize("name", FAILS)
def test_a_script_that_fails_for_its_neighbour_is_found(name: str, make_tree: Tree) -> None:
    root = make_tree(FAILS[name])
    assert start(str(root), FAILS[name]) == 1
    found = find_hidden_libraries(TargetResolver(scan(root, jobs=1)))
    assert len(found) == 1
    assert found[0].missing


@pytest.mark.parametrize("name", WORKS)
def test_a_script_that_works_is_none(name: str, make_tree: Tree) -> None:
    root = make_tree(WORKS[name])
    assert start(str(root), WORKS[name]) == 0
    assert find_hidden_libraries(TargetResolver(scan(root, jobs=1))) == []


def test_a_file_that_imports_itself_for_what_it_lacks_hides_a_library(make_tree: Tree) -> None:
    root = make_tree({"nolib_requests.py": "import nolib_requests\nprint(nolib_requests.get('x'))\n"})
    ran = subprocess.run(
        [sys.executable, "-B", "nolib_requests.py"], cwd=root, capture_output=True, text=True, check=False
    )
    assert "has no attribute 'get'" in ran.stderr
    (found,) = judge(root, "library-hidden-by-file")
    assert (found.severity, "has no get" in found.message) == ("P1", True)
    fine = make_tree({"other.py": "import other\nX = 1\ndef f(): return other.X\n"})
    assert judge(fine, "library-hidden-by-file") == []


def test_a_file_at_the_top_that_nobody_imports_may_be_started(make_tree: Tree) -> None:
    root = make_tree({"random.py": "def pick(): ...\n", "main.py": "import tempfile\n"})
    ran = subprocess.run([sys.executable, "main.py"], cwd=root, capture_output=True, text=True, check=False)
    assert "cannot import name 'Random'" in ran.stderr
    assert [(each.severity, each.rule) for each in judge(root)] == [("P1", "library-hidden-from-script")]


def test_a_neighbour_that_is_meant_hides_nothing(make_tree: Tree) -> None:
    root = make_tree({"calendar.py": "def pick(): ...\n", "main.py": "import calendar\ncalendar.pick()\n"})
    subprocess.run([sys.executable, "main.py"], cwd=root, capture_output=True, check=True)
    assert judge(root) == []


def test_a_module_named_like_the_library_that_it_needs_does_not_take_itself(make_tree: Tree) -> None:
    files = {
        "k/__init__.py": "", "k/far/__init__.py": "", "k/far/nobody_has_it.py": "from nobody_has_it import Error\n",
        "k/far/run.py": GUARD.replace("main()", "print(1)"),
    }  # fmt: skip
    root = make_tree(files)
    command = [sys.executable, "-c", "import k.far.nobody_has_it"]
    ran = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert "ModuleNotFoundError: No module named 'nobody_has_it'" in ran.stderr
    assert [each.message for each in judge(root) if each.rule.startswith("phantom")] == []
