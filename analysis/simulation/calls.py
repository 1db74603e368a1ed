"""Calls: of functions and classes of the tree, and of what is outside it, as far as it is known what that does."""

from __future__ import annotations

from dataclasses import replace

from analysis.facts.absolute import absolute_name, split_dots
from analysis.facts.program import Node
from analysis.resolve.makers import find_made_kind
from analysis.simulation.any_order import load_all
from analysis.simulation.builtin_functions import FUNCTIONS
from analysis.simulation.constants import truth
from analysis.simulation.containers import call_method
from analysis.simulation.elements import is_shuffled, read_elements, sort
from analysis.simulation.folders import LISTING
from analysis.simulation.generators import Reach, read_all
from analysis.simulation.hints import find_reader
from analysis.simulation.importing import Expression, Importer
from analysis.simulation.library import CALLS
from analysis.simulation.lookup import find_ancestry, find_in_class, find_member
from analysis.simulation.records import ABSENT, Frame
from analysis.simulation.values import (
    UNKNOWN,
    BoundMethod,
    Class,
    External,
    FieldFactory,
    Function,
    Globals,
    Instance,
    KnownMapping,
    Listed,
    Partial,
    Raised,
    Value,
)

#: What hands on the function that it is given.
_TRANSPARENT = frozenset({
    "functools.lru_cache", "functools.cache", "functools.wraps", "contextlib.contextmanager", "typing.overload",
    "typing.no_type_check", "typing.final", "builtins.staticmethod", "builtins.classmethod", "builtins.property",
    "functools.cached_property", "abc.abstractmethod", "typing_extensions.deprecated", "warnings.deprecated",
})  # fmt: skip
IMPORTERS = frozenset({"importlib.import_module", "builtins.__import__", "importlib.__import__"})
_SEQUENCES = {
    "builtins.list": "list", "builtins.tuple": "tuple", "builtins.set": "set", "builtins.frozenset": "set",
}  # fmt: skip
#: What goes through all that it is given, and what begins to: a generator runs that far for sure.
_WHOLE = frozenset({*_SEQUENCES, "builtins.sorted", "builtins.sum", "builtins.min", "builtins.max", "builtins.dict"})
_ASKING = frozenset({"builtins.any", "builtins.all"})


def _call(machine: Importer, node: Node, frame: Frame) -> Value:
    _, target, parts, named, line = node
    if target[0] == "a":
        owner = machine.evaluate(target[1], frame)
        method = target[2]
        frame.line = target[3]
        callee = find_member(machine, owner, method, frame)
    else:
        owner, method, callee = UNKNOWN, "", machine.evaluate(target, frame)
    arguments: list[Value] = []
    keywords: dict[str, Value] = {}
    for part in parts:
        value = machine.evaluate(part, frame)
        if part[0] != "*":
            arguments.append(value)
        elif isinstance(value, tuple) or (isinstance(value, Listed) and not value.is_open):
            arguments += value if isinstance(value, tuple) else value.elements
        else:
            keywords.setdefault("*", len(arguments))  # the place from which on nothing is known
            arguments.append(UNKNOWN)
    for name, part in named:
        value = machine.evaluate(part, frame)
        if name or not isinstance(value, KnownMapping):
            keywords[name or "**"] = value
            continue
        keywords.update({key: each for key, each in value.pairs.items() if isinstance(key, str)})
        if value.is_open:
            keywords["**"] = UNKNOWN
    frame.line = line
    if method and callee is UNKNOWN:
        return call_method(machine, owner, method, arguments, keywords)
    return machine.call(callee, arguments, keywords, frame)


