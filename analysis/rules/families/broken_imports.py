"""Imports that cannot work, or that fail without anybody noticing."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from analysis import tables
from analysis.facts.context import swallows_import_errors
from analysis.facts.test_files import is_test_file
from analysis.graph.edges import EXPECTED
from analysis.resolve import BEYOND_TOP
from analysis.resolve.imports import NOT_ON_PATH
from analysis.rules.context import RuleContext
from analysis.rules.cycle_edges import CycleEdge
from analysis.rules.cycle_outcomes import format_left
from analysis.rules.edits import PlannedEdit, PlannedWork, list_evidence
from analysis.rules.finding import Finding, Place, build_finding
from analysis.rules.plan_phases import ENTRY_POINTS, PlanStep
from analysis.rules.probe_evidence import ProbeEvidence, confirm_absent
from analysis.rules.root_causes import CYCLES, UNCHECKED_IMPORTS
from analysis.rules.rule import Rule, RuleFigure
from analysis.tables.simulation import CIRCULAR
from analysis.wording import choose_form, format_count, format_some


def find_swallowed(case: RuleContext, *, with_ancestors: bool = False) -> dict[str, list[CycleEdge]]:
    """Return per importer its imports inside an import-time cycle whose failure is swallowed.

    An import in an ``except`` block is not one: it runs after a failure, and its own is not swallowed there.
    """
    found: dict[str, list[CycleEdge]] = defaultdict(list)
    inner = case.cycle_edges_with_packages if with_ancestors else case.cycle_edges
    for edges in inner.values():
        for edge in edges:
            if edge.guard != "except" and swallows_import_errors(edge.caught):
                found[edge.importer].append(edge)
    return dict(sorted(found.items()))


def _check_swallowed(case: RuleContext) -> Iterator[Finding]:
    rule = "swallowed-circular-import"
    plain = _leave_out_missing(case, find_swallowed(case))
    lost = _find_lost(case)
    through_packages = _leave_out_missing(case, find_swallowed(case, with_ancestors=True))
    for importer, edges in sorted({**through_packages, **plain}.items()):
        where = "on a cycle" if importer in plain else "on a cycle through packages"
        severity = "P2"
        imported = sorted({edge.imported for edge in edges})
        names = sorted({edge.bound_as if edge.name else "" for edge in edges} - {"", "*"})
        left = f"{format_some(names)} may not be what is imported" if names else "it may not be what is imported"
        message = (
            f"{importer} imports {format_some(imported)} {where}, inside a try that swallows the failure: "
            f"depending on which module is imported first, {left}, and nothing reports it"
        )
        places = [(edge.path, edge.line) for edge in edges]
        rows = [lost[place] for place in dict.fromkeys(places) if place in lost]
        if rows:
            severity, message = "P1", f"{message}. {_format_lost(rows)}"
        elif case.is_simulated and {path for path, _ in places} <= case.simulated_well:
            message += ". Every module can be imported first today: another order, or one more import, may lose it"
        yield build_finding(rule, severity, importer, message, places, imported)
    known = {(edge.path, edge.line) for edges in (*plain.values(), *through_packages.values()) for edge in edges}
    yield from _check_called(case, known)


def _leave_out_missing(case: RuleContext, found: Mapping[str, list[CycleEdge]]) -> dict[str, list[CycleEdge]]:
    """Return the imports by importer without those of a name that is nowhere: it is missing in every order."""
    resolver = case.target_resolver
    modules = {module.name: module for module in resolver.imports.index.modules}
    kept = {}
    for importer, edges in found.items():
        known = [
            edge
            for edge in edges
            if edge.is_ancestor
            or edge.name in {"", "*"}
            or edge.imported not in modules
            or edge.imported.endswith(f".{edge.name}")  # a submodule
            or not resolver.is_nowhere(modules[edge.imported], edge.name)
        ]
        if known:
            kept[importer] = known
    return kept


def _check_called(case: RuleContext, known: set[Place]) -> Iterator[Finding]:
    """Yield what the graph does not show: failures inside functions that run on import, by the try that swallows them.

    ``known`` are the statements of which a finding is made already.
    """
    groups: dict[Place, list[Mapping[str, Any]]] = defaultdict(list)
    for row in case.runtime_table("simulated_swallowed").to_pylist():
        caught, place = (row["caught_path"], row["caught_line"]), (row["path"], row["line"])
        if row["outcome"] in CIRCULAR and caught not in known and place not in known:
            groups[caught].append(row)
    for caught, rows in sorted(groups.items()):
        importer = case.homes.get(caught[0], caught[0])
        entries = sorted({row["entry"] for row in rows})
        wanted = sorted({f"{row['name']} of {row['module']}" if row["name"] else row["module"] for row in rows})
        left = format_left(row["left_as"] for row in rows)
        message = (
            f"A try in {importer} swallows a circular import when {_count_entries(entries)} imported first: "
            f"{format_some(wanted)} {choose_form(len(wanted), 'is', 'are')} not defined yet"
            f"{f', and {left}' if left else ''}. Nothing reports it"
        )
        places = [caught, *sorted({(row["path"], row["line"]) for row in rows})]
        yield build_finding("swallowed-circular-import", "P1", importer, message, places, wanted, counted=[caught])


def _count_entries(entries: Sequence[str]) -> str:
    verb = choose_form(len(entries), "is", "are")
    return f"{entries[0]} {verb}" if len(entries) == 1 else f"any of {format_count(len(entries), 'module')} {verb}"


def _find_lost(case: RuleContext) -> dict[tuple[str, int], list[Mapping[str, Any]]]:
    """Return the circular failures that first imports swallow, by the simulation: by statement that is protected."""
    found: dict[tuple[str, int], list[Mapping[str, Any]]] = defaultdict(list)
    for row in case.runtime_table("simulated_swallowed").to_pylist():
        if row["outcome"] in CIRCULAR:
            for place in {(row["path"], row["line"]), (row["caught_path"], row["caught_line"])}:
                found[place].append(row)
    return found


def _format_lost(groups: Sequence[Sequence[Mapping[str, Any]]]) -> str:
    entries = {row["entry"] for rows in groups for row in rows}
    left = format_left(row["left_as"] for rows in groups for row in rows)
    loses = f": {left}" if left else ""
    return f"The simulation confirms it when {format_some(sorted(entries))} is imported first{loses}"


def grade_missing(row: Mapping[str, Any]) -> str:
    """Return the severity of one import of what does not exist, by where its statement stands.

    P1 when it fails whenever the importer is imported; P2 when it is guarded or waits for a call; P3 when it is for
    type checkers, or guarded in a test.
    """
    if row["scope"] == "type_checking":
        return "P3"
    is_swallowed = swallows_import_errors(row["caught"])
    if is_swallowed and is_test_file(row["path"]):
        return "P3"  # tests try what may not be there
    is_guarded = row["liveness"] != "always" or is_swallowed
    return "P2" if is_guarded or row["scope"] == "function" else "P1"


def works_in_simulation(row: Mapping[str, Any], case: RuleContext) -> bool:
    """Return whether the import of what seems to be missing succeeds: its module imports well, and surely runs it."""
    runs = row["scope"] in {"module", "class"} and row["liveness"] == "always"
    return runs and not swallows_import_errors(row["caught"]) and row["path"] in case.simulated_well


#: Reasons that leave no doubt: the module is not there when the program runs.
_CERTAIN = frozenset({"no-such-module", "stub-only", BEYOND_TOP})
_DOUBTS = {
    "another-part": "another part of the namespace package may have it",
    "made-by-build": "the build makes it",
    "ignored-by-git": "git ignores it, so that only a fresh clone lacks it",
}


#: Files that tools write when a distribution is built, by the last part of their name.
_WRITTEN = frozenset({"_version", "__version__", "_version_info", "_build_info", "_generated_version"})


def _grade_phantom(row: Mapping[str, Any]) -> str:
    is_written = row["module"].rpartition(".")[2] in _WRITTEN and swallows_import_errors(row["caught"])
    return grade_missing(row) if row["reason"] in _CERTAIN and not is_written else "P3"


def _describe_doubt(reasons: Sequence[str]) -> str:
    known = [_DOUBTS[reason] for reason in reasons if reason in _DOUBTS]
    made = ", ".join(reason.replace("-", " ") for reason in reasons if reason not in _DOUBTS)
    return "".join(f"; {text}" for text in [*known, *([f"it may be made at run time: {made}"] if made else [])])


def find_known_phantoms(case: RuleContext) -> set[Place]:
    """Return the statements of which a finding says that they fail on import, or that they may not."""
    rows = [(row, row["reason"] not in _CERTAIN) for row in case.graph.phantoms.to_pylist()]
    rows += [(row, row["reason"] == "other-interpreter") for row in case.identity.phantom_names.to_pylist()]
    return {
        (row["path"], row["line"])
        for row, is_doubtful in rows
        if row["liveness"] != "never" and (is_doubtful or grade_missing(row) == "P1")
    }


def _confirm_swallowed(finding: Finding, evidence: ProbeEvidence) -> str:
    """A suspect: confirmed when a cycle raised there, refuted when the module imports and nothing ever raised."""
    places = finding.cited
    if any(evidence.raised.get(place, set()) & CIRCULAR for place in places):
        return "confirmed"
    ran = all(place in evidence.unconditional and place[0] in evidence.imported for place in places)
    return "refuted" if ran and not any(place in evidence.raised for place in places) else "static"


_PLACES = {"P1": "on import", "P2": "guarded or in functions", "P3": "uncertain or for type checkers"}


def _check_phantoms(case: RuleContext) -> Iterator[Finding]:
    rule = "phantom-import"
    by_module: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in case.graph.phantoms.to_pylist():
        is_for_checkers = row["reason"] == "stub-only" and row["scope"] == "type_checking"
        is_right = is_for_checkers or row["reason"] in {NOT_ON_PATH, EXPECTED}
        if is_right or row["liveness"] == "never" or works_in_simulation(row, case):
            continue
        by_module[row["path"] if row["reason"] == BEYOND_TOP else row["module"]].append(row)
    for module, rows in sorted(by_module.items()):
        rows.sort(key=_grade_phantom)
        grades = {(row["path"], row["line"]): _grade_phantom(row) for row in reversed(rows)}
        doubt = _describe_doubt(sorted({row["reason"] for row in rows} - _CERTAIN))
        if rows[0]["reason"] == BEYOND_TOP:
            yield _build_beyond(rows, _format_statements(list(grades.values())))
            continue
        is_stub = rows[0]["reason"] == "stub-only"
        absent = "exists as a stub for type checkers only" if is_stub else "does not exist"
        near = f"; the nearest name is {rows[0]['nearest']}" if rows[0]["nearest"] else ""
        message = f"{module} {absent}, but {_format_statements(list(grades.values()))}{near}{doubt}"
        places = [(row["path"], row["line"]) for row in rows]
        yield build_finding(rule, _grade_phantom(rows[0]), module, message, places)


def _list_corrections(work: PlannedWork) -> Iterator[PlannedEdit]:
    """Yield each import of a module that does not exist, with the nearest one."""
    nearest = dict(tables.read_rows(work.read_table("phantoms"), "module", "nearest"))
    for row in work.rows:
        near = nearest.get(row["subject"], "")
        words = f"import {near} if that is meant, or delete the import" if near else "correct or delete the import"
        yield from list_evidence(row, words)


def _build_beyond(rows: Sequence[Mapping[str, Any]], statements: str) -> Finding:
    """Return the finding of one file whose relative imports leave its top-level package."""
    importer, names = rows[0]["importer"], sorted({row["module"] for row in rows})
    message = f"{format_some(names)} in {importer} leads beyond the top-level package: {statements}"
    places = [(row["path"], row["line"]) for row in rows]
    return build_finding("phantom-import", _grade_phantom(rows[0]), importer, message, places, names)


def _format_statements(grades: Sequence[str]) -> str:
    """Return how many statements import it, and where they stand when they differ."""
    counts = Counter(grades)
    counted = f"{format_count(len(grades), 'statement')} {choose_form(len(grades), 'imports', 'import')} it"
    where = ", ".join(f"{counts[grade]:,} {words}" for grade, words in _PLACES.items() if counts[grade])
    return f"{counted} ({where})" if len(counts) > 1 else f"{counted} ({_PLACES[grades[0]]})"


_GUARDED = "try:\n    from p.a import x\nexcept ImportError:\n    x = None\n"
_CYCLE = {"p/__init__.py": "", "p/a.py": "from p import b\nx = 1\n"}

RULES = (
    Rule(
        "swallowed-circular-import", "P1",
        "An import that lies on a cycle stands in a try that catches ImportError. When it fails on a partially "
        "initialized module, nothing crashes: a name stays None, or the module runs twice and its classes exist twice.",
        "Break the cycle, then remove the try. Where the fallback is wanted, catch it at the place of use.",
        _check_swallowed,
        bad={**_CYCLE, "p/b.py": _GUARDED},
        good={"p/__init__.py": "", "p/a.py": "x = 1\n", "p/b.py": _GUARDED},
        grades={
            "P1": "the simulation shows a first import that loses the name",
            "P2": "every module can be imported first today, or that was not simulated",
        },
        weight=3,
        step=PlanStep(ENTRY_POINTS, 50, "Remove the try blocks that hide failing imports", minutes=20), cause=CYCLES,
        confirm=_confirm_swallowed, hints_at_flaky_tests=True,
        figure=RuleFigure(
            30, "imports-that-can-fail-silently", "Imports that can fail silently",
            "Import that can fail silently",
        ),
    ),
    Rule(
        "phantom-import", "P1",
        "A module of the tree is imported that does not exist. Unguarded it fails on import, guarded the fallback is "
        "always taken, inside a function it fails when the function is called.",
        "Correct the name (the nearest one is given), restore the module, or delete the import and what depends on it.",
        _check_phantoms,
        bad={"p/__init__.py": "", "p/a.py": "from p.missing import x\n"},
        good={"p/__init__.py": "", "p/a.py": "from p.there import x\n", "p/there.py": "x = 1\n"},
        grades={
            "P1": "a statement fails whenever its module is imported",
            "P2": "the statements are guarded, or wait inside functions",
            "P3": "they are for type checkers only or guarded in tests, or the module may be made at run time",
        },
        step=PlanStep(ENTRY_POINTS, 30, "Correct or delete imports of modules that do not exist", minutes=10),
        cause=UNCHECKED_IMPORTS,
        confirm=confirm_absent, list_edits=_list_corrections,
        figure=RuleFigure(
            60, "phantom-imports", "Imports of modules that do not exist",
            "Import of a module that does not exist", "phantom-modules", "missing module",
            "missing modules",
        ),
    ),
)  # fmt: skip
