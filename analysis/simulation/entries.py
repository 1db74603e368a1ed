"""Every module as the first import of a fresh process, and what that comes to, as tables."""

from __future__ import annotations

import gc
import math
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa

from analysis import tables
from analysis.cache import build_key, write_entry
from analysis.gaps import Gaps, NoGaps
from analysis.progress import Progress, ignore_progress
from analysis.resolve import Module, TargetResolver
from analysis.resolve.namespace_parts import describe_parts
from analysis.simulation.kept import Tops, find_changed, find_moved, join, list_files, pack_kept, read_kept, select
from analysis.simulation.machine import Machine
from analysis.simulation.namespaces import list_made_names
from analysis.simulation.places import Places
from analysis.simulation.recorded import Recorded
from analysis.simulation.records import FAILED, TOO_MUCH, Delta, Registry
from analysis.simulation.sources import Environment, Programs, Sources
from analysis.simulation.state import MOST_STEPS as MOST_STEPS_OF_ONE
from analysis.simulation.values import Fault, OutOfTime, SwallowedFault
from analysis.steps import StatementStep, write_left_names

Result = TypeVar("Result")
#: Statements of all first imports together; a ring of thousands of modules has no answer in time, and gets none.
MOST_STEPS = 150_000_000
TOO_MANY_STEPS = "the modules before it took too many steps"
TIME_BUDGET = "time budget"
_MOST_HOPS = 50
#: What decides an answer: when its source changes, what was cached before is never read.
PROGRAM = ("simulation", "resolve", "facts", "policy", "tables", "tree_state", "steps")
_KIND = "first-imports"
_DEEPEST = 200_000
_STACK_BYTES = 512 << 20
#: As many modules may wait for one another before one is simulated again inside another.
_MOST_WAITING = 400


#: Statements between two looks at the clock.
_STEPS_PER_LOOK = 2_000


class Simulation:
    """What first imports leave, each found out once.

    ``deadline`` is a time of ``time.monotonic``: no further import begins after it. ``gaps`` takes what fails inside
    the kit, import by import; without it such a failure is raised. ``machine`` makes each simulated process.
    Unless ``is_sharing``, each process runs everything itself: the same answers, in many times the time.
    """

    def __init__(
        self,
        facts: Sources,
        environment: Environment | None = None,
        *,
        deadline: float = math.inf,
        gaps: Gaps | None = None,
        resolver: TargetResolver | None = None,
        machine: Callable[[Simulation, Module], Machine] = Machine,
        is_sharing: bool = True,
    ) -> None:
        self.resolver = resolver or TargetResolver(facts)
        self.imports = self.resolver.imports
        self.programs = Programs(facts)
        self._by_name = {module.name: module for module in self.imports.index.all}
        self.environment = environment or Environment()
        self.steps = 0
        self._gaps = gaps or NoGaps()
        self._machine = machine
        self.is_sharing = is_sharing
        #: The bit of a module is that of its number in every run, so that what one run keeps another can read.
        self.bits = {module.name: 1 << module.number for module in self.imports.index.all}
        self.size = len(self.imports.index.all)
        self.everything = (1 << self.size) - 1
        self.registry = Registry(dict(self.bits), self.size)
        #: All modules that each first import came to.
        self.needs: dict[str, int] = {}
        self.tops: Tops = {}
        self.next_look = _STEPS_PER_LOOK
        self.limit(deadline)
        self.running = self.processes = 0
        self.bodies: defaultdict[tuple[str, str], Recorded] = defaultdict(Recorded)
        self.functions: defaultdict[tuple[str, int, bool, bool, bool], Recorded] = defaultdict(Recorded)
        self.heavy: set[tuple[str, int]] = set()
        self._deltas: dict[str, Delta] = {}
        self._waiting: set[str] = set()

    def limit(self, deadline: float = math.inf, steps: int = 0) -> None:
        """Say how long imports may take from now on: none begins after the deadline or so many steps (0: usual)."""
        self._deadline, self._last_step = deadline, self.steps + (steps or MOST_STEPS)
        self.most_steps = self._last_step + MOST_STEPS_OF_ONE  # the last one that may begin may end

    @property
    def has_steps(self) -> bool:
        """Whether another import may begin."""
        return self.steps < self._last_step

    def find_entry(self, name: str) -> Module:
        """Return the module of a unique name."""
        return self._by_name[name]

    def find_path(self, name: str) -> str:
        """Return the file of a module; empty for one that is not in the tree."""
        return self._by_name[name].path if name in self._by_name else ""

    def is_nowhere(self, module: Module, name: str) -> bool:
        """Return whether a module never has a name, however far it runs."""
        return self.resolver.is_nowhere(module, name)

    def find_delta(self, module: Module) -> Delta | None:
        """Return what the first import of a module leaves; None while that is being found out.

        Raises ``OutOfTime`` after the deadline.
        """
        name = module.name
        if not self.is_sharing and (self._waiting or self._deltas):
            if self._waiting:
                return None
            self._deltas, self.registry = {}, Registry(dict(self.bits), self.size)
        found = self._deltas.get(name)
        if found is None and name not in self._waiting and len(self._waiting) < _MOST_WAITING:
            if time.monotonic() >= self._deadline:
                raise OutOfTime
            self._waiting.add(name)
            try:
                found = self._deltas[name] = self._run_first(module)
            finally:
                self._waiting.discard(name)
        return found

    def forget(self, changed: Iterable[Module]) -> None:
        """Let go of what came to some modules: they are about to run something else."""
        registry, nodes, bits = self.registry, 0, 0
        for module in changed:
            bits |= 1 << module.number
        for delta in registry.deltas:
            if delta.reached & bits:
                nodes |= 1 << delta.number
        self._deltas = {name: delta for name, delta in self._deltas.items() if not delta.nodes & nodes}
        owners = registry.owners.items()
        registry.owners = {name: number for name, number in owners if not registry.deltas[number].nodes & nodes}
        registry.states = {name: state for name, state in registry.states.items() if name in registry.owners}
        self.bodies, self.functions = defaultdict(Recorded), defaultdict(Recorded)
        self.needs = {}

    def look_at_clock(self) -> None:
        """Raise ``OutOfTime`` after the deadline: one first import among many that wait may take minutes."""
        self.next_look = self.steps + _STEPS_PER_LOOK
        if time.monotonic() >= self._deadline:
            raise OutOfTime

    def _run_first(self, module: Module) -> Delta:
        part = f"first import of {module.name}"
        process = self._machine(self, module)
        try:
            return self._gaps.attempt("simulation", part, process.run_first, lambda: self._fail(module.name))
        finally:
            process.end()

    def _fail(self, name: str) -> Delta:
        """Return what stands for a first import on which the simulation itself failed: nobody knows what it leaves."""
        number, bit = len(self.registry.deltas), self.registry.find_bit(name)
        delta = Delta(number, names=bit, odd=bit, own_odd=bit, nodes=1 << number, doubts=(FAILED,), is_cut=True)
        self.registry.add(delta)
        return delta


