"""Files that one process loads under two names by folders of the search path, with CPython as the witness."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest
from conftest import Tree

from analysis.facts import scan
from analysis.resolve import TargetResolver
from analysis.resolve.path_names import find_path_names

TWICE = """
import collections, json, os, sys
names = collections.defaultdict(set)
for name, module in list(sys.modules.items()):
    file = getattr(module, "__file__", None) or ""
    if file.startswith(os.getcwd()) and name != "__main__":
        names[os.path.relpath(file)].add(name)
print(json.dumps({path: sorted(found) for path, found in names.items() if len(found) > 1}))
"""


class Project(NamedTuple):
    """A project, how it is run, and on which folders of it."""

    files: Mapping[str, str]
    code: str
    pythonpath: Sequence[str] = ()


HERE = "import os, sys\nHERE = os.path.dirname(os.path.abspath(__file__))\n"
EDIT = f"{HERE}sys.path.append(HERE)\n"
BOTH = "try:\n    from p.b import B\nexcept ImportError:\n    from b import B\n"
PROJECTS = {
    "an edit to the own folder": Project(
        {"p/__init__.py": "", "p/b.py": "class B: ...\n", "p/a.py": f"{EDIT}from b import B\n",
         "main.py": "import p.a\nfrom p.b import B\n"},
        "import main",
    ),
    "PYTHONPATH of a container": Project(
        {"backend/__init__.py": "", "backend/app/__init__.py": "", "backend/app/x.py": "class X: ...\n",
         "main.py": "from app.x import X\nfrom backend.app.x import X as Y\n",
         "Dockerfile": "WORKDIR /srv\nCOPY . .\nENV PYTHONPATH=/srv:/srv/backend\n"},
        "import main", (".", "backend"),
    ),
    "a chain of relative imports": Project(
        {"p/__init__.py": "", "p/q/__init__.py": "", "p/q/a.py": "from .b import B\n", "p/q/b.py": "class B: ...\n",
         "main.py": "import sys\nsys.path.append('p')\nimport q.a\nimport p.q.a\n"},
        "import main",
    ),
    "one of two names in a function": Project(
        {"p/__init__.py": "", "p/b.py": "class B: ...\n",
         "p/a.py": f"{EDIT}def f():\n    from b import B\n    return B\n",
         "main.py": "import p.a\nfrom p.b import B\np.a.f()\n"},
        "import main",
    ),
    "a fallback that does not run": Project(
        {"p/__init__.py": "", "p/b.py": "class B: ...\n",
         "p/a.py": f"{EDIT}{BOTH}",
         "main.py": "import p.a\nimport p.b\n"},
        "import main",
    ),
    "a fallback for another module": Project(
        {"p/__init__.py": "", "p/b.py": "class B: ...\n", "p/c.py": "class B: ...\n",
         "p/a.py": f"{EDIT}try:\n    from p.c import B\nexcept ImportError:\n    from b import B\n",
         "main.py": "import p.a\nimport p.b\n"},
        "import main",
    ),
    "the long name is the fallback of a file, and others say it": Project(
        {"p/__init__.py": "", "p/b.py": "class B: ...\n",
         "p/a.py": f"{EDIT}import b\ntry:\n    import p.c\nexcept ImportError:\n    from p.b import B\n",
         "p/c.py": "", "main.py": "import p.a\n"},
        "import main",
    ),
    "only the bare name": Project(
        {"p/__init__.py": "", "p/b.py": "class B: ...\n", "p/a.py": f"{EDIT}from b import B\n",
         "main.py": "import p.a\n"},
        "import main",
    ),
    "two programs that never meet": Project(
        {"p/__init__.py": "", "p/b.py": "class B: ...\n",
         "p/job.py": f"{EDIT}from b import B\nif __name__ == '__main__':\n    B()\n",
         "main.py": "from p.b import B\n"},
        "import main",
    ),
    "neighbours of a script": Project(
        {"jobs/run.py": "import helper\nif __name__ == '__main__':\n    helper\n", "jobs/helper.py": "import other\n",
         "jobs/other.py": ""},
        "import runpy, sys; sys.path.insert(0, 'jobs'); import run",
    ),
}  # fmt: skip


def watch(root: Path, project: Project) -> dict[str, list[str]]:
    """Return the files that a fresh process holds under several names."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    environment["PYTHONDONTWRITEBYTECODE"] = "1"
    environment["PYTHONPATH"] = os.pathsep.join(str(root / folder) for folder in project.pythonpath)
    ran = subprocess.run(
        [sys.executable, "-c", project.code + TWICE],
        cwd=root,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, list[str]] = json.loads(ran.stdout)
    return found


