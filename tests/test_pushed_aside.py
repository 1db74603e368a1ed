"""A folder that is put first on the search path and hides a module of the root, with CPython as the witness."""

from __future__ import annotations

import subprocess
import sys

import pytest
from conftest import Tree
from rule_trees import judge

from analysis.facts import scan
from analysis.resolve import TargetResolver
from analysis.resolve.pushed_aside import find_pushed_aside

BOTH = {"config.py": "X = 'root'\n", "lib/config.py": "X = 'lib'\n"}
HERE = "import os, sys\nHERE = os.path.dirname(os.path.abspath(__file__))\n"
SHOW = "import config\nprint(config.X)\n"
#: The files, and what is taken.
MAINS: dict[str, tuple[dict[str, str], str]] = {
    "first": ({**BOTH, "main.py": f"{HERE}sys.path.insert(0, os.path.join(HERE, 'lib'))\n{SHOW}"}, "lib"),
    "first, by a sum": ({**BOTH, "main.py": f"import sys\nsys.path = ['lib'] + sys.path\n{SHOW}"}, "lib"),
    "the last edit comes first": (
        {**BOTH, "old/config.py": "X = 'old'\n",
         "main.py": f"import sys\nsys.path.insert(0, 'old')\nsys.path.insert(0, 'lib')\n{SHOW}"}, "lib",
    ),
    "a package": (
        {"config/__init__.py": "X = 'root'\n", "lib/config/__init__.py": "X = 'lib'\n",
         "main.py": "import sys\nsys.path.insert(0, 'lib')\nfrom config import X\nprint(X)\n"}, "lib",
    ),
    "first, unless it is there": (
        {**BOTH, "main.py": f"{HERE}LIB = os.path.join(HERE, 'lib')\nif LIB not in sys.path:\n"
         f"    sys.path.insert(0, LIB)\n{SHOW}"}, "lib",
    ),
    "the last folder has no such module": (
        {**BOTH, "old/other.py": "",
         "main.py": f"import sys\nsys.path.insert(0, 'lib')\nsys.path.insert(0, 'old')\nimport other\n{SHOW}"}, "lib",
    ),
    "in a branch that does not run": (
        {**BOTH, "main.py": f"import sys\nif len(sys.argv) > 5:\n    sys.path.insert(0, 'lib')\n{SHOW}"}, "root",
    ),
    "a folder that is no package, which a file goes before": (
        {"config.py": "X = 'root'\n", "lib/config/deep.py": "",
         "main.py": f"import sys\nsys.path.insert(0, 'lib')\n{SHOW}"}, "root",
    ),
    "last": ({**BOTH, "main.py": f"import sys\nsys.path.append('lib')\n{SHOW}"}, "root"),
    "after the import": ({**BOTH, "main.py": f"import sys\n{SHOW}sys.path.insert(0, 'lib')\n"}, "root"),
    "in a function that nobody calls": (
        {**BOTH, "main.py": f"import sys\ndef f():\n    sys.path.insert(0, 'lib')\n{SHOW}"}, "root",
    ),
    "another name": (
        {**BOTH, "lib/other.py": "", "main.py": f"import sys\n{SHOW}sys.path.insert(0, 'lib')\nimport other\n"}, "root",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", MAINS)
def test_what_an_import_takes_is_said_where_it_is_not_the_roots_own(make_tree: Tree, name: str) -> None:
    files, taken = MAINS[name]
    root = make_tree(files)
    ran = subprocess.run([sys.executable, "-B", "main.py"], cwd=root, text=True, capture_output=True, check=True)
    assert ran.stdout.strip() == taken
    resolver = TargetResolver(scan(root, jobs=1))
    main = resolver.imports.index.find_file("main.py")
    answer = resolver.imports.find_module(main, "config") if main else None
    assert answer is not None
    assert answer.module.path.startswith("lib/") == (taken == "lib")
    found = find_pushed_aside(resolver)
    assert {each.taken.partition("/")[0] for each in found} == ({taken} if taken != "root" else set())
    assert all(each.other.startswith("config") and not each.missing for each in found)


def test_a_name_that_the_first_one_has_not_is_missing(make_tree: Tree) -> None:
    files = {**BOTH, "config.py": "Y = 1\n", "main.py": "import sys\nsys.path.insert(0, 'lib')\nfrom config import Y\n"}
    root = make_tree(files)
    ran = subprocess.run([sys.executable, "-B", "main.py"], cwd=root, text=True, capture_output=True, check=False)
    assert "ImportError: cannot import name 'Y'" in ran.stderr
    [found] = find_pushed_aside(TargetResolver(scan(root, jobs=1)))
    assert (found.missing, found.line, found.edit_line) == (("Y",), 3, 2)


def test_what_a_folder_that_is_put_first_has_is_not_missing(make_tree: Tree) -> None:
    main = f"{HERE}sys.path.insert(0, os.path.join(HERE, 'lib'))\nfrom config import NAME\nprint(NAME)\n"
    files = {"config.py": "OTHER = 1\n", "lib/config.py": "NAME = 1\n", "main.py": main}
    root = make_tree({**files, "use.py": "from config import OTHER\n"})
    for script in ("main.py", "use.py"):
        subprocess.run([sys.executable, "-B", script], cwd=root, check=True, capture_output=True)
    assert [(finding.severity, finding.rule) for finding in judge(root)] == [("P2", "module-pushed-aside")]


@pytest.mark.parametrize("init", [{}, {"a/n/__init__.py": "", "b/n/__init__.py": ""}])
def test_folders_put_first_share_a_package_only_where_it_has_no_file_of_its_own(
    make_tree: Tree, init: dict[str, str]
) -> None:
    main = f"{HERE}sys.path[:0] = [os.path.join(HERE, 'a'), os.path.join(HERE, 'b')]\nimport n.x\nimport n.y\n"
    root = make_tree({"a/n/x.py": "", "b/n/y.py": "", "main.py": main, **init})
    ran = subprocess.run([sys.executable, "-B", "main.py"], cwd=root, text=True, capture_output=True, check=False)
    assert ran.stderr.strip().endswith("No module named 'n.y'" if init else "")
    found = [each for each in judge(root) if each.severity <= "P1"]
    assert [each.subject for each in found] == (["n.y"] if init else [])
    assert not any("name is n.y" in each.message for each in found)