#: Returns the simulation of a target; it is made when it is first asked for, as nothing may be left to find out.
Begin = Callable[[], Simulation]


def simulate_entries(
    facts: Sources,
    entries: Sequence[tuple[str, str]],
    *,
    environment: Environment | None = None,
    cache: Path | None = None,
    budget_seconds: float = math.inf,
    progress: Progress = ignore_progress,
    gaps: Gaps | None = None,
    resolver: TargetResolver | None = None,
    machine: Callable[[Simulation, Module], Machine] = Machine,
    is_sharing: bool = True,
    begin: Begin | None = None,
) -> dict[str, pa.Table]:
    """Return ``tables.SIMULATION_TABLES`` for the modules (name and path) imported first, each in a fresh process.

    Nothing is executed. Modules that come after ``MOST_STEPS`` are ``unknown``, those after ``budget_seconds`` are
    ``not-simulated``.
    ``environment`` says what is outside the tree; by default all of it is there. With ``cache`` the answer for the same
    files is cached there, also one that time cut short: the next call goes on from it. ``gaps`` takes what fails inside
    the kit; without it such a failure is raised. ``machine`` makes each simulated process: one that watches what runs
    is given here, and no ``cache`` with it. Unless ``is_sharing``, no process takes over what another has found out.
    ``begin`` returns the simulation to go on with, where others ask the same one.
    """
    environment, gaps = environment or find_environment(resolver), gaps or NoGaps()
    key = _find_key(facts, entries, environment) if cache is not None else ""
    files = list_files(facts)
    kept = read_kept(cache, _KIND, key)
    moved = find_moved(kept.places, Places(facts.tree)) if kept is not None else set()
    is_same = kept is not None and kept.files.equals(files) and not moved
    if kept is not None and is_same and not count_not_simulated(kept.tables["simulated"]):
        progress("simulation", len(entries), len(entries))
        return kept.tables
    failures = len(gaps.rows)
    deadline = time.monotonic() + budget_seconds
    begin = begin or partial(
        Simulation, facts, environment, gaps=gaps, resolver=resolver, machine=machine, is_sharing=is_sharing
    )
    simulation = begin()
    simulation.limit(deadline)
    if kept is not None:
        changed = find_changed(kept.files, kept.tops, files, simulation.imports)
        kept = select(kept, changed | sum(simulation.bits[name] for name in moved & simulation.bits.keys()))
    waiting = [entry for entry in entries if kept is None or entry[0] not in kept.needs]
    found = run_deep(lambda: simulate_each(simulation, waiting, progress))
    joined = join(kept, found, simulation.needs, simulation.tops, files, simulation.programs.places)
    if len(gaps.rows) == failures:
        write_entry(cache, _KIND, key, pack_kept(joined))
    return joined.tables


