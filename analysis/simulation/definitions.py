"""Functions and classes: how they are defined, decorated and run."""

from __future__ import annotations

from analysis.facts.program import Node
from analysis.simulation.contents import copy_made
from analysis.simulation.importing import Expression, Importer, Statement
from analysis.simulation.lookup import bind
from analysis.simulation.recording import BodyRecorder
from analysis.simulation.records import Frame
from analysis.simulation.repeating import HEAVY, find_call
from analysis.simulation.values import (
    UNKNOWN,
    Class,
    Function,
    Generated,
    Instance,
    KnownMapping,
    Listed,
    LoadedModule,
    Raised,
    Value,
    count_object,
)

#: A function is followed so often by the body of one module; what it imports it has imported by then.
MOST_CALLS = 30
#: Of calls from inside of functions: a program that is made ready for each module does so through many small ones.
MOST_INNER_CALLS = 2
#: Of calls from inside of loops: each turn is about something else.
MOST_LOOPED_CALLS = 200
#: Functions nested deeper than this in the body of a module are not followed.
MOST_FRAMES = 400


def _function(machine: Importer, node: Node, frame: Frame) -> None:
    _, line, name, decorators, parameters, annotations, end_line, is_async = node
    makers = [machine.evaluate(decorator, frame) for decorator in decorators]
    defaults = _evaluate_defaults(machine, parameters, frame)
    for annotation in annotations if machine.shared.environment.is_annotating else ():
        machine.evaluate(annotation, frame)
    around = (frame.names, *frame.around) if frame.kind == "function" else frame.around
    value: Value = Function(
        frame.module, name, line, end_line, parameters, defaults, around, qualname=f"{frame.prefix}{name}",
        is_async=is_async, annotations=annotations,
    )  # fmt: skip
    for maker in reversed(makers):
        value = decorate(machine, maker, value, frame)
    bind(machine, name, value, frame)


def _lambda(machine: Importer, node: Node, frame: Frame) -> Value:
    _, parameters, body, line, column = node
    defaults = _evaluate_defaults(machine, parameters, frame)
    around = (frame.names, *frame.around) if frame.kind == "function" else frame.around
    return Function(
        frame.module, "<lambda>", line, line, parameters, defaults, around,
        qualname=f"{frame.prefix}<lambda> {line}:{column}", lambda_body=body,
    )  # fmt: skip


def _evaluate_defaults(machine: Importer, parameters: Node, frame: Frame) -> list[Value]:
    """Return the defaults of the positional parameters; those of the others are evaluated only."""
    defaults = [machine.evaluate(default, frame) for default in parameters[1]]
    for _, default in parameters[3]:
        if default is not None:
            machine.evaluate(default, frame)
    return defaults


def decorate(machine: Importer, maker: Value, value: Value, frame: Frame) -> Value:
    """Return what a decorator makes of a function or class; a class stays what it is where that is not known."""
    made = machine.call(maker, [value], {}, frame)
    is_known = isinstance(made, Class | Function) or made is None
    return value if isinstance(value, Class) and not is_known else made


def run_function(machine: Importer, function: Function, arguments: list[Value], keywords: dict[str, Value]) -> Value:
    """Run the body of a function; what is async, or yields, runs later if at all."""
    key = (function.module.path, function.line)
    times = machine.calls[key] = machine.calls.get(key, 0) + 1
    if machine.recorder is not None:
        machine.recorder.calls.setdefault(key, times - 1)
    is_inner = len(machine.stack) - machine.depth > 1
    is_looped = bool(machine.stack) and machine.stack[-1].turns > 0  # each turn is about something else
    limit = MOST_LOOPED_CALLS if is_looped else MOST_INNER_CALLS if is_inner else MOST_CALLS
    is_often = times > limit and function.qualname != "__getattr__"
    body = None if is_often or len(machine.stack) - machine.depth >= MOST_FRAMES else read_function(machine, function)
    if body is None:
        for each in (*arguments, *keywords.values()):  # what it sets on them is not seen
            if isinstance(each, Instance):
                each.is_open = True
        return UNKNOWN
    # A generator's body runs when somebody iterates, that of a coroutine when somebody awaits it; that of a context
    # manager when the ``with`` begins.
    if function.is_async or (body[1] and "contextmanager" not in function.how):
        return _generate(machine, function, arguments, keywords)
    if function.lambda_body is None and key in machine.shared.heavy and machine.shared.is_sharing:
        return _repeat_or_run(machine, function, body, arguments, keywords, is_inner=is_inner, is_looped=is_looped)
    before = machine.shared.steps
    left = _run(machine, function, body, arguments, keywords)
    if machine.shared.steps - before > HEAVY:
        machine.shared.heavy.add(key)
    return left


def read_function(machine: Importer, function: Function) -> tuple[list[Node], bool] | None:
    """Return the statements of a function and whether it yields; None where they cannot be read."""
    if function.lambda_body is not None:
        return [["return", function.line, function.lambda_body]], False
    return machine.shared.programs.read_body(function.module.path, function.line, function.end_line)