def call(machine: Importer, callee: Value, arguments: list[Value], keywords: dict[str, Value], frame: Frame) -> Value:
    """Call something and return what it returns."""
    if isinstance(callee, BoundMethod | Function | Class | Instance | Partial):
        # Who goes through a generator, and how often, is not known.
        arguments = [UNKNOWN if isinstance(each, Listed) and each.kind == "generator" else each for each in arguments]
    if isinstance(callee, BoundMethod):
        return machine.run_function(callee.function, [callee.owner, *arguments], keywords)
    if isinstance(callee, Function):
        return machine.run_function(callee, arguments, keywords)
    if isinstance(callee, Class):
        return _make(machine, callee, arguments, keywords)
    if isinstance(callee, External):
        return call_external(machine, callee, arguments, keywords, frame)
    if isinstance(callee, Partial | Instance):
        return _call_object(machine, callee, arguments, keywords, frame)
    if callee is None and not machine.maybe:
        raise machine.fail("other", TypeError, "'NoneType' object is not callable")
    for argument in arguments:
        if isinstance(argument, Globals):
            machine.open(argument.module)
    return UNKNOWN


def _call_object(
    machine: Importer, callee: Partial | Instance, arguments: list[Value], keywords: dict[str, Value], frame: Frame
) -> Value:
    if isinstance(callee, Partial):
        return machine.call(callee.function, [*callee.arguments, *arguments], {**callee.keywords, **keywords}, frame)
    own = find_member(machine, callee, "__call__", frame)
    return machine.call(own, arguments, keywords, frame) if isinstance(own, BoundMethod) else UNKNOWN


def _make(machine: Importer, kind: Class, arguments: list[Value], keywords: dict[str, Value]) -> Value:
    if machine.recorder is not None:
        machine.recorder.enter(kind)
    creator = find_in_class(kind, "__new__")
    is_own = isinstance(creator, Function)
    made = machine.run_function(creator, [kind, *arguments], keywords) if is_own else Instance(kind)
    before = machine.maybe
    machine.maybe += made is UNKNOWN  # it may be of this class, or of none that it starts
    try:
        started = Instance(kind) if made is UNKNOWN else made
        if isinstance(started, Instance) and kind in find_ancestry(started.made_by):
            starter = find_in_class(started.made_by, "__init__")
            if isinstance(starter, Function):
                machine.run_function(starter, [started, *arguments], keywords)
            elif kind.is_dataclass and starter is ABSENT:
                _fill_fields(machine, started, arguments, keywords)
    except Raised as raised:
        if machine.maybe == before:
            raise
        machine.doubt(raised)
    finally:
        machine.maybe = before
    return made


def _fill_fields(machine: Importer, made: Instance, arguments: list[Value], keywords: dict[str, Value]) -> None:
    """Do what the ``__init__`` does that ``dataclasses.dataclass`` writes, as far as it calls something."""
    if not arguments and "**" not in keywords:
        for each in reversed(find_ancestry(made.made_by)):
            for name, value in list(each.names.items()):
                if isinstance(value, FieldFactory) and name not in keywords:
                    made.names[name] = machine.call(value.factory, [], {}, machine.stack[-1])
    finisher = find_in_class(made.made_by, "__post_init__")
    if isinstance(finisher, Function):
        machine.run_function(finisher, [made], {})


def call_external(
    machine: Importer, callee: External, arguments: list[Value], keywords: dict[str, Value], frame: Frame
) -> Value:
    """Call something that is outside the tree, as far as it is known what it does."""
    name = callee.name
    first = arguments[0] if arguments else UNKNOWN
    if name in IMPORTERS:
        wanted = first if arguments else keywords.get("name", UNKNOWN)
        return _import_called(machine, name, wanted, arguments, keywords) if isinstance(wanted, str) else UNKNOWN
    if name in FUNCTIONS or name in _WHOLE:
        return _call_builtin(machine, name, arguments, keywords)
    if name in LISTING:
        return LISTING[name](machine, arguments, keywords)
    if name in _HELD_FUNCTIONS and (held := _HELD_FUNCTIONS[name](machine, first, arguments, keywords)) is not UNKNOWN:
        return held
    known = find_reader(machine, name, arguments, keywords) or CALLS.get(name)
    if known is not None:
        return known(machine, arguments, frame)
    if isinstance(first, Function) and len(arguments) == 1 and not name.endswith("wraps"):
        return _decorate(name.removesuffix("()"), first)
    return _call_unknown(machine, callee, arguments, frame)


