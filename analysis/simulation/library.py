"""Built-in and library functions whose effect is known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from analysis.simulation.constants import plain
from analysis.simulation.generators import RUNNING
from analysis.simulation.hints import DISPATCHERS, dispatch, make_dispatcher, register
from analysis.simulation.importing import Importer
from analysis.simulation.lookup import find_member
from analysis.simulation.making import MAKING
from analysis.simulation.records import Frame
from analysis.simulation.shared_libraries import find_library
from analysis.simulation.values import (
    UNKNOWN,
    Class,
    External,
    Instance,
    KnownMapping,
    Listed,
    LoadedModule,
    Raised,
    Value,
)


def _globals(machine: Importer, __: list[Value], frame: Frame) -> Value:
    return machine.list_globals(frame.module)


def _vars(machine: Importer, arguments: list[Value], frame: Frame) -> Value:
    if not arguments:
        return machine.list_globals(frame.module) if frame.kind == "module" else UNKNOWN
    if isinstance(arguments[0], Instance):
        arguments[0].is_open = True  # what is done with its dictionary is not followed
    return machine.list_globals(arguments[0]) if isinstance(arguments[0], LoadedModule) else UNKNOWN


def _execute(machine: Importer, __: list[Value], frame: Frame) -> Value:
    machine.open(frame.module)
    return UNKNOWN


def _getattr(machine: Importer, arguments: list[Value], frame: Frame) -> Value:
    if len(arguments) < 2 or not isinstance(arguments[1], str):
        return UNKNOWN
    if not isinstance(arguments[0], Class | Instance | LoadedModule):
        return UNKNOWN
    try:
        return find_member(machine, arguments[0], arguments[1], frame)
    except Raised as raised:
        if len(arguments) == 2 or not issubclass(raised.fault.kind, AttributeError):
            raise
        return arguments[2]


def _hasattr(machine: Importer, arguments: list[Value], _: Frame) -> Value:
    if len(arguments) == 2 and isinstance(arguments[0], LoadedModule) and isinstance(arguments[1], str):
        if arguments[0].is_open and not machine.has(arguments[0], arguments[1]):
            return UNKNOWN
        return machine.has_attribute(arguments[0], arguments[1])
    return UNKNOWN


def _delattr(machine: Importer, arguments: list[Value], _: Frame) -> Value:
    if len(arguments) == 2 and isinstance(arguments[0], LoadedModule) and isinstance(arguments[1], str):
        machine.remove(arguments[0], arguments[1])
    return None


def _exit(machine: Importer, _: list[Value], __: Frame) -> Value:
    if machine.maybe:
        return UNKNOWN
    raise machine.fail("exit", SystemExit, "")


# No environment variable is set: a branch that needs one is one that somebody has to ask for.
def _environ(_: Importer, arguments: list[Value], __: Frame) -> Value:
    return arguments[1] if len(arguments) > 1 else None


def _length(_: Importer, arguments: list[Value], __: Frame) -> Value:
    first = arguments[0] if arguments else UNKNOWN
    if isinstance(first, KnownMapping) and not first.is_open:
        return len(first.pairs)
    if isinstance(first, Listed) and not first.is_open and first.kind != "set":
        return len(first.elements)
    known = plain(first)
    return len(known) if isinstance(known, str | tuple | frozenset) else UNKNOWN


def _cast(_: Importer, arguments: list[Value], __: Frame) -> Value:
    return arguments[1] if len(arguments) == 2 else UNKNOWN


def _find_spec(machine: Importer, arguments: list[Value], _: Frame) -> Value:
    name = arguments[0] if arguments else UNKNOWN
    if not isinstance(name, str) or name.startswith("."):
        return UNKNOWN
    if machine.owns(name):
        found = machine.shared.imports.find_module(machine.importer, name)
        return External("importlib.machinery.ModuleSpec") if found else None
    return None if machine.shared.environment.is_missing(name) else External("importlib.machinery.ModuleSpec")


def _leave_out(machine: Importer) -> Raised:
    """Return the exception by which pytest leaves out the tests of a module: nothing fails."""
    raised = machine.fail("other", BaseException, "Skipped")
    return Raised(replace(raised.fault, reason="skipped"), raised.chain)


def _skip(machine: Importer, _: list[Value], __: Frame) -> Value:
    raise _leave_out(machine)


def _importorskip(machine: Importer, arguments: list[Value], _: Frame) -> Value:
    if arguments and isinstance(arguments[0], str):
        try:
            return machine.load(arguments[0])
        except Raised as raised:
            if issubclass(raised.fault.kind, ImportError):
                raise _leave_out(machine) from None
            raise
    return UNKNOWN


def _object(_: Importer, __: list[Value], frame: Frame) -> Value:
    return Instance(Class(frame.module, "object", 0, [], {}))


def _set_module(machine: Importer, arguments: list[Value], _: Frame) -> Value:
    if len(arguments) == 2 and isinstance(arguments[0], str):
        machine.modules.setdefault(arguments[0], arguments[1])
    return UNKNOWN


def _get_module(machine: Importer, arguments: list[Value], _: Frame) -> Value:
    name = arguments[0] if arguments else UNKNOWN
    if not isinstance(name, str):
        return UNKNOWN
    if name in machine.modules:
        return machine.modules[name]
    # What is outside the tree may be loaded by anything that is outside the tree.
    return (arguments[1] if len(arguments) > 1 else None) if machine.owns(name) else UNKNOWN


#: What a call of a function outside the tree does, by its dotted name: (process, arguments, frame) to its value.
CALLS: dict[str, Callable[[Importer, list[Value], Frame], Value]] = {
    "builtins.globals": _globals,
    "builtins.vars": _vars,
    "builtins.locals": _vars,
    "builtins.exec": _execute,
    "builtins.getattr": _getattr,
    "builtins.hasattr": _hasattr,
    "builtins.delattr": _delattr,
    "builtins.len": _length,
    "builtins.exit": _exit,
    "builtins.quit": _exit,
    "sys.exit": _exit,
    "builtins.object": _object,
    **MAKING,
    **RUNNING,
    "ctypes.util.find_library": find_library,
    "os.getenv": _environ,
    "os.environ.get": _environ,
    "typing.cast": _cast,
    **dict.fromkeys(DISPATCHERS, make_dispatcher),
    "functools.singledispatch()": dispatch,
    "functools.singledispatch().register": register,
    "importlib.util.find_spec": _find_spec,
    "pytest.skip": _skip,
    "pytest.importorskip": _importorskip,
    "sys.modules.get": _get_module,
    "sys.modules.setdefault": _set_module,
}
