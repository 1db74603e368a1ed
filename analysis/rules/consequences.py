"""Findings with one cause: which findings go when another is fixed.

A cycle, the first imports that fail because of it, the names that these silently lose and the modules that run twice
are one fault. The finding about the cycle is the cause of the others where the simulation without its cut says so, or
where the statement lies on the cycle. First imports that fail at one statement without such a cycle have the first of
them as their cause, and so have findings about one object that all users share.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from analysis import tables
from analysis.rules.context import RuleContext
from analysis.rules.finding import Finding, Place, fingerprint
from analysis.rules.same_objects import find_same_objects
from analysis.tables.simulation import CIRCULAR

_FAILS, _TWICE, _SWALLOWED = "module-fails-when-imported-first", "module-executed-twice", "swallowed-circular-import"
#: The rules about import-time cycles, by whether packages on the way count.
_CYCLES = {False: "import-cycle", True: "import-cycle-through-packages"}


@dataclass(frozen=True, slots=True)
class _Cause:
    """One cycle that is found: its finding, what its cut restores, the pairs that the cut removes, its statements."""

    name: str
    restored: frozenset[str]
    cut: frozenset[tuple[str, str]]
    places: frozenset[Place]
    with_ancestors: bool


def name_causes(findings: Sequence[Finding], case: RuleContext) -> list[Finding]:
    """Return the findings, those that are consequences of another with its fingerprint as their ``cause``."""
    known = {finding.fingerprint for finding in findings}
    cycles = [cause for cause in _find_cycles(case) if cause.name in known]
    entries = _find_entries(case)
    causes = dict(_join_cycles(cycles))
    for finding in findings:
        cause = next((each for each in cycles if _explains(each, finding, entries)), None)
        if cause is not None:
            causes[finding.fingerprint] = causes.get(cause.name, cause.name)
    causes |= _find_same_statement(each for each in findings if each.fingerprint not in causes)
    causes |= find_same_objects([each for each in findings if each.fingerprint not in causes], case)
    return [replace(each, cause=causes[each.fingerprint]) if each.fingerprint in causes else each for each in findings]


def _find_cycles(case: RuleContext) -> Iterator[_Cause]:
    """Yield the import-time cycles, those that need no packages on the way first."""
    chosen = [cycle for cycle in case.cycles if cycle.kind == "import-time"]
    for cycle in sorted(chosen, key=lambda cycle: (cycle.with_ancestors, -cycle.size, cycle.cycle)):
        trial = case.cut_trials.get(cycle.cycle)
        yield _Cause(
            fingerprint(_CYCLES[cycle.with_ancestors], cycle.modules[0], *cycle.modules),
            frozenset(trial["restored"] if trial else ()),
            frozenset((step.importer, step.imported) for step in cycle.cut),
            frozenset(case.cycle_places.get(cycle.cycle, ())),
            cycle.with_ancestors,
        )


def _join_cycles(cycles: Sequence[_Cause]) -> Iterator[tuple[str, str]]:
    """Yield the cycles through packages that an import which cuts a plain cycle cuts too, each with that."""
    for cycle in cycles:
        if cycle.with_ancestors:
            plain = (each for each in cycles if not each.with_ancestors and each.cut & cycle.cut)
            yield from ((cycle.name, each.name) for each in list(plain)[:1])


def _explains(cause: _Cause, finding: Finding, entries: _Entries) -> bool:
    if finding.rule == _FAILS:
        return finding.subject in cause.restored
    if finding.rule == _TWICE:
        found = entries.running_twice.get(finding.subject, frozenset())
        return bool(found) and found <= cause.restored
    if finding.rule == _SWALLOWED:
        lost = frozenset(entry for place in finding.cited for entry in entries.losing.get(place, ()))
        return not cause.places.isdisjoint(finding.cited) or (bool(lost) and lost <= cause.restored)
    return False


@dataclass(frozen=True, slots=True)
class _Entries:
    """The first imports with which a module runs twice, by module, and that lose something, by statement."""

    running_twice: dict[str, frozenset[str]]
    losing: dict[Place, frozenset[str]]


def _find_entries(case: RuleContext) -> _Entries:
    twice: dict[str, set[str]] = defaultdict(set)
    for entry, module in tables.read_rows(case.runtime_table("simulated_executions"), "entry", "module"):
        twice[module].add(entry)
    losing: dict[Place, set[str]] = defaultdict(set)
    columns = ("entry", "outcome", "path", "line", "caught_path", "caught_line")
    for entry, outcome, *place in tables.read_rows(case.runtime_table("simulated_swallowed"), *columns):
        if outcome in CIRCULAR:
            losing[place[0], place[1]].add(entry)
            losing[place[2], place[3]].add(entry)
    return _Entries(
        {module: frozenset(found) for module, found in twice.items()},
        {place: frozenset(found) for place, found in losing.items()},
    )


def _find_same_statement(findings: Iterable[Finding]) -> dict[str, str]:
    """Return the cause of each first import that fails where another does: the first of them."""
    first: dict[Place, str] = {}
    causes: dict[str, str] = {}
    for finding in sorted(findings):
        if finding.rule == _FAILS and finding.cited:
            cause = first.setdefault(finding.cited[0], finding.fingerprint)
            if cause != finding.fingerprint:
                causes[finding.fingerprint] = cause
    return causes
