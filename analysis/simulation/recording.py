"""What a body or a call reads and does while it runs, so that other processes may repeat it without running it.

A statement does the same wherever all that it reads is the same. So a record is a list of events in their order: what
was read, which modules were asked for, which names were bound. ``repeating`` follows it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from analysis.facts.program import Node
from analysis.simulation.contents import MOST_HELD, Held, describe_content, is_unchanged, list_held, list_parts
from analysis.simulation.records import ABSENT, Frame
from analysis.simulation.values import (
    BoundMethod,
    Class,
    Fault,
    Instance,
    KnownMapping,
    Listed,
    LoadedModule,
    Value,
    count_object,
)

#: Kinds of events, each the first part of a tuple.
READ, LOOK, LACK, OPEN, BIND, DELETE, WRITE, LOAD, STAR, ENTER, ASK, SYSTEM, FAIL, SWALLOW, DOUBT = range(15)
#: Of longer bodies there is no record.
_MOST_EVENTS = 5_000

_READING = frozenset({READ, LOOK, LACK, OPEN, SYSTEM})
_OBJECTS = (Class, Instance, Listed, KnownMapping)
_HOLDING = (*_OBJECTS, BoundMethod)

Event = tuple[Any, ...]
#: A frame of the statement that runs, so that a chain of imports through it can be described again.
Place = tuple[LoadedModule, dict[str, Value] | None, str, int, tuple[dict[str, Value], ...], tuple[Node, ...],
              Sequence[Node]]  # fmt: skip


def list_places(frames: Sequence[Frame]) -> tuple[Place, ...]:
    """Return what is kept of the frames of a statement."""
    return tuple([(
        each.module, None if each.kind == "module" else each.names, each.kind, each.line, each.around,
        tuple(each.tests), each.body,
    ) for each in frames])  # fmt: skip


@dataclass(slots=True)
class Record:
    """What a body or a call did: ``entered`` are the objects from elsewhere that it came to, ``born`` its own.

    Of a body, ``module`` is the state that it left; of a call, ``result`` is what it returned, ``given`` its arguments,
    and ``calls`` how often each function had been called before it and was called by it.
    """

    events: list[Event]
    entered: list[Held]
    born: list[Held] = field(default_factory=list)
    module: Value = None
    given: tuple[list[Value], dict[str, Value]] = field(default_factory=lambda: ([], {}))
    result: Value = None
    calls: dict[tuple[str, int], tuple[int, int]] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    #: The numbers of the objects that were made meanwhile, and those of them that others made.
    made: range = range(0)
    foreign: set[int] = field(default_factory=set)


@dataclass(slots=True)
class Recorder:
    """Takes down what a body does, or a call in it; ``loaded`` are the modules of its process.

    ``body`` is the module whose names are bound; what a body reads of itself it has bound itself, so that this is no
    event (``own_names``; empty for a call). ``is_whole`` while everything it did could be taken down, ``is_pure`` while
    it did nothing but read.
    """

    body: str
    loaded: dict[str, Value]
    own_names: str = ""
    events: list[Event] = field(default_factory=list)
    seen: dict[tuple[int, str, str], Value] = field(default_factory=dict)
    entered: dict[int, Held] = field(default_factory=dict)
    #: Those of them that were not made by the body for sure, however late they were made.
    foreign: set[int] = field(default_factory=set)
    faults: list[Fault] = field(default_factory=list)
    start: int = field(default_factory=count_object)
    calls: dict[tuple[str, int], int] = field(default_factory=dict)
    is_whole: bool = True
    is_pure: bool = True

    def note(self, kind: int, module: LoadedModule, name: str, value: Value) -> None:
        """Take down what a name of a module is."""
        key = (kind, module.name, name)
        if key in self.seen and self.seen[key] is value:
            return
        held = self.loaded.get(module.name)
        is_here = held is module or (type(held) is LoadedModule and held.names is module.names)
        if not is_here or len(self.events) > _MOST_EVENTS:
            self.is_whole = False
            return
        self.seen[key] = value
        self.events.append((kind, module.name, name, value))
        self.enter(value, is_foreign=module.name != self.body)

    def note_name(self, module: LoadedModule, name: str, found: Value) -> None:
        """Take down what a name is where it is used; of what the body has bound itself there is nothing to say."""
        if module.name != self.own_names or found is ABSENT or name in module.outer:
            self.note(READ, module, name, found)

    def ask_system(self, name: str) -> None:
        """Take down that ``sys.modules`` was asked for a name."""
        found = self.loaded.get(name, ABSENT)
        if self.seen.get((SYSTEM, name, "")) is not found:
            self.seen[SYSTEM, name, ""] = found
            self.events.append((SYSTEM, name, found))

    def bind(self, name: str, value: Value) -> None:
        """Take down that the body binds a name of its module."""
        if self.events and self.events[-1][0] == BIND:
            self.events[-1][1][name] = value
        else:
            self.events.append((BIND, {name: value}))
        self.is_pure = False

    def act(self, *event: Any) -> None:
        """Take down something that changes what may be read afterwards."""
        self.events.append(event)
        self.seen.clear()
        self.is_pure = False

    def load(
        self, part: str, name: str, resolved: Any, parent: Value, found: Value, flags: tuple[bool, bool, bool],
        frames: Sequence[Frame], *, is_new: bool,
    ) -> None:  # fmt: skip
        """Take down that a module was asked for; ``is_new`` when it was loaded only then, or raised a fault."""
        if not is_new and self.seen.get((LOAD, name, "")) is found:
            return
        places = list_places(frames)
        if isinstance(found, Fault):
            self.faults.append(found)
            self.events.append((LOAD, part, name, resolved, parent, found, flags, places, True))
            self.seen.clear()
            return
        if is_new:
            self.act(LOAD, part, name, resolved, parent, found, flags, places, True)
        else:
            self.events.append((LOAD, part, name, resolved, parent, found, flags, places, False))
        self.seen[LOAD, name, ""] = found

    def spoil(self) -> None:
        """Give up: what was done cannot be repeated."""
        self.is_whole = False

    def fail(self, fault: Fault, arguments: Sequence[Any], frames: Sequence[Frame]) -> None:
        """Take down that a statement has raised something."""
        self.faults.append(fault)
        self.events.append((FAIL, fault, arguments, list_places(frames)))
        self.is_pure = False

    def swallow(self, kind: int, fault: Fault, *rest: Any) -> None:
        """Take down that a fault was swallowed, or may be: only one that was raised meanwhile is known later."""
        if not any(each is fault for each in self.faults):
            self.is_whole = False
        self.events.append((kind, fault, *rest))

    def note_member(self, owner: Value, found: Value) -> None:
        """Note that an object was asked for an attribute."""
        self.enter(owner)
        if id(owner) in self.entered:
            self.enter(found, is_foreign=id(owner) in self.foreign)

    def enter(self, value: Value, *, is_foreign: bool = False) -> None:
        """Note an object from elsewhere, which must hold the same when the record is followed."""
        if not isinstance(value, _HOLDING):
            return
        waiting = [value]
        while waiting and self.is_whole:
            each = waiting.pop()
            if isinstance(each, BoundMethod):
                each = each.owner
            if isinstance(each, _OBJECTS) and self._is_new(each, is_foreign=is_foreign):
                self.entered[id(each)] = (each, describe_content(each))
                waiting += list_parts(each)
                self.is_whole &= len(self.entered) <= MOST_HELD

    def _is_new(self, value: Value, *, is_foreign: bool) -> bool:
        if is_foreign:
            self.foreign.add(id(value))
        elif value.serial > self.start:
            return False
        return id(value) not in self.entered

    def take(self, inner: Recorder) -> None:
        """Note what a call inside of this body or call did."""
        held = [each for key, each in inner.entered.items() if key in inner.foreign or each[0].serial <= self.start]
        self.foreign |= inner.foreign
        self.faults += inner.faults
        self.follow(inner.events, held)
        for key, times in inner.calls.items():
            self.calls.setdefault(key, times)
        self.is_whole &= inner.is_whole
        if not inner.is_pure:
            self.is_pure = False
            self.seen.clear()

    def repeat(self, record: Record) -> None:
        """Note a call that was not made, as its record says all of it."""
        self.follow(record.events, record.entered)
        self.faults += record.faults
        for key, (before, _) in record.calls.items():
            self.calls.setdefault(key, before)

    def follow(self, events: Iterable[Event], entered: Iterable[Held]) -> None:
        """Note the events of a call, done here or repeated."""
        for event in events:
            if event[0] in _READING:
                key, value = (event[0], event[1], event[2] if len(event) > 3 else ""), event[-1]
                if key in self.seen and self.seen[key] is value:
                    continue
                self.seen[key] = value
            self.events.append(event)
        for value, content in entered:
            self.entered.setdefault(id(value), (value, content))
        self.is_whole &= len(self.events) <= _MOST_EVENTS

    def finish(self, module: LoadedModule | None = None) -> Record | None:
        """Return the record, if all was taken down and nothing from elsewhere was changed."""
        if not self.is_whole or not is_unchanged(self.entered.values()):
            return None
        born = [] if module is None else list_held(module.names.values())
        return (
            None if born is None else Record(self.events, list(self.entered.values()), born, module, faults=self.faults)
        )
