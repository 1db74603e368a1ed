"""What the import statements of a target do in the simulated first imports: one record for each name that they take.

A watched process runs the same programs as any other, and notes beside what each import statement came to. What an
import leaves is found out once and taken over afterwards, so that every statement that some first import runs is
noted at least once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from analysis.facts.program import Node
from analysis.resolve import Module
from analysis.simulation.machine import Machine
from analysis.simulation.records import Frame
from analysis.simulation.shared import Shared
from analysis.simulation.values import UNKNOWN, External, LoadedModule, Raised, Value

#: File, line and name of what a statement takes; the name is empty for ``import a`` and ``*`` for a star.
Key = tuple[str, int, str]
_IMPORTS = frozenset({"import", "from"})


class Item(NamedTuple):
    """One thing that a statement yields.

    ``kind`` is ``file`` (of the tree, by its path), ``outside`` or ``missing`` (a dotted name), or ``unknown``.
    """

    kind: str
    where: str


class Seen(NamedTuple):
    """What one run of a statement came to for one name.

    ``failure`` is empty when it went well, else the outcome of the failure, or ``elsewhere`` when another statement
    failed: one of an imported module, or another name of the same statement. ``is_sure`` is whether the statement
    stands where everything surely runs.
    """

    item: Item
    failure: str
    is_sure: bool


@dataclass(slots=True)
class Watched:
    """What was seen: by key, the import statements that ran, every statement that failed, and which bodies ended."""

    seen: dict[Key, set[Seen]] = field(default_factory=lambda: defaultdict(set))
    ran: set[tuple[str, int]] = field(default_factory=set)
    failed: set[tuple[str, int]] = field(default_factory=set)
    completed: set[str] = field(default_factory=set)
    begun: set[str] = field(default_factory=set)


class WatchedMachine(Machine):
    """A simulated process that notes what its import statements do."""

    def __init__(self, shared: Shared, first: Module, *, record: Watched) -> None:
        super().__init__(shared, first)
        self._record = record

    def run_block(self, block: Sequence[Node], frame: Frame) -> Value:
        for statement in block:
            is_import = statement[0] in _IMPORTS
            is_sure = not self.maybe and not self._doubtful
            try:
                left = super().run_block([statement], frame)
            except Raised as raised:
                self._record.failed.add((frame.module.path, statement[1]))
                if is_import:
                    self._note_failure(statement, frame, raised, is_sure=is_sure)
                raise
            if is_import:
                self._note_success(statement, frame, is_sure=is_sure)
            if left is not None:
                return left
        return None

    def run(self, resolved: Module) -> None:
        self._record.begun.add(resolved.path)
        super().run(resolved)
        self._record.completed.add(resolved.path)

    def _note_success(self, statement: Node, frame: Frame, *, is_sure: bool) -> None:
        for name, item in self._find_items(statement, frame):
            self._note(statement, frame, name, Seen(item, "", is_sure))
        self._record.ran.add((frame.module.path, statement[1]))

    def _note_failure(self, statement: Node, frame: Frame, raised: Raised, *, is_sure: bool) -> None:
        place = (frame.module.path, statement[1])
        fault = raised.fault
        is_own = (fault.path, fault.line) == place and raised.chain[-1][:2] == place
        self._record.ran.add(place)
        for name, asked in self._list_asked(statement, frame):
            failure = fault.outcome if is_own and fault.name in {"", name} else "elsewhere"
            self._note(statement, frame, name, Seen(self._find_wanted(asked, failure), failure, is_sure))

    def _note(self, statement: Node, frame: Frame, name: str, seen: Seen) -> None:
        self._record.seen[frame.module.path, statement[1], name].add(seen)

    def _list_asked(self, statement: Node, frame: Frame) -> list[tuple[str, str]]:
        """Return the names that a statement takes, each with the dotted module that it names."""
        if statement[0] == "import":
            return [("", name) for name, _ in statement[2]]
        _, _, level, module, names = statement
        try:
            base = self.find_base(frame, level, module)
        except Raised:
            base = "." * level + module
        return [(name, base) for name, _ in names]

    def _find_items(self, statement: Node, frame: Frame) -> list[tuple[str, Item]]:
        asked = self._list_asked(statement, frame)
        is_relative = statement[0] == "from" and statement[2] > 0
        if statement[0] == "import" or asked[0][0] == "*":
            return [(name, self._show(self._find_loaded(base, is_relative=is_relative), base)) for name, base in asked]
        bound = dict(statement[4])
        return [
            (name, self._find_taken(self._find_loaded(base, is_relative=is_relative), base, name, bound, frame))
            for name, base in asked
        ]

    def _find_loaded(self, dotted: str, *, is_relative: bool) -> Value:
        """Return a module that a statement has loaded; what took it out of ``sys.modules`` again is not known."""
        try:
            return self.load(dotted, is_relative=is_relative)
        except Raised:
            return UNKNOWN

    def _find_taken(self, owner: Value, base: str, name: str, bound: dict[str, str], frame: Frame) -> Item:
        """Return the submodule when that is what the name was bound to, else the module that has the name."""
        value = frame.names.get(bound[name])
        if not isinstance(owner, LoadedModule):
            return self._show(owner, base)
        child = self.shared.imports.index.find_child(owner.resolved, name)
        if value is UNKNOWN and child is not None:
            return Item("unknown", "")
        if isinstance(value, LoadedModule) and value.resolved is child:
            return self._show(value, base)
        if isinstance(value, External) and value.is_module and value.name == f"{owner.resolved.plain}.{name}":
            return Item("outside", value.name) if child is None else Item("file", child.path)
        return self._show(owner, base)

    def _find_wanted(self, asked: str, failure: str) -> Item:
        if failure == "missing-in-tree":
            return Item("missing", asked)
        if failure == "missing-third-party":
            return Item("outside", asked)
        if failure == "missing-name":
            is_relative = asked.startswith(".")
            return self._show(self._find_loaded(asked, is_relative=is_relative), asked)
        return Item("unknown", "")

    def _show(self, value: Value, dotted: str) -> Item:
        if isinstance(value, LoadedModule):
            return Item("file", value.path)
        if isinstance(value, External) and value.is_module and value.name == dotted:
            found = self.shared.imports.find_module(self.importer, dotted)
            is_here = found is not None and found.module is not None
            return Item("file", found.module.path) if is_here else Item("outside", dotted)
        return Item("unknown", "")
