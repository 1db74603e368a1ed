"""Starts as the main program: the body runs as ``__main__``, and an import of its own name runs it once more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa

from analysis import tables
from analysis.gaps import Gaps, NoGaps
from analysis.resolve import Module, TargetResolver
from analysis.simulation.entries import PROGRAM, Begin, Simulation, find_environment, run_deep
from analysis.simulation.kept_answers import KeptAnswers
from analysis.simulation.machine import Machine
from analysis.simulation.records import FAILED, TOO_MUCH, Delta
from analysis.simulation.sources import Environment, Sources
from analysis.steps import StatementStep

MAIN = "__main__"
#: Statements of all starts together: the rest is unknown.
_MOST_STEPS = 600_000
_MOST_HOPS = 50
_KIND = "starts"


class MainMachine(Machine):
    """A simulated process that runs a module as the main program."""

    def run_main(self, module: Module) -> Delta:
        """Run the body of a module as ``__main__``, after the packages around it; return what that leaves."""
        return self.run_and_collect(lambda: self._run_main(module))

    def _run_main(self, module: Module) -> None:
        for package in self.shared.imports.index.find_around(module):
            self.load(package.plain, is_relative=True)
        self.run(replace(module, name=MAIN, plain=MAIN))


def simulate_starts(
    facts: Sources, modules: Sequence[str], *, resolver: TargetResolver, environment: Environment | None = None,
    cache: Path | None = None, gaps: Gaps | None = None, begin: Begin | None = None,
) -> pa.Table:  # fmt: skip
    """Return the table ``simulated_starts`` for modules, by their unique names, that are started as the main program.

    Nothing is executed. A start that takes too many statements is ``unknown``. ``gaps`` takes what fails inside the
    kit; without it such a failure is raised. ``begin`` returns the simulation to go on with, where there is one.
    """
    gaps = gaps or NoGaps()
    environment = environment or find_environment(resolver)
    kept = KeptAnswers(cache, _KIND, PROGRAM, facts, resolver, environment)
    missing = [name for name in modules if kept.find(name) is None]
    if missing:
        begin = begin or partial(Simulation, facts, environment, gaps=gaps, resolver=resolver)
        simulation = begin()
        simulation.limit(steps=_MOST_STEPS)
        found = run_deep(lambda: [_simulate(simulation, name, gaps) for name in missing])
        for name, (row, needs) in zip(missing, found, strict=True):
            kept.add(name, row, needs)
        if not gaps.rows:
            kept.write(simulation.tops, simulation.programs.places)
    return tables.SIMULATED_STARTS.from_rows(tuple(kept.find(name)) for name in modules)


def _simulate(simulation: Simulation, name: str, gaps: Gaps) -> tuple[tuple[Any, ...], int]:
    """Return the row of a start, and the modules that it came to: a bit for each."""
    module = simulation.find_entry(name)
    unknown: tuple[Any, ...] = (name, module.path, "unknown", "", "", "", 0, [], 0, TOO_MUCH)
    if not simulation.has_steps:
        return unknown, simulation.everything
    run = MainMachine(simulation, module).run_main
    delta = gaps.attempt("simulation", f"start of {name}", lambda: run(module), lambda: None)
    if delta is None:
        return (*unknown[:-1], FAILED), simulation.everything
    return _build_row(module, delta), delta.reached & simulation.everything | 1 << module.number


def _build_row(module: Module, delta: Delta) -> tuple[Any, ...]:
    fault, doubt = delta.fault, delta.doubts[0] if delta.doubts else ""
    times = delta.runs.get(MAIN, 0) + delta.runs.get(module.name, 0)
    if fault is None:
        outcome = "unknown" if doubt in {TOO_MUCH, FAILED} else "ok"
        return (module.name, module.path, outcome, "", "", "", 0, [], times, doubt)
    chain = [str(StatementStep(*step)) for step in delta.chain[-_MOST_HOPS:]]
    return (
        module.name, module.path, fault.outcome, fault.kind.__name__, fault.text, fault.path, fault.line, chain, times,
        doubt,
    )  # fmt: skip
