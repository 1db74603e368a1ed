"""What one simulated process takes over from others, and when it may.

The first import of a module leaves the same in a process that has loaded other modules before, if whatever it comes
to is there in the very state in which it would be there otherwise. A set of modules is a number with one bit for each.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from analysis.simulation.records import Delta
from analysis.simulation.shared import Shared
from analysis.simulation.values import Value

Changes = dict[str, dict[str, Value]]
#: Questions to modules that wait for their answer: module and name, and how often each was asked.
Asked = dict[tuple[str, str], int]


@dataclass(slots=True)
class Ledger:
    """What is in ``sys.modules`` of a process and how it came there.

    ``odd`` are modules that are running, or in another state than the shared one; ``own`` those that the process has
    loaded itself; ``parts`` the first imports that it took over.
    """

    shared: Shared
    names: int = 0
    reached: int = 0
    nodes: int = 0
    odd: int = 0
    own: dict[str, None] = field(default_factory=dict)
    parts: list[Delta] = field(default_factory=list)
    changed: Changes = field(default_factory=dict)
    runs: dict[str, int] = field(default_factory=dict)
    repeated: list[dict[str, int]] = field(default_factory=lambda: [{}])
    failures: dict[str, int] = field(default_factory=dict)
    failing: int = 0
    altered: dict[str, int] = field(default_factory=dict)
    touched: dict[str, int] = field(default_factory=dict)
    lacked: set[tuple[str, str]] = field(default_factory=set)
    stars: dict[str, frozenset[str]] = field(default_factory=dict)
    asked: set[tuple[str, str]] = field(default_factory=set)
    absent: set[str] = field(default_factory=set)
    looks: list[tuple[Value, str, Value]] = field(default_factory=list)
    is_raising: bool = False
    is_rough: bool = False

    def place(self, name: str, *, is_fixed: bool = False) -> None:
        """Note that the process itself puts a module into ``sys.modules``; one that is fixed is always the same."""
        bit = self.shared.registry.find_bit(name)
        self.own[name] = None
        self.names |= bit
        self.reached |= bit
        if not is_fixed:
            self.odd |= bit

    def adopt(self, name: str) -> None:
        """Note that a module that the process loaded itself came out in the state that processes share."""
        self.odd &= ~self.shared.registry.find_bit(name)

    def drop(self, name: str) -> None:
        """Note that a module leaves ``sys.modules``."""
        bit = self.shared.registry.find_bit(name)
        self.own.pop(name, None)
        self.names &= ~bit
        self.odd &= ~bit

    def touch(self, name: str) -> None:
        """Note that a statement sets or removes an entry of ``sys.modules``."""
        self.touched[name] = -1
        self.place(name)
        self.is_rough = True

    def count_run(self, name: str, times: int = 1) -> None:
        """Count that a body began to run, or that this does not count."""
        self.runs[name] = self.runs.get(name, 0) + times

    def count_failure(self, name: str, *, is_counted: bool) -> None:
        """Note that a body failed, and what failed in it: all that is tried again when it is."""
        inner = self.repeated.pop()
        if is_counted:
            self.failures[name] = self.failures.get(name, 0) + 1
            inner[name] = inner.get(name, 0) + 1
        self.repeat(inner)
        self.failing |= self.shared.registry.find_bit(name)

    def holds(self, delta: Delta, changed: Changes, asked: Asked, *, is_handling: bool) -> bool:
        """Return whether a first import in a fresh process leaves the same in this one, which is not fresh."""
        registry = self.shared.registry
        overlap = delta.names & self.names
        suspect = overlap & (delta.odd | self.odd)
        if suspect:
            for each in registry.find_deltas(delta.nodes & self.nodes & registry.odd):
                suspect &= ~each.own_odd
            if suspect:
                return False
        if delta.is_cut and overlap:
            return False
        if any(node < 0 or not delta.nodes >> node & 1 for node in self.touched.values()):
            return False
        if self.altered and any(registry.find_bit(name) & delta.names for name in self.altered):
            return False
        new = (delta.nodes & ~self.nodes) | 1 << delta.number
        if is_handling and new & registry.raising:
            return False
        return all(self._agrees(each, changed, asked) for each in registry.find_deltas(new & registry.special))

    def _agrees(self, delta: Delta, changed: Changes, asked: Asked) -> bool:
        """Return whether nothing is here that this part of a first import has missed."""
        absent = any(registry_bit & self.names for registry_bit in map(self.shared.registry.find_bit, delta.absent))
        if absent or delta.failing & self.names or not delta.asked.isdisjoint(asked):
            return False
        if any(name in changed.get(module, ()) for module, name in delta.lacked):
            return False
        return all(changed.get(module, {}).keys() <= seen for module, seen in delta.stars.items())

    def find_new(self, delta: Delta) -> tuple[list[Delta], list[Delta]]:
        """Return what a first import adds to this process, itself and those that it took over, the last first.

        And those that failed here before, and are tried again.
        """
        found: list[Delta] = []
        again: list[Delta] = []
        waiting, seen = [delta], self.nodes
        while waiting:
            each = waiting.pop()
            node = 1 << each.number
            if not seen & node:
                seen |= node
                found.append(each)
                waiting.extend(each.parts)
            elif each.fault is not None:
                again.append(each)
        return found, again

    def repeat(self, runs: dict[str, int]) -> None:
        """Note what runs again when the body that runs fails and is tried again."""
        inner = self.repeated[-1]
        for name, times in runs.items():
            inner[name] = inner.get(name, 0) + times

    def take(self, delta: Delta) -> None:
        """Note that a first import was taken over."""
        self.parts.append(delta)
        self.altered.update(delta.altered)
        self.touched.update(delta.touched)
        self.names |= delta.names
        self.reached |= delta.reached
        self.nodes |= delta.nodes
        self.odd |= delta.odd
