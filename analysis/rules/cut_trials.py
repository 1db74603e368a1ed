"""Which import of a cycle to defer: judged by simulating the tree without it.

The graph knows which cut is the cheapest; whether it helps is seen only when first imports run without it. A cut that
breaks another first import, lets a module run twice, or leaves a registry without its entries is not offered.
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from analysis import tables
from analysis.gaps import Gaps
from analysis.graph import Cycle
from analysis.resolve import TargetResolver
from analysis.rules.context import RuleContext
from analysis.rules.cycle_edges import CycleEdge
from analysis.rules.finding import Place
from analysis.rules.kept_trials import KeptTrials, Problem, Problems
from analysis.rules.registrations import LoadedModules, remove_imports
from analysis.simulation import Begin, Environment, count_not_simulated
from analysis.simulation.changed_tree import ChangedTree
from analysis.steps import StatementStep, read_statement
from analysis.tables.simulation import CIRCULAR

#: Cycles for which cuts are tried, those with most failing first imports first; cuts for each; first imports for each.
MOST_CYCLES = 8
MOST_CUTS = 4
MOST_ENTRIES = 300
#: The trials end after half of the simulation's time, but not before this.
_LEAST_SECONDS = 2.0


class CutTrials(NamedTuple):
    """``tables.CUT_TRIALS`` of a target, and whether time ended before all cuts were tried."""

    table: pa.Table
    is_cut_short: bool


@dataclass(frozen=True)
class _Trial:
    """One cut of one cycle, and the first imports that fail in the cycle."""

    cycle: Cycle
    statements: tuple[CycleEdge, ...]
    affected: Sequence[str]
    is_cheapest: bool

    @cached_property
    def places(self) -> tuple[Place, ...]:
        """Where its statements stand."""
        return tuple((edge.path, edge.line) for edge in self.statements)


class _Verdict(NamedTuple):
    """What simulating without some statements shows."""

    statements: tuple[CycleEdge, ...]
    restored: frozenset[str]
    harmed: frozenset[str]
    unregistered: frozenset[str]

    @property
    def is_safe(self) -> bool:
        return not self.harmed and not self.unregistered


class _Trials:
    """Tries cuts on one target; ``found`` are the tables of its simulation.

    No trial begins after ``deadline``, a time of ``time.monotonic``; cycles that were not tried have no row.
    """

    def __init__(
        self, case: RuleContext, found: Mapping[str, pa.Table], tree: ChangedTree, kept: KeptTrials, deadline: float
    ) -> None:  # fmt: skip
        self.case, self.found = case, found
        self._tree, self._kept, self._deadline = tree, kept, deadline
        self.is_cut_short = False
        self._before = find_problems(found)
        #: What each cut may restore or break, in whichever cycle it is tried: simulated together.
        self._entries: dict[tuple[Place, ...], dict[str, None]] = defaultdict(dict)

    @cached_property
    def paths(self) -> Mapping[str, str]:
        """The files of the modules that were imported first."""
        return dict(tables.read_rows(self.found["simulated"], "module", "path"))

    def run(self) -> pa.Table:
        """Return ``tables.CUT_TRIALS`` of the import-time cycles at whose statements first imports fail."""
        chosen = [cycle for cycle in self.case.cycles if cycle.kind == "import-time"]
        plain = {cycle.modules for cycle in chosen if not cycle.with_ancestors}
        chosen = [cycle for cycle in chosen if not cycle.with_ancestors or cycle.modules not in plain]
        found = {**self.case.cycle_edges, **self.case.cycle_edges_with_packages}
        edges = {cycle.cycle: found.get(cycle.cycle, ()) for cycle in chosen}
        at = _find_entries_by_path(self.found)
        affected = {
            cycle.cycle: sorted({entry for edge in edges[cycle.cycle] for entry in at.get(edge.path, ())})
            for cycle in chosen
        }
        ranked = sorted((each for each in chosen if affected[each.cycle]), key=lambda each: -len(affected[each.cycle]))
        chosen_cuts = []
        for cycle in ranked[:MOST_CYCLES]:
            cheapest = _find_cheapest(cycle, edges[cycle.cycle])
            cuts = self._choose(cheapest, edges[cycle.cycle], affected[cycle.cycle])
            trials = [_Trial(cycle, cut, affected[cycle.cycle], is_cheapest=cut == cheapest) for cut in cuts]
            chosen_cuts.append((cycle, trials))
            for trial in trials:
                self._entries[trial.places] |= dict.fromkeys(self._list_entries(trial))
        rows = [self._try(cycle, trials) for cycle, trials in chosen_cuts]
        return tables.CUT_TRIALS.from_rows(sorted(row for row in rows if row[-1]))

    def _try(self, cycle: Cycle, trials: Sequence[_Trial]) -> tuple[Any, ...]:
        """Return the row of a cycle: the best cut that helps and breaks nothing, if one was found."""
        verdicts: list[_Verdict] = []
        affected = trials[0].affected if trials else ()
        for trial in trials:
            if time.monotonic() >= self._deadline:
                self.is_cut_short = True
                break
            verdicts.append(self._judge(trial))
            if verdicts[-1].is_safe and len(verdicts[-1].restored) == len(affected):
                break
        by_graph = next((each for each, trial in zip(verdicts, trials, strict=False) if trial.is_cheapest), None)
        safe = [each for each in verdicts if each.is_safe and each.restored]
        best = max(safe, key=lambda each: (len(each.restored), -len(each.statements)), default=None)
        steps = [str(StatementStep(edge.path, edge.line, edge.imported)) for edge in best.statements] if best else []
        return (
            cycle.cycle, steps, sorted(best.restored) if best else [], list(affected),
            sorted(by_graph.harmed) if by_graph else [], sorted(by_graph.unregistered) if by_graph else [],
            len(verdicts),
        )  # fmt: skip

    def _choose(
        self, cheapest: tuple[CycleEdge, ...], edges: Sequence[CycleEdge], affected: Sequence[str]
    ) -> list[tuple[CycleEdge, ...]]:
        """Return the cuts to try: the cheapest by the graph, then the statements that most failures come through."""
        counts = Counter(_find_steps(self.found, set(affected)))
        by_place: dict[Place, list[CycleEdge]] = defaultdict(list)
        for edge in edges:
            by_place[(edge.path, edge.line)].append(edge)
        ranked = sorted((place for place in by_place if counts[place]), key=lambda place: (-counts[place], place))
        singles = [(by_place[place][0],) for place in ranked]
        return list(dict.fromkeys([*([cheapest] if cheapest else []), *singles]))[:MOST_CUTS]

    def _list_entries(self, trial: _Trial) -> list[str]:
        """Return the first imports that a cut may restore or break."""
        users = self._find_users({edge.importer for edge in trial.statements})
        entries = list(dict.fromkeys([*trial.affected[:MOST_ENTRIES], *trial.cycle.modules, *users]))
        return [entry for entry in entries[: 2 * MOST_ENTRIES] if entry in self.paths]

    def _judge(self, trial: _Trial) -> _Verdict:
        """Return what a cut restores and breaks; of one that cannot be offered not more than why.

        Of the cheapest all is wanted: it is what a reader would try.
        """
        statements, nothing = trial.statements, frozenset[str]()
        lost = frozenset(self._loaded.find_lost([(each.importer, (each.path, each.line)) for each in statements]))
        if lost and not trial.is_cheapest:
            return _Verdict(statements, nothing, nothing, lost)
        tried = [entry for entry in trial.affected[:MOST_ENTRIES] if entry in self.paths]
        if not trial.is_cheapest:
            after = self._simulate(trial.places, tried)
            if not any(self._is_restored(trial, entry, after) for entry in tried):
                return _Verdict(statements, nothing, nothing, lost)
        after = self._simulate(trial.places, list(self._entries[trial.places]))
        fine: frozenset[Problem] = frozenset()
        worked = [each for each in self._list_entries(trial) if not self._fails(self._before.get(each, fine))]
        harmed = {entry for entry in worked if after.get(entry, fine) - self._before.get(entry, fine)}
        restored = {entry for entry in tried if self._is_restored(trial, entry, after)}
        return _Verdict(statements, frozenset(restored), frozenset(harmed), lost)

    def _is_restored(self, trial: _Trial, entry: str, after: Problems) -> bool:
        """Return whether nothing is wrong any more with a first import for which the cycle is to blame.

        What it loses at other places, with the cut or without, is not the cycle's.
        """
        left = after.get(entry, frozenset())
        modules = trial.cycle.modules
        files = {self.paths.get(module, "") for module in modules}
        if left - self._before.get(entry, frozenset()):
            return False
        return not any(
            kind == "outcome"
            or (kind == "lost" and at[0] in files)
            or (kind == "again" and at[0] in trial.cycle.modules)
            for kind, *at in left
        )

    def _simulate(self, places: tuple[Place, ...], entries: Sequence[str]) -> Problems:
        """Return the problems of first imports of the tree without some import statements."""
        known = self._kept.find(places)
        missing = [entry for entry in entries if entry not in known]
        if not missing:
            return known
        lines: dict[str, set[int]] = defaultdict(set)
        for path, line in places:
            lines[path].add(line)
        programs = {path: remove_imports(self._tree.find_program(path), lines[path]) for path in sorted(lines)}
        found = self._tree.simulate(programs, [(entry, self.paths[entry]) for entry in missing])
        problems = find_problems(found)
        if count_not_simulated(found["simulated"]):
            self.is_cut_short = True
            return {**known, **problems}
        needs = 0
        for each in self._tree.needs.values():
            needs |= each
        self._kept.add(places, {entry: problems.get(entry, frozenset()) for entry in missing}, needs)
        return self._kept.find(places)

    @staticmethod
    def _fails(problems: frozenset[Problem]) -> bool:
        """Return whether an import fails altogether: then a cut cannot make it worse, only show what comes next."""
        return any(kind == "outcome" for kind, *_ in problems)

    def _find_users(self, importers: Collection[str]) -> list[str]:
        """Return the modules that import some modules, which may take from them what a cut takes away."""
        return sorted({user for importer in importers for user in self._users.get(importer, ())})

    @cached_property
    def _users(self) -> Mapping[str, set[str]]:
        """The modules that import each module while they run."""
        found: dict[str, set[str]] = defaultdict(set)
        for user, imports in self._loaded.imports.items():
            for imported, _ in imports:
                found[imported].add(user)
        return dict(found)

    @cached_property
    def _loaded(self) -> LoadedModules:
        """What each module loads while it runs."""
        return LoadedModules(self.case.graph.edges, lambda module: self._tree.find_program(self.paths.get(module, "")))


def try_cuts(
    case: RuleContext, found: Mapping[str, pa.Table], *, environment: Environment | None, gaps: Gaps,
    cache: Path | None = None, begin: Begin | None = None,
) -> CutTrials:  # fmt: skip
    """Return the trials of the cuts of a target; ``found`` are the tables of its simulation, and ``begin`` returns it.

    With ``cache`` what was found out is kept there, by what it came to. Where the kit fails on something, which
    ``gaps`` tells, nothing is kept.
    """
    resolver = case.resolver or TargetResolver(case.known_facts)
    deadline = time.monotonic() + max(_LEAST_SECONDS, case.policy.simulation.budget_seconds / 2)
    tree = ChangedTree(
        case.known_facts, environment=environment, deadline=deadline, gaps=gaps, resolver=resolver, begin=begin
    )
    kept = KeptTrials(cache, case.known_facts, resolver, environment)
    trials = _Trials(case, found, tree, kept, deadline)
    table = trials.run()
    if not gaps.rows:
        kept.write(tree)
    return CutTrials(table, trials.is_cut_short)


def find_problems(found: Mapping[str, pa.Table]) -> dict[str, frozenset[Problem]]:
    """Return what is wrong with each first import: that it fails, what it loses, which modules run again."""
    problems: dict[str, set[Problem]] = defaultdict(set)
    for entry, outcome in tables.read_rows(found["simulated"], "module", "outcome"):
        if outcome != "ok":  # nor is what is not known known to work
            problems[entry].add(("outcome", outcome))
    columns = ("entry", "outcome", "path", "line")
    for entry, outcome, path, line in tables.read_rows(found["simulated_swallowed"], *columns):
        if outcome in CIRCULAR:
            problems[entry].add(("lost", path, line))
    for entry, module in tables.read_rows(found["simulated_executions"], "entry", "module"):
        problems[entry].add(("again", module))
    return {entry: frozenset(each) for entry, each in problems.items()}


def _find_entries_by_path(found: Mapping[str, pa.Table]) -> dict[str, set[str]]:
    """Return the first imports that fail, or lose something, at a statement of each file, for a cycle."""
    entries: dict[str, set[str]] = defaultdict(set)
    for entry, outcome, path in tables.read_rows(found["simulated"], "module", "outcome", "failed_path"):
        if outcome in CIRCULAR and path:
            entries[path].add(entry)
    for entry, outcome, path in tables.read_rows(found["simulated_swallowed"], "entry", "outcome", "path"):
        if outcome in CIRCULAR:
            entries[path].add(entry)
    return entries


def _find_steps(found: Mapping[str, pa.Table], affected: Collection[str]) -> Iterator[Place]:
    """Yield each statement on the way to the failures of some first imports, once for each of these."""
    columns = ("module", "failed_path", "failed_line", "chain")
    for entry, path, line, chain in tables.read_rows(found["simulated"], *columns):
        if entry in affected:
            steps = [read_statement(text) for text in chain]
            yield from {(path, line), *((step.path, step.line) for step in steps if step is not None)}
    places = ("path", "line", "caught_path", "caught_line")
    for entry, *place in tables.read_rows(found["simulated_swallowed"], "entry", *places):
        if entry in affected:
            yield from {(place[0], place[1]), (place[2], place[3])}


def _find_cheapest(cycle: Cycle, edges: Iterable[CycleEdge]) -> tuple[CycleEdge, ...]:
    """Return the statements that the cheapest cut by the graph removes, each once."""
    pairs = {(step.importer, step.imported) for step in cycle.cut}
    chosen = {(edge.path, edge.line): edge for edge in edges if (edge.importer, edge.imported) in pairs}
    return tuple(chosen[place] for place in sorted(chosen))
