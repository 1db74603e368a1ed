"""What graph, names and simulation say of each import statement of one target, in one form."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from analysis import tables
from analysis.case_building import build_case
from analysis.facts import Facts
from analysis.graph import ImportGraph
from analysis.names.paths import Resolution, build_resolution
from analysis.policy import Policy, read_policy
from analysis.resolve import Module
from analysis.resolve.statements import MISSING
from analysis.resolve.values import choose
from analysis.rules import Finding, RuleContext, judge
from analysis.runtime import find_entries
from analysis.simulation import Environment, simulate_entries
from benchmarks.agreement_watch import Item, Key, Watched, WatchedMachine


@dataclass(slots=True)
class AskedStatement:
    """One name taken by the import statements of one line, and what is said of it.

    ``names`` is what the names choose, ``may`` all that they hold possible; ``is_lacking`` whether they say that the
    module has no such name, ``has_edge`` whether an edge says that it runs on import.
    """

    path: str
    line: int
    name: str
    kinds: set[str] = field(default_factory=set)
    scopes: set[str] = field(default_factory=set)
    guards: set[str] = field(default_factory=set)
    liveness: set[str] = field(default_factory=set)
    graph: set[Item] = field(default_factory=set)
    names: set[Item] = field(default_factory=set)
    may: set[Item] = field(default_factory=set)
    is_lacking: bool = False
    is_live: bool = False
    is_doubtful: bool = False
    has_edge: bool = False

    @property
    def key(self) -> Key:
        return self.path, self.line, self.name


@dataclass(frozen=True)
class Answers:
    """All that is compared: the statements, what was seen of them, the whole case, and its findings.

    ``cited`` are the places of all findings, accepted ones included; ``outcomes`` how first imports end, by file.
    """

    case: RuleContext
    statements: list[AskedStatement]
    record: Watched
    findings: list[Finding]
    cited: set[tuple[str, int]]
    outcomes: dict[str, str]


def read_answers(
    root: Path, *, policy: Policy | None = None, environment: Environment | None = None, jobs: int = 0
) -> Answers:
    """Analyse a target, its simulation watched, and return what is said of its statements, sorted by place.

    ``policy`` is by default the target's own, ``environment`` one that has all that the target imports from outside.
    """
    case = build_case(root, policy or read_policy(None, target=root), jobs=jobs)
    record = Watched()
    entries = [(entry.module, entry.path) for entry in find_entries(case.facts)]
    seen = simulate_entries(
        case.facts, entries, environment=environment, resolver=case.resolver,
        machine=partial(WatchedMachine, record=record),
    )  # fmt: skip
    case = replace(case, runtime_tables=seen)
    judgement = judge(case, with_sources=False)
    outcomes = dict(tables.read_rows(seen["simulated"], "path", "outcome"))
    statements = _collect(case.facts, case.graph, build_resolution(case.facts, resolver=case.resolver))
    cited = {place for finding in judgement.findings for place in finding.cited}
    cited |= {(each.path, each.line) for each in judgement.accepted}
    return Answers(case, statements, record, judgement.findings, cited, outcomes)


def _collect(facts: Facts, graph: ImportGraph, resolution: Resolution) -> list[AskedStatement]:
    found: dict[Key, AskedStatement] = {}
    statements = resolution.statements
    columns = (tables.read_column(facts.imports, name) for name in ("path", "line", "name", "kind", "scope", "guard"))
    for row, (path, line, name, kind, scope, guard) in enumerate(zip(*columns, strict=True)):
        statement = found.setdefault((path, line, name), AskedStatement(path, line, name))
        statement.kinds.add(kind)
        statement.scopes.add(scope)
        statement.guards.add(guard)
        statement.liveness.add(tables.LIVENESS[statements.liveness[row]])
        statement.is_live |= bool(statements.is_live[row])
        if statements.is_live[row]:
            _add_names(statement, resolution, row)
    _add_graph(found, facts, graph)
    for statement in found.values():
        own = Item("file", statement.path)  # a module that imports itself has no edge
        for answers in (statement.graph, statement.names, statement.may):
            answers.discard(own)
    return [found[key] for key in sorted(found)]


def _add_names(statement: AskedStatement, resolution: Resolution, row: int) -> None:
    """Add what the names say of one row of the imports."""
    statements = resolution.statements
    target, absolute, name = statements.target[row], statements.find_absolute(row), statement.name
    script = statements.find_script(row)
    if script is not None:  # no statement can name it, but a call can
        statement.names.add(_show(script))
        statement.may.add(_show(script))
        return
    if target < 0:
        written = (
            absolute
            or "." * statements.table.column("level")[row].as_py() + statements.table.column("module")[row].as_py()
        )
        said = {Item("missing" if target == MISSING and absolute else "outside", written)}
        statement.names |= said
        statement.may |= said
        return
    module = resolution.modules[target]
    if name in {"", "*"} or statement.kinds & {"import", "dynamic"}:
        statement.names.add(Item("file", module.path))
        statement.may.add(Item("file", module.path))
        return
    importer = resolution.index.find_importer(statement.path)
    runs_now = statements.scope[row] in {"module", "class"}
    position = statements.position[row] if runs_now else -1
    outcome = resolution.resolver.resolve_taken(importer or module, module, name, position)
    is_given = name.startswith("__") and name.endswith("__")
    statement.is_lacking |= not outcome and not is_given
    statement.names.add(_find_home(module, name, choose(outcome).value, resolution) if outcome else _show(module))
    statement.may.update([_find_home(module, name, each.value, resolution) for each in outcome] or [_show(module)])


def _find_home(module: Module, name: str, value: Any, resolution: Resolution) -> Item:
    """Return the submodule when that is what the name means, else the module that has the name."""
    child = resolution.index.find_child(module, name)
    is_child = child is not None and value.kind == "module" and value.module == child.number
    return _show(child if child is not None and is_child else module)


def _show(module: Module) -> Item:
    return Item("file", module.path)


def _add_graph(found: dict[Key, AskedStatement], facts: Facts, graph: ImportGraph) -> None:
    paths, primary = _read_modules(facts)
    for importer, imported, path, line, name, is_ancestor, scope, liveness in tables.read_rows(
        graph.edges, "importer", "imported", "path", "line", "name", "is_ancestor", "scope", "liveness"
    ):
        if not is_ancestor and primary.get(path, importer) == importer:
            statement = found[path, line, name]
            statement.graph.add(Item("file", paths[imported]))
            statement.has_edge |= scope in {"module", "class"} and liveness != "never"
    columns = ("importer", "module", "path", "line", "name")
    for importer, module, path, line, name, origin in tables.read_rows(graph.externals, *columns, "origin"):
        if primary.get(path, importer) == importer:
            found[path, line, name].graph.add(Item("outside", module))
            found[path, line, name].is_doubtful |= origin == "unknown"
    for importer, module, path, line, name, reason in tables.read_rows(graph.phantoms, *columns, "reason"):
        if primary.get(path, importer) == importer:
            found[path, line, name].graph.add(Item("missing", module))
            found[path, line, name].is_doubtful |= reason != "no-such-module"


def _read_modules(facts: Facts) -> tuple[dict[str, str], dict[str, str]]:
    """Return the file of each module, and the first name of each file."""
    paths: dict[str, str] = {}
    primary: dict[str, str] = {}
    for module, path, is_primary, shadowed_by in tables.read_rows(
        facts.modules, "module", "path", "is_primary", "shadowed_by"
    ):
        if not shadowed_by:
            paths[module] = path
            if is_primary:
                primary.setdefault(path, module)
    return paths, primary


def group(pairs: Iterable[tuple[str, Any]]) -> dict[str, list[Any]]:
    """Return the values by their key, sorted by it."""
    found: dict[str, list[Any]] = defaultdict(list)
    for key, value in pairs:
        found[key].append(value)
    return dict(sorted(found.items()))
