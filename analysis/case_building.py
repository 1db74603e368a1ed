"""From the source of a target to a case: scan, graph, names, simulation; judged by nobody yet."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from analysis import tables
from analysis.clock import Clock
from analysis.executor import freeing_cycles
from analysis.facts import (
    Facts,
    Siblings,
    build_empty_facts,
    read_siblings,
    scan,
)
from analysis.facts.overlaid_tree import Changes
from analysis.graph import Cycle, build_empty_graph, build_import_graph, find_cycles
from analysis.names import (
    Concept,
    DuplicateName,
    build_empty_identity,
    build_identity,
    find_concepts,
    find_duplicate_names,
)
from analysis.names.simulated_names import add_simulated
from analysis.policy import Policy
from analysis.resolve import TargetResolver
from analysis.rules import (
    RuleContext,
    check_packages,
    keep_own,
)
from analysis.rules.cut_trials import CutTrials, try_cuts
from analysis.rules.main_programs import simulate_main_programs
from analysis.runtime import find_entries
from analysis.simulation import Environment, Simulation, find_environment, simulate_entries
from analysis.simulation.listed_imports import add_listed_imports
from analysis.target_policy import build_scan_options, find_supported_by


def build_case(
    root: Path, policy: Policy, *, cache: Path | None = None, jobs: int = 0, clock: Clock | None = None,
    policy_file: Path | None = None, is_past: bool = False, commit: str = "", changes: Changes | None = None,
) -> RuleContext:  # fmt: skip
    """Return what the source of a target says of it, judged by nobody yet: no probe, no simulation, no snapshot.

    What fails inside the kit is a row of ``clock.gaps``, or of the table ``not_analysed`` of the facts. Raises
    ``PolicyError`` when the target has not the packages that its policy names, unless it is one of the past, which may
    not have had them yet; ``policy_file`` is where errors say that the policy stands. ``changes`` are laid over its
    files.
    """
    clock = clock or Clock()
    read = read_target(
        root, policy, cache=cache, jobs=jobs, clock=clock, policy_file=policy_file, is_past=is_past, commit=commit,
        changes=changes,
    )  # fmt: skip
    return resolve_case(*read, policy, cache=cache, clock=clock)


def read_target(
    root: Path, policy: Policy, *, clock: Clock, cache: Path | None = None, jobs: int = 0,
    policy_file: Path | None = None, is_past: bool = False, commit: str = "", changes: Changes | None = None,
) -> tuple[Facts, Siblings | None]:  # fmt: skip
    """Return the facts of a target, and of the code beside it where that takes part; errors as of ``build_case``."""
    gaps, options = clock.gaps, build_scan_options(policy)
    facts = clock.run(
        "scan",
        lambda: scan(
            root, options=options, cache=cache, jobs=jobs, progress=clock.progress, gaps=gaps, commit=commit,
            changes=changes,
        ),
        lambda: build_empty_facts(root, commit, changes),
    )  # fmt: skip
    listed = partial(add_listed_imports, facts)
    facts = gaps.attempt("scan", "imports of what lies in a folder", listed, lambda: facts)
    if not is_past and facts.modules.num_rows:
        check_packages(policy, facts.modules, policy_file)
    siblings = None
    if policy.target.siblings:
        read_beside = partial(read_siblings, facts, cache=cache, jobs=jobs)
        siblings = gaps.attempt("scan", "siblings", read_beside, lambda: None)
    return facts, siblings


def resolve_case(
    facts: Facts, siblings: Siblings | None, policy: Policy, *, clock: Clock, cache: Path | None = None
) -> RuleContext:  # fmt: skip
    """Return what the facts of a target come to: its graph, its cycles, its names."""
    gaps = clock.gaps
    known = siblings.facts if siblings else facts
    own = replace(facts, context_top=known.context_top)
    # Where it fails, each step that asks it makes one of its own, and fails by itself.
    resolver = gaps.attempt(
        "resolve", "", lambda: TargetResolver(known, find_supported_by(policy, facts.tree)), lambda: None
    )
    build_graph = partial(build_import_graph, known, gaps, resolver=resolver)
    graph = clock.run("graph", build_graph, lambda: build_empty_graph(known))
    cycles = clock.run("cycles", lambda: find_cycles(graph, cache=cache, gaps=gaps), list[Cycle])
    duplicate_names = clock.run("identity", lambda: find_duplicate_names(facts), list[DuplicateName])
    concepts = gaps.attempt("identity", "concepts", lambda: find_concepts(facts, policy), list[Concept])
    resolve_names = partial(build_identity, known, policy, cache=cache, gaps=gaps, resolver=resolver)
    identity = clock.run("names", resolve_names, build_empty_identity)
    parts = (tuple(cycles), tuple(duplicate_names), tuple(concepts), identity)
    case = RuleContext(own, graph, *parts, policy, resolver=resolver, siblings=siblings)
    return keep_own(case) if siblings else case


def simulate(
    case: RuleContext,
    *,
    cache: Path | None = None,
    environment: Environment | None = None,
    only: Sequence[str] = (),
    clock: Clock | None = None,
) -> RuleContext:
    """Return the case with what every first import leads to, simulated within the time that the policy gives.

    ``environment`` says what is outside the tree, ``only`` are patterns of modules; by default all are simulated.
    """
    clock = clock or Clock()
    with freeing_cycles():
        return _simulate(case, cache, environment, only, clock)


def _simulate(
    case: RuleContext, cache: Path | None, environment: Environment | None, only: Sequence[str], clock: Clock
) -> RuleContext:
    gaps, environment = clock.gaps, environment or find_environment(case.resolver)
    # One for all that is asked of it: what first imports leave, starts and trials of cuts take over.
    begin = functools.cache(partial(Simulation, case.known_facts, environment, gaps=gaps, resolver=case.resolver))
    budget = case.policy.simulation.budget_seconds
    finder = case.resolver.imports if case.resolver else None
    found = clock.run(
        "simulation",
        lambda: simulate_entries(
            case.known_facts, [(entry.module, entry.path) for entry in find_entries(case.facts, only, finder=finder)],
            environment=environment, cache=cache, budget_seconds=budget, progress=clock.progress, gaps=gaps,
            resolver=case.resolver, begin=begin,
        ),
        lambda: {table.name: table.empty() for table in tables.SIMULATION_TABLES},
    )  # fmt: skip
    add = partial(add_simulated, case.identity.paths, found["simulated_names"])
    if case.resolver is not None and found["simulated_names"].num_rows:
        resolver = case.resolver
        paths = gaps.attempt("names", "simulated names", lambda: add(resolver), lambda: case.identity.paths)
        case = replace(case, identity=replace(case.identity, paths=paths))
    starts = partial(simulate_main_programs, case, environment=environment, cache=cache, gaps=gaps, begin=begin)
    started = gaps.attempt("simulation", "starts", starts, tables.SIMULATED_STARTS.empty)
    case = case.with_tables({"simulated_starts": started})
    cuts = partial(try_cuts, case, found, environment=environment, gaps=gaps, cache=cache, begin=begin)
    nothing = CutTrials(tables.CUT_TRIALS.empty(), is_cut_short=True)
    trials = gaps.attempt("simulation", "cuts", cuts, lambda: nothing)
    return case.with_tables({**found, "cut_trials": trials.table}, is_cut_short=trials.is_cut_short)
