"""Breaks cycles that run on import: the imports of their cut wait, read attributes, or take from a lower module.

Which imports are cut is decided elsewhere: by the trials of cuts where first imports fail (``cut_trials``), otherwise
by the cheapest cut of the graph (``cycles``).
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

from analysis import tables
from analysis.facts.program import Node
from analysis.facts.source_tree import SourceTree
from analysis.fixes.deferred_imports import UnmovableError
from analysis.fixes.file_cuts import CutEdits, CutImport, FileCut
from analysis.fixes.name_takers import ON_IMPORT
from analysis.fixes.offers import Edit, Offer, Refusal
from analysis.fixes.source_text import UnplacedError
from analysis.fixes.target_sources import TargetSources
from analysis.fixes.ways_to_cut import RULES, Way, WaysToCut
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
#: The severity of a cycle of which every module can be imported first.
_WORKING = "P2"


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
    cutter = _Cutter(investigation, tree)
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

    def __init__(self, investigation: Investigation, tree: SourceTree) -> None:
        self._investigation = investigation
        self._loaded = LoadedModules(investigation.table("edges"), self._read_program)
        self._gone: dict[tuple[str, FileCut], CutEdits | UnmovableError] = {}
        self._ways = WaysToCut(investigation, tree, TargetSources(investigation, tree))

    def offer(self, cycle: _Cycle) -> Iterator[Offer | Refusal]:
        """Yield the patch of a cycle, or a refusal for each import of its cut that cannot be moved."""
        if not cycle.cut:
            yield self._refuse(cycle, *cycle.place, "none of its imports is known to close it")
            return
        refusals: list[Refusal] = []
        for is_open in [True, False] if cycle.severity >= _WORKING else [False]:
            found = self._find_patch(cycle, is_open=is_open)
            if isinstance(found, Offer):
                yield found
                return
            refusals = found
        yield from refusals

    def _find_patch(self, cycle: _Cycle, *, is_open: bool) -> Offer | list[Refusal]:
        """Return the patch of a cycle, or why there is none; ``is_open`` asks that no function hides what is cut."""
        parts, refusals = self._attempt(cycle, cycle.cut, is_open=is_open)
        if not refusals:
            return self._build(cycle, cycle.cut, parts)
        other, against = self._find_other_cut(cycle, is_open=is_open)
        refusals = list(dict.fromkeys([*refusals, *against]))[:MOST_REASONS]
        if other:
            parts, problems = self._attempt(cycle, other, is_open=is_open)
            if not problems:
                return self._build(cycle, other, parts, refusals[0])
        return refusals

    def _attempt(
        self, cycle: _Cycle, cut: Sequence[CutImport], *, is_open: bool
    ) -> tuple[list[CutEdits], list[Refusal]]:
        """Return what a cut makes of each file, and a refusal for each file whose imports cannot be moved."""
        by_file: dict[tuple[str, str], list[CutImport]] = defaultdict(list)
        for each in cut:
            by_file[each.importer, each.path].append(each)
        found: list[CutEdits] = []
        refusals: list[Refusal] = []
        gone: list[CutImport] = []
        for (importer, path), part in sorted(by_file.items()):
            try:
                made = self._choose_way(cycle, FileCut(importer, path, cycle.modules, tuple(part)), is_open=is_open)
                found.append(made)
                gone += [] if made.is_loaded else part
            except UnmovableError as problem:
                refusals.append(self._refuse(cycle, path, problem.line, problem.reason))
        if refusals:
            return found, refusals
        lost = sorted(self._loaded.find_lost((each.importer, (each.path, each.line)) for each in gone))
        if lost:
            reason = f"{format_some(lost)} would no longer be loaded, and registers something elsewhere"
            refusals.append(self._refuse(cycle, cut[0].path, cut[0].line, reason))
        elif _overlap(found):
            reason = "two of the files that take from one module need it changed differently"
            refusals.append(self._refuse(cycle, cut[0].path, cut[0].line, reason))
        return found, refusals

    def _choose_way(self, cycle: _Cycle, part: FileCut, *, is_open: bool) -> CutEdits:
        """Return what the first way makes of a file that can be gone; raises ``UnmovableError`` with all reasons.

        Where nothing fails, an import in a function only hides the cycle, and an attribute that is read later leaves
        it as it is: what is taken moves to a lower module there.
        """
        ways = self._ways
        is_plain, fails = cycle.rule == RULES[False], cycle.severity < _WORKING
        last: list[Way] = [*([ways.qualify] if fails else []), *([ways.lower] if is_plain else [])]
        tried = [*([ways.take_from_home] if is_plain else []), ways.defer, *last]
        reasons: list[UnmovableError] = []
        for way in tried:
            found = self._go(way, part)
            if isinstance(found, UnmovableError):
                reasons += (
                    [] if way == ways.take_from_home else [found]
                )  # that most names have no other home says little
            elif found.is_hidden and is_open:
                reasons.append(UnmovableError(part.cut[0].line, "an import in a function would only hide the cycle"))
            else:
                return found
        raise UnmovableError(reasons[0].line, "; nor otherwise: ".join(dict.fromkeys(each.reason for each in reasons)))

    def _go(self, way: Way, part: FileCut) -> CutEdits | UnmovableError:
        """Return what a way makes of a file, or why it cannot be gone, found out once."""
        key = way.__name__, part
        if key not in self._gone:
            try:
                self._gone[key] = way(part)
            except UnmovableError as problem:
                self._gone[key] = problem
            except UnplacedError as problem:
                self._gone[key] = UnmovableError(part.cut[0].line, str(problem))
        return self._gone[key]

    def _find_other_cut(self, cycle: _Cycle, *, is_open: bool) -> tuple[tuple[CutImport, ...], list[Refusal]]:
        """Return the cheapest cut by the graph of those whose imports can all be moved, and why others cannot.

        The cut is empty without one.
        """
        if len(cycle.inside) > MOST_PAIRS:
            return (), []
        costs: dict[tuple[str, str], int] = {}
        against: list[Refusal] = []
        for pair, statements in cycle.inside.items():
            _, refusals = self._attempt(cycle, statements, is_open=is_open)
            costs[pair] = FOREVER if refusals else len(statements)
            against += refusals
        chosen = find_cut(costs)
        if any(costs[pair] == FOREVER for pair in chosen.pairs):
            return (), against
        return tuple(each for pair in chosen.pairs for each in cycle.inside[pair]), against

    @staticmethod
    def _build(
        cycle: _Cycle, cut: Sequence[CutImport], parts: Sequence[CutEdits], refused: Refusal | None = None
    ) -> Offer:  # fmt: skip
        count = format_count(len({(each.path, each.line) for each in cut}), "import")
        chosen = "as simulated" if cycle.is_simulated else "the cheapest cut of the import graph"
        if refused is not None:
            which = "that was simulated" if cycle.is_simulated else "that is cheapest of all"
            chosen = (
                f"the cheapest cut of those whose imports can be moved; of the one {which} "
                f"{refused.path}:{refused.line} cannot: {refused.reason}"
            )
        title = f"Break the import cycle of {format_count(len(cycle.modules), 'module')} around {cycle.modules[0]}"
        said = dict.fromkeys(each for part in parts for each in part.said)
        reason = f"{count} closed it, {chosen}. {'. '.join(said)}."
        new_files = {path: content for part in parts for path, content in part.new_files.items()}
        return Offer(KIND, cycle.modules[0], title, reason, (cycle.fingerprint,), _join(parts), new_files)

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


def _join(parts: Sequence[CutEdits]) -> tuple[Edit, ...]:
    """Return the edits of several files, each once and sorted."""
    return tuple(sorted({edit for part in parts for edit in part.edits}))


def _overlap(parts: Sequence[CutEdits]) -> bool:
    """Return whether two files want one place, or one new file, to be different things."""
    edits = _join(parts)
    pairs = pairwise(edits)
    files = [item for part in parts for item in part.new_files.items()]
    return any(one.path == other.path and one.end > other.start for one, other in pairs) or len(set(files)) > len(
        dict(files)
    )
