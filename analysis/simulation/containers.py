"""Texts, lists and dictionaries: how they are made, subscribed to, and what their methods do."""

from __future__ import annotations

from analysis.facts.program import Node
from analysis.simulation.constants import add, is_small, plain
from analysis.simulation.importing import Expression, Importer
from analysis.simulation.lookup import read_global
from analysis.simulation.records import ABSENT, Frame
from analysis.simulation.values import (
    UNKNOWN,
    Class,
    External,
    Globals,
    KnownMapping,
    Listed,
    Value,
)

_TEXT_METHODS = frozenset({
    "split", "rsplit", "partition", "rpartition", "strip", "lstrip", "rstrip", "lower", "upper", "startswith",
    "endswith", "replace", "join", "title", "capitalize", "removeprefix", "removesuffix", "isidentifier",
})  # fmt: skip


def _subscript(machine: Importer, node: Node, frame: Frame) -> Value:
    owner = machine.evaluate(node[1], frame)
    index = machine.evaluate(node[2], frame)
    frame.line = node[3]
    if isinstance(owner, External) and owner.name == "sys.modules" and isinstance(index, str):
        return machine.modules.get(index, UNKNOWN)
    if isinstance(owner, Globals) and isinstance(index, str):
        found = read_global(machine, owner.module, index)
        if found is ABSENT and not owner.module.is_open and not machine.maybe:
            raise machine.fail("other", KeyError, repr(index), "", index)
        return UNKNOWN if found is ABSENT else found
    wanted = plain(index)
    if isinstance(owner, KnownMapping) and wanted is not UNKNOWN and not isinstance(wanted, slice):
        return owner.pairs.get(wanted, UNKNOWN)
    content = owner.elements if isinstance(owner, Listed) and not owner.is_open else owner
    if isinstance(content, list | tuple | str) and isinstance(index, int | slice):
        try:
            found = content[index]
        except (IndexError, TypeError, ValueError):
            return UNKNOWN
        return Listed(found) if isinstance(found, list) and isinstance(index, slice) else found
    # A generic class with arguments stands for itself.
    return owner if isinstance(owner, Class) else UNKNOWN


def _slice(machine: Importer, node: Node, frame: Frame) -> Value:
    ends = [machine.evaluate(end, frame) for end in node[1:]]
    if all(end is None or isinstance(end, int) for end in ends):
        return slice(*ends)
    return UNKNOWN


def _sequence(machine: Importer, node: Node, frame: Frame) -> Value:
    elements: list[Value] = []
    is_open = False
    for part in node[1]:
        value = machine.evaluate(part, frame)
        if part[0] != "*":
            elements.append(value)
        elif isinstance(value, Listed):
            elements.extend(value.elements)
            is_open |= value.is_open
        elif isinstance(value, tuple):
            elements.extend(value)
        elif isinstance(value, KnownMapping):
            elements.extend(value.pairs)
            is_open |= value.is_open
        else:
            is_open = True
    return Listed(elements, is_open)


def _dictionary(machine: Importer, node: Node, frame: Frame) -> Value:
    table = KnownMapping()
    for key, value in node[1]:
        name = UNKNOWN if key is None else plain(machine.evaluate(key, frame))
        held = machine.evaluate(value, frame)
        if name is not UNKNOWN:
            table.pairs[name] = held
        elif key is None and isinstance(held, KnownMapping):
            table.pairs.update(held.pairs)
            table.is_open |= held.is_open
        else:
            table.is_open = True
    return table


def call_method(machine: Importer, owner: Value, method: str, arguments: list[Value]) -> Value:
    if isinstance(owner, str) and method in _TEXT_METHODS:
        plains = [plain(argument) for argument in arguments]
        if UNKNOWN not in plains and is_small(owner, plains):
            try:
                found = getattr(owner, method)(*plains)
            except (TypeError, ValueError):
                return UNKNOWN
            return Listed(found) if isinstance(found, list) else found
    elif isinstance(owner, Listed) and method in {"append", "extend", "insert", "remove", "add", "update", "pop"}:
        _change(machine, owner, method, arguments)
    elif isinstance(owner, KnownMapping):
        return _call_table(owner, method, arguments)
    elif isinstance(owner, Globals) and method in {"update", "setdefault", "__setitem__"}:
        owner.module.is_open = True
    elif isinstance(owner, Globals) and method == "get" and arguments and isinstance(arguments[0], str):
        found = machine.read(owner.module, arguments[0])
        return UNKNOWN if found is ABSENT else found
    return UNKNOWN


# ``__all__`` is what this is for: lists that modules build by append, extend and ``+=``.
def _change(machine: Importer, owner: Listed, method: str, arguments: list[Value]) -> None:
    if method in {"append", "add"} and len(arguments) == 1 and not machine.maybe:
        owner.elements.append(arguments[0])
    elif method in {"extend", "update"} and len(arguments) == 1 and not machine.maybe:
        added = add(owner, arguments[0])
        owner.elements, owner.is_open = added.elements, added.is_open
    elif method == "remove" and len(arguments) == 1 and plain(arguments[0]) in owner.elements:
        owner.elements.remove(plain(arguments[0]))
    else:
        owner.is_open = True


def _call_table(owner: KnownMapping, method: str, arguments: list[Value]) -> Value:
    if method in {"get", "pop"} and arguments:
        wanted = plain(arguments[0])
        if wanted is UNKNOWN:
            return UNKNOWN
        if wanted in owner.pairs:
            return owner.pairs[wanted]
        return UNKNOWN if owner.is_open else (arguments[1] if len(arguments) > 1 else None)
    if method == "keys":
        return Listed(list(owner.pairs), owner.is_open)
    if method == "values":
        return Listed(list(owner.pairs.values()), owner.is_open)
    if method == "items":
        return Listed([Listed([key, value]) for key, value in owner.pairs.items()], owner.is_open)
    if method in {"update", "setdefault", "clear"}:
        owner.is_open = True
    return UNKNOWN


EXPRESSIONS: dict[str, Expression] = {
    "s": _subscript,
    "-": _slice,
    "l": _sequence,
    "d": _dictionary,
}
