"""One file under two names: one class alive twice, one registry twice, one body that runs twice."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from analysis.resolve.second_names import SecondName
from analysis.rules import plan_phases, root_causes
from analysis.rules.context import RuleContext
from analysis.rules.finding import Finding, Place, build_finding
from analysis.rules.plan_phases import PlanStep
from analysis.rules.probe_evidence import ProbeEvidence
from analysis.rules.rule import Rule, RuleFigure
from analysis.rules.second_name_words import SENTENCES, find_remedy
from analysis.rules.twice import Contents, find_contents

#: The kinds whose two names are only loaded when somebody starts the file as a program.
_STARTED = frozenset({"main"})


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
    for each in case.second_names:
        grouped[each.path, each.kind].append(each)
    contents = find_contents(case, {path for path, _ in grouped})
    for (path, kind), rows in sorted(grouped.items()):
        yield _build(path, kind, sorted(rows, key=lambda row: (row.is_test, row.is_deferred)), contents[path])


def _build(path: str, kind: str, rows: Sequence[SecondName], whole: Contents) -> Finding:
    shared = whole.take({row.taken for row in rows})
    described = shared.describe() or whole.describe()
    consequence = f": {described}" if described else ""
    message = f"{SENTENCES[kind](path, rows)}{consequence}. {find_remedy(kind, path, rows, shared)}"
    places = [
        place
        for row in rows
        for place in (
            (row.first_path, row.first_line), (row.second_path, row.second_line), (row.evidence_path, row.evidence_line)
        )
        if place[0]
    ]  # fmt: skip
    names = sorted({name for row in rows for name in (row.first_name, row.second_name)})
    marks = names if kind == "search-path" else [kind, *names]
    return build_finding("file-with-two-names", _grade(kind, rows, shared), path, message, places, marks)


def _grade(kind: str, rows: Sequence[SecondName], shared: Contents) -> str:
    if all(row.is_test for row in rows):
        return "P3"
    if kind in _STARTED:
        return "P2" if shared.counts or shared.registers else "P3"
    return "P1" if shared.counts and not all(row.is_deferred for row in rows) else "P2"


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
            "P1": "a class, an exception or state of the file is used under both names, or its start fails",
            "P2": "nothing of the kind is known to be used by both, or only functions that are called lead there, or "
            "only a start as the main program does",
            "P3": "only tests load it twice, or nothing in it can differ",
        },
        is_joint=True,
        step=PlanStep(plan_phases.PATHS, 30, "Import every file by one name"), cause=root_causes.PATHS,
        confirm=_confirm_two_names,
        figure=RuleFigure(110, "files-with-two-names", "Files loaded under two names"),
    ),
)  # fmt: skip