def _repeat_or_run(
    machine: Importer, function: Function, body: tuple[list[Node], bool], arguments: list[Value],
    keywords: dict[str, Value], *, is_inner: bool, is_looped: bool,
) -> Value:  # fmt: skip
    """Run a function, or return what it returned before if it only reads, and all that it reads is the same."""
    key = (function.module.path, function.line, bool(machine.maybe), is_inner, is_looped)
    recorded = machine.shared.functions[key]
    if not recorded.is_worth_it():
        return _run(machine, function, body, arguments, keywords)
    outer = machine.recorder
    given = [function, *arguments]
    known = find_call(machine, recorded.records, given, keywords)
    if known is not None:
        recorded.hit(known)
        for name, (before, times) in known.calls.items():
            machine.calls[name] = before + times
        if outer is not None:
            outer.repeat(known)
        return copy_made(known.result, known.made, known.foreign)
    recorded.miss()
    recorder = machine.recorder = BodyRecorder(outer.body if outer is not None else "", machine.loaded)
    recorder.calls[key[:2]] = machine.calls[key[:2]]
    for value in (*arguments, *keywords.values()):
        recorder.enter(value)
    try:
        result = _run(machine, function, body, arguments, keywords)
    finally:
        machine.recorder = outer
        if outer is not None:
            outer.take(recorder)
    found = recorder.finish() if recorder.is_pure else None
    if found is not None:
        found.given, found.result = (given, dict(keywords)), result
        found.made = range(recorder.start + 1, count_object())
        found.foreign = recorder.foreign
        found.calls = {name: (before, machine.calls[name] - before) for name, before in recorder.calls.items()}
        recorded.keep(found)
    return result


def _run(
    machine: Importer, function: Function, body: tuple[list[Node], bool], arguments: list[Value],
    keywords: dict[str, Value],
) -> Value:  # fmt: skip
    module = machine.find_state(function.module)
    machine.enter(module)
    if machine.recorder is not None:
        for default in function.defaults:
            machine.recorder.enter(default)
    return run_in(machine, function, body, _take_arguments(function, arguments, keywords), module)


def _generate(machine: Importer, function: Function, arguments: list[Value], keywords: dict[str, Value]) -> Value:
    if machine.recorder is not None:
        machine.recorder.spoil()  # it can be gone through once
    return Generated(function, _take_arguments(function, arguments, keywords))


def run_in(
    machine: Importer, function: Function, body: tuple[list[Node], bool], names: dict[str, Value],
    module: LoadedModule, yielded: Listed | None = None,
) -> Value:  # fmt: skip
    """Run the statements of a function with these names; ``yielded`` takes what it yields. Return what it returns."""
    prefix = f"{function.qualname}.<locals>."
    inner = Frame(module, names, "function", function.line, function.around, body=body[0], prefix=prefix)
    inner.yielded = yielded
    before = machine.maybe
    machine.stack.append(inner)
    try:
        left = machine.run_block(body[0], inner)
    except Raised as raised:
        if not inner.is_doubtful:
            raise
        machine.doubt(raised)
        return UNKNOWN
    finally:
        machine.stack.pop()
        machine.maybe = before
    # It may have returned something else before; and a generator returns what nothing is known of.
    if inner.is_doubtful or (body[1] and yielded is None):
        return UNKNOWN
    return left[1] if isinstance(left, tuple) else None


def _take_arguments(function: Function, arguments: list[Value], keywords: dict[str, Value]) -> dict[str, Value]:
    positional, _, rest, keyword_only, others = function.parameters
    names: dict[str, Value] = dict.fromkeys(positional, UNKNOWN)
    names.update(zip(reversed(positional), reversed(function.defaults), strict=False))
    for name, default in keyword_only:
        names[name] = default[1] if default is not None and default[0] == "k" else UNKNOWN
    names.update(zip(positional, arguments, strict=False))
    names.update({name: value for name, value in keywords.items() if name in names})
    is_open = "*" in keywords
    if is_open:  # as many as nobody knows: from there on any of them may be given, or none
        arguments = arguments[: keywords["*"]]
    if is_open or "**" in keywords:
        names.update(dict.fromkeys(set(positional[len(arguments) :]) - keywords.keys(), UNKNOWN))
    if "**" in keywords:
        names.update({name: UNKNOWN for name, _ in keyword_only if name not in keywords})
    if rest:
        names[rest] = Listed(list(arguments[len(positional) :]), is_open, "tuple")
    if others:
        given = {name: value for name, value in keywords.items() if name not in names and name not in {"*", "**"}}
        names[others] = KnownMapping(given, is_open="**" in keywords)
    return names


def _return(machine: Importer, node: Node, frame: Frame) -> Value:
    return ("return", machine.evaluate(node[2], frame))


EXPRESSIONS: dict[str, Expression] = {"\\": _lambda}
STATEMENTS: dict[str, Statement] = {"def": _function, "return": _return}
