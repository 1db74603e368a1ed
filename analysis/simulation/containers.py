"""Texts, lists and dictionaries: how they are made, subscribed to, and what their methods do."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from analysis.facts.program import Node
from analysis.simulation.constants import add, find_key, is_small, plain
from analysis.simulation.elements import is_shuffled, read_elements, read_table, sort
from analysis.simulation.folders import call_path
from analysis.simulation.forgetting import READING_METHODS, forget_constants
from analysis.simulation.importing import Expression, Importer
from analysis.simulation.lookup import find_in_class, read_global
from analysis.simulation.places import cut_text_path
from analysis.simulation.records import ABSENT, Frame
from analysis.simulation.texts import format_text
from analysis.simulation.values import (
    UNKNOWN,
    BarePath,
    Class,
    External,
    Function,
    Globals,
    Instance,
    KnownMapping,
    Listed,
    LoadedModule,
    SearchPath,
    TreePath,
    Value,
)

_TEXT_METHODS = frozenset({
    "split", "rsplit", "partition", "rpartition", "strip", "lstrip", "rstrip", "lower", "upper", "startswith",
    "endswith", "replace", "join", "title", "capitalize", "removeprefix", "removesuffix", "isidentifier", "isupper",
    "islower", "isdigit", "isalpha", "isalnum", "swapcase", "casefold", "find", "rfind", "count",
})  # fmt: skip
#: What may be given types in brackets, by how its name begins.
_GENERIC = ("typing.", "typing_extensions.", "collections.abc.")
_ADDING_METHODS = frozenset({"append", "add", "extend", "update", "insert"})


def _look_up(machine: Importer, owner: KnownMapping, index: Value, frame: Frame) -> Value:
    """Return what a dictionary has; what a ``__getattr__`` does not find in its table is what it was asked for."""
    is_lacking = isinstance(index, str) and index not in owner.pairs and not owner.is_open and not machine.maybe
    if is_lacking and f".{frame.prefix}".endswith(".__getattr__.<locals>."):
        raise machine.fail("other", KeyError, repr(index), "", index)
    return owner.pairs.get(find_key(index), UNKNOWN)


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
        return _look_up(machine, owner, index, frame)
    if isinstance(owner, TreePath) and owner.is_text and isinstance(index, slice):
        return cut_text_path(owner, index)
    owner = Listed(read_elements(owner)[0], owner.module.finds_more) if isinstance(owner, SearchPath) else owner
    content = owner.elements if isinstance(owner, Listed) and not owner.is_open and not is_shuffled(owner) else owner
    if isinstance(content, list | tuple | str) and isinstance(index, int | slice):
        try:
            found = content[index]
        except (IndexError, TypeError, ValueError):
            return UNKNOWN
        return Listed(list(found), kind=owner.kind) if isinstance(owner, Listed) and isinstance(index, slice) else found
    method = find_own_item(owner)
    if method is not None:
        return machine.run_function(method, [owner, index], {})
    # A generic class with arguments stands for itself.
    is_generic = isinstance(owner, External) and owner.name.startswith(_GENERIC)
    return owner if isinstance(owner, Class) or is_generic else UNKNOWN


def find_own_item(owner: Value) -> Function | None:
    """Return the function of the tree that an index in brackets calls."""
    found = UNKNOWN
    if isinstance(owner, Instance):
        found = find_in_class(owner.made_by, "__getitem__")
    elif isinstance(owner, Class):
        found = find_in_class(owner, "__class_getitem__")
        if owner.metaclass is not None:
            found = find_in_class(owner.metaclass, "__getitem__") or found
    return found if isinstance(found, Function) else None


def _slice(machine: Importer, node: Node, frame: Frame) -> Value:
    ends = [machine.evaluate(end, frame) for end in node[1:]]
    if all(end is None or isinstance(end, int) for end in ends):
        return slice(*ends)
    return UNKNOWN


def _sequence(machine: Importer, node: Node, frame: Frame) -> Value:
    elements: list[Value] = []
    is_open = is_unordered = False
    for part in node[1]:
        value = machine.evaluate(part, frame)
        if part[0] != "*":
            elements.append(value)
            continue
        found, is_more = read_elements(value)
        elements.extend(found)
        is_open |= is_more
        is_unordered |= is_shuffled(value)
    return Listed(elements, is_open, node[2] if len(node) > 2 else "list", is_unordered)


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


def call_method(
    machine: Importer, owner: Value, method: str, arguments: list[Value], keywords: dict[str, Value]
) -> Value:
    """Return what a method of a text, a collection, a namespace or a path returns, and do what it does."""
    if isinstance(owner, str):
        return _call_text(owner, method, arguments, keywords)
    if isinstance(owner, Listed) and method not in READING_METHODS:
        return _change(machine, owner, method, arguments, keywords)
    if isinstance(owner, KnownMapping):
        return _call_table(machine, owner, method, arguments, keywords)
    if isinstance(owner, Globals):
        return _call_namespace(machine, owner.module, method, arguments, keywords)
    if isinstance(owner, Class) and method == "__subclasses__":
        return _list_subclasses(machine, owner)
    if isinstance(owner, SearchPath):
        owner.module.finds_more |= method in _ADDING_METHODS
    is_path = isinstance(owner, TreePath | BarePath) and not keywords
    return call_path(machine, owner, method, arguments) if is_path else UNKNOWN


def _list_subclasses(machine: Importer, owner: Class) -> Listed:
    """Return the subclasses of a class in the modules of this process; another may have loaded more of them."""
    machine.ledger.is_rough = True
    if machine.recorder is not None:
        machine.recorder.spoil()
    found = []
    for each in owner.subclasses:
        held = machine.loaded.get(each.module.name)
        is_own = isinstance(held, LoadedModule) and held.names.get(each.qualname) is each
        if held is each.module or is_own:
            found.append(each)
    return Listed(found)


def _call_text(owner: str, method: str, arguments: list[Value], keywords: dict[str, Value]) -> Value:
    if method == "format":
        return format_text(owner, arguments, keywords)
    plains = [plain(argument) for argument in arguments]
    if method not in _TEXT_METHODS or keywords or UNKNOWN in plains or not is_small(owner, plains):
        return UNKNOWN
    try:
        found = getattr(owner, method)(*plains)
    except (TypeError, ValueError):
        return UNKNOWN
    return Listed(found) if isinstance(found, list) else found


def _call_namespace(
    machine: Importer, module: LoadedModule, method: str, arguments: list[Value], keywords: dict[str, Value]
) -> Value:
    first, other = (*arguments, None, None)[:2]
    if method == "update" or (method == "__setitem__" and isinstance(first, str)):
        named = {name: value for name, value in keywords.items() if name.isidentifier()}
        given = arguments if method == "update" else [KnownMapping({first: other})]
        for each in (*given, KnownMapping(named, "**" in keywords)):
            _update_namespace(machine, module, each)
        return None
    if method in {"get", "setdefault", "pop"} and isinstance(first, str):
        found = read_global(machine, module, first)
        is_absent = found is ABSENT
        if method == "pop" and not is_absent:
            machine.remove(module, first)
        if is_absent and not module.is_open:
            if method == "setdefault":
                machine.write(module, first, other)
            return other
        return UNKNOWN if is_absent else found
    if method in {"items", "values"}:
        pairs = [(name, value) for name, value in module.names.items() if value is not ABSENT]
        made = [Listed([*pair], kind="tuple") if method == "items" else pair[1] for pair in pairs]
        return Listed(made, is_open=True, kind="view")
    if method == "keys":
        return Listed(*read_elements(Globals(module)), kind="view")
    if method in {"setdefault", "__setitem__", "pop", "popitem", "clear"}:
        forget_constants(machine, module)
    return UNKNOWN


def _update_namespace(machine: Importer, module: LoadedModule, given: Value) -> None:
    pairs: list[tuple[Value, Value]]
    if isinstance(given, Globals):
        pairs = [(name, machine.read(given.module, name)) for name in given.module.names]
        module.is_open |= given.module.is_open
    else:
        table = read_table(given)
        pairs = list(table.pairs.items())
        if table.is_open:
            forget_constants(machine, module)
    for name, value in pairs:
        if isinstance(name, str) and value is not ABSENT and not name.startswith("__"):
            machine.write(module, name, value)


# ``__all__`` is what this is for: lists that modules build by append, extend and ``+=``.
def _change(
    machine: Importer, owner: Listed, method: str, arguments: list[Value], keywords: dict[str, Value]
) -> Value:  # fmt: skip
    first = arguments[0] if len(arguments) == 1 else UNKNOWN
    is_certain, is_known = not machine.maybe, not owner.is_open and not is_shuffled(owner)
    owner.is_unordered |= bool(machine.shuffled) and method in _ADDING_METHODS
    if method in _ADDING_METHODS and (not is_certain or len(arguments) != 1):
        owner.is_open = True
    elif method in {"append", "add"}:
        owner.elements.append(first)
    elif method in _ADDING_METHODS:
        added = add(owner, first)
        owner.elements, owner.is_open, owner.is_unordered = added.elements, added.is_open, added.is_unordered
    elif method == "remove" and is_certain and plain(first) is not UNKNOWN and plain(first) in owner.elements:
        owner.elements.remove(plain(first))
    elif method == "sort" and is_certain:
        known = sort(owner, keywords)
        owner.elements, owner.is_open, owner.is_unordered = known.elements, known.is_open, known.is_unordered
    elif method == "clear" and is_certain:
        owner.elements, owner.is_open = [], False
    elif method == "pop" and is_certain and not arguments and is_known and owner.elements:
        return owner.elements.pop()
    else:
        owner.forget()
    return UNKNOWN


def _call_table(
    machine: Importer, owner: KnownMapping, method: str, arguments: list[Value], keywords: dict[str, Value]
) -> Value:
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
    given = KnownMapping() if keywords and not arguments else first
    if method == "update" and isinstance(given, KnownMapping) and not given.is_open and "**" not in keywords:
        for key, value in {**given.pairs, **keywords}.items():
            store_item(machine, owner, key, value)
    elif method == "copy":
        return KnownMapping(dict(owner.pairs), owner.is_open)
    elif method == "clear" and not machine.maybe:
        owner.pairs, owner.is_open = {}, False
    elif method != "fromkeys":
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
