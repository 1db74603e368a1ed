"""What a body or a call reads and does while it runs, so that other processes may repeat it without running it.

A statement does the same wherever all that it reads is the same. So a record is a list of events in their order: what
was read, which modules were asked for, which names were bound. ``repeating`` follows it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from analysis.simulation.contents import (
    MOST_ELEMENTS,
    MOST_HELD,
    Held,
    count_held,
    describe_content,
    is_unchanged,
    list_held,
    list_parts,
)
from analysis.simulation.events import (
    BIND,
    FAIL,
    LACK,
    LOAD,
    LOOK,
    OPEN,
    READ,
    STAR,
    SYSTEM,
    Event,
    Record,
    list_places,
)
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

#: Of longer bodies there is no record: so many events, and names and elements in them.
_MOST_EVENTS = 5_000
#: Where the names of an event stand, of the kinds that have many.
_SIZED = {BIND: 1, STAR: 2}
_READING = frozenset({READ, LOOK, LACK, OPEN, SYSTEM})
_OBJECTS = (Class, Instance, Listed, KnownMapping)
_HOLDING = (*_OBJECTS, BoundMethod)


@dataclass(slots=True)
class BodyRecorder:
    """Takes down what a body does, or a call in it; ``loaded`` are the modules of its process.

    ``body`` is the module whose names are bound; what a body reads of itself it has bound itself, so that this is no
    event (``own_names``; empty for a call). ``is_whole`` while everything it did could be taken down, ``is_pure`` while
    it did nothing but read. ``size`` counts events, and the names and elements in them: a record takes no more time and
    memory than running the body. Once it is not whole any more, nothing is taken down.
    """

    body: str
    loaded: dict[str, Value]
    own_names: str = ""
    events: list[Event] = field(default_factory=list)
    seen: dict[tuple[int, str, str], Value] = field(default_factory=dict)
    entered: dict[int, Held] = field(default_factory=dict)
    #: Those of them that were not made by the body for sure, however late they were made.
    foreign: set[int] = field(default_factory=set)
    faults: dict[int, Fault] = field(default_factory=dict)
    #: How often something was raised.
    raised: int = 0
    size: int = 0
    start: int = field(default_factory=count_object)
    calls: dict[tuple[str, int], int] = field(default_factory=dict)
    is_whole: bool = True
    is_pure: bool = True

    def note(self, kind: int, module: LoadedModule, name: str, value: Value) -> None:
        """Take down what a name of a module is."""
        if not self.is_whole:
            return
        key = (kind, module.name, name)
        if key in self.seen and self.seen[key] is value:
            return
        held = self.loaded.get(module.name)
        is_here = held is module or (type(held) is LoadedModule and held.names is module.names)
        if not is_here:
            self.spoil()
            return
        self.seen[key] = value
        self._add((kind, module.name, name, value))
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
            self._add((SYSTEM, name, found))

    def bind(self, name: str, value: Value) -> None:
        """Take down that the body binds a name of its module."""
        if self.events and self.events[-1][0] == BIND:
            self.events[-1][1][name] = value
            self._grow(1)
        else:
            self._add((BIND, {name: value}))
        self.is_pure = False

    def act(self, *event: Any) -> None:
        """Take down something that changes what may be read afterwards."""
        self._add(event)
        self.seen.clear()
        self.is_pure = False

    def take_star(self, module: LoadedModule, names: Mapping[str, Value], taken: dict[str, Value]) -> None:
        """Take down that a star took over names of a module, which had these."""
        if self.is_whole and len(names) <= _MOST_EVENTS:
            self.act(STAR, module.name, dict(names), taken)
        else:
            self.spoil()

    def _add(self, event: Event) -> None:
        self._grow(len(event[_SIZED[event[0]]]) if event[0] in _SIZED else 1)
        if self.is_whole:
            self.events.append(event)

    def _grow(self, size: int) -> None:
        self.size += size
        if self.size > _MOST_EVENTS:
            self.spoil()

    def load(
        self, part: str, name: str, resolved: Any, parent: Value, found: Value, flags: tuple[bool, bool, bool],
        frames: Sequence[Frame], *, is_new: bool,
    ) -> None:  # fmt: skip
        """Take down that a module was asked for; ``is_new`` when it was loaded only then, or raised a fault."""
        if not self.is_whole or (not is_new and self.seen.get((LOAD, name, "")) is found):
            return
        places = list_places(frames)
        if isinstance(found, Fault):
            self._raise(found)
            self._add((LOAD, part, name, resolved, parent, found, flags, places, True))
            self.seen.clear()
            return
        if is_new:
            self.act(LOAD, part, name, resolved, parent, found, flags, places, True)
        else:
            self._add((LOAD, part, name, resolved, parent, found, flags, places, False))
        self.seen[LOAD, name, ""] = found

    def _raise(self, fault: Fault) -> None:
        self.faults[id(fault)] = fault
        self.raised += 1

    def spoil(self) -> None:
        """Give up: what was done cannot be repeated."""
        self.is_whole = False
        self.events, self.seen, self.entered, self.foreign = [], {}, {}, set()

    def fail(self, fault: Fault, arguments: Sequence[Any], frames: Sequence[Frame]) -> None:
        """Take down that a statement has raised something."""
        self._raise(fault)
        if self.is_whole:
            self._add((FAIL, fault, arguments, list_places(frames)))
        self.is_pure = False

    def swallow(self, kind: int, fault: Fault, *rest: Any) -> None:
        """Take down that a fault was swallowed, or may be: only one that was raised meanwhile is known later."""
        if id(fault) in self.faults:
            self._add((kind, fault, *rest))
        else:
            self.spoil()

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
                if count_held(each) > MOST_ELEMENTS:
                    self.spoil()
                    return
                self._hold(each, describe_content(each))
                waiting += list_parts(each)

    def _hold(self, value: Value, content: Any) -> None:
        self.entered[id(value)] = (value, content)
        self._grow(count_held(value))
        if len(self.entered) > MOST_HELD:
            self.spoil()

    def _is_new(self, value: Value, *, is_foreign: bool) -> bool:
        if is_foreign:
            self.foreign.add(id(value))
        elif value.serial > self.start:
            return False
        return id(value) not in self.entered

    def take(self, inner: BodyRecorder) -> None:
        """Note what a call inside of this body or call did."""
        if not (self.is_whole and inner.is_whole):
            self.spoil()
            return
        held = [each for key, each in inner.entered.items() if key in inner.foreign or each[0].serial <= self.start]
        self.foreign |= inner.foreign
        self._follow(inner.events, held, inner.faults, inner.calls.items())
        if not inner.is_pure:
            self.is_pure = False
            self.seen.clear()

    def repeat(self, record: Record) -> None:
        """Note a call that was not made, as its record says all of it."""
        if self.is_whole:
            calls = [(key, before) for key, (before, _) in record.calls.items()]
            self._follow(record.events, record.entered, record.faults, calls)

    def _follow(
        self, events: Iterable[Event], entered: Iterable[Held], faults: Mapping[int, Fault],
        calls: Iterable[tuple[tuple[str, int], int]],
    ) -> None:  # fmt: skip
        self.faults.update(faults)
        self.raised += len(faults)
        for function, times in calls:
            self.calls.setdefault(function, times)
        for event in events:
            if event[0] in _READING:
                key, value = (event[0], event[1], event[2] if len(event) > 3 else ""), event[-1]
                if key in self.seen and self.seen[key] is value:
                    continue
                self.seen[key] = value
            self._add(event)
        for value, content in entered:
            if id(value) not in self.entered and self.is_whole:
                self._hold(value, content)

    def finish(self, module: LoadedModule | None = None) -> Record | None:
        """Return the record, if all was taken down and nothing from elsewhere was changed."""
        if not self.is_whole or not is_unchanged(self.entered.values()):
            return None
        born = [] if module is None else list_held(module.names.values())
        return (
            None if born is None else Record(self.events, list(self.entered.values()), born, module, faults=self.faults)
        )
