"""Branches and loops: what runs, what may run, and what follows from either."""

from __future__ import annotations

from collections.abc import Sequence

from analysis.facts.program import Node
from analysis.simulation.any_order import go_through
from analysis.simulation.bindings import store
from analysis.simulation.blocks import find_bound, find_changed, may_leave, may_return
from analysis.simulation.comprehensions import MOST_TURNS
from analysis.simulation.constants import plain, truth
from analysis.simulation.elements import read_elements
from analysis.simulation.generators import read_all
from analysis.simulation.importing import Importer, Statement
from analysis.simulation.lookup import bind
from analysis.simulation.records import ABSENT, Frame
from analysis.simulation.values import UNKNOWN, Class, Instance, KnownMapping, Listed, LoadedModule, Raised, Value


def _if(machine: Importer, node: Node, frame: Frame) -> Value:
    _, _, branches, rest = node
    before = len(frame.tests)
    try:
        for number, (test, body, line) in enumerate(branches):
            frame.line = line
            known = truth(machine.evaluate(test, frame))
            frame.tests.append(test)
            if known:
                return machine.run_block(body, frame)
            if known is None:
                others = [each[1] for each in branches[number + 1 :]] + [rest]
                return _run_maybe(machine, body, frame, others)
        return machine.run_block(rest, frame)
    finally:
        del frame.tests[before:]


def _run_maybe(machine: Importer, body: Sequence[Node], frame: Frame, others: Sequence[Sequence[Node]] = ()) -> None:
    """Run what may not run: its failure is a doubt, and so is all that follows where it may return."""
    before, was_doubtful = machine.maybe, frame.is_doubtful
    bound = {name: _read_here(machine, name, frame) for name in find_bound(body)}
    machine.maybe += 1
    left = None
    try:
        left = machine.run_block(body, frame)
    except Raised as raised:
        machine.doubt(raised)
    finally:
        machine.maybe = before
    _forget_changed(machine, others, frame)
    elsewhere = {name for block in others for name in find_bound(block)}
    for name, value in bound.items():
        is_other = value is ABSENT and name in elsewhere
        if is_other or (value is not ABSENT and _read_here(machine, name, frame) is not value):
            bind(machine, name, UNKNOWN, frame)
    # It may leave the loop around it, or another branch does: then nothing that follows there is sure.
    if any(may_leave(block) for block in (body, *others)):
        machine.maybe += 1
    # It may have returned, or another branch does: all that follows in this body may not run any more.
    frame.is_doubtful |= isinstance(left, tuple) or any(may_return(block) for block in others)
    machine.maybe += frame.is_doubtful and not was_doubtful
    # The other branches may run instead: what they bind is bound, to a value that cannot be told.
    for name in elsewhere - bound.keys():
        if name == "*":
            machine.open(frame.module)
        else:
            bind(machine, name, UNKNOWN, frame)


def _forget_changed(machine: Importer, blocks: Sequence[Sequence[Node]], frame: Frame) -> None:
    """Of the lists and dictionaries that statements may change nothing is known any more."""
    for block in blocks:
        for node in find_changed(block):
            value = _find_object(machine, node, frame)
            if isinstance(value, KnownMapping) or (isinstance(value, Listed) and value.kind in {"list", "set"}):
                if machine.recorder is not None:
                    machine.recorder.enter(value)
                value.is_open = True


def _find_object(machine: Importer, node: Node, frame: Frame) -> Value:
    """Return what a name, or an attribute of what it means, holds; nothing is run for it."""
    if node[0] == "n":
        found = frame.names.get(node[1], ABSENT)
        return machine.peek(frame.module, node[1]) if found is ABSENT and frame.kind != "module" else found
    owner = _find_object(machine, node[1], frame) if node[0] == "a" else None
    if isinstance(owner, Instance | Class):
        return owner.names.get(node[2])
    return machine.peek(owner, node[2]) if isinstance(owner, LoadedModule) else None


