"""Comprehensions and generators: what they make of elements that are known."""

from __future__ import annotations

from collections.abc import Callable

from analysis.facts.program import Node
from analysis.simulation.any_order import go_through
from analysis.simulation.bindings import store
from analysis.simulation.constants import find_key, truth
from analysis.simulation.elements import is_shuffled, read_elements
from analysis.simulation.generators import read_all
from analysis.simulation.importing import Expression, Importer
from analysis.simulation.records import Frame
from analysis.simulation.values import UNKNOWN, KnownMapping, Listed, Value

#: Longer lists are not gone through.
MOST_TURNS = 200


def _comprehension(machine: Importer, node: Node, frame: Frame) -> Value:
    """Return what a comprehension makes; what nobody knows of its elements leaves it open."""
    _, kind, element, loops = node
    made: Listed | KnownMapping = KnownMapping() if kind == "dict" else Listed([], kind=kind)
    around = (frame.names, *frame.around) if frame.kind == "function" else frame.around
    inner = Frame(frame.module, {}, "function", frame.line, around)
    first = machine.evaluate(loops[0][1], frame)
    before = machine.maybe
    machine.maybe += kind == "generator"  # its elements are made later, if at all
    try:
        _loop(machine, loops, first, inner, made, lambda: _add(machine, made, element, inner))
    finally:
        machine.maybe = before
    return made


def _loop(
    machine: Importer, loops: list[Node], whole: Value, frame: Frame, made: Listed | KnownMapping,
    act: Callable[[], None],
) -> None:  # fmt: skip
    """Act for all elements of nested loops that pass their tests."""
    (target, _, tests), *others = loops
    whole = read_all(machine, whole)
    values, is_open = read_elements(whole)
    if is_open or len(values) > MOST_TURNS:
        made.is_open = True
    if isinstance(made, Listed):
        made.is_unordered |= is_shuffled(whole)

    def turn(value: Value) -> bool:
        machine.step()
        store(machine, target, value, frame)
        passes = _pass(machine, tests, frame)
        if passes is None:
            made.is_open = True
        elif passes and others:
            _loop(machine, others, machine.evaluate(others[0][1], frame), frame, made, act)
        elif passes:
            act()
        return False

    go_through(machine, whole, values[:MOST_TURNS], turn)


def _pass(machine: Importer, tests: list[Node], frame: Frame) -> bool | None:
    """Return whether an element passes all tests; they are asked one after the other."""
    for test in tests:
        known = truth(machine.evaluate(test, frame))
        if not known:
            return known
    return True


def _add(machine: Importer, made: Listed | KnownMapping, element: Node, frame: Frame) -> None:
    if isinstance(made, Listed):
        made.elements.append(machine.evaluate(element, frame))
        return
    key = find_key(machine.evaluate(element[0], frame))
    value = machine.evaluate(element[1], frame)
    if key is UNKNOWN:  # it may take the place of any other
        made.forget()
    else:
        made.pairs[key] = value


def _yield(machine: Importer, node: Node, frame: Frame) -> Value:
    value = machine.evaluate(node[1], frame)
    if frame.yielded is not None and not machine.maybe:
        frame.yielded.elements.append(value)
    elif frame.yielded is not None:
        frame.yielded.is_open = True
    return UNKNOWN


def _yield_from(machine: Importer, node: Node, frame: Frame) -> Value:
    values, is_open = read_elements(read_all(machine, machine.evaluate(node[1], frame)))
    if frame.yielded is not None:
        frame.yielded.elements.extend([] if machine.maybe else values)
        frame.yielded.is_open |= is_open or bool(machine.maybe)
    return UNKNOWN


EXPRESSIONS: dict[str, Expression] = {"for": _comprehension, "y": _yield, "y*": _yield_from}
