"""What runs only when somebody goes through it, or awaits it: generators, ``map`` and ``filter``, coroutines."""

from __future__ import annotations

from itertools import islice
from typing import Literal

from analysis.facts.program import Node
from analysis.simulation.constants import truth
from analysis.simulation.definitions import read_function, run_in
from analysis.simulation.elements import is_shuffled, read_elements
from analysis.simulation.importing import Expression, Importer
from analysis.simulation.lookup import find_in_class
from analysis.simulation.records import Frame
from analysis.simulation.values import (
    UNKNOWN,
    Class,
    Function,
    Generated,
    Instance,
    Listed,
    LoadedModule,
    Mapped,
    Raised,
    Value,
)

#: How far somebody goes through a generator for sure: to its end, to its first element, or nobody knows.
Reach = Literal["end", "first", "unknown"]
#: Longer sequences are not gone through by ``map`` and ``filter``.
_MOST_ELEMENTS = 1_000


def read_all(machine: Importer, value: Value, reach: Reach = "first") -> Value:
    """Return what a loop goes through: of a generator, ``map`` or object of the tree all that it yields."""
    if isinstance(value, Instance):
        starter = find_in_class(value.made_by, "__iter__")
        if not isinstance(starter, Function):
            return value
        value = machine.run_function(starter, [value], {})
    if isinstance(value, Generated) and not _is_coroutine(machine, value.function):
        return _run_generator(machine, value, reach)
    return _run_mapped(machine, value, reach) if isinstance(value, Mapped) else value


def _is_coroutine(machine: Importer, function: Function) -> bool:
    body = read_function(machine, function)
    return function.is_async and (body is None or not body[1])


def _run_generator(machine: Importer, generated: Generated, reach: Reach) -> Listed:
    """Return what a generator yields, all of it at once; nothing is known of one that somebody has gone through."""
    function = generated.function
    body = read_function(machine, function)
    yielded = Listed([], is_open=generated.is_done or body is None, kind="generator")
    if machine.recorder is not None:
        machine.recorder.spoil()
    if body is None or generated.is_done:
        return yielded
    generated.is_done = True
    module = _enter(machine, function)
    try:
        is_known = run_in(machine, function, body, generated.names, module, yielded) is not UNKNOWN
    except Raised as raised:
        _judge(machine, raised, yielded, reach)
        is_known = False
    yielded.is_open |= not is_known
    return yielded


def _run_mapped(machine: Importer, mapped: Mapped, reach: Reach) -> Listed:
    made = Listed([], kind="generator")
    through = [read_all(machine, each, reach) for each in mapped.wholes]
    wholes = [read_elements(each) for each in through]
    made.is_unordered = any(map(is_shuffled, through))
    if mapped.is_done or any(is_open for _, is_open in wholes):
        made.is_open = True
        return made
    if machine.recorder is not None:
        machine.recorder.spoil()
    mapped.is_done = True
    try:
        for each in islice(zip(*[values for values, _ in wholes], strict=False), _MOST_ELEMENTS):
            value = machine.call(mapped.function, [*each], {}, machine.stack[-1])
            passes = truth(value) if mapped.is_filter else True
            if passes:
                made.elements.append(each[0] if mapped.is_filter else value)
            made.is_open |= passes is None
    except Raised as raised:
        _judge(machine, raised, made, reach)
        made.is_open = True
    made.is_open |= any(len(values) > _MOST_ELEMENTS for values, _ in wholes)
    return made


def _judge(machine: Importer, raised: Raised, yielded: Listed, reach: Reach) -> None:
    """Raise what going through raises, or doubt it where whoever goes through may have stopped before."""
    if reach == "end" or (reach == "first" and not yielded.elements and not yielded.is_open):
        raise raised
    machine.doubt(raised)


def _enter(machine: Importer, function: Function) -> LoadedModule:
    module = machine.find_state(function.module)
    machine.enter(module)
    return module


def run_coroutine(machine: Importer, value: Value) -> Value:
    """Return what awaiting a value returns: of a coroutine of the tree, by running it."""
    if isinstance(value, Listed) and value.kind == "tuple":  # what ``asyncio.gather`` makes
        return Listed([run_coroutine(machine, each) for each in value.elements], value.is_open)
    if not isinstance(value, Generated) or value.is_done or not _is_coroutine(machine, value.function):
        return UNKNOWN
    value.is_done = True
    body = read_function(machine, value.function)
    if machine.recorder is not None:
        machine.recorder.spoil()
    return (
        UNKNOWN if body is None else run_in(machine, value.function, body, value.names, _enter(machine, value.function))
    )


def _start(machine: Importer, arguments: list[Value], frame: Frame) -> Value:
    """``asyncio.run(coroutine)``, or ``anyio.run(function, ...)``, which calls the function first."""
    first = arguments[0] if arguments else UNKNOWN
    if isinstance(first, Function | Class):
        first = machine.call(first, arguments[1:], {}, frame)
    return run_coroutine(machine, first)


def _gather(_: Importer, arguments: list[Value], __: Frame) -> Value:
    return Listed(list(arguments), kind="tuple")


def _hand_on(_: Importer, arguments: list[Value], __: Frame) -> Value:
    return arguments[0] if arguments else UNKNOWN


def _map(_: Importer, arguments: list[Value], __: Frame) -> Value:
    return Mapped(arguments[0], arguments[1:]) if len(arguments) > 1 else UNKNOWN


def _filter(_: Importer, arguments: list[Value], __: Frame) -> Value:
    is_known = len(arguments) == 2 and arguments[0] is not None
    return Mapped(arguments[0], arguments[1:], is_filter=True) if is_known else UNKNOWN


def _await(machine: Importer, node: Node, frame: Frame) -> Value:
    return run_coroutine(machine, machine.evaluate(node[1], frame))


_LOOPS = ("asyncio.get_event_loop()", "asyncio.new_event_loop()", "asyncio.get_running_loop()")
#: What a call of one of these does, by its dotted name.
RUNNING = {
    "builtins.map": _map,
    "builtins.filter": _filter,
    "asyncio.run": _start,
    "anyio.run": _start,
    "trio.run": _start,
    "uvloop.run": _start,
    "asyncio.gather": _gather,
    "asyncio.wait_for": _hand_on,
    "asyncio.shield": _hand_on,
    "asyncio.create_task": _hand_on,
    "asyncio.ensure_future": _hand_on,
    **{f"{loop}.run_until_complete": _start for loop in _LOOPS},
}
EXPRESSIONS: dict[str, Expression] = {"w": _await}
