"""Graph, names and simulation against CPython, on layouts made at random."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from python_witness import Imports, ask_python
from random_layouts import TREES, Tree, write_tree

from analysis.policy import parse_policy
from analysis.runtime import ProbeOptions, find_entries
from analysis.runtime.plan import find_search_path
from analysis.simulation import Environment
from benchmarks.agreement_answers import Answers, AskedStatement, read_answers
from benchmarks.agreement_watch import Item

OUTSIDE = Environment(found=frozenset(sys.stdlib_module_names))
POLICY = parse_policy('[target]\nroots = ["one", "two"]\n')


class Difference(NamedTuple):
    """What one witness says against CPython of a statement, or of a first import."""

    kind: str
    place: str
    said: str
    truth: str


def find_differences(root: Path) -> Iterator[Difference]:
    """Yield what graph, names and simulation say otherwise than CPython."""
    answers = read_answers(root, policy=POLICY, environment=OUTSIDE, jobs=1)
    facts = answers.case.facts
    folders = [Path(folder).relative_to(root).as_posix() for folder in find_search_path(facts, ProbeOptions())]
    truth = ask_python(root, folders, [entry.module for entry in find_entries(facts)])
    for row in answers.case.runtime_table("simulated").to_pylist():
        said, outcome = row["exception"] or "ok", truth.outcomes[row["module"]]
        if said != outcome:
            yield Difference("simulation: the outcome of a first import", row["module"], said, outcome)
    edges = answers.case.graph.edges.to_pylist()
    beside = {(row["path"], row["line"], row["name"]) for row in edges if row["via"] == "script-folder"}
    for statement in answers.statements:
        if statement.key in beside:  # what a file finds beside it when it is run; here it is imported
            continue
        yield from _compare(statement, answers, truth)


def _compare(statement: AskedStatement, answers: Answers, truth: Imports) -> Iterator[Difference]:
    yields, failures = truth.yields[statement.key], truth.failures[statement.key]
    if not yields and not failures:  # no first import comes to it
        return
    true = _strip(yields, statement)
    seen = answers.record.seen.get(statement.key, set())
    simulated = _strip({each.item for each in seen if not each.failure}, statement)
    place = f"{statement.path}:{statement.line} {statement.name}".rstrip()
    if simulated != true:
        yield Difference("simulation: what a statement yields", place, str(sorted(simulated)), str(sorted(true)))
    for witness, items in (("graph", statement.graph), ("names", statement.may)):
        said = _strip(items, statement)
        if not statement.is_doubtful and not _fits(witness, said, true, statement, truth):
            expected = str(sorted(true) or sorted(failures))
            yield Difference(f"{witness}: what a statement yields", place, str(sorted(said)), expected)


def _fits(witness: str, said: set[Item], true: set[Item], statement: AskedStatement, truth: Imports) -> bool:
    """Return whether an answer holds: the graph's in full, one of those that the names hold possible."""
    key = statement.key
    if not truth.yields[key]:
        return key not in truth.absent or "file" not in {item.kind for item in said}
    if not said:
        return Item("file", statement.path) in truth.yields[key]
    return said <= true if witness == "graph" and statement.name != "*" else bool(said & true)


def _strip(items: set[Item], statement: AskedStatement) -> set[Item]:
    """Leave out the file itself, and of a folder its root: a namespace package may lie in both."""
    found = {item for item in items if item != Item("file", statement.path)}
    return {Item(kind, where.partition("/")[2] if where.endswith("/") else where) for kind, where in found}


def check(tree: Tree) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder).resolve()
        write_tree(root, tree)
        assert list(find_differences(root)) == []


FOLDERS = "a folder without __init__ does not hide the standard library"
HIDDEN = "a file that the standard library hides is no first import"
LAYOUTS = {
    HIDDEN: {"one/sys.py": "import of_nobody\n", "one/use.py": "import sys\n"},
    "a submodule and a name of its package": {
        "one/p/__init__.py": "bb = 1\n", "one/p/bb.py": "", "one/use.py": "from p import bb\n",
    },
    "a submodule that another import has loaded first": {
        "one/p/__init__.py": "bb = 1\n", "one/p/bb.py": "", "one/use.py": "import p.bb\nfrom p import bb\n",
    },
    "the parts of a namespace package in two roots": {
        "one/n/aa.py": "", "two/n/bb.py": "from n import aa\n", "one/use.py": "from n import aa, bb\nimport n.bb\n",
    },
    "a file that hides a module of the standard library": {
        "one/calendar.py": "", "one/p/__init__.py": "", "one/p/aa.py": "import calendar\n",
    },
    "a package that hides one of the standard library": {
        "one/json/__init__.py": "", "one/json/aa.py": "", "one/use.py": "from json import aa\nimport json.aa\n",
    },
    "a neighbour does not hide the standard library": {
        "one/p/__init__.py": "", "one/p/json.py": "", "one/p/aa.py": "import json\nfrom . import json\n",
    },
    "files that hide nothing": {
        "one/sys.py": "", "one/time.py": "", "one/use.py": "import sys, time\nfrom sys import path\n",
    },
    "a star and a submodule in __all__": {
        "one/p/__init__.py": "__all__ = ['aa']\n", "one/p/aa.py": "", "one/use.py": "from p import *\naa\n",
    },
    "relative imports of all levels": {
        "one/p/__init__.py": "", "one/p/q/__init__.py": "from .. import aa\nfrom ..aa import x\nfrom . import bb\n",
        "one/p/aa.py": "x = 1\n", "one/p/q/bb.py": "from ... import x\n",
    },
    "a package and a file of one name": {"one/p/__init__.py": "", "one/p.py": "", "one/use.py": "import p\n"},
    FOLDERS: {
        "one/logging/aa.py": "", "one/use.py": "import logging\n",
    },
    "a namespace package at the top": {"one/n/aa.py": "", "one/use.py": "import n\n"},
    "a module that every start has loaded": {"one/os.py": "", "one/use.py": "import os\n"},
    "a submodule that the package's own file has not bound yet": {
        "one/p/__init__.py": "from p.aa import x\nbb = 1\n", "one/p/aa.py": "from p import bb\nx = 1\n",
        "one/p/bb.py": "",
    },
    "a submodule whose name the package's own file binds later": {
        "one/p/__init__.py": "from p import aa\nimport aa\n", "one/p/aa.py": "", "one/aa.py": "",
    },
    "a star that binds another package's module": {
        "one/p/__init__.py": "from p.q import *\nfrom p import bb\n", "one/p/bb.py": "",
        "one/p/q/__init__.py": "from . import bb\n", "one/p/q/bb.py": "",
    },
    "a relative import beyond a script": {"one/use.py": "from . import aa\n", "one/aa.py": ""},
}  # fmt: skip


@pytest.mark.parametrize("name", LAYOUTS)
def test_python_says_the_same_of_a_layout(name: str, tmp_path: Path) -> None:
    for path, source in LAYOUTS[name].items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(source)
    assert list(find_differences(tmp_path)) == []


@settings(max_examples=100, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(TREES)
def test_python_says_the_same_of_any_layout(tree: Tree) -> None:
    check(tree)


@pytest.mark.trial
@settings(max_examples=2_000, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(TREES)
def test_python_says_the_same_of_thousands_of_layouts(tree: Tree) -> None:
    check(tree)
