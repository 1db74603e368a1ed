"""Texts, lists and dictionaries: how they are made, subscribed to, and what their methods do."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from analysis.facts.program import Node
from analysis.simulation.constants import add, find_key, is_small, plain
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
_ADDING_METHODS = frozenset({"append", "add", "extend", "update", "insert"})
#: Methods of lists and sets that leave them as they are.
_READING_METHODS = frozenset({
    "copy", "count", "index", "isdisjoint", "issubset", "issuperset", "union", "intersection", "difference",
    "symmetric_difference",
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
    if isinstance(owner, KnownMapping):
        return owner.pairs.get(find_key(index), UNKNOWN)
    content = owner.elements if isinstance(owner, Listed) and not owner.is_open else owner
    if isinstance(content, list | tuple | str) and isinstance(index, int | slice):
        try:
            found = content[index]
        except (IndexError, TypeError, ValueError):
            return UNKNOWN
        return Listed(list(found), kind=owner.kind) if isinstance(owner, Listed) and isinstance(index, slice) else found
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
    return Listed(elements, is_open, node[2] if len(node) > 2 else "list")


def _dictionary(machine: Importer, node: Node, frame: Frame) -> Value:
    table = KnownMapping()
    for key, value in node[1]:
        name = UNKNOWN if key is None else find_key(machine.evaluate(key, frame))
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
    elif isinstance(owner, Listed) and method not in _READING_METHODS:
        return _change(machine, owner, method, arguments)
    elif isinstance(owner, KnownMapping):
        return _call_table(machine, owner, method, arguments)
    elif isinstance(owner, Globals) and method in {"update", "setdefault", "__setitem__"}:
        owner.module.is_open = True
    elif isinstance(owner, Globals) and method == "get" and arguments and isinstance(arguments[0], str):
        found = read_global(machine, owner.module, arguments[0])
        if found is ABSENT and not owner.module.is_open:
            return arguments[1] if len(arguments) > 1 else None
        return UNKNOWN if found is ABSENT else found
    return UNKNOWN


# ``__all__`` is what this is for: lists that modules build by append, extend and ``+=``.
def _change(machine: Importer, owner: Listed, method: str, arguments: list[Value]) -> Value:
    first = arguments[0] if len(arguments) == 1 else UNKNOWN
    is_certain = not machine.maybe
    if method in _ADDING_METHODS and (not is_certain or len(arguments) != 1):
        owner.is_open = True
    elif method in {"append", "add"}:
        owner.elements.append(first)
    elif method in _ADDING_METHODS:
        added = add(owner, first)
        owner.elements, owner.is_open = added.elements, added.is_open
    elif method == "remove" and is_certain and plain(first) is not UNKNOWN and plain(first) in owner.elements:
        owner.elements.remove(plain(first))
    elif method == "clear" and is_certain:
        owner.elements, owner.is_open = [], False
    elif method == "pop" and is_certain and not arguments and owner.elements and not owner.is_open:
        return owner.elements.pop()
    else:
        owner.forget()
    return UNKNOWN


def _call_table(machine: Importer, owner: KnownMapping, method: str, arguments: list[Value]) -> Value:
    first, other = (*arguments, None, None)[:2]
    if method in {"get", "pop", "setdefault"} and arguments:
        wanted = find_key(first)
        found = UNKNOWN if wanted is UNKNOWN or (owner.is_open and wanted not in owner.pairs) else (
            owner.pairs.get(wanted, other)
        )  # fmt: skip
        if method == "pop":
            remove_item(machine, owner, first)
        elif method == "setdefault" and not (wanted is not UNKNOWN and wanted in owner.pairs):
            store_item(machine, owner, first, other)
        return found
    if method in {"keys", "values", "items"}:
        return Listed(list(_VIEWS[method](owner)), owner.is_open, "view")
    if method == "update" and isinstance(first, KnownMapping) and not first.is_open and len(arguments) == 1:
        for key, value in first.pairs.items():
            store_item(machine, owner, key, value)
    elif method == "clear" and not machine.maybe:
        owner.pairs, owner.is_open = {}, False
    elif method not in {"copy", "fromkeys"}:
        owner.forget()
    return UNKNOWN


#: The elements of the views of a dictionary.
_VIEWS: dict[str, Callable[[KnownMapping], Iterable[Value]]] = {
    "keys": lambda table: table.pairs,
    "values": lambda table: table.pairs.values(),
    "items": lambda table: [Listed([key, value], kind="tuple") for key, value in table.pairs.items()],
}


def store_item(machine: Importer, owner: Value, index: Value, value: Value) -> None:
    """``owner[index] = value`` of a list or a dictionary; it may not happen where ``maybe`` says so."""
    if isinstance(owner, KnownMapping):
        wanted = find_key(index)
        if wanted is UNKNOWN:  # any of the keys may be meant
            owner.forget()
        elif wanted in owner.pairs or not machine.maybe:
            owner.pairs[wanted] = machine.merge(owner.pairs.get(wanted, ABSENT), value)
        else:
            owner.is_open = True
    elif isinstance(owner, Listed):
        if isinstance(index, int) and index < len(owner.elements) and not owner.is_open:
            owner.elements[index] = machine.merge(owner.elements[index], value)
        else:
            owner.forget()


def remove_item(machine: Importer, owner: Value, index: Value) -> None:
    """``del owner[index]`` of a list or a dictionary."""
    if isinstance(owner, KnownMapping):
        wanted = find_key(index)
        if wanted is UNKNOWN:
            owner.forget()
        elif wanted in owner.pairs:
            del owner.pairs[wanted]
            owner.is_open |= bool(machine.maybe)
    elif isinstance(owner, Listed):
        owner.forget()


EXPRESSIONS: dict[str, Expression] = {
    "s": _subscript,
    "-": _slice,
    "l": _sequence,
    "d": _dictionary,
}
