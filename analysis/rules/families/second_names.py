"""One file under two names: one class alive twice, one registry twice, one body that runs twice."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from analysis import tables
from analysis.facts.source_tree import read_if_any
from analysis.facts.test_files import is_test_file
from analysis.graph.framework_names import LISTED
from analysis.graph.unknown_loads import LOADS_NOT_KNOWN
from analysis.resolve.second_names import SecondName
from analysis.rules import plan_phases, root_causes
from analysis.rules.context import RuleContext
from analysis.rules.finding import Finding, Place, build_finding
from analysis.rules.plan_phases import PlanStep
from analysis.rules.probe_evidence import ProbeEvidence
from analysis.rules.rule import Rule, RuleFigure
from analysis.rules.second_name_groups import find_group, find_leads
from analysis.rules.second_name_words import ANEW, STARTED, describe_listed, describe_loads, find_remedy
from analysis.rules.twice import Contents, find_contents

#: A package with as many files that run a few lines as the main program shows what each does: nobody starts these.
_MANY_DEMOS = 5


def find_second_names(case: RuleContext) -> dict[str, dict[str, Place]]:
    """Return the files that are loaded under several names: path, then name to one place that uses or gives it."""
    found: dict[str, dict[str, Place]] = defaultdict(dict)
    for each in case.second_names:
        for name, path, line in (
            (each.first_name, each.first_path, each.first_line),
            (each.second_name, each.second_path or each.evidence_path, each.second_line or each.evidence_line),
        ):
            found[each.path].setdefault(name, (path, line))
    return dict(sorted(found.items()))


def _check_second_names(case: RuleContext) -> Iterator[Finding]:
    grouped: dict[tuple[str, str], list[SecondName]] = defaultdict(list)
    leads = find_leads(case.second_names)
    for each in case.second_names:
        grouped[leads[each], find_group(each.kind)].append(each)
    contents = find_contents(case, {path for path, _ in grouped})
    started, demos = _find_failed_starts(case), _count_demos(grouped, contents)
    run = _find_run(case)
    for (path, kind), rows in sorted(grouped.items()):
        ordered = sorted(rows, key=lambda row: (row.path != path, row.is_test, row.is_deferred))
        failed = started.get(path) if kind in STARTED else None
        is_demo = path not in run and demos[_name_package(ordered[0])] >= _MANY_DEMOS
        listed = describe_listed(ordered, contents[path], case.tasks.get(path, ()))
        yield _build(case, ordered, contents[path], failed, listed, is_demo=is_demo and kind in STARTED)


def _find_run(case: RuleContext) -> frozenset[str]:
    """Return the files that something else than their own test of the name runs as the main program."""
    starts = case.target_resolver.starts
    return frozenset(each.path for each in starts if each.evidence_path != each.path or each.kind != "script")


def _count_demos(
    grouped: Mapping[tuple[str, str], Sequence[SecondName]], contents: Mapping[str, Contents]
) -> Counter[str]:
    """Return how many files of each package run a few lines as the main program, and no function of their own."""
    return Counter(
        _name_package(rows[0])
        for (path, kind), rows in grouped.items()
        if kind in STARTED and not contents[path].is_program
    )


def _name_package(row: SecondName) -> str:
    return row.first_name.partition(".")[0]


class _Failed(NamedTuple):
    """How a start as the main program fails although the first import of its module does not."""

    text: str
    place: Place


def _find_failed_starts(case: RuleContext) -> dict[str, _Failed]:
    columns = ("path", "exception", "message", "failed_path", "failed_line", "doubt")
    return {
        path: _Failed(f"{exception}: {text}", (failed_path, line))
        for path, exception, text, failed_path, line, doubt in tables.read_rows(
            case.runtime_table("simulated_starts"), *columns
        )
        if exception and failed_path and not doubt and path in case.simulated_well
    }


def _build(
    case: RuleContext,
    rows: Sequence[SecondName],
    whole: Contents,
    failed: _Failed | None,
    listed: str,
    *,
    is_demo: bool,
) -> Finding:
    path, kind = rows[0].path, rows[0].kind
    shared = whole.take({row.taken for row in rows})
    described = listed or shared.describe() or whole.describe()
    fails = f"The start fails at {failed.place[0]}:{failed.place[1]}: {failed.text}" if failed else ""
    parts = (describe_loads(path, rows), fails, described[:1].upper() + described[1:], find_remedy(path, rows, shared))
    message = ". ".join(filter(None, parts))
    places = [
        place
        for row in rows
        for place in (
            (row.first_path, row.first_line), (row.second_path, row.second_line), (row.evidence_path, row.evidence_line)
        )
        if place[0]
    ]  # fmt: skip
    places += [failed.place] if failed else []
    names = sorted({name for row in rows for name in (row.first_name, row.second_name)})
    marks = names if find_group(kind) == "search-path" else [kind, *names]
    severity = "P3" if is_demo and not failed else _grade(case, rows, shared, whole, failed)
    return build_finding("file-with-two-names", severity, path, message, places, marks)


def _grade(
    case: RuleContext, rows: Sequence[SecondName], shared: Contents, whole: Contents, failed: _Failed | None
) -> str:
    if all(row.is_test for row in rows):
        return _grade_tests(case, rows, shared, whole)
    if rows[0].kind in LISTED:
        return "P1"
    if rows[0].kind in STARTED:
        return "P1" if failed else "P2" if shared.counts or whole.registers else "P3"
    if rows[0].kind in ANEW and not shared.counts:
        return "P3"
    return "P1" if shared.counts and not all(row.is_deferred for row in rows) else "P2"


def _grade_tests(case: RuleContext, rows: Sequence[SecondName], shared: Contents, whole: Contents) -> str:
    """Return what it means that tests load a file again: a test that misses what the product raises or keeps fails.

    A class that only one of them takes by its name may still be what the other one's functions ask for: certainly
    where the product asks whether something is one of it.
    """
    meets = any(is_test_file(row.first_path) != is_test_file(row.second_path) for row in rows)
    meets |= not is_test_file(rows[0].path)
    if not meets or rows[0].kind in STARTED | ANEW:
        return "P3"
    if shared.exceptions or shared.state:
        return "P1"
    named = whole.take({name for row in rows for name in (row.taken, row.also_taken)} - {"."})
    if any(_asks_for(case, row, named.classes) for row in rows):
        return "P1"
    return "P2" if shared.counts or named.classes else "P3"


def _asks_for(case: RuleContext, row: SecondName, classes: Sequence[str]) -> bool:
    """Return whether the file, or a file of the product that imports it, asks for objects of one of some classes."""
    names = b"|".join(re.escape(name.encode()) for name in classes)
    asking = re.compile(rb"\b(?:isinstance|issubclass)\([^\n]*,[^\n]*\b(?:%s)\b|\bcase (?:%s)\(" % (names, names))
    for path in {row.path, row.first_path, row.second_path} if classes else ():
        if not is_test_file(path) and asking.search(read_if_any(case.facts.tree, path)):
            return True
    return False


def _confirm_two_names(finding: Finding, evidence: ProbeEvidence) -> str:
    rows = evidence.read_rows("executions", "path", "names")
    return "confirmed" if any(path == finding.subject and len(names) > 1 for path, names in rows) else "static"


RULES = (
    Rule(
        "file-with-two-names", "P1",
        "One file is loaded under two module names: through two folders of the search path, as the main program and by "
        "its name, by a loader, by a link. Python runs it once for each: two classes that look alike and fail "
        "isinstance, two registries, two singletons.",
        "Decide on one name, and load the file only by it; the finding says how.",
        _check_second_names,
        bad={
            "backend/app/__init__.py": "",
            "backend/app/m.py": "import app.n\n",
            "backend/app/n.py": "",
            "main.py": "import backend.app.n\n",
        },
        good={
            "backend/app/__init__.py": "",
            "backend/app/m.py": "import app.n\n",
            "backend/app/n.py": "",
            "main.py": "print('hello')\n",
        },
        grades={
            "P1": "a class, an exception or state of the file is used under both names, it holds models of Django or "
            "tasks of a queue, or its start fails; between a test and the product an exception, state, or a class for "
            "which the product asks",
            "P2": "nothing of the kind is known to be used by both, or only functions that are called lead there, or "
            "only a start as the main program does; between a test and the product a class",
            "P3": "tests alone load it twice, nothing in it can differ, or it is one of many demonstrations",
        },
        is_joint=True,
        step=PlanStep(plan_phases.PATHS, 30, "Import every file by one name", minutes=15), cause=root_causes.PATHS,
        confirm=_confirm_two_names,
        figure=RuleFigure(
            110, "files-with-two-names", "Files loaded under two names", "File loaded under two names", LOADS_NOT_KNOWN,
            "statement loads what is computed", "statements load what is computed", is_open=True,
        ),
    ),
)  # fmt: skip
