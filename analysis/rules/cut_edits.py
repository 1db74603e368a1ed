"""Which import statements to change so that a cycle is gone: as simulated where that was tried, else by the graph."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from analysis import tables
from analysis.rules.cycle_edges import DEFERRED, TYPING, CycleGroup
from analysis.rules.edits import PlannedEdit, PlannedWork
from analysis.rules.finding import Place, fingerprint
from analysis.steps import read_statement

_SEPARATOR = " -> "
#: Statements of these scopes make the edges of a kind of cycle.
_SCOPES = {DEFERRED.kind: {"module", "class", "function"}, TYPING.kind: set(tables.SCOPES)}
_ON_IMPORT = {"module", "class"}


def list_cuts(rule: str, group: CycleGroup, work: PlannedWork) -> Iterator[PlannedEdit]:
    """Yield the statements that the cut of each cycle changes, for the cycles that the findings of a rule are about."""
    wanted = {row["fingerprint"] for row in work.rows}
    columns = ("cycle", "kind", "with_ancestors", "modules", "cut")
    cycles = {
        cycle: (fingerprint(rule, modules[0], *modules), cut)
        for cycle, kind, with_ancestors, modules, cut in tables.read_rows(work.read_table("cycles"), *columns)
        if (kind, with_ancestors) == group
    }
    chosen = {cycle: (mark, cut) for cycle, (mark, cut) in cycles.items() if mark in wanted}
    trials = {
        cycle: statements
        for cycle, statements in tables.read_rows(work.read_table("cut_trials"), "cycle", "statements")
        if cycle in chosen and statements
    }
    cuts = {tuple(edge.split(_SEPARATOR)) for cycle, (_, cut) in chosen.items() if cycle not in trials for edge in cut}
    places = _find_statements(work, group, cuts)
    for cycle, (mark, cut) in chosen.items():
        if cycle in trials:
            yield from _defer(trials[cycle], mark)
            continue
        for edge in cut:
            imported = edge.partition(_SEPARATOR)[2]
            words = f"remove the import of {imported}: move what both sides need to where neither imports the other"
            yield from (PlannedEdit(*place, words, "", mark) for place in places[tuple(edge.split(_SEPARATOR))])


def _defer(statements: Iterable[str], mark: str) -> Iterator[PlannedEdit]:
    for step in map(read_statement, statements):
        if step is not None:
            words = f"move the import of {step.module} into the functions that use it (simulated: the failures go)"
            yield PlannedEdit(step.path, step.line, words, "", mark)


def _find_statements(
    work: PlannedWork, group: CycleGroup, cuts: set[tuple[str, ...]]
) -> Mapping[tuple[str, ...], list[Place]]:
    """Return where the statements stand that make each edge of some cuts, sorted."""
    found: dict[tuple[str, ...], set[Place]] = defaultdict(set)
    scopes = _SCOPES.get(group.kind, _ON_IMPORT)
    columns = ("importer", "imported", "scope", "is_ancestor", "path", "line")
    edges = tables.read_rows(work.read_table("edges"), *columns) if cuts else ()
    for importer, imported, scope, is_ancestor, path, line in edges:
        if (importer, imported) in cuts and scope in scopes and (group.with_ancestors or not is_ancestor):
            found[importer, imported].add((path, line))
    return defaultdict(list, {edge: sorted(places) for edge, places in found.items()})
