"""Texts that a program puts together: f-strings, ``%`` and ``format``, as far as all parts are known and plain."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from analysis.simulation.constants import MOST_ELEMENTS, plain
from analysis.simulation.values import UNKNOWN, KnownMapping, Listed, Value

#: Fields without widths: a number in one may ask for any amount of memory.
_PERCENT = re.compile(r"%(?:\((\w+)\))?[sdr%]", re.ASCII)
_BRACES = re.compile(r"\{\{|\}\}|\{(\w*)\}", re.ASCII)
_SHOWN = (str, int, float, bool, type(None))


def join_text(parts: Sequence[Value]) -> Value:
    """Return the text that plain values make one after the other."""
    if not all(isinstance(part, _SHOWN) for part in parts):
        return UNKNOWN
    found = "".join(map(str, parts))
    return found if len(found) <= MOST_ELEMENTS else UNKNOWN


def fill_text(text: str, value: Value) -> Value:
    """Return ``text % value``."""
    if "%" in _PERCENT.sub("", text):
        return UNKNOWN
    given: Any = plain(value)
    if isinstance(value, KnownMapping):
        given = {name: plain(each) for name, each in value.pairs.items()}
    elif isinstance(value, Listed) and value.kind != "tuple":
        return UNKNOWN
    parts = given.values() if isinstance(given, Mapping) else given if isinstance(given, tuple) else (given,)
    return _apply(text.__mod__, given) if _is_short(text, parts) else UNKNOWN


def format_text(text: str, arguments: Sequence[Value], keywords: Mapping[str, Value]) -> Value:
    """Return ``text.format(…)``."""
    if not {"{", "}"}.isdisjoint(_BRACES.sub("", text)) or not {"*", "**"}.isdisjoint(keywords):
        return UNKNOWN
    parts, named = [plain(each) for each in arguments], {name: plain(each) for name, each in keywords.items()}
    if not _is_short(text, [*parts, *named.values()]):
        return UNKNOWN
    return _apply(lambda _: text.format(*parts, **named), None)


def _is_short(text: str, parts: Any) -> bool:
    known = list(parts)
    return (
        all(isinstance(part, _SHOWN) for part in known)
        and len(text) * (1 + sum(len(str(part)) for part in known)) <= MOST_ELEMENTS * 10
    )


def _apply(make: Any, given: Any) -> Value:
    try:
        found = make(given)
    except (TypeError, ValueError, KeyError, IndexError):
        return UNKNOWN
    return found if isinstance(found, str) and len(found) <= MOST_ELEMENTS else UNKNOWN
