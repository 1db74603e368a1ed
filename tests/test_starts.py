"""Starts and search paths, each with the line that is evidence of it: one small project for each source."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from conftest import Tree

from analysis.facts import scan
from analysis.resolve import TargetResolver
from analysis.resolve.starts import build_search_paths_table, build_starts_table

TREE = {
    "src/lib.py": "", "src/pkg/__init__.py": "", "src/pkg/__main__.py": "", "src/pkg/cli.py": "def main(): ...\n",
    "app/__init__.py": "", "app/main.py": "app = 1\n", "tools/run.py": "print(1)\n",
}  # fmt: skip
Rows = list[dict[str, Any]]


def read(make_tree: Tree, files: Mapping[str, str]) -> tuple[Rows, Rows]:
    """Return the rows of ``starts`` and ``search_paths``."""
    facts = scan(make_tree({**TREE, **files}), jobs=1)
    resolver = TargetResolver(facts)
    starts = build_starts_table(resolver.starts).to_pylist()
    return starts, build_search_paths_table(facts, resolver.index, resolver.starts).to_pylist()


def line_of(text: str, word: str) -> int:
    return next(number for number, line in enumerate(text.splitlines(), 1) if word in line)


FOLDERS = {
    "Dockerfile": ("FROM python\nWORKDIR /app\nCOPY . .\nENV PYTHONPATH=/app/src\n", "pythonpath"),
    "deploy/api.Dockerfile": ("WORKDIR /opt/x\nCOPY src /opt/x/code\nENV PYTHONPATH /opt/x/code\n", "pythonpath"),
    "docker-compose.yml": ("services:\n  web:\n    environment:\n      - PYTHONPATH=/app/src\n", "pythonpath"),
    "compose.yaml": ("web:\n\n    volumes:\n      - ./src:/code\n    env:\n      PYTHONPATH: /code\n", "pythonpath"),
    "Makefile": ("test:\n\tPYTHONPATH=$(CURDIR)/src pytest\n", "pythonpath"),
    "tox.ini": ("[testenv]\nsetenv =\n    PYTHONPATH = {toxinidir}/src\n", "pythonpath"),
    "noxfile.py": ("def test(session):\n    session.run('pytest', env={'PYTHONPATH': 'src'})\n", "pythonpath"),
    ".github/workflows/ci.yml": ("jobs:\n  env:\n    PYTHONPATH: ${{ github.workspace }}/src\n", "pythonpath"),
    ".gitlab-ci.yml": ("test:\n  variables:\n    PYTHONPATH: $CI_PROJECT_DIR/src\n", "pythonpath"),
    "run.sh": ("#!/bin/sh\nexport PYTHONPATH=\"${PYTHONPATH}:$(pwd)/src\"\n", "pythonpath"),
    ".env": ("DEBUG=1\nPYTHONPATH=src\n", "dotenv"),
    ".vscode/settings.json": ('{\n  // ours\n  "python.analysis.extraPaths": [\n    "./src"\n  ]\n}\n', "editor"),
    ".vscode/launch.json": ('{"a": [\n  {"env": {"PYTHONPATH": "${workspaceFolder}/src"}}\n]}\n', "editor"),
    "pyrightconfig.json": ('{\n  "extraPaths": ["src"]\n}\n', "type-checker"),
    "mypy.ini": ("[mypy]\nmypy_path = src\n", "type-checker"),
    "local.pth": ("# ours\nsrc\n", "pth"),
    "pytest.ini": ("[pytest]\npythonpath = src\n", "pytest"),
    "setup.cfg": ("[tool:pytest]\npythonpath =\n    src\n", "pytest"),
    "pyproject.toml": ("[tool.pytest.ini_options]\naddopts = '-q'\npythonpath = ['src']\n", "pytest"),
    "run.bat": ("@echo off\nset PYTHONPATH=%CD%\\src;%PYTHONPATH%\n", "pythonpath"),
    "run.ps1": ('$env:PYTHONPATH = "$PSScriptRoot\\src"\n', "pythonpath"),
    "deploy/job.service": ('[Service]\nEnvironment="PYTHONPATH=/app/src"\n', "pythonpath"),
    "k8s/job.yaml": ("env:\n- name: PYTHONPATH\n  value: /app/src\n", "pythonpath"),
    "supervisord.conf": ('[program:x]\nenvironment=PYTHONPATH="src"\n', "pythonpath"),
    "Procfile": ("web: gunicorn --pythonpath src app.main:app\n", "pythonpath"),
    "tools/edit.py": ("import sys\nsys.path.insert(0, 'src')\n", "sys.path"),
    "tools/site_edit.py": ("import os, site\nsite.addsitedir(os.path.join(os.path.dirname(__file__), '../src'))\n",
                           "site-folder"),
}  # fmt: skip


@pytest.mark.parametrize("path", FOLDERS)
def test_a_folder_of_the_search_path_has_its_evidence(path: str, make_tree: Tree) -> None:
    text, kind = FOLDERS[path]
    _, found = read(make_tree, {path: text})
    word = "src" if path != "deploy/api.Dockerfile" else "PYTHONPATH"
    rows = [row for row in found if (row["folder"], row["kind"]) == ("src", kind)]
    line = line_of(text, word) if path != "compose.yaml" else 6
    assert [(row["evidence_path"], row["evidence_line"]) for row in rows] == [(path, line)]


MAIN = {"path": "src/pkg/__main__.py", "module": "pkg", "main": "pkg.__main__", "folder": "src"}
SERVER = {"path": "app/main.py", "module": "app.main", "main": "", "folder": "."}
SCRIPT = {"path": "tools/run.py", "folder": "tools"}
TASKS = {
    "a task of PDM": "[tool.pdm.scripts]\nx = 'python -m app.main'\n",
    "a task of poe": "[tool.poe.tasks.x]\nshell = 'python -m app.main --port 80'\n",
    "a list of words": "[tool.hatch.envs.default.scripts]\nx = ['python', '-m', 'app.main']\n",
}
STARTS = {
    "deploy/x.service": ("[Service]\nWorkingDirectory=/srv\nExecStart=/bin/python tools/run.py\n", "script", SCRIPT),
    "supervisor.conf": ("[program:x]\ncommand=python -m app.main\n", "python-m", {**SERVER, "main": "app.main"}),
    "start.cmd": ("python.exe tools\\run.py\n", "script", SCRIPT),
    "app/launch.py": ("import subprocess, sys\nsubprocess.run([sys.executable, '-m', 'app.main'])\n", "python-m",
                      {**SERVER, "main": "app.main"}),
    "tools/launch.py": (
        "import os, sys\nRUN = os.path.join(os.path.dirname(__file__), 'run.py')\nARGS = (sys.executable, RUN)\n",
        "script", SCRIPT,
    ),
    "Dockerfile": ('WORKDIR /app\nCOPY src .\nCMD ["python", "-m", "pkg"]\n', "python-m", MAIN),
    "docker/Dockerfile": ('ENTRYPOINT ["python3", "-u", "tools/run.py"]\n', "script", SCRIPT),
    "docker-compose.yml": ("services:\n  w:\n    command: uvicorn app.main:app --port 80\n", "server", SERVER),
    "Makefile": ("run:\n\tcd src && python -m pkg --fast\n", "python-m", MAIN),
    "Procfile": ("web: gunicorn app.main:app\n", "server", SERVER),
    "run.sh": ("#!/bin/sh\ncd src\npython -m pkg\n", "python-m", MAIN),
    ".github/workflows/ci.yml": ("jobs:\n  a:\n    steps:\n      - run: python tools/run.py\n", "script", SCRIPT),
    "tox.ini": ("[testenv]\nchangedir = src\ncommands = python -m pkg\n", "python-m", MAIN),
    "noxfile.py": ("def f(session):\n    session.run('python', 'tools/run.py')\n", "script", SCRIPT),
    ".vscode/launch.json": ('{"module": "app.main"}\n', "python-m", {**SERVER, "main": "app.main"}),
    "worker.sh": ("celery -A app.main worker\n", "server", SERVER),
    "pyproject.toml": ("[project]\nname = 'x'\n[project.scripts]\nx = 'pkg.cli:main'\n", "console-script",
                       {"path": "src/pkg/cli.py", "module": "pkg.cli", "main": ""}),
    "setup.cfg": ("[options.entry_points]\nconsole_scripts =\n    x = pkg.cli:main\n", "console-script",
                  {"module": "pkg.cli"}),
    "setup.py": ("setup(entry_points={'console_scripts': ['x = pkg.cli:main']})\n", "console-script",
                 {"module": "pkg.cli"}),
    "app/job.py": ("if __name__ == '__main__':\n    print(1)\n", "script",
                   {"path": "app/job.py", "main": "app.job", "folder": "app"}),
    "manage.py": ("import os\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'app.main')\n", "django",
                  {"path": "manage.py", "module": "app.main"}),
    "pytest.ini": ("[pytest]\naddopts = --import-mode=importlib\n", "pytest", {"module": "pytest", "folder": "."}),
}  # fmt: skip


@pytest.mark.parametrize("path", STARTS)
def test_a_start_has_its_evidence(path: str, make_tree: Tree) -> None:
    text, kind, wanted = STARTS[path]
    found, _ = read(make_tree, {path: text})
    rows = [row for row in found if row["kind"] == kind and row["evidence_path"] == path]
    assert [{key: row[key] for key in wanted} for row in rows] == [wanted]


@pytest.mark.parametrize("name", TASKS)
def test_a_task_runner_starts_what_its_commands_name(name: str, make_tree: Tree) -> None:
    found, _ = read(make_tree, {"pyproject.toml": TASKS[name]})
    rows = [row for row in found if row["evidence_path"] == "pyproject.toml"]
    assert [(row["kind"], row["module"], row["evidence_line"]) for row in rows] == [("python-m", "app.main", 2)]


def test_a_variable_of_a_task_puts_a_folder_on_the_path(make_tree: Tree) -> None:
    text = "[tool.pdm.scripts]\nx = {cmd = 'pytest', env = {PYTHONPATH = 'src'}}\n"
    _, found = read(make_tree, {"pyproject.toml": text})
    assert ("src", "pythonpath", 2) in {(row["folder"], row["kind"], row["evidence_line"]) for row in found}


def test_a_folder_is_started_by_its_main_module(make_tree: Tree) -> None:
    files = {
        "Makefile": "run:\n\tpython tool --fast\n", "tool/__init__.py": "", "tool/parts.py": "X = 1\n",
        "tool/__main__.py": "from parts import X\nprint(X)\n",
    }  # fmt: skip
    root = make_tree({**TREE, **files})
    ran = subprocess.run([sys.executable, "-B", "tool"], cwd=root, capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "1"
    resolver = TargetResolver(scan(root, jobs=1))
    importer = resolver.index.find_file("tool/__main__.py")
    found = resolver.imports.find_module(importer, "parts") if importer else None
    assert found is not None
    assert found.module.path == "tool/parts.py"
    assert ("script", "tool/__main__.py") in {(start.kind, start.path) for start in resolver.starts}


def test_a_package_with_a_main_module_is_a_start(make_tree: Tree) -> None:
    found, _ = read(make_tree, {})
    assert [(row["kind"], row["module"], row["main"]) for row in found] == [("main-module", "pkg", "pkg.__main__")]


def test_pytest_puts_the_folders_of_tests_on_the_path_unless_they_are_packages(make_tree: Tree) -> None:
    files = {
        "tests/unit/test_a.py": "",
        "tests/api/__init__.py": "",
        "tests/api/test_b.py": "",
        "tests/conftest.py": "",
    }
    _, found = read(make_tree, files)
    assert sorted(row["folder"] for row in found if row["kind"] == "pytest") == ["tests", "tests/unit"]
    _, found = read(make_tree, {**files, "pytest.ini": "[pytest]\naddopts = --import-mode=importlib\n"})
    assert [row["folder"] for row in found if row["kind"] == "pytest"] == []


def test_commented_lines_other_folders_and_unknown_values_are_no_evidence(make_tree: Tree) -> None:
    files = {
        "run.sh": "# export PYTHONPATH=src\nexport PYTHONPATH=$HOME/lib:/usr/lib\npython -m json\npython gone.py\n",
        "Makefile": "x:\n\tpip install pytest\n",
    }
    starts, found = read(make_tree, files)
    assert {row["kind"] for row in found} == {"inferred"}
    assert {row["kind"] for row in starts} == {"main-module"}


# What the search path decides, with CPython as the witness


def run(root: Path, code: str, *, pythonpath: str = "") -> str:
    """Return what a fresh process prints."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    environment |= {"PYTHONDONTWRITEBYTECODE": "1", **({"PYTHONPATH": pythonpath} if pythonpath else {})}
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=root, env=environment, capture_output=True, text=True, check=False
    )
    return ran.stdout.strip() or ran.stderr.strip().splitlines()[-1]


