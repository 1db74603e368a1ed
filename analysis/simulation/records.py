"""What one simulated process is made of: frames, what a first import leaves, and what all processes share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from analysis.facts.program import Node
from analysis.simulation.values import Fault, Listed, LoadedModule, SwallowedFault, Value

#: What stands for a name that is not there.
ABSENT: Value = object()
TOO_MUCH = "too much runs to be followed"
#: Why nothing is known of a first import on which the simulation itself failed; a row of ``not_analysed`` says more.
FAILED = "could not be analysed"


@dataclass(slots=True)
class Frame:
    """A body that runs: its names, those of the functions around it, and the line it has come to.

    ``tests`` are those of the branches that run in it, ``body`` all its statements, of a module or function;
    ``prefix`` stands before the qualified names of what it defines; ``turns`` counts the loops that run in it, and
    ``yielded`` takes what a generator yields.
    """

    module: LoadedModule
    names: dict[str, Value]
    kind: str
    line: int = 0
    around: tuple[dict[str, Value], ...] = ()
    declared: set[str] = field(default_factory=set)
    is_doubtful: bool = False
    tests: list[Node] = field(default_factory=list)
    body: Sequence[Node] = ()
    prefix: str = ""
    turns: int = 0
    yielded: Listed | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Delta:
    """What the first import of a module in a fresh process leaves: what the process did itself, and ``parts``.

    ``parts`` are the first imports that it took over from other processes. ``own`` are the modules that it loaded
    itself and what it put into ``sys.modules`` for each, ``changed`` what it set on modules that had run, ``runs`` how
    often bodies began to run in it, ``failures`` how often they failed, ``again`` the runs that are repeated when this
    import fails and is tried again.

    Sets of modules are numbers with one bit for each. ``own_bits`` and ``run_bits`` are those of ``own`` and ``runs``,
    ``names`` are all modules that are loaded afterwards,
    ``reached`` also those that failed, ``odd``
    those of them that are in another state than the one that other processes share, ``own_odd`` its own; ``nodes``
    are this first import and all that it took over, by ``number``; ``failing`` are modules whose bodies failed in it.

    What it has looked for in vain, so that it may end otherwise where that is there: ``lacked`` submodules that were
    no attribute of their package, ``stars`` the submodules that a package had when all its names were taken;
    ``absent`` names that were not in ``sys.modules``;
    ``asked`` are the questions to a module's ``__getattr__``. ``altered`` are the modules on which a statement set
    something from outside, ``touched`` the entries that one set in ``sys.modules``: by which first import.

    ``total`` and ``repeated`` count all bodies that ran, also those of ``parts``; ``notes`` are all of them.
    """

    number: int
    own: tuple[tuple[str, Value], ...] = ()
    own_bits: int = 0
    parts: tuple[Delta, ...] = ()
    changed: dict[str, dict[str, Value]] = field(default_factory=dict)
    runs: dict[str, int] = field(default_factory=dict)
    run_bits: int = 0
    failures: dict[str, int] = field(default_factory=dict)
    again: dict[str, int] = field(default_factory=dict)
    names: int = 0
    reached: int = 0
    nodes: int = 0
    odd: int = 0
    own_odd: int = 0
    failing: int = 0
    lacked: frozenset[tuple[str, str]] = frozenset()
    stars: dict[str, frozenset[str]] = field(default_factory=dict)
    asked: frozenset[tuple[str, str]] = frozenset()
    absent: frozenset[str] = frozenset()
    altered: dict[str, int] = field(default_factory=dict)
    touched: dict[str, int] = field(default_factory=dict)
    notes: tuple[SwallowedFault, ...] = ()
    doubts: tuple[str, ...] = ()
    fault: Fault | None = None
    chain: tuple[tuple[str, int, str], ...] = ()
    total: int = 0
    repeated: dict[str, int] = field(default_factory=dict)
    is_raising: bool = False
    is_smooth: bool = False
    is_cut: bool = False


@dataclass(slots=True)
class Registry:
    """What all processes know of all first imports: which first import has made the state of a module that is shared.

    ``states`` are these states. ``odd``: the first imports that have made a state of a module beside the one that is
    shared; ``special``: those of which more must be asked than which modules they load; ``raising``: those in which
    anything was raised; ``altered_by``: those in which a statement has set something on a module from outside, by
    module.
    """

    bits: dict[str, int] = field(default_factory=dict)
    size: int = 0
    deltas: list[Delta] = field(default_factory=list)
    owners: dict[str, int] = field(default_factory=dict)
    fixed: dict[str, Value] = field(default_factory=dict)
    states: dict[str, Value] = field(default_factory=dict)
    odd: int = 0
    special: int = 0
    raising: int = 0
    altered_by: dict[str, int] = field(default_factory=dict)

    def find_bit(self, name: str) -> int:
        """Return the number that stands for the set of one module."""
        bit = self.bits.get(name)
        if bit is None:
            bit = self.bits[name] = 1 << self.size
            self.size += 1
        return bit

    def find_bits(self, names: Iterable[str]) -> int:
        """Return the number that stands for the set of some modules."""
        bits = 0
        for name in names:
            bits |= self.find_bit(name)
        return bits

    def find_deltas(self, nodes: int) -> Iterator[Delta]:
        """Yield the first imports of a set."""
        while nodes:
            lowest = nodes & -nodes
            yield self.deltas[lowest.bit_length() - 1]
            nodes ^= lowest

    def find_owner(self, name: str) -> Delta | None:
        """Return the first import that has made the shared state of a module."""
        number = self.owners.get(name)
        return None if number is None else self.deltas[number]

    def add(self, delta: Delta) -> None:
        """Keep a first import that is done."""
        node = 1 << delta.number
        self.deltas.append(delta)
        if delta.own_odd:
            self.odd |= node
        if delta.failing or delta.lacked or delta.stars or delta.asked or delta.absent:
            self.special |= node
        if delta.is_raising:
            self.raising |= node
        for name in delta.altered:
            self.altered_by[name] = self.altered_by.get(name, 0) | node