def _call_builtin(machine: Importer, name: str, arguments: list[Value], keywords: dict[str, Value]) -> Value:
    """Call a function that has no effect but what going through its arguments has."""
    reach: Reach = "end" if name in _WHOLE else "first" if name in _ASKING else "unknown"
    arguments = [load_all(machine, read_all(machine, each, reach)) for each in arguments]
    if name == "builtins.sorted":
        return sort(arguments[0], keywords) if arguments else UNKNOWN
    if name in _SEQUENCES:
        return _make_sequence(_SEQUENCES[name], arguments)
    is_known = not keywords or (name == "builtins.dict" and "*" not in keywords)
    return FUNCTIONS[name](arguments, keywords) if is_known else UNKNOWN


def _make_sequence(kind: str, arguments: list[Value]) -> Listed:
    made = Listed([], kind=kind)
    if arguments:
        made.elements, made.is_open = read_elements(arguments[0])
        made.is_unordered = is_shuffled(arguments[0])
    return made


def _bind_first(machine: Importer, first: Value, arguments: list[Value], keywords: dict[str, Value]) -> Value:
    if not isinstance(first, Function | BoundMethod | Class | Instance | Partial):
        return UNKNOWN
    if machine.recorder is not None:
        machine.recorder.spoil()  # what its arguments hold is not compared
    return Partial(first, tuple(arguments[1:]), dict(keywords))


def _describe_field(_: Importer, __: Value, ___: list[Value], keywords: dict[str, Value]) -> Value:
    return FieldFactory(keywords["default_factory"]) if "default_factory" in keywords else UNKNOWN


#: What keeps a function that it is given, to be called later.
_HELD_FUNCTIONS = {"functools.partial": _bind_first, "dataclasses.field": _describe_field}


def _decorate(name: str, function: Function) -> Value:
    last = name.rpartition(".")[2]
    is_handed_on = name in _TRANSPARENT or last in {"abstractmethod", "wraps", "overload"}
    return replace(function, how=function.how | {last}) if is_handed_on else UNKNOWN


def _call_unknown(machine: Importer, callee: External, arguments: list[Value], frame: Frame) -> Value:
    """Return what nothing but the name of its maker is known of; or the class that is made of a name."""
    name = callee.name
    if arguments and isinstance(arguments[0], str) and is_maker(name, len(arguments)):
        return Class(frame.module, arguments[0], frame.line, [External(f"{name}()")], {}, is_made=True)
    for argument in arguments:
        if isinstance(argument, Globals):
            machine.open(argument.module)
        elif isinstance(argument, Instance):
            argument.is_open |= name != "types.ModuleType.__init__"
    return callee if name.endswith("()") else External(f"{name}()")


def is_maker(name: str, arguments: int) -> bool:
    """Return whether a function outside the tree makes a class of a name that it is given first."""
    module, _, function = name.rpartition(".")
    return bool(find_made_kind(f"{module}:{function}", arguments))


def _import_called(
    machine: Importer, callee: str, name: str, arguments: list[Value], keywords: dict[str, Value]
) -> Value:
    if callee.endswith("__import__"):
        level = arguments[4] if len(arguments) > 4 else keywords.get("level", 0)
        if level != 0 or name.startswith("."):
            return UNKNOWN
        fromlist = arguments[3] if len(arguments) > 3 else keywords.get("fromlist")
        return machine.import_dotted(name, is_renamed=False) if not truth(fromlist) else machine.load(name)
    level, module = split_dots(name)
    package = arguments[1] if len(arguments) > 1 else keywords.get("package")
    if level and not isinstance(package, str):
        return UNKNOWN
    absolute = absolute_name(str(package), level, module)
    return machine.load(absolute, is_relative=level > 0) if absolute else UNKNOWN


EXPRESSIONS: dict[str, Expression] = {"c": _call}
