"""A module that the search path pushes aside: another one of the same name lies in a folder that is put first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from analysis.facts.test_files import is_test_file
from analysis.resolve.pushed_aside import PushedAside, find_pushed_aside
from analysis.rules.context import RuleContext
from analysis.rules.finding import Finding, build_finding
from analysis.rules.plan_phases import PATHS, PlanStep
from analysis.rules.root_causes import UNCHECKED_IMPORTS
from analysis.rules.rule import Rule
from analysis.wording import format_some


def _check_pushed(case: RuleContext) -> Iterator[Finding]:
    grouped: dict[tuple[str, str], list[PushedAside]] = defaultdict(list)
    for each in find_pushed_aside(case.target_resolver):
        grouped[each.other, each.taken].append(each)
    for (other, taken), rows in sorted(grouped.items()):
        rows.sort(key=lambda row: (is_test_file(row.path), not row.missing, row))
        severity = "P3" if is_test_file(rows[0].path) else "P1" if rows[0].missing else "P2"
        places = [place for row in rows for place in ((row.path, row.line), (row.path, row.edit_line))]
        places += [(other, 1), (taken, 1)]
        yield build_finding("module-pushed-aside", severity, other, _describe(rows[0]), places, [taken])


def _describe(row: PushedAside) -> str:
    lacks = f", which has no {format_some(row.missing)}" if row.missing else ""
    folder = row.taken.removesuffix("/__init__.py").rpartition("/")[0]
    return (
        f"{row.path}:{row.edit_line} puts {folder} first on the search path: the import of {row.name} at "
        f"{row.path}:{row.line} takes {row.taken} and not {row.other}{lacks}, and so does every later import of "
        f"{row.name} in that process, while a program that is started otherwise gets {row.other}. "
        f"Give one of the two another name, or import {folder.replace('/', '.')}.{row.name}"
    )


RULES = (
    Rule(
        "module-pushed-aside", "P1",
        "A file puts a folder first on the search path that has a module of the same name as one of the root. Which of "
        "the two an import takes then depends on how the program was started.",
        "Give one of the two another name, or import it by its full name.",
        _check_pushed,
        bad={
            "main.py": "import sys\nsys.path.insert(0, 'lib')\nimport config\nprint(config.X)\n",
            "config.py": "Y = 1\n", "lib/config.py": "X = 2\n",
        },
        good={
            "main.py": "import sys\nsys.path.append('lib')\nimport config\nprint(config.Y)\n",
            "config.py": "Y = 1\n", "lib/config.py": "X = 2\n",
        },
        grades={
            "P1": "the import takes a name that the first one has not",
            "P2": "both have what it takes",
            "P3": "only tests do so",
        },
        is_joint=True,
        step=PlanStep(PATHS, 31, "Give every module a name of its own", minutes=30), cause=UNCHECKED_IMPORTS,
    ),
)  # fmt: skip
