"""Exceptions: where they are raised, which handler catches them, and what they leave behind."""

from __future__ import annotations

import builtins
from collections.abc import Iterator, Sequence
from typing import Any

from analysis.facts.program import Node
from analysis.simulation.bindings import store
from analysis.simulation.blocks import find_bound, find_statements
from analysis.simulation.importing import Importer, Statement
from analysis.simulation.lookup import bind, find_ancestry, read_global
from analysis.simulation.records import ABSENT, Frame
from analysis.simulation.values import (
    UNKNOWN,
    Caught,
    Class,
    External,
    Fault,
    Function,
    Instance,
    Listed,
    LoadedModule,
    Raised,
    SwallowedFault,
    Value,
)


def _try(machine: Importer, node: Node, frame: Frame) -> Value:
    _, _, body, handlers, rest, final = node
    try:
        left = _run_protected(machine, body, handlers, rest, frame)
    except Raised as raised:
        line = frame.line
        machine.handling.append(raised.fault)
        try:
            left = machine.run_block(final, frame)
        finally:
            machine.handling.pop()
        if left is None:
            raise
        _note(machine, raised.fault, body, line, frame)  # ``return``, ``break`` and ``continue`` swallow it
        return left
    return machine.run_block(final, frame) or left


def _run_protected(
    machine: Importer, body: Sequence[Node], handlers: Sequence[Node], rest: Sequence[Node], frame: Frame
) -> Value:
    try:
        left = machine.run_block(body, frame)
    except Raised as raised:
        line = frame.line
        for kind, name, block, at in handlers:
            frame.line = at
            if kind is None or _catches(machine.evaluate(kind, frame), raised.fault):
                return _handle(machine, raised, block, name, body, line, frame)
        frame.line = line
        raise
    return machine.run_block(rest, frame) if left is None else left


def _handle(
    machine: Importer,
    raised: Raised,
    block: Sequence[Node],
    name: str | None,
    body: Sequence[Node],
    line: int,
    frame: Frame,
) -> Value:
    if name:
        bind(machine, name, Caught(raised.fault), frame)
    machine.handling.append(raised.fault)
    try:
        left = machine.run_block(block, frame)
    finally:
        machine.handling.pop()
        if name:
            frame.names.pop(name, None)
    _note(machine, raised.fault, body, line, frame)
    return left


def _note(machine: Importer, fault: Fault, body: Sequence[Node], line: int, frame: Frame) -> None:
    if issubclass(fault.kind, ImportError | AttributeError):
        left_as = ", ".join(_format_left(machine, body, line, frame))
        machine.notes.append(SwallowedFault(fault, frame.module.path, line, left_as))


def _format_left(machine: Importer, body: Sequence[Node], line: int, frame: Frame) -> Iterator[str]:
    """Yield what the names of the failed statement are left as."""
    for statement in find_statements(body, line):
        for name in find_bound([statement]):
            if name != "*":
                value = frame.names.get(name, ABSENT)
                if value is ABSENT and frame.kind != "module":
                    value = read_global(machine, frame.module, name)
                yield f"{name}: {describe(value)}"


def _catches(kind: Value, fault: Fault) -> bool:
    kinds = kind.elements if isinstance(kind, Listed) else [kind]
    return any(_matches(each, fault) for each in kinds)


def _matches(kind: Value, fault: Fault) -> bool:
    if isinstance(kind, External):
        own = getattr(builtins, kind.name.removeprefix("builtins."), None) if "builtins." in kind.name else None
        return isinstance(own, type) and issubclass(own, BaseException) and issubclass(fault.kind, own)
    if isinstance(kind, Class) and fault.made_by is not None:
        return any(one.line == kind.line and one.module.path == kind.module.path
                    for one in find_ancestry(fault.made_by))  # fmt: skip
    return False


def _with(machine: Importer, node: Node, frame: Frame) -> Value:
    caught: list[Value] = []
    for context, target in node[2]:
        if context[0] == "c" and context[1][0] in {"a", "n"}:
            maker = machine.evaluate(context[1], frame)
            if isinstance(maker, External) and maker.name == "contextlib.suppress":
                caught += [machine.evaluate(part, frame) for part in context[2]]
        value = machine.evaluate(context, frame)
        if target is not None:
            store(machine, target, value if isinstance(value, Instance) else UNKNOWN, frame)
    try:
        return machine.run_block(node[3], frame)
    except Raised as raised:
        if not any(_matches(kind, raised.fault) for kind in caught):
            raise
        return _handle(machine, raised, [], None, node[3], frame.line, frame)


def _raise(machine: Importer, node: Node, frame: Frame) -> None:
    if node[2] is None:
        if machine.handling:
            raise Raised(machine.handling[-1], machine.find_chain())
        raise machine.fail("other", RuntimeError, "no active exception to reraise")
    value = machine.evaluate(node[2], frame)
    if isinstance(value, Caught):
        raise Raised(value.fault, machine.find_chain())
    made_by = value.made_by if isinstance(value, Instance) else value if isinstance(value, Class) else None
    kind: type[BaseException] = Exception
    bases = [base for each in find_ancestry(made_by) for base in each.bases] if made_by else [value]
    for base in bases:
        if isinstance(base, External):
            own: Any = getattr(builtins, base.name.removesuffix("()").removeprefix("builtins."), None)
            if isinstance(own, type) and issubclass(own, BaseException):
                kind = own
    frame.line = node[1]
    outcome = "exit" if issubclass(kind, SystemExit) else "other"
    if issubclass(kind, ImportError) and machine.handling and _mentions(node[2], frame):
        outcome = "circular" if machine.handling[-1].outcome == "circular" else outcome
    raise machine.fail(outcome, kind, "raised by the program", "", "", made_by)


def _mentions(node: Node, frame: Frame) -> bool:
    """Return whether an expression names the exception that is being handled."""
    if node[:1] == ["n"]:
        return isinstance(frame.names.get(node[1]), Caught)
    return any(isinstance(part, list) and _mentions(part, frame) for part in node)


def describe(value: Value) -> str:
    """Return what a name holds, in one or two words."""
    if value is ABSENT:
        return "absent"
    if value is None:
        return "None"
    if isinstance(value, Class):
        return f"class {value.module.name}:{value.qualname}"
    if isinstance(value, LoadedModule):
        return f"module {value.name}"
    if isinstance(value, Function):
        return f"function {value.module.name}:{value.name}"
    if isinstance(value, External):
        return value.name.removeprefix("builtins.")
    if isinstance(value, bool | int | float | str):
        return repr(value)[:40]
    return "instance" if isinstance(value, Instance) else "unknown"


STATEMENTS: dict[str, Statement] = {"try": _try, "with": _with, "raise": _raise}
