"""Calls that make a class: what is called, outside the tree, and the kind of class that comes back."""

from __future__ import annotations

from collections.abc import Mapping

_ENUMS = ("Enum", "IntEnum", "StrEnum", "Flag", "IntFlag")
_TYPING = ("typing", "typing_extensions")

#: Callee outside the tree to kind of class.
MAKERS: Mapping[str, str] = {
    "collections:namedtuple": "namedtuple",
    **{f"{module}:NamedTuple": "namedtuple" for module in _TYPING},
    **{f"{module}:TypedDict": "typeddict" for module in _TYPING},
    **{f"{module}:NewType": "newtype" for module in _TYPING},
    **{f"enum:{name}": "enum" for name in _ENUMS},
    "dataclasses:make_dataclass": "dataclass",
    "attr:make_class": "dataclass",
    "attrs:make_class": "dataclass",
    "types:new_class": "made-class",
    "pydantic:create_model": "made-class",
    "sqlalchemy.orm:declarative_base": "made-class",
    "sqlalchemy.ext.declarative:declarative_base": "made-class",
}
#: Metaclasses: a call with three positional arguments makes a class, one with one asks for the class.
METACLASSES = frozenset({"builtins:type", "abc:ABCMeta", "enum:EnumMeta", "enum:EnumType"})


def find_made_kind(callee: str, arguments: int) -> str:
    """Return the kind of class that a call makes; empty when it makes none.

    >>> [find_made_kind(*call) for call in (("collections:namedtuple", 2), ("builtins:type", 3), ("builtins:type", 1))]
    ['namedtuple', 'made-class', '']
    """
    if callee in METACLASSES:
        return "made-class" if arguments == 3 else ""
    return MAKERS.get(callee, "")
