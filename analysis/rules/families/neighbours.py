"""Bare imports of what lies beside the importer: Python searches the path, never the folder of the package."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from analysis import tables
from analysis.resolve.imports import NOT_ON_PATH
from analysis.rules.context import RuleContext
from analysis.rules.families.broken_imports import grade_missing
from analysis.rules.finding import Finding, Place, build_finding
from analysis.rules.plan_phases import ENTRY_POINTS, PlanStep
from analysis.rules.probe_evidence import confirm_absent
from analysis.rules.root_causes import UNCHECKED_IMPORTS
from analysis.rules.rule import Rule
from analysis.wording import choose_form, format_count

_Row = Mapping[str, Any]


def _check_neighbours(case: RuleContext) -> Iterator[Finding]:
    rule = "neighbour-not-on-path"
    by_folder: dict[str, list[_Row]] = defaultdict(list)
    for row in case.graph.phantoms.to_pylist():
        if row["reason"] == NOT_ON_PATH and row["liveness"] != "never":
            by_folder[row["path"].rpartition("/")[0]].append(row)
    users = _find_users(case, {row["nearest"] for rows in by_folder.values() for row in rows})
    for folder, rows in sorted(by_folder.items()):
        rows.sort(key=lambda row: (grade_missing(row), row["path"], row["line"]))
        twice = [row for row in rows if row["nearest"] in users]
        severity = grade_missing(rows[0])
        if twice and severity == "P1":
            severity = "P2"  # somebody puts the folder on the path, or nobody imports the file: the other name works
        places = [(row["path"], row["line"]) for row in rows]
        places += [users[row["nearest"]] for row in twice[:1]]
        yield build_finding(rule, severity, folder, _describe(folder, rows, twice, users), places, [])


def _describe(folder: str, rows: Sequence[_Row], twice: Sequence[_Row], users: Mapping[str, Place]) -> str:
    first = rows[0]
    others = len(rows) - 1
    are = choose_form(others, "is", "are")
    more = f", and {format_count(others, 'other statement')} in this folder {are} of this kind" if others else ""
    fails = (
        f"{first['path']}:{first['line']} imports {first['module']}, a name that no folder of the search path has: it "
        f"lies beside as {first['nearest']}{more}. The import fails with ModuleNotFoundError, unless something outside "
        f"the target puts {folder} on sys.path"
    )
    if twice:
        row = twice[0]
        path, line = users[row["nearest"]]
        fails += (
            f"; then one file is alive under two names, {row['module']} and {row['nearest']} ({path}:{line}), and each "
            "of its classes and globals exists twice"
        )
    return f"{fails}. Write {_rewrite(first)}"


def _rewrite(row: _Row) -> str:
    """Return the statement that finds the neighbour."""
    above, _, last = row["nearest"].rpartition(".")
    if row["name"]:
        return f"from {row['nearest']} import {row['name']}"
    return f"from {above} import {last}"


def _find_users(case: RuleContext, wanted: set[str]) -> dict[str, Place]:
    """Return one statement that imports each of some modules by its name; those for type checkers do not count."""
    found: dict[str, Place] = {}
    for imported, path, line, scope in tables.read_rows(case.graph.edges, "imported", "path", "line", "scope"):
        if imported in wanted and scope != "type_checking":
            found[imported] = min(found.get(imported, (path, line)), (path, line))
    return found


RULES = (
    Rule(
        "neighbour-not-on-path", "P1",
        "A file of a package imports its neighbour by the bare name. Python 3 looks for it on the search path only, "
        "and nothing in the target puts the folder there. Generated code does so, and code that was once a script.",
        "Import it by its full name, or with a dot. Do not put the folder on sys.path: the file would be loaded a "
        "second time, under its bare name.",
        _check_neighbours,
        bad={
            "p/__init__.py": "", "p/a_msg.py": "class A: ...\n", "p/b_msg.py": "import a_msg\nclass B(a_msg.A): ...\n",
            "main.py": "import p.b_msg\n",
        },
        good={
            "p/__init__.py": "", "p/a_msg.py": "class A: ...\n",
            "p/b_msg.py": "from p import a_msg\nclass B(a_msg.A): ...\n", "main.py": "import p.b_msg\n",
        },
        grades={
            "P1": "a statement fails whenever its module is imported",
            "P2": "the full name is imported as well, or the statements are guarded, or wait inside functions",
            "P3": "they are for type checkers only",
        },
        step=PlanStep(ENTRY_POINTS, 35, "Import neighbours by their full name", minutes=5), cause=UNCHECKED_IMPORTS,
        confirm=confirm_absent,
    ),
)  # fmt: skip
