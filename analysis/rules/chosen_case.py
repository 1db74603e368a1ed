"""The case of the chosen packages alone, as the figures of a report count it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pyarrow as pa

from analysis import tables
from analysis.rules.context import RuleContext
from analysis.rules.target_packages import ChosenCode, choose_code, choose_paths, choose_rows

_GOLDEN = frozenset(table.name for table in tables.GOLDEN_TABLES)


def choose_case(case: RuleContext) -> RuleContext:
    """Return the case with what ``[target] packages`` chooses: files, statements, and what touches them.

    A cycle, a name or a concept that reaches into other packages stays whole. Without packages it is the case itself.
    """
    chosen = case.chosen
    if chosen is None:
        return case
    facts, graph, identity = case.facts, case.graph, case.identity
    redirects = tuple(each for each in case.policy.redirect if any(map(chosen.has_module, each.paths)))
    narrowed = replace(
        case,
        facts=replace(facts, **{name: choose_paths(chosen, getattr(facts, name))
                                for name in ("files", "modules", "imports", "definitions")}),
        graph=replace(graph, edges=choose_paths(chosen, graph.edges), phantoms=_keep(graph.phantoms, chosen, "module"),
                      externals=choose_rows(graph.externals, "importer", chosen.has_module)),
        cycles=tuple(cycle for cycle in case.cycles if any(map(chosen.has_module, cycle.modules))),
        duplicate_names=tuple(each for each in case.duplicate_names if any(map(chosen.has_module, each.modules))),
        concepts=tuple(each for each in case.concepts
                       if not each.members or any(chosen.has_path(member.path) for member in each.members)),
        identity=replace(identity, violations=_keep(identity.violations, chosen, "definition"),
                         phantom_names=_keep(identity.phantom_names, chosen, "module"),
                         conflicts=choose_rows(identity.conflicts, "import_paths",
                                           lambda paths: any(map(chosen.has_module, paths)))),
        policy=case.policy.model_copy(update={"redirect": redirects}),
        runtime_tables=_keep_runtime_tables(case.runtime_tables, chosen),
    )  # fmt: skip
    # What first imports make of a cycle takes those of all its modules.
    narrowed.__dict__["cycle_outcomes"] = case.cycle_outcomes
    return narrowed


def keep_own(case: RuleContext) -> RuleContext:
    """Return the case without what code beside the target says of names, missing modules and libraries.

    What touches the target stays: its edges to that code and back, and the cycles through both.
    """
    if case.siblings is None:
        return case
    own = choose_code((), case.facts.modules, case.siblings.table)
    if own is None:
        return case
    graph, identity = case.graph, case.identity
    pairs = [
        own.has_module(first) and own.has_module(second)
        for first, second in tables.read_rows(identity.duplicates, "first", "second")
    ]
    return replace(
        case,
        graph=replace(graph, phantoms=choose_rows(graph.phantoms, "path", own.has_path),
                      externals=choose_rows(graph.externals, "path", own.has_path)),
        identity=replace(
            identity,
            paths=choose_rows(identity.paths, "module", own.has_module),
            violations=choose_rows(identity.violations, "path", own.has_path),
            phantom_names=choose_rows(identity.phantom_names, "path", own.has_path),
            conflicts=choose_rows(identity.conflicts, "import_paths", lambda paths: any(map(own.has_module, paths))),
            duplicates=identity.duplicates.filter(pa.array(pairs, pa.bool_())),
            folder_copies=choose_rows(
                choose_rows(identity.folder_copies, "first", own.has_path), "second", own.has_path
            ),
        ),
    )  # fmt: skip


def _keep(table: pa.Table, chosen: ChosenCode, column: str) -> pa.Table:
    """Return the rows whose statement is in the chosen packages, or is about a module or class of theirs."""
    wanted = [
        chosen.has_path(path) or chosen.has_module(name.partition(":")[0])
        for path, name in tables.read_rows(table, "path", column)
    ]
    return table.filter(pa.array(wanted, pa.bool_()))


def _keep_runtime_tables(runtime_tables: Mapping[str, pa.Table], chosen: ChosenCode) -> dict[str, pa.Table]:
    found = {}
    for name, table in runtime_tables.items():
        names = set(table.column_names)
        if name in _GOLDEN or not names & {"path", "module", "definition"}:
            found[name] = table
        elif "path" in names:
            found[name] = choose_paths(chosen, table)
        elif "module" in names:
            found[name] = choose_rows(table, "module", chosen.has_module)
        else:
            found[name] = choose_rows(table, "definition", lambda place: chosen.has_path(place.rpartition(":")[0]))
    return found
