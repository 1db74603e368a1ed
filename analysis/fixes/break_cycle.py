"""Breaks cycles that run on import: moves the imports of their cut into functions, and to type checkers.

Which imports are cut is decided elsewhere: by the trials of cuts where first imports fail (``cut_trials``), otherwise
by the cheapest cut of the graph (``cycles``).
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from analysis import tables
from analysis.facts.program import Node
from analysis.facts.source_tree import SourceTree
from analysis.fixes.deferred_imports import (
    Moved,
    UnmovableError,
    build_edits,
    check_movable,
    find_bound_name,
    find_top_import,
    read_uses,
)
from analysis.fixes.findings import find_open_findings
from analysis.fixes.hint_readers import HintReaders
from analysis.fixes.name_takers import ON_IMPORT, NameTakers
from analysis.fixes.name_uses import ANNOTATION, FUNCTION, find_dynamic_lookup
from analysis.fixes.offers import Edit, Offer, Refusal
from analysis.fixes.run_on_import import RunOnImport
from analysis.fixes.source_text import UnplacedError
from analysis.fixes.target_sources import TargetSources
from analysis.graph import find_cut
from analysis.graph.packing import FOREVER
from analysis.investigation import Investigation
from analysis.rules.finding import fingerprint
from analysis.rules.registrations import LoadedModules
from analysis.steps import read_cut, read_loop_step, read_statement
from analysis.wording import format_count, format_some

KIND = "break-cycle"
#: Of larger cycles only the cheapest cut of all is looked at.
MOST_PAIRS = 400
#: Of a cycle that nothing breaks not more reasons are given.
MOST_REASONS = 12
RULES = {False: "import-cycle", True: "import-cycle-through-packages"}


class CutImport(NamedTuple):
    """One import that a cut removes: who imports what by which statement."""

    importer: str
    imported: str
    path: str
    line: int


@dataclass(frozen=True)
class _Cycle:
    """One cycle with a finding, and the imports to cut: as trials of cuts found, or else by the graph alone.

    ``inside`` are all imports of the cycle, by importer and imported.
    """

    name: str
    rule: str
    fingerprint: str
    severity: str
    modules: tuple[str, ...]
    place: tuple[str, int]
    cut: tuple[CutImport, ...]
    inside: Mapping[tuple[str, str], tuple[CutImport, ...]]
    is_simulated: bool


def offer_cuts(investigation: Investigation, tree: SourceTree) -> Iterator[Offer | Refusal]:
    """Yield for each cycle with a finding a patch, or why there is none, the most severe first."""
    cutter = _Cutter(investigation, TargetSources(investigation, tree))
    for cycle in find_cuts(investigation):
        yield from cutter.offer(cycle)


def find_cuts(investigation: Investigation) -> list[_Cycle]:
    """Return the cycles with findings and their cuts, the most severe first."""
    columns = ("fingerprint", "rule", "severity")
    severities = {
        key: (rule, severity)
        for key, rule, severity in tables.read_rows(investigation.table("findings"), *columns)
        if rule in RULES.values()
    }
    trials = {row["cycle"]: row for row in investigation.table("cut_trials").to_pylist()}
    edges = _list_edges(investigation)
    found = []
    for row in investigation.table("cycles").to_pylist():
        rule = RULES[row["with_ancestors"]]
        key = fingerprint(rule, row["modules"][0], *row["modules"])
        if row["kind"] == "import-time" and key in severities and severities[key][0] == rule:
            found.append(_read_cycle(row, rule, key, severities[key][1], trials.get(row["cycle"]), edges))
    return sorted(found, key=lambda cycle: (cycle.severity, len(cycle.cut), cycle.name))


def _read_cycle(
    row: Mapping[str, Any], rule: str, key: str, severity: str, trial: Mapping[str, Any] | None,
    edges: Mapping[tuple[str, str], Sequence[dict[str, Any]]],
) -> _Cycle:  # fmt: skip
    """Return a cycle and its cut: as simulated where first imports fail, else the cheapest of the graph."""
    step = read_loop_step(row["loop"][0])
    place, members = (step.path, step.line), set(row["modules"])
    inside = {
        pair: tuple(CutImport(*pair, each["path"], each["line"]) for each in statements)
        for pair, every in edges.items()
        if members.issuperset(pair)
        for statements in [[each for each in every if row["with_ancestors"] or not each["is_ancestor"]]]
        if statements
    }
    places = [(each.path, each.line) for each in map(read_statement, trial["statements"]) if each] if trial else []
    cut = [each for statements in inside.values() for each in statements if (each.path, each.line) in places]
    is_simulated = bool(cut)
    if not cut:
        cut = [each for pair in map(read_cut, row["cut"]) for each in inside.get((pair.importer, pair.imported), ())]
    modules = tuple(row["modules"])
    return _Cycle(row["cycle"], rule, key, severity, modules, place, tuple(sorted(set(cut))), inside, is_simulated)


def _list_edges(investigation: Investigation) -> Mapping[tuple[str, str], list[dict[str, Any]]]:
    """Return the imports that run on import, by importer and imported."""
    found: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    columns = ("importer", "imported", "path", "line", "scope", "is_ancestor")
    for row in tables.read_rows(investigation.table("edges"), *columns):
        each = dict(zip(columns, row, strict=True))
        if each["scope"] in ON_IMPORT:
            found[each["importer"], each["imported"]].append(each)
    return dict(found)


class _Cutter:
    """Makes patches of cuts for one target."""

    def __init__(self, investigation: Investigation, sources: TargetSources) -> None:
        self._investigation, self._sources = investigation, sources
        self._takers = NameTakers(investigation, sources)
        self._readers = HintReaders(investigation, sources)
        self._running = RunOnImport(investigation)
        self._loaded = LoadedModules(investigation.table("edges"), self._read_program)

    def offer(self, cycle: _Cycle) -> Iterator[Offer | Refusal]:
        """Yield the patch of a cycle, or a refusal for each import of its cut that cannot be moved."""
        if not cycle.cut:
            yield self._refuse(cycle, *cycle.place, "none of its imports is known to close it")
            return
        edits, said, refusals = self._attempt(cycle, cycle.cut)
        if refusals and not cycle.is_simulated:
            other, against = self._find_other_cut(cycle)
            refusals = list(dict.fromkeys([*refusals, *against]))[:MOST_REASONS]
            if other:
                edits, said, problems = self._attempt(cycle, other)
                if not problems:
                    yield self._build(cycle, other, edits, said, refusals[0])
                    return
        if refusals:
            yield from refusals
        else:
            yield self._build(cycle, cycle.cut, edits, said)

    def _attempt(
        self, cycle: _Cycle, cut: Sequence[CutImport]
    ) -> tuple[list[Edit], list[str], list[Refusal]]:  # fmt: skip
        """Return the edits of a cut, what each does, and a refusal for each file whose imports cannot be moved."""
        by_file: dict[tuple[str, str], list[CutImport]] = defaultdict(list)
        for each in cut:
            by_file[each.importer, each.path].append(each)
        edits: list[Edit] = []
        refusals: list[Refusal] = []
        said: list[str] = []
        for (importer, path), part in sorted(by_file.items()):
            try:
                moved = self._move(cycle, importer, path, part)
                edits += build_edits(self._sources.parse(path), moved)
                said += [_describe(path, each) for each in moved]
            except UnmovableError as problem:
                refusals.append(self._refuse(cycle, path, problem.line, problem.reason))
            except UnplacedError as problem:
                refusals.append(self._refuse(cycle, path, part[0].line, str(problem)))
        lost = (
            [] if refusals else sorted(self._loaded.find_lost((each.importer, (each.path, each.line)) for each in cut))
        )
        if lost:
            reason = f"{format_some(lost)} would no longer be loaded, and registers something elsewhere"
            refusals.append(self._refuse(cycle, cut[0].path, cut[0].line, reason))
        return edits, said, refusals

    def _find_other_cut(self, cycle: _Cycle) -> tuple[tuple[CutImport, ...], list[Refusal]]:
        """Return the cheapest cut by the graph of those whose imports can all be moved, and why others cannot.

        The cut is empty without one.
        """
        if len(cycle.inside) > MOST_PAIRS:
            return (), []
        costs: dict[tuple[str, str], int] = {}
        against: list[Refusal] = []
        for pair, statements in cycle.inside.items():
            _, _, refusals = self._attempt(cycle, statements)
            costs[pair] = FOREVER if refusals else len(statements)
            against += refusals
        chosen = find_cut(costs)
        if any(costs[pair] == FOREVER for pair in chosen.pairs):
            return (), against
        return tuple(each for pair in chosen.pairs for each in cycle.inside[pair]), against

    def _move(self, cycle: _Cycle, importer: str, path: str, cut: Sequence[CutImport]) -> list[Moved]:
        """Return the names of one file that a cut moves; raises ``UnmovableError`` and ``UnplacedError``."""
        source = self._sources.parse(path)
        dynamic = find_dynamic_lookup(source.content)
        if dynamic:
            raise UnmovableError(cut[0].line, f"the file looks names up with {dynamic}")
        for each in cut:
            if (path, each.line) in self._accepted:
                raise UnmovableError(each.line, f"it is accepted: {self._accepted[path, each.line]}")
        chosen = [
            (statement, alias)
            for line in sorted({each.line for each in cut})
            for statement in [find_top_import(source, line)]
            for alias in statement.node.names  # type: ignore[attr-defined]
            if any(alias.name in self._names.get((path, line, each.imported), ()) for each in cut)
        ]
        uses = read_uses(source, {find_bound_name(statement.node, alias) for statement, alias in chosen})
        running = self._running.find(importer, source)
        return [
            self._check(cycle, importer, Moved(statement, alias, uses[find_bound_name(statement.node, alias)]), running)
            for statement, alias in chosen
        ]

    def _check(self, cycle: _Cycle, importer: str, moved: Moved, running: frozenset[str]) -> Moved:
        """Return a name that can be moved, and whether others go on to take it; raises ``UnmovableError``."""
        source = moved.statement.source
        check_movable(source, moved)
        for function in moved.functions:
            if function.name in running:
                raise UnmovableError(
                    function.lineno, f"{function.name}, which uses {moved.name}, runs while modules are imported"
                )
        for use in moved.uses:
            reason = self._readers.find_reason(use, importer, source.path) if use.when == ANNOTATION else ""
            if reason:
                raise UnmovableError(use.line, f"the annotation with {moved.name} is read at run time: {reason}")
        takers = self._takers.find(importer, source.path, moved.name)
        line = moved.statement.line
        if takers.by_text:
            raise UnmovableError(line, f"{format_some(takers.by_text)} names {importer}.{moved.name} in a text")
        if takers.stars and not takers.is_exported:
            raise UnmovableError(line, f"{format_some(takers.stars)} takes all names of {importer} by a star")
        inside = sorted(set(takers.on_import) & set(cycle.modules))
        if inside:
            raise UnmovableError(line, f"{format_some(inside)} takes {moved.name} from {importer} on import")
        return Moved(moved.statement, moved.alias, moved.uses, is_kept=bool(takers))

    @staticmethod
    def _build(
        cycle: _Cycle, cut: Sequence[CutImport], edits: Sequence[Edit], said: Sequence[str],
        refused: Refusal | None = None,
    ) -> Offer:  # fmt: skip
        count = format_count(len({(each.path, each.line) for each in cut}), "import")
        chosen = "as simulated" if cycle.is_simulated else "the cheapest cut of the import graph"
        if refused is not None:
            chosen = (
                "the cheapest cut of those whose imports can be moved; of the cheapest of all "
                f"{refused.path}:{refused.line} cannot: {refused.reason}"
            )
        title = f"Break the import cycle of {format_count(len(cycle.modules), 'module')} around {cycle.modules[0]}"
        reason = f"{count} closed it, {chosen}. {'. '.join(said)}."
        return Offer(KIND, cycle.modules[0], title, reason, (cycle.fingerprint,), tuple(sorted(set(edits))))

    def _read_program(self, module: str) -> list[Node]:
        text = self._programs.get(self._paths.get(module, ""), "[]")
        program: list[Node] = json.loads(text)
        return program

    @cached_property
    def _programs(self) -> Mapping[str, str]:
        return dict(tables.read_rows(self._investigation.table("programs"), "path", "program"))

    @cached_property
    def _paths(self) -> Mapping[str, str]:
        """The file of each module."""
        return dict(tables.read_rows(self._investigation.table("modules"), "module", "path"))

    @staticmethod
    def _refuse(cycle: _Cycle, path: str, line: int, reason: str) -> Refusal:
        return Refusal(KIND, cycle.modules[0], path, line, reason, (cycle.fingerprint,))

    @cached_property
    def _accepted(self) -> Mapping[tuple[str, int], str]:
        """Why somebody accepts places of cycles."""
        found = [find_open_findings(self._investigation.table, rule).accepted_places for rule in RULES.values()]
        return {place: reason for places in found for place, reason in places.items()}

    @cached_property
    def _names(self) -> Mapping[tuple[str, int, str], frozenset[str]]:
        """The names, as statements write them, by which each statement imports each module."""
        found: dict[tuple[str, int, str], set[str]] = defaultdict(set)
        columns = ("path", "line", "imported", "kind", "module", "name")
        for path, line, imported, kind, module, name in tables.read_rows(self._investigation.table("edges"), *columns):
            found[path, line, imported].add(module if kind == "import" else name)
        return {key: frozenset(names) for key, names in found.items()}


def _describe(path: str, moved: Moved) -> str:
    """Say in one clause what happens to a name."""
    kinds = {use.when for use in moved.uses}
    ways = [
        *(["is imported in the functions that use it"] if FUNCTION in kinds else []),
        *(["is imported for type checkers alone"] if ANNOTATION in kinds and FUNCTION not in kinds else []),
        *(["becomes a text in annotations"] if any(use.is_evaluated for use in moved.uses) else []),
        *(["is still given to others, on demand"] if moved.is_kept else []),
    ]
    return f"{moved.name} of {path} {', '.join(ways)}"