def _read_here(machine: Importer, name: str, frame: Frame) -> Value:
    """Return what a name is bound to in the body that runs, or the mark of absence."""
    return machine.read(frame.module, name) if name in frame.declared else frame.names.get(name, ABSENT)


def _for(machine: Importer, node: Node, frame: Frame) -> Value:
    _, _, target, whole, body, rest = node
    goes_through = read_all(machine, machine.evaluate(whole, frame))
    items, is_open = read_elements(goes_through)
    if is_open or len(items) > MOST_TURNS:
        store(machine, target, UNKNOWN, frame)
        _run_maybe(machine, body, frame, [rest])
        return None
    turns = _Turns(machine, frame)

    def turn(item: Value) -> bool:
        store(machine, target, item, frame)
        return turns.run(body)

    go_through(machine, goes_through, items, turn)
    return turns.end(rest)


def _while(machine: Importer, node: Node, frame: Frame) -> Value:
    _, _, test, body, rest = node
    turns = _Turns(machine, frame)
    for _ in range(MOST_TURNS):
        known = truth(machine.evaluate(test, frame))
        if known is False:
            return turns.end(rest)
        if known is None or machine.maybe:
            break
        if turns.run(body):
            return turns.end(rest)
    _run_maybe(machine, body, frame, [rest])
    return turns.end([])


class _Turns:
    """The turns of a loop: one that may leave it puts all that follows in doubt, until the loop has ended."""

    def __init__(self, machine: Importer, frame: Frame) -> None:
        self._machine, self._frame = machine, frame
        self._outside, self._was_doubtful = machine.maybe, frame.is_doubtful
        self._left: Value = None

    def run(self, body: Sequence[Node]) -> bool:
        """Run a body once; return whether the loop ends with it."""
        self._frame.turns += 1
        try:
            left = self._machine.run_block(body, self._frame)
        except Raised as raised:
            if self._machine.maybe == self._outside:
                raise
            self._machine.doubt(raised)
            left = "continue"
        finally:
            self._frame.turns -= 1
        self._left = None if left == "continue" else left
        return self._left is not None

    def end(self, rest: Sequence[Node]) -> Value:
        """Run what follows where the loop was not left; return how it was left."""
        machine, left = self._machine, self._left
        try:
            if left is None and machine.maybe == self._outside:
                return machine.run_block(rest, self._frame)
            if left is None:
                _run_maybe(machine, rest, self._frame)
            return left if isinstance(left, tuple) else None
        finally:
            machine.maybe = self._outside + (self._frame.is_doubtful and not self._was_doubtful)


def _match(machine: Importer, node: Node, frame: Frame) -> Value:
    subject = machine.evaluate(node[2], frame)
    for number, (names, body, pattern, guard) in enumerate(node[3]):
        known = _fits(machine, pattern, subject, frame)
        if known is False:
            continue
        for name in names:
            bind(machine, name, subject if pattern == ["_", name] else UNKNOWN, frame)
        if known and guard is not None:
            known = truth(machine.evaluate(guard, frame))
        if known:
            return machine.run_block(body, frame)
        if known is None:
            return _run_maybe(machine, body, frame, [each[1] for each in node[3][number + 1 :]])
    return None


def _fits(machine: Importer, pattern: Node, subject: Value, frame: Frame) -> bool | None:
    """Return whether a value fits a pattern; None where that cannot be computed."""
    if pattern[0] == "_":
        return True
    if pattern[0] == "|":
        found = [_fits(machine, each, subject, frame) for each in pattern[1]]
        return True if True in found else None if None in found else False
    if pattern[0] != "=":
        return None
    value, other = plain(machine.evaluate(pattern[1], frame)), plain(subject)
    if value is UNKNOWN or other is UNKNOWN:
        return None
    return value is other if value is None or isinstance(value, bool) else bool(value == other)


def _leave(_: Importer, node: Node, __: Frame) -> Value:
    return node[0]


STATEMENTS: dict[str, Statement] = {
    "if": _if,
    "for": _for,
    "while": _while,
    "match": _match,
    "break": _leave,
    "continue": _leave,
}
