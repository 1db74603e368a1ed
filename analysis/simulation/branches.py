"""Branches and loops: what runs, what may run, and what follows from either."""

from __future__ import annotations

from collections.abc import Sequence

from analysis.facts.program import Node
from analysis.simulation.bindings import store
from analysis.simulation.blocks import find_bound, may_return
from analysis.simulation.constants import truth
from analysis.simulation.importing import Importer, Statement
from analysis.simulation.lookup import bind
from analysis.simulation.records import ABSENT, Frame
from analysis.simulation.values import UNKNOWN, KnownMapping, Listed, Raised, Value

_MOST_TURNS = 200


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
    before = machine.maybe
    bound = {name: _read_here(machine, name, frame) for name in find_bound(body)}
    machine.maybe += 1
    left = None
    try:
        left = machine.run_block(body, frame)
    except Raised as raised:
        machine.doubt(raised)
    finally:
        machine.maybe = before
    elsewhere = {name for block in others for name in find_bound(block)}
    for name, value in bound.items():
        is_other = value is ABSENT and name in elsewhere
        if is_other or (value is not ABSENT and _read_here(machine, name, frame) is not value):
            bind(machine, name, UNKNOWN, frame)
    # It may have returned, or another branch does: all that follows in this body may not run any more.
    if not frame.is_doubtful and (isinstance(left, tuple) or any(may_return(block) for block in others)):
        frame.is_doubtful = True
        machine.maybe += 1
    # The other branches may run instead: what they bind is bound, to a value that cannot be told.
    for name in elsewhere - bound.keys():
        if name == "*":
            frame.module.is_open = True
        else:
            bind(machine, name, UNKNOWN, frame)


def _read_here(machine: Importer, name: str, frame: Frame) -> Value:
    """Return what a name is bound to in the body that runs, or the mark of absence."""
    return machine.read(frame.module, name) if name in frame.declared else frame.names.get(name, ABSENT)


def _for(machine: Importer, node: Node, frame: Frame) -> Value:
    _, _, target, whole, body, rest = node
    items = machine.evaluate(whole, frame)
    if isinstance(items, KnownMapping):
        items = Listed(list(items.pairs), items.is_open)
    content = items.elements if isinstance(items, Listed) and not items.is_open else items
    if not isinstance(content, list | tuple) or len(content) > _MOST_TURNS:
        store(machine, target, UNKNOWN, frame)
        _run_maybe(machine, body, frame, [rest])
        return None
    for item in list(content):
        store(machine, target, item, frame)
        left = machine.run_block(body, frame)
        if left == "break":
            return None
        if isinstance(left, tuple):
            return left
    return machine.run_block(rest, frame)


def _while(machine: Importer, node: Node, frame: Frame) -> Value:
    _, _, test, body, rest = node
    if truth(machine.evaluate(test, frame)) is False:
        return machine.run_block(rest, frame)
    _run_maybe(machine, body, frame, [rest])
    return None


def _match(machine: Importer, node: Node, frame: Frame) -> None:
    machine.evaluate(node[2], frame)
    for names, body in node[3]:
        for name in names:
            bind(machine, name, UNKNOWN, frame)
        _run_maybe(machine, body, frame)


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