@pytest.mark.parametrize("name", PROJECTS)
def test_the_files_are_those_that_python_holds_twice(name: str, make_tree: Tree) -> None:
    project = PROJECTS[name]
    root = make_tree(project.files).resolve()
    said: dict[str, set[str]] = {}
    for row in find_path_names(TargetResolver(scan(root, jobs=1))):
        said.setdefault(row.path, set()).update((row.first_name, row.second_name))
    true = watch(root, project)
    assert {path: sorted(names) for path, names in said.items() if not path.endswith("__init__.py")} == {
        path: names for path, names in true.items() if not path.endswith("__init__.py")
    }


def test_a_third_party_package_of_the_same_name_is_not_the_neighbour(make_tree: Tree) -> None:
    files = {
        "lib/__init__.py": "", "lib/docker.py": "def start(): ...\n",
        "lib/run.py": "import docker\nif __name__ == '__main__':\n    docker.from_env()\n",
        "lib/tool.py": "from docker.errors import NotFound\n", "app.py": "import docker\n",
    }  # fmt: skip
    resolver = TargetResolver(scan(make_tree(files), jobs=1))
    importer = resolver.index.find_file("lib/run.py")
    assert importer is not None
    assert resolver.imports.find_module(importer, "docker") is None
    assert list(find_path_names(resolver)) == []


@pytest.mark.parametrize("target", ["p", "."])
def test_a_target_that_is_a_package_itself_has_the_same_second_names(make_tree: Tree, target: str) -> None:
    files = {
        "p/__init__.py": "", "p/b.py": "class B: ...\n", "p/sub/__init__.py": "", "p/sub/c.py": "class C: ...\n",
        "p/a.py": f"{EDIT}import b\nfrom sub.c import C\n",
        "p/main.py": "import p.a\nfrom p.b import B\nfrom p.sub.c import C\n",
    }  # fmt: skip
    root = make_tree(files).resolve()
    true = watch(root, Project(files, "import p.main"))
    resolver = TargetResolver(scan(root / target, jobs=1))
    said = {(row.path.removeprefix("p/"), row.first_name, row.second_name) for row in find_path_names(resolver)}
    assert said == {(path.removeprefix("p/"), *sorted(names, key=len, reverse=True)) for path, names in true.items()}
    assert {answer.origin for answer in resolver.answers.answers if answer.missing} <= {"stdlib"}


def test_a_package_that_nothing_puts_on_the_path_has_no_bare_names(make_tree: Tree) -> None:
    files = {"p/__init__.py": "", "p/b.py": "", "p/a.py": "import b\nimport p.b\n", "p/test_a.py": "import p.a\n"}
    resolver = TargetResolver(scan(make_tree(files) / "p", jobs=1))
    assert list(find_path_names(resolver)) == []
    assert [module.name for module in resolver.index.all] == ["p", "p.a", "p.b", "p.test_a"]


def test_an_installed_program_has_the_name_that_others_are_to_use(make_tree: Tree) -> None:
    files = {
        "pyproject.toml": "[project]\nname = 'shop'\nversion = '0'\n[project.scripts]\nshop = 'shop.cli:main'\n",
        "src/__init__.py": "", "src/shop/__init__.py": "", "src/shop/core.py": "class Core: ...\n",
        "src/shop/cli.py": "from shop.core import Core\ndef main():\n    return Core()\n",
        "use.py": "from src.shop.core import Core\nfrom shop.cli import main\nassert not isinstance(main(), Core)\n",
    }  # fmt: skip
    root = make_tree(files)
    environment = {"PYTHONPATH": "src", "PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1"}
    subprocess.run([sys.executable, "use.py"], cwd=root, env=environment, check=True)
    found = {row.path: (row.first_name, row.second_name) for row in find_path_names(TargetResolver(scan(root, jobs=1)))}
    assert found["src/shop/core.py"] == ("shop.core", "src.shop.core")
