"""Built-in functions without effect: what they return for values that are known."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from analysis.simulation.constants import CONSTANTS, plain, truth
from analysis.simulation.elements import is_shuffled, read_elements, read_table
from analysis.simulation.lookup import find_order
from analysis.simulation.values import (
    UNKNOWN,
    BarePath,
    BoundMethod,
    Class,
    External,
    Function,
    Instance,
    KnownMapping,
    Listed,
    LoadedModule,
    TreePath,
    Unknown,
    Value,
)

#: Longer sequences are not made.
_MOST_ELEMENTS = 1_000
_TYPES: dict[str, type] = {
    f"builtins.{each.__name__}": each
    for each in (str, int, float, bool, list, tuple, set, frozenset, dict, type, bytes, complex)
}
_NUMBERS = int | float
#: Classes outside of the tree whose metaclass asks the bases only, beside those that are built in.
_STRICT = frozenset({"typing.Generic", "enum.Enum", "enum.IntEnum", "enum.StrEnum", "enum.Flag", "enum.IntFlag"})
Keywords = Mapping[str, Value]


def _read_whole(value: Value) -> list[Value] | None:
    elements, is_open = read_elements(value)
    return None if is_open or len(elements) > _MOST_ELEMENTS else elements


def _apply(make: Callable[..., Any], *given: Any) -> Value:
    try:
        found = make(*given)
    except (TypeError, ValueError, OverflowError):
        return UNKNOWN
    return found if isinstance(found, CONSTANTS) and len(str(found)) <= _MOST_ELEMENTS else UNKNOWN


def _text(arguments: Sequence[Value], _: Keywords) -> Value:
    if not arguments:
        return ""
    first = arguments[0]
    if isinstance(first, TreePath):
        return TreePath(first.path, is_text=True)
    if isinstance(first, BarePath):
        return first.path
    return _apply(str, first) if isinstance(first, str | _NUMBERS | None) else UNKNOWN


def _integer(arguments: Sequence[Value], _: Keywords) -> Value:
    is_plain = len(arguments) == 1 and isinstance(arguments[0], str | _NUMBERS)
    return _apply(int, arguments[0]) if is_plain else UNKNOWN


def _boolean(arguments: Sequence[Value], _: Keywords) -> Value:
    known = truth(arguments[0]) if arguments else False
    return UNKNOWN if known is None else known


def _range(arguments: Sequence[Value], _: Keywords) -> Value:
    if not all(type(each) is int for each in arguments) or not 1 <= len(arguments) <= 3 or arguments[2:] == [0]:
        return UNKNOWN
    numbers = range(*arguments)
    return Listed(list(numbers), kind="view") if len(numbers) <= _MOST_ELEMENTS else UNKNOWN


def _combine(make: Callable[..., Any]) -> Callable[[Sequence[Value], Keywords], Value]:
    """Return a function that makes tuples of the elements of others."""

    def combine(arguments: Sequence[Value], keywords: Keywords) -> Value:
        wholes = [_read_whole(each) for each in arguments]
        is_unordered = any(is_shuffled(each) for each in arguments)
        if keywords or None in wholes:
            return Listed([], is_open=True, kind="view")
        found = list(itertools.islice(make(*wholes), _MOST_ELEMENTS + 1))
        if len(found) > _MOST_ELEMENTS:
            return Listed([], is_open=True, kind="view")
        pairs = [Listed(list(each), kind="tuple") for each in found]
        return Listed(pairs, kind="view", is_unordered=is_unordered)

    return combine


def _chain(arguments: Sequence[Value], _: Keywords) -> Value:
    found = [read_elements(each) for each in arguments]
    elements = [value for values, _ in found for value in values]
    is_open, is_unordered = any(each for _, each in found), any(map(is_shuffled, arguments))
    return Listed(elements[:_MOST_ELEMENTS], is_open or len(elements) > _MOST_ELEMENTS, "view", is_unordered)


def _reversed(arguments: Sequence[Value], _: Keywords) -> Value:
    whole = _read_whole(arguments[0]) if len(arguments) == 1 else None
    if whole is None:
        return Listed([], is_open=True, kind="view")
    return Listed(whole[::-1], kind="view", is_unordered=is_shuffled(arguments[0]))


def _quantify(answer: bool) -> Callable[[Sequence[Value], Keywords], Value]:
    """Return ``any`` or ``all``: the answer where one element has it."""

    def quantify(arguments: Sequence[Value], _: Keywords) -> Value:
        if len(arguments) != 1:
            return UNKNOWN
        elements, is_open = read_elements(arguments[0])
        known = [truth(each) for each in elements]
        if answer in known:
            return answer
        return UNKNOWN if is_open or None in known else not answer

    return quantify


def _choose(make: Callable[..., Any]) -> Callable[[Sequence[Value], Keywords], Value]:
    """Return ``min``, ``max`` or ``sum`` of constants."""

    def choose(arguments: Sequence[Value], keywords: Keywords) -> Value:
        values = _read_whole(arguments[0]) if len(arguments) == 1 else None
        known = [plain(each) for each in values or ()]
        return UNKNOWN if keywords or not known or UNKNOWN in known else _apply(make, known)

    return choose


def _dictionary(arguments: Sequence[Value], keywords: Keywords) -> Value:
    made = read_table(arguments[0]) if arguments else KnownMapping()
    made.is_open |= "**" in keywords or "*" in keywords
    made.pairs.update({name: value for name, value in keywords.items() if name.isidentifier()})
    return made


def _is_callable(arguments: Sequence[Value], _: Keywords) -> Value:
    first = arguments[0] if len(arguments) == 1 else UNKNOWN
    if isinstance(first, Function | Class | BoundMethod):
        return True
    is_data = isinstance(first, (*CONSTANTS, Listed, KnownMapping, LoadedModule))
    return False if is_data else UNKNOWN


def _is_instance(arguments: Sequence[Value], _: Keywords) -> Value:
    return _ask_kinds(arguments, _has_kind)


def _is_subclass(arguments: Sequence[Value], _: Keywords) -> Value:
    return _ask_kinds(arguments, lambda value, kind: _extends(value, kind) if isinstance(value, Class) else None)


def _ask_kinds(arguments: Sequence[Value], ask: Callable[[Value, Value], bool | None]) -> Value:
    if len(arguments) != 2:
        return UNKNOWN
    kinds = arguments[1].elements if isinstance(arguments[1], Listed) else [arguments[1]]
    known = [ask(arguments[0], kind) for kind in kinds]
    if True in known:
        return True
    return UNKNOWN if None in known or (isinstance(arguments[1], Listed) and arguments[1].is_open) else False


def _has_kind(value: Value, kind: Value) -> bool | None:
    """Return whether a value is an instance of one class; None where that cannot be told."""
    if isinstance(value, Instance):
        return _extends(value.made_by, kind)
    asked = _TYPES.get(kind.name) if isinstance(kind, External) else None
    own = _find_type(value)
    if own is None or (asked is None and (not isinstance(kind, Class) or _takes_others(kind))):
        return None
    return asked is not None and issubclass(own, asked)


def _find_type(value: Value) -> type | None:
    if isinstance(value, CONSTANTS):
        return type(value)
    if isinstance(value, Listed):
        return {"list": list, "tuple": tuple}.get(value.kind)
    if isinstance(value, KnownMapping):
        return dict
    if isinstance(value, Class):
        return type
    if isinstance(value, TreePath):
        return str if value.is_text else object
    return object if isinstance(value, Function | BoundMethod | LoadedModule) else None


def _extends(value: Class, kind: Value) -> bool | None:
    """Return whether a class is another one, or extends it; what bases from outside extend is not known."""
    if isinstance(kind, Unknown):
        return None
    order = find_order(value)
    if any(each is kind or (isinstance(kind, External) and each == kind) for each in order):
        return True
    is_known = all(isinstance(each, Class) or each == External("builtins.object") for each in order)
    return False if is_known and not _takes_others(kind) else None


def _takes_others(kind: Value) -> bool:
    """Return whether a class may count others as its own that do not extend it: by its metaclass, or one of a base."""
    order = find_order(kind) if isinstance(kind, Class) else [kind]
    return any(
        each.has_metaclass if isinstance(each, Class) else not (isinstance(each, External) and _is_strict(each.name))
        for each in order
    )


def _is_strict(name: str) -> bool:
    """Return whether a class from outside has no metaclass that takes other classes for its own; object has all."""
    return name in _STRICT or (name.startswith("builtins.") and name != "builtins.object")


#: What built-in functions return, by their dotted names: (arguments, keywords) to a value.
FUNCTIONS: dict[str, Callable[[Sequence[Value], Keywords], Value]] = {
    "builtins.str": _text,
    "os.fspath": _text,
    "builtins.int": _integer,
    "builtins.bool": _boolean,
    "builtins.range": _range,
    "builtins.zip": _combine(zip),
    "builtins.enumerate": _combine(enumerate),
    "itertools.product": _combine(itertools.product),
    "itertools.chain": _chain,
    "builtins.reversed": _reversed,
    "builtins.any": _quantify(True),
    "builtins.all": _quantify(False),
    "builtins.min": _choose(min),
    "builtins.max": _choose(max),
    "builtins.sum": _choose(sum),
    "builtins.dict": _dictionary,
    "builtins.callable": _is_callable,
    "builtins.isinstance": _is_instance,
    "builtins.issubclass": _is_subclass,
}
