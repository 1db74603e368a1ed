"""Exceptions: where they are raised, which handler catches them, and what they leave behind."""

from __future__ import annotations

import builtins
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from analysis.facts.program import Node
from analysis.simulation.bindings import store
from analysis.simulation.blocks import find_bound, find_statements
from analysis.simulation.constants import truth
from analysis.simulation.deliberate import find_reason
from analysis.simulation.events import SWALLOW
from analysis.simulation.importing import Importer, Statement
from analysis.simulation.lookup import bind, find_ancestry, find_in_class, read_global, unbind
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
from analysis.steps import LeftName

#: Characters of a constant that are shown.
_MOST_SHOWN = 40


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
    raised_before = machine.recorder.raised if machine.recorder is not None else 0
    try:
        left = machine.run_block(block, frame)
    finally:
        machine.handling.pop()
        if machine.recorder is not None and machine.recorder.raised > raised_before:
            machine.recorder.spoil()  # what is raised in a handler comes with what is handled
        if name:
            unbind(machine, name, frame)
    _note(machine, raised.fault, body, line, frame)
    return left


def _note(machine: Importer, fault: Fault, body: Sequence[Node], line: int, frame: Frame) -> None:
    if issubclass(fault.kind, ImportError | AttributeError):
        left_as = tuple(_find_left(machine, body, line, frame))
        if machine.recorder is not None:
            machine.recorder.swallow(SWALLOW, fault, frame.module.path, line, left_as)
        machine.notes.append(SwallowedFault(fault, frame.module.path, line, left_as))


def _find_left(machine: Importer, body: Sequence[Node], line: int, frame: Frame) -> Iterator[LeftName]:
    """Yield what the names of the failed statement are left as."""
    for statement in find_statements(body, line):
        for name in find_bound([statement]):
            if name != "*":
                value = frame.names.get(name, ABSENT)
                if value is ABSENT and frame.kind != "module":
                    value = read_global(machine, frame.module, name)
                yield LeftName(name, describe(value))


def _catches(kind: Value, fault: Fault) -> bool:
    kinds = kind.elements if isinstance(kind, Listed) else [kind]
    return any(_matches(each, fault) for each in kinds)


def _matches(kind: Value, fault: Fault) -> bool:
    if isinstance(kind, External):
        own = _find_builtin(kind)
        kinds = [fault.kind] if fault.made_by is None else [*_find_kinds(fault.made_by), Exception]
        return own is not None and any(issubclass(each, own) for each in kinds)
    if isinstance(kind, Class) and fault.made_by is not None:
        return any(one.line == kind.line and one.qualname == kind.qualname and one.module.path == kind.module.path
                    for one in find_ancestry(fault.made_by))  # fmt: skip
    return False


def _with(machine: Importer, node: Node, frame: Frame) -> Value:
    return _run_with(machine, node[2], node[3], frame)


def _run_with(machine: Importer, items: Sequence[Node], body: Sequence[Node], frame: Frame) -> Value:
    """Run a body inside the contexts that are left, the outermost first."""
    if not items:
        return machine.run_block(body, frame)
    (context, target), *others = items
    value = machine.evaluate(context, frame)
    suppressed = _find_suppressed(machine, context, frame)
    # No list is a context but what ``os.scandir`` returns.
    entered = value if isinstance(value, Listed) else _call_own(machine, value, "__enter__", [], frame)
    if target is not None:
        store(machine, target, entered, frame)
    try:
        left = _run_with(machine, others, body, frame)
    except Raised as raised:
        line = frame.line
        if suppressed is None:
            is_swallowed = truth(_call_own(machine, value, "__exit__", [UNKNOWN, UNKNOWN, UNKNOWN], frame))
        else:
            is_swallowed = any(_catches(kind, raised.fault) for kind in suppressed)
        # Contexts from outside the tree let exceptions through, but for ``suppress``, and ``raises`` of tests.
        if is_swallowed is False or (is_swallowed is None and isinstance(value, External | Listed)):
            raise
        if is_swallowed is None:
            machine.doubt(raised)
            return None
        return _handle(machine, raised, [], None, body, line, frame)
    _call_own(machine, value, "__exit__", [None, None, None], frame)
    return left


def _find_suppressed(machine: Importer, context: Node, frame: Frame) -> list[Value] | None:
    """Return what ``contextlib.suppress`` or ``pytest.raises`` is given; nothing of another context."""
    if context[0] == "c" and context[1][0] in {"a", "n"}:
        maker = machine.evaluate(context[1], frame)
        if isinstance(maker, External) and maker.name == "contextlib.suppress":
            return [machine.evaluate(part, frame) for part in context[2]]
        if isinstance(maker, External) and maker.name.rpartition(".")[2] == "raises":
            named = [value for name, value in context[3] if name == "expected_exception"]
            return [machine.evaluate(part, frame) for part in [*context[2][:1], *named]]
    return None


