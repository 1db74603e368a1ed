"""Imports that fail for another reason than a cycle: the statement, the exception and the cause, each once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from analysis import tables
from analysis.facts.annotations import is_annotation
from analysis.facts.test_files import is_test_file
from analysis.resolve.environments import DEFAULT
from analysis.rules.context import RuleContext
from analysis.rules.families.broken_imports import find_known_phantoms
from analysis.rules.families.public_names import find_lacking_stars
from analysis.rules.finding import Finding, Place, build_finding
from analysis.rules.newer_files import format_versions
from analysis.rules.plan_phases import ENTRY_POINTS, PlanStep
from analysis.rules.root_causes import UNCHECKED_IMPORTS
from analysis.rules.rule import Rule, RuleFigure, RuleMetric
from analysis.steps import read_statement
from analysis.wording import choose_form, format_some

#: Cycles and files that do not parse have rules of their own; what is missing outside the tree is no fault of it.
_SAID_ELSEWHERE = frozenset({
    "ok", "unknown", "not-simulated", "circular", "recursion", "syntax", "missing-third-party", "exit",
})  # fmt: skip
#: By why the program raises itself: nothing is said where version or platform decide.
_GRADES = {"": "P1", "raised": "P2", "variable": "P3"}
Row = Mapping[str, Any]


def _check_failing(case: RuleContext) -> Iterator[Finding]:
    rule = "import-fails"
    known = find_known_phantoms(case) | find_lacking_stars(case)
    groups: dict[tuple[str, ...], list[Row]] = defaultdict(list)
    for row in case.runtime_table("simulated").to_pylist():
        is_said = row["outcome"] in _SAID_ELSEWHERE or row["reason"] not in _GRADES or _find_place(row) in known
        if not is_said and not row["doubt"] and row["failed_path"]:
            groups[row["failed_path"], row["exception"], row["failed_module"], row["failed_name"]].append(row)
    only_typing = _find_only_typing(case) if any(key[1] == "NameError" for key in groups) else {}
    for (path, *marks), rows in sorted(groups.items()):
        module = case.homes.get(path, path)
        rows.sort(key=lambda row: (row["module"] != module, row["module"]))
        cause = f"{rows[0]['exception']}: {_explain(rows[0], only_typing)}{_name_versions(case, rows[0])}"
        failing = list(dict.fromkeys(map(_find_place, rows)))
        places = list(dict.fromkeys([*failing, *_find_way(rows[0])]))
        severity = min(_GRADES[row["reason"]] for row in rows)
        if severity == "P2" and is_test_file(path):
            severity = "P3"  # tests have modules that fail on purpose
        message = _describe(module, [row["module"] for row in rows], cause)
        yield build_finding(rule, severity, module, message, places, marks, counted=failing)


def _find_place(row: Row) -> Place:
    return row["failed_path"], row["failed_line"]


def _describe(module: str, failing: Sequence[str], cause: str) -> str:
    """Return what fails, the module of the statement first; it may itself be fine, and have a function that raises."""
    others = [each for each in failing if each != module]
    if module not in failing:
        fails, are = choose_form(len(others), "fails", "fail"), choose_form(len(others), "it is", "they are")
        return f"{format_some(others)} {fails} when {are} imported, in a function of {module}: {cause}"
    message = f"{module} fails when it is imported: {cause}"
    if others:
        does, imports = choose_form(len(others), "does", "do"), choose_form(len(others), "imports", "import")
        message += f". So {does} {format_some(others)}, which {imports} it"
    return message


def _find_way(row: Row) -> list[Place]:
    """Return the statements that lead to the one that fails, the nearest first."""
    steps = map(read_statement, reversed(list(row["chain"])))
    return [(step.path, step.line) for step in steps if step is not None]


def _find_only_typing(case: RuleContext) -> dict[str, set[str]]:
    """Return the names that only type checkers see, by file."""
    found: dict[str, set[str]] = defaultdict(set)
    for path, name, scope in tables.read_rows(case.facts.bindings, "path", "name", "scope"):
        if scope == "type_checking":
            found[path].add(name)
    return found


def _explain(row: Row, only_typing: Mapping[str, set[str]]) -> str:
    """Return what is wrong, by what failed."""
    if row["reason"] == "variable":
        return "it is raised by the program unless a variable of the environment is set"
    if row["reason"]:
        return "it is raised by the program itself"
    name = row["failed_name"]
    if row["exception"] == "NameError" and name in only_typing.get(row["failed_path"], ()):
        return f"{name} is not defined at run time, as only type checkers import it (TYPE_CHECKING)"
    return str(row["message"])


def _name_versions(case: RuleContext, row: Row) -> str:
    """Return on which versions an annotation fails, where others are supported that do not evaluate it."""
    supported = case.resolver.supported if case.resolver else DEFAULT
    fails, path = supported.annotating, row["failed_path"]
    if not fails or fails == supported.versions or not row["failed_name"]:
        return ""
    try:
        source = case.facts.tree.read_bytes(path)
    except OSError:
        return ""
    if not is_annotation(source, row["failed_line"], row["failed_name"]):
        return ""
    return f"; Python {format_versions(fails)} evaluates the annotation on import, later versions do not"


RULES = (
    Rule(
        "import-fails", "P1",
        "The module cannot be imported, whatever comes first: a statement that runs on import raises an exception. "
        "Everything that imports the module fails with it.",
        "Correct the statement that the finding names first; the other places are the imports that lead to it.",
        _check_failing,
        bad={
            "shop/__init__.py": "",
            "shop/names.py": "",
            "shop/base.py": "class Base: ...\n",
            "shop/orders.py": (
                "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from shop.base import Base\n"
                "class Order(Base): ...\n"
            ),
        },
        good={
            "shop/__init__.py": "",
            "shop/names.py": "",
            "shop/base.py": "class Base: ...\n",
            "shop/orders.py": "from shop.base import Base\nclass Order(Base): ...\n",
        },
        grades={
            "P1": "a statement fails whenever the module is imported",
            "P2": "the program raises the exception by itself",
            "P3": "the program raises it because a variable of the environment is not set, or in a test",
        },
        needs_simulation=True, is_joint=True,
        step=PlanStep(ENTRY_POINTS, 5, "Correct the statements on which imports fail", minutes=20),
        cause=UNCHECKED_IMPORTS,
        figure=RuleFigure(
            45, "failing-imports", "Imports that fail for other reasons",
            "Import that fails for another reason",
        ),
        metric=RuleMetric("failing-imports", "statements", "Failing statements that no cycle explains."),
    ),
)  # fmt: skip
