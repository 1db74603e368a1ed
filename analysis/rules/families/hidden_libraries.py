"""A file beside a script that hides a module of the standard library from it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from analysis.facts.test_files import is_test_file
from analysis.resolve.hidden_libraries import HiddenLibrary, find_hidden_libraries
from analysis.rules.context import RuleContext
from analysis.rules.finding import Finding, build_finding
from analysis.rules.plan_phases import ENTRY_POINTS, PlanStep
from analysis.rules.root_causes import UNCHECKED_IMPORTS
from analysis.rules.rule import Rule
from analysis.wording import format_count, format_some


def _check_hidden(case: RuleContext) -> Iterator[Finding]:
    grouped: dict[str, list[HiddenLibrary]] = defaultdict(list)
    for each in find_hidden_libraries(case.target_resolver):
        grouped[each.neighbour].append(each)
    for neighbour, rows in sorted(grouped.items()):
        rows.sort(key=lambda row: (not row.missing, row.is_guess, row.is_later, bool(row.through),
                                   is_test_file(row.script), row))  # fmt: skip
        is_test = all(is_test_file(row.script) for row in rows)
        is_open = rows[0].is_later or rows[0].is_guess
        is_test = is_test or (is_open and _is_packaged(case, rows[0].script))
        severity = "P3" if is_test or not rows[0].missing else "P2" if is_open else "P1"
        places = [*((row.path, row.line) for row in rows), (neighbour, 1)]
        message = _describe(neighbour, rows)
        yield build_finding("library-hidden-from-script", severity, neighbour, message, places, [])


def _is_packaged(case: RuleContext, path: str) -> bool:
    """Return whether a file lies in a package: it is more often run with -m."""
    return f"{path.rpartition('/')[0]}/__init__.py".lstrip("/") in case.target_resolver.index.paths


def _describe(neighbour: str, rows: Sequence[HiddenLibrary]) -> str:
    first = rows[0]
    scripts = sorted({row.script for row in rows})
    more = f" (and {format_count(len(scripts) - 1, 'other script')} beside it)" if scripts[1:] else ""
    when = " for its functions" if first.is_later else ""
    lacks = f", which has no {format_some(first.missing)}{when}" if first.missing else ""
    module = first.script.removesuffix(".py").replace("/", ".")
    otherwise = f", or start it as python -m {module}" if "." in module else ""
    return (
        f"{neighbour} hides the standard library's {first.name}: python {first.script}{more} has its own folder first "
        f"on the search path, and {_say_import(first)} takes the neighbour{lacks}. "
        f"Rename {neighbour}{otherwise}"
    )


def _say_import(row: HiddenLibrary) -> str:
    place = f"{row.path}:{row.line}"
    if not row.through:
        return f"the import at {place}"
    return f"the library's own {row.through} (line {row.through_line}), to which the import at {place} leads,"


RULES = (
    Rule(
        "library-hidden-from-script", "P1",
        "A file beside a script is named like a module of the standard library. The folder of a script comes first on "
        "its search path, so that the script, and every library that it imports, gets the neighbour.",
        "Rename the neighbour, or start the script as a module with python -m.",
        _check_hidden,
        bad={
            "utils/__init__.py": "", "utils/calendar.py": "DAYS = 7\n",
            "utils/run.py": "import calendar\nif __name__ == '__main__':\n    print(calendar.month(2024, 1))\n",
        },
        good={
            "utils/__init__.py": "", "utils/calendar.py": "DAYS = 7\n",
            "utils/run.py": "import calendar\ndef show():\n    print(calendar.month(2024, 1))\n",
        },
        grades={
            "P1": "the script takes a name that the neighbour has not",
            "P2": "only functions of the library take one, or nothing says that the file is started",
            "P3": "only tests are started so, such a file lies in a package, or it is not known what the import takes",
        },
        step=PlanStep(ENTRY_POINTS, 45, "Rename files that hide the standard library", minutes=20),
        cause=UNCHECKED_IMPORTS,
    ),
)  # fmt: skip