def _call_own(machine: Importer, owner: Value, name: str, arguments: list[Value], frame: Frame) -> Value:
    """Call a method of an object that the tree has made; of any other, nothing is known."""
    method = find_in_class(owner.made_by, name) if isinstance(owner, Instance) else UNKNOWN
    return machine.call(method, [owner, *arguments], {}, frame) if isinstance(method, Function) else UNKNOWN


def _raise(machine: Importer, node: Node, frame: Frame) -> None:
    if machine.recorder is not None:
        machine.recorder.spoil()
    if node[2] is None:
        if machine.handling:
            raise Raised(machine.handling[-1], machine.find_chain())
        raise machine.fail("other", RuntimeError, "no active exception to reraise")
    value = machine.evaluate(node[2], frame)
    if isinstance(value, Caught):
        raise Raised(value.fault, machine.find_chain())
    made_by = value.made_by if isinstance(value, Instance) else value if isinstance(value, Class) else None
    kinds = _find_kinds(made_by) if made_by else [_find_builtin(value)]
    kind = next(filter(None, kinds), Exception)
    frame.line = node[1]
    cause = machine.evaluate(node[3], frame) if len(node) > 3 else None
    caught = cause.fault if isinstance(cause, Caught) else machine.handling[-1] if machine.handling else None
    raise _wrap(machine, kind, made_by, caught)


def _assert(machine: Importer, node: Node, frame: Frame) -> None:
    """Raise where a test is false, as in a process without ``-O``."""
    test = node[2]
    if truth(machine.evaluate(test, frame)) is not False:
        return
    if machine.recorder is not None:
        machine.recorder.spoil()
    said = machine.evaluate(node[3], frame) if len(node) > 3 else None
    frame.line = node[1]
    frame.tests.append(test)
    raised = _wrap(machine, AssertionError, None, machine.handling[-1] if machine.handling else None)
    frame.tests.pop()
    if raised.fault.reason != "raised":
        raise raised
    text = said if isinstance(said, str) and said else "the assertion is false"
    # A test that is written as false is meant to fail, as a ``raise`` is.
    raise Raised(replace(raised.fault, text=text, reason="raised" if test[0] == "k" else ""), raised.chain)


def _wrap(machine: Importer, kind: type[BaseException], made_by: Class | None, caught: Fault | None) -> Raised:
    """Return what a ``raise`` raises; what it raises for a circular import that failed is that failure still."""
    if issubclass(kind, SystemExit):
        return machine.fail("exit", kind, "raised by the program", made_by=made_by)
    if caught is None or caught.outcome not in {"circular", "recursion"}:
        raised = machine.fail("other", kind, "raised by the program", made_by=made_by)
        return Raised(replace(raised.fault, reason=find_reason(machine)), raised.chain)
    text = f"raised by the program after: {caught.text}"
    raised = machine.fail(caught.outcome, kind, text, caught.module, caught.name, made_by)
    return Raised(raised.fault, (*raised.chain[:-1], (caught.path, caught.line, ""), *raised.chain[-1:]))


def _find_kinds(kind: Class) -> list[type[BaseException]]:
    """Return the built-in exceptions that a class of the tree extends."""
    bases = [base for each in find_ancestry(kind) for base in each.bases]
    return [own for own in map(_find_builtin, bases) if own is not None]


def _find_builtin(value: Value) -> type[BaseException] | None:
    """Return the built-in exception that a value is, or was made by."""
    if not isinstance(value, External) or not value.name.startswith("builtins."):
        return None
    own: Any = getattr(builtins, value.name.removesuffix("()").removeprefix("builtins."), None)
    return own if isinstance(own, type) and issubclass(own, BaseException) else None


def describe(value: Value) -> str:
    """Return what a name holds, in one or two words."""
    if value is ABSENT:
        return "absent"
    if isinstance(value, Class):
        return f"class {value.module.name}:{value.qualname}"
    if isinstance(value, LoadedModule):
        return f"module {value.name}"
    if isinstance(value, Function):
        return f"function {value.module.name}:{value.name}"
    if isinstance(value, External):
        return value.name.removeprefix("builtins.")
    if isinstance(value, str):
        return repr(value[:_MOST_SHOWN])  # shortened before: a quote that is never closed would hide further names
    if value is None or isinstance(value, bool | int | float):
        return repr(value)[:_MOST_SHOWN]
    return "instance" if isinstance(value, Instance) else "unknown"


STATEMENTS: dict[str, Statement] = {"try": _try, "with": _with, "raise": _raise, "assert": _assert}
