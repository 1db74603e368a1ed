"""Bodies and calls that are repeated by their record, without running a statement."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from analysis.simulation.attributes import Attributes
from analysis.simulation.contents import is_unchanged
from analysis.simulation.events import (
    ASK,
    BIND,
    DELETE,
    DOUBT,
    ENTER,
    FAIL,
    LACK,
    LOAD,
    LOOK,
    OPEN,
    READ,
    STAR,
    SWALLOW,
    SYSTEM,
    WRITE,
    Event,
    Place,
    Record,
)
from analysis.simulation.likeness import is_alike
from analysis.simulation.records import ABSENT, Frame
from analysis.simulation.state import FailedLoad
from analysis.simulation.values import (
    Fault,
    LoadedModule,
    Raised,
    SwallowedFault,
    Value,
)

#: So many events are followed in the time of a statement.
_EVENTS_PER_STEP = 16
#: After so many modules that were loaded later than in the record, a body is run rather than compared once more.
_MOST_LATE = 50
#: A call of fewer statements is run again rather than compared.
HEAVY = 25


def repeat_body(machine: Attributes, module: LoadedModule, records: list[Record]) -> Record | None:
    """Do what a body did in another process, where all that it reads is the same; return its record, None otherwise.

    The modules that it imports are loaded as ever. Where that raises, the body runs after all, and fails there.
    """
    for record in records:
        if is_unchanged(record.born) and is_unchanged(record.entered):
            if _Follower(machine, module).run(record.events):
                return record
            module.names.clear()
            module.names.update(module.outer)
            module.is_open = module.finds_more = False
            if machine.failed_loads:
                return None
    return None


def find_call(
    machine: Attributes, records: Iterable[Record], arguments: list[Value], keywords: dict[str, Value]
) -> Record | None:
    """Return the record of a call with the same arguments, if all that it reads is the same here."""
    for record in records:
        given, named = record.given
        if len(given) != len(arguments) or [*named] != [*keywords]:
            continue
        if not all(map(is_alike, given, arguments)) or not all(map(is_alike, named.values(), keywords.values())):
            continue
        if any(machine.calls.get(key, 0) != times[0] for key, times in record.calls.items()):
            continue
        if is_unchanged(record.entered) and _Follower(machine, None).run(record.events):
            return record
        if machine.failed_loads:
            return None
    return None


class _Follower:
    """Follows events in a process: of a body, whose ``module`` is bound names, or of a call that only reads."""

    def __init__(self, machine: Attributes, module: LoadedModule | None) -> None:
        self._machine, self._module = machine, module
        #: The faults that are raised here, by those of the record.
        self._faults: dict[int, Fault] = {}
        #: Whether a module was loaded only here that was there already when the record was made.
        self._is_late = False
        self._late = 0
        self._names: dict[str, Value] = {} if module is None else module.names
        self._notes: list[SwallowedFault] = []
        self._failed: list[FailedLoad] = []

    def run(self, events: list[Event]) -> bool:
        """Return whether everything was as it is in the events; what has failed until it was not is kept for later."""
        is_done = self._follow(events)
        if is_done:
            self._machine.notes += self._notes
        else:
            self._machine.failed_loads[:0] = self._failed
        return is_done

    def _follow(self, events: list[Event]) -> bool:
        self._machine.step(1 + len(events) // _EVENTS_PER_STEP)
        for place, event in enumerate(events):
            if not _FOLLOW[event[0]](self, event):
                return False
            if self._is_late and (self._late >= _MOST_LATE or not self._still(events[:place])):
                return False
        return True

    def _read(self, event: Event) -> bool:
        owner = self._machine.loaded.get(event[1])
        if type(owner) is not LoadedModule:
            return False
        found = self._machine.peek(owner, event[2])
        return found is event[3] or is_alike(found, event[3])

    def _look(self, event: Event) -> bool:
        owner = self._machine.loaded.get(event[1])
        if type(owner) is not LoadedModule:
            return False
        found = self._machine.peek(owner, event[2])
        if found is not event[3] and not is_alike(found, event[3]):
            return False
        self._machine.note_look(owner, event[2], found)
        return True

    def _lack(self, event: Event) -> bool:
        owner = self._machine.loaded.get(event[1])
        return type(owner) is LoadedModule and self._machine.lacks(owner, event[2]) is event[3]

    def _open(self, event: Event) -> bool:
        owner = self._machine.loaded.get(event[1])
        return type(owner) is LoadedModule and owner.is_open is event[3]

    def _bind(self, event: Event) -> bool:
        self._names.update(event[1])
        return True

    def _delete(self, event: Event) -> bool:
        self._names.pop(event[1], None)
        return True

    def _write(self, event: Event) -> bool:
        owner = self._machine.loaded.get(event[1])
        if type(owner) is not LoadedModule:
            return False
        self._machine.put(owner, event[2], event[3], is_outer=event[4])
        return True

    def _star(self, event: Event) -> bool:
        owner = self._machine.loaded.get(event[1])
        if type(owner) is not LoadedModule or self._module is None:
            return False
        names = self._machine.list_star(owner)
        if [*names] != [*event[2]] or not all(map(is_alike, names.values(), event[2].values())):
            return False
        self._module.is_open |= owner.is_open
        self._names.update(event[3])
        return True

    def _enter(self, event: Event) -> bool:
        owner = self._machine.loaded.get(event[1])
        if type(owner) is not LoadedModule:
            return False
        self._machine.enter(owner)
        return True

    def _ask(self, event: Event) -> bool:
        if event[1] in self._machine.asked:
            return False
        self._machine.ledger.asked.add(event[1])
        return True

    def _ask_system(self, event: Event) -> bool:
        return is_alike(self._machine.modules.get(event[1], ABSENT), event[2])

    def _fail(self, event: Event) -> bool:
        machine, depth = self._machine, len(self._machine.stack)
        machine.stack += [self._place(each) for each in event[3]]
        try:
            self._faults[id(event[1])] = machine.fail(*event[2]).fault
        finally:
            del machine.stack[depth:]
        return True

    def _doubt(self, event: Event) -> bool:
        self._machine.doubt(Raised(self._faults[id(event[1])], ()))
        return True

    def _swallow(self, event: Event) -> bool:
        self._notes.append(SwallowedFault(self._faults[id(event[1])], *event[2:]))
        return True

    def _load(self, event: Event) -> bool:
        machine, module = self._machine, self._module
        _, part, name, resolved, parent, wanted, flags, places, is_new = event
        found = machine.loaded.get(name, ABSENT)
        self._is_late = found is ABSENT and not is_new
        if found is ABSENT:
            if module is None and not isinstance(wanted, Fault):
                return False
            if isinstance(parent, LoadedModule):
                parent = machine.loaded.get(parent.name)
            if module is not None:
                module.is_open, module.finds_more = flags[:2]
            maybe, machine.maybe = machine.maybe, machine.maybe or int(flags[2])
            depth = len(machine.stack)
            machine.stack += [self._place(each) for each in places]
            try:
                found = machine.load_part(part, resolved, parent)
            except Raised as raised:
                self._failed.append((name, raised.fault, raised.chain))
                if isinstance(wanted, Fault) and is_alike_fault(raised.fault, wanted):
                    self._faults[id(wanted)] = raised.fault
                    return True
                return False
            finally:
                machine.maybe = maybe
                del machine.stack[depth:]
        return found is wanted or is_alike(found, wanted)

    def _place(self, place: Place) -> Frame:
        module, names, kind, line, around, tests, body = place
        if names is None and self._module is not None and module.name == self._module.name:
            module, names = self._module, self._module.names
        return Frame(module, module.names if names is None else names, kind, line, around, tests=list(tests), body=body)

    def _still(self, events: list[Event]) -> bool:
        """Return whether what was read before is what would be read now, after a module was loaded that was not new."""
        self._is_late = False
        self._late += 1
        last = {(event[1], event[2]): event[3] for event in events if event[0] in {READ, LOOK}}
        loaded = self._machine.loaded
        return all(
            isinstance(owner := loaded.get(module), LoadedModule) and is_alike(self._machine.peek(owner, name), value)
            for (module, name), value in last.items()
        )


def is_alike_fault(one: Fault, other: Fault) -> bool:
    """Return whether the same handlers catch two faults, and say the same of them."""
    is_same = one.kind is other.kind and one.outcome == other.outcome and one.made_by is other.made_by
    return is_same and (one.text, one.module, one.name) == (other.text, other.module, other.name)


_FOLLOW: dict[int, Callable[[_Follower, Event], bool]] = {
    READ: _Follower._read, LOOK: _Follower._look, LACK: _Follower._lack, OPEN: _Follower._open,
    BIND: _Follower._bind, DELETE: _Follower._delete, WRITE: _Follower._write, LOAD: _Follower._load,
    STAR: _Follower._star, ENTER: _Follower._enter, ASK: _Follower._ask, SYSTEM: _Follower._ask_system,
    FAIL: _Follower._fail, SWALLOW: _Follower._swallow, DOUBT: _Follower._doubt,
}  # fmt: skip
