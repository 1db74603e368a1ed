"""What of a file exists twice when Python loads it twice: classes, exceptions, state, and what its body registers."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from analysis import tables
from analysis.facts.program_expressions import write_dotted
from analysis.rules.context import RuleContext
from analysis.wording import choose_form, format_some

#: Calls of these make something that is the same however often it is made.
_VALUES = frozenset({
    "Path", "PurePath", "PosixPath", "TypeVar", "TypeVarTuple", "ParamSpec", "NewType", "NamedTuple", "TypedDict",
    "Decimal", "Fraction", "UUID", "Version", "MappingProxyType", "Struct", "Pattern",
})  # fmt: skip
_CONTAINERS = frozenset({
    "list", "dict", "set", "bytearray", "defaultdict", "deque", "local", "count", "Counter", "OrderedDict",
})  # fmt: skip
#: Modules whose decorators change what they decorate, and keep nothing of it.
_HARMLESS_DECORATORS = frozenset({
    "functools", "dataclasses", "contextlib", "typing", "abc", "enum", "attr", "attrs", "pytest", "t", "warnings",
    "numba", "np", "unittest", "mock", "typing_extensions", "asyncio", "six", "staticmethod",
})  # fmt: skip
#: Stores into a container or object of the module.
_CHANGING_STATE = frozenset({"bind", "item", "change", "attribute"})
_MAKERS = ("create", "make_", "build_", "new_")


@dataclass(frozen=True, slots=True)
class Contents:
    """What a module body makes: its classes (of them the exceptions), the names that hold state, what it registers.

    ``changing`` are its functions that change state, each with the name of the state. ``is_program``: what runs as the
    main program calls a function or class of the module.
    """

    classes: tuple[str, ...] = ()
    exceptions: tuple[str, ...] = ()
    state: tuple[str, ...] = ()
    registers: bool = False
    is_program: bool = False
    changing: tuple[tuple[str, str], ...] = ()

    def take(self, names: Collection[str]) -> Contents:
        """Return what some names stand for; all of it for the module itself, an empty name, and for a star."""
        if not names or "" in names or "*" in names:
            return self
        changed = {name for function, name in self.changing if function in names}
        return Contents(
            tuple(name for name in self.classes if name in names),
            tuple(name for name in self.exceptions if name in names),
            tuple(name for name in self.state if name in names or name in changed),
        )

    @property
    def counts(self) -> bool:
        """Whether it matters which of two a part of the program has."""
        return bool(self.classes or self.state)

    def describe(self) -> str:
        """Return what it means that this exists twice, as a sentence without its full stop; empty for nothing."""
        parts = []
        if self.classes:
            word = choose_form(len(self.classes), "class", "classes")
            fails = "except clauses miss it" if len(self.exceptions) == len(self.classes) else "isinstance says no"
            exists = choose_form(len(self.classes), "exists", "exist")
            parts.append(f"its {word} {format_some(self.classes)} {exists} twice, and {fails} across the two")
        if self.state:
            hold = choose_form(len(self.state), "exists", "exist")
            parts.append(f"its state {format_some(self.state)} {hold} twice: what is set in one is not in the other")
        if not parts and self.registers:
            parts.append("its body runs twice, and registers twice what it registers")
        return "; ".join(parts)


def find_contents(case: RuleContext, paths: Collection[str]) -> Mapping[str, Contents]:
    """Return what the bodies of some files make, by path."""
    wanted = pa.array(sorted(paths), type=pa.string())
    classes: dict[str, dict[str, bool]] = {path: {} for path in paths}
    definitions = _keep(case.facts.definitions, wanted)
    for path, name, scope, marks in tables.read_rows(definitions, "path", "name", "scope", "marks"):
        if scope == "module":
            classes[path][name] = "exception" in marks
    changing: dict[str, set[tuple[str, str]]] = {path: set() for path in paths}
    for store in case.stores:
        if store.path in changing and not store.is_class and store.way in _CHANGING_STATE:
            changing[store.path].add((store.owner.partition(".")[0], store.holder.rpartition(".")[2]))
    found = {}
    bodies = dict(tables.read_rows(_keep(case.facts.programs, wanted), "path", "program"))
    for path, known in classes.items():
        body = json.loads(bodies[path]) if path in bodies else []
        state = tuple(dict.fromkeys(name for name in _find_state(body) if name not in known))
        exceptions = tuple(name for name, is_exception in known.items() if is_exception)
        found[path] = Contents(
            tuple(known), exceptions, state, _is_registering(body), _is_program(body), tuple(sorted(changing[path]))
        )
    return found


def _keep(table: pa.Table, paths: pa.Array) -> pa.Table:
    return table.filter(pc.is_in(table.column("path").cast(pa.string()), paths))


def _find_state(body: list[Any]) -> Iterator[str]:
    """Yield the names that a module body binds to containers, and to objects that a call makes."""
    for statement in body:
        if statement[0] == "=" and _is_state(statement[3]):
            yield from (target[1] for target in statement[2] if target[0] == "n" and not target[1].startswith("__"))
        elif statement[0] == "if":
            for test, block, _ in statement[2]:
                yield from () if _asks(test) else _find_state(block)


def _is_state(value: list[Any]) -> bool:
    if value[0] == "l":
        return len(value) == 2 and not value[1]  # a list with elements is a table of constants, most often
    if value[0] == "d":
        return not value[1]
    if value[0] != "c":
        return False
    last = write_dotted(value[1]).rpartition(".")[2]
    if last in _VALUES:
        return False
    return last in _CONTAINERS or last[:1].isupper() or last.startswith(_MAKERS)


def _list_own(body: list[Any]) -> set[str]:
    """Return the functions and classes that a module body defines."""
    return {statement[2] for statement in body if statement[0] in {"def", "class"}}


def _is_registering(body: list[Any]) -> bool:
    own = _list_own(body)
    return any(_registers(statement, own) for statement in body)


def _is_program(body: list[Any]) -> bool:
    """Return whether the block that runs as the main program calls what the module defines."""
    own = _list_own(body)
    blocks = [block for statement in body if statement[0] == "if" for test, block, _ in statement[2] if _asks(test)]
    calls = (each for block in blocks for statement in block for each in _find_calls(statement))
    return any(callee[0] == "n" and callee[1] in own for callee in calls)


def _asks(test: list[Any]) -> bool:
    return test[0] == "o" and ["k", "__main__"] in test


def _find_calls(node: Any) -> Iterator[list[Any]]:
    """Yield the callees of all calls in a statement, at any depth."""
    waiting = [node]
    while waiting:
        each = waiting.pop()
        if isinstance(each, list):
            if len(each) == 5 and each[0] == "c":
                yield each[1]
            waiting.extend(each)


def _registers(statement: list[Any], own: Collection[str]) -> bool:
    """Return whether a statement hands something of the module over: by a call with it, or a decorator of an object."""
    if statement[0] == "e" and statement[2][0] == "c" and statement[2][1][0] == "a":
        return any(argument[0] == "n" and argument[1] in own for argument in statement[2][2])
    if statement[0] not in {"def", "class"}:
        return False
    called = (each[1] if each[0] == "c" else each for each in statement[5 if statement[0] == "class" else 3])
    names = (write_dotted(each) for each in called)
    return any("." in name and name.partition(".")[0] not in _HARMLESS_DECORATORS for name in names)
