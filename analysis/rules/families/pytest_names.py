"""Test files whose names collide under pytest: with one another, or with a package of the product."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from analysis.resolve.pytest_names import HidingFolder, PytestNames
from analysis.rules.context import RuleContext, ask_once
from analysis.rules.finding import Finding, build_finding
from analysis.rules.plan_phases import PATHS, PlanStep
from analysis.rules.root_causes import UNCHECKED_IMPORTS
from analysis.rules.rule import Rule
from analysis.wording import format_some


@ask_once
def _name_tests(case: RuleContext) -> PytestNames:
    return PytestNames(case.target_resolver)


def _check_shared(case: RuleContext) -> Iterator[Finding]:
    for each in _name_tests(case).find_shared():
        message = (
            f"pytest imports {format_some(each.paths)} as {each.name}, since no __init__.py makes their names differ: "
            f"a run of both ends with 'import file mismatch', and the second is not run"
        )
        places = [(path, 1) for path in each.paths]
        yield build_finding("test-files-share-name", "P2" if each.is_run else "P3", each.name, message, places)


def _check_hiding(case: RuleContext) -> Iterator[Finding]:
    grouped: dict[tuple[str, str], list[HidingFolder]] = defaultdict(list)
    for each in _name_tests(case).find_hiding():
        grouped[each.hiding, each.hidden].append(each)
    for (hiding, hidden), rows in sorted(grouped.items()):
        first = rows[0]
        message = (
            f"pytest puts {first.root} first on the search path for {first.test}, so that {hiding} hides {hidden}: "
            f"the import of {first.missing} at {first.path}:{first.line} fails, since the package of tests has no such "
            f"thing. Put an __init__.py into {first.root}, or give the folder another name"
        )
        places = [*((row.path, row.line) for row in rows), (hiding, 1), (hidden, 1)]
        yield build_finding("tests-hide-package", "P2", hidden, message, places, [hiding])


RULES = (
    Rule(
        "test-files-share-name", "P2",
        "Two test files have one name in folders without __init__.py. pytest imports both under that name, in its "
        "default import mode: the second is an error, not a test.",
        "Put an __init__.py into the folders, give the files different names, or use --import-mode=importlib.",
        _check_shared,
        bad={"pytest.ini": "[pytest]\n", "tests/a/test_api.py": "", "tests/b/test_api.py": "", "app.py": ""},
        good={
            "pytest.ini": "[pytest]\n", "tests/a/__init__.py": "", "tests/a/test_api.py": "",
            "tests/b/__init__.py": "", "tests/b/test_api.py": "", "app.py": "",
        },
        grades={"P2": "configuration or a command says that pytest runs them", "P3": "nothing says so"},
        is_joint=True,
        step=PlanStep(PATHS, 46, "Give test files names of their own", minutes=5), cause=UNCHECKED_IMPORTS,
    ),
    Rule(
        "tests-hide-package", "P2",
        "A package of tests is named like one of the product, and lies in a folder without __init__.py. pytest puts "
        "that folder first on the search path: imports of the product take the package of tests.",
        "Put an __init__.py into the folder around it, give it another name, or use --import-mode=importlib.",
        _check_hiding,
        bad={
            "app/__init__.py": "", "app/core.py": "X = 1\n", "tests/app/__init__.py": "",
            "tests/app/test_core.py": "from app.core import X\n",
        },
        good={
            "app/__init__.py": "", "app/core.py": "X = 1\n", "tests/__init__.py": "", "tests/app/__init__.py": "",
            "tests/app/test_core.py": "from app.core import X\n",
        },
        is_joint=True,
        step=PlanStep(PATHS, 46, "Give packages of tests names of their own", minutes=5), cause=UNCHECKED_IMPORTS,
    ),
)  # fmt: skip