def test_a_bare_name_is_found_where_the_edit_says(make_tree: Tree) -> None:
    files = {
        "p/__init__.py": "", "p/gen/__init__.py": "", "p/gen/msg.py": "class Node: ...\n",
        "p/use.py": "import os, sys\nsys.path.append(os.path.join(os.path.dirname(__file__), 'gen'))\nimport msg\n",
    }  # fmt: skip
    root = make_tree(files)
    assert run(root, "import p.use; print(p.use.msg.__file__)") == str(root.resolve() / "p/gen/msg.py")
    resolver = TargetResolver(scan(root, jobs=1))
    importer = resolver.index.find_file("p/use.py")
    assert importer is not None
    found = resolver.imports.find_module(importer, "msg")
    assert found is not None
    assert (found.module.path, found.via) == ("p/gen/msg.py", "search-path")


def test_others_do_not_find_what_one_folder_searches(make_tree: Tree) -> None:
    files = {
        "p/__init__.py": "", "p/gen/__init__.py": "", "p/gen/msg.py": "Node = 1\n",
        "p/use.py": "import os, sys\nsys.path.append(os.path.join(os.path.dirname(__file__), 'gen'))\n"
        "from msg import Node\n",
        "q/__init__.py": "", "q/other.py": "from msg import Node\n",
    }  # fmt: skip
    root = make_tree(files)
    assert "No module named 'msg'" in run(root, "import q.other")
    resolver = TargetResolver(scan(root, jobs=1))
    importer = resolver.index.find_file("q/other.py")
    assert importer is not None
    assert resolver.imports.find_module(importer, "msg") is None