def find_environment(resolver: TargetResolver | None) -> Environment:
    """Return the environment that is simulated where nobody has looked: a version and platform that are supported."""
    if resolver is None:
        return Environment()
    here = resolver.supported.here
    return Environment(here.version, here.platform, oldest=resolver.supported.versions[0])


def count_not_simulated(simulated: pa.Table) -> int:
    """Return of how many modules the first import was not simulated, for lack of time."""
    return tables.read_column(simulated, "outcome").count("not-simulated")


def _find_key(facts: Sources, entries: Sequence[tuple[str, str]], environment: Environment) -> str:
    """Return a key of all that decides the answer but what the files say: the modules, and what is outside."""
    modules = [tables.read_column(facts.modules, name) for name in facts.modules.column_names]
    return build_key(PROGRAM, modules, list(entries), environment, describe_parts(facts.modules, facts.tree))


def run_deep(work: Callable[[], Result]) -> Result:
    """Run something that calls itself deeply: import chains are as long as a tree is deep."""
    results: list[Result] = []
    failures: list[BaseException] = []

    def run() -> None:
        try:
            results.append(work())
        except BaseException as error:  # noqa: BLE001 - handed to the caller
            failures.append(error)

    limit, size, is_collecting = sys.getrecursionlimit(), threading.stack_size(_STACK_BYTES), gc.isenabled()
    gc.disable()  # all that a process leaves is kept, and looking through it again and again takes a third of the time
    sys.setrecursionlimit(_DEEPEST)
    try:
        thread = threading.Thread(target=run)
        thread.start()
        thread.join()
    finally:
        sys.setrecursionlimit(limit)
        if is_collecting:
            gc.enable()
        threading.stack_size(size)
    if failures:
        raise failures[0]
    return results[0]


def simulate_each(
    simulation: Simulation, entries: Sequence[tuple[str, str]], progress: Progress
) -> dict[str, pa.Table]:  # fmt: skip
    """Return ``tables.SIMULATION_TABLES`` for modules (name and path); to be called in ``run_deep``."""
    simulated: list[tuple[Any, ...]] = []
    swallowed: list[tuple[Any, ...]] = []
    executions: list[tuple[Any, ...]] = []
    made: list[tuple[Any, ...]] = []
    for number, (name, path) in enumerate(entries):
        try:
            delta = simulation.find_delta(simulation.find_entry(name)) if simulation.has_steps else None
            outcome, reason = "unknown", TOO_MANY_STEPS
        except OutOfTime:
            delta, outcome, reason = None, "not-simulated", TIME_BUDGET
        simulation.needs[name] = simulation.everything if delta is None else delta.reached & simulation.everything
        if delta is None:
            simulated.append((name, path, outcome, "", "", "", 0, "", "", [], 0, reason, ""))
            continue
        simulated.append(_build_row(name, path, delta))
        swallowed.extend((name, *row) for row in _build_notes(delta))
        executions.extend(
            (name, module, simulation.find_path(module), times) for module, times in sorted(delta.repeated.items())
        )
        made.extend(list_made_names(simulation, simulation.find_entry(name), delta, simulation.resolver))
        if number % 50 == 0:
            progress("simulation", number, len(entries))
    progress("simulation", len(entries), len(entries))
    return {
        "simulated": tables.SIMULATED.from_rows(simulated),
        "simulated_swallowed": tables.SIMULATED_SWALLOWED.from_rows(swallowed),
        "simulated_executions": tables.SIMULATED_EXECUTIONS.from_rows(executions),
        "simulated_names": tables.SIMULATED_NAMES.from_rows(made),
    }


def _build_row(name: str, path: str, delta: Delta) -> tuple[Any, ...]:
    fault = delta.fault
    chain = [str(StatementStep(*step)) for step in delta.chain[-_MOST_HOPS:]]
    doubt = delta.doubts[0] if delta.doubts else ""
    runs = delta.total
    if fault is None:
        return (
            name,
            path,
            "unknown" if doubt in {TOO_MUCH, FAILED} else "ok",
            "",
            "",
            "",
            0,
            "",
            "",
            [],
            runs,
            doubt,
            "",
        )
    return (
        name, path, fault.outcome, fault.kind.__name__, fault.text, fault.path, fault.line, fault.module, fault.name,
        chain, runs, doubt, fault.reason,
    )  # fmt: skip


def _build_notes(delta: Delta) -> Iterator[tuple[Any, ...]]:
    led = set()
    fault: Fault | None = delta.fault
    while fault is not None:
        led.add(id(fault))
        fault = fault.context
    found = {_describe(note) for note in delta.notes if id(note.fault) not in led}
    yield from sorted(found)


def _describe(note: SwallowedFault) -> tuple[Any, ...]:
    fault = note.fault
    return (
        fault.outcome, fault.kind.__name__, fault.text, fault.path, fault.line, fault.module, fault.name, note.path,
        note.line, write_left_names(note.left_as), fault.reason,
    )  # fmt: skip
