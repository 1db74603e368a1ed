"""Operators: comparisons, ``and``, ``or``, ``not``, the conditional expression, and what is only evaluated."""

from __future__ import annotations

import operator
from collections.abc import Callable, Container
from typing import Any

from analysis.facts.program import Node
from analysis.simulation.constants import compute, find_key, is_same, plain, truth
from analysis.simulation.elements import is_shuffled
from analysis.simulation.importing import Expression, Importer
from analysis.simulation.places import join_path
from analysis.simulation.records import Frame
from analysis.simulation.texts import fill_text, join_text
from analysis.simulation.values import (
    UNKNOWN,
    Class,
    External,
    Function,
    Globals,
    KnownMapping,
    Listed,
    Raised,
    TreePath,
    Value,
)

_COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip


_ARITHMETIC = frozenset({"+", "|", "-", "*", "/", "//", "%"})


def _constant(_: Importer, node: Node, __: Frame) -> Value:
    return node[1]


def _compared(machine: Importer, node: Node, frame: Frame) -> Value:
    _, kind, left, right = node
    first, second = machine.evaluate(left, frame), machine.evaluate(right, frame)
    if kind in _ARITHMETIC:
        return _compute(kind, first, second)
    if kind in {"is", "is not"}:
        same = is_same(first, second)
        return UNKNOWN if same is None else same is (kind == "is")
    if kind in {"in", "not in"}:
        inside = _is_inside(machine, first, second)
        return UNKNOWN if inside is None else inside is (kind == "in")
    one, other = plain(first), plain(second)
    if one is UNKNOWN or other is UNKNOWN:
        equal = _is_equal(first, second) if kind in {"==", "!="} else None
        return UNKNOWN if equal is None else equal is (kind == "==")
    try:
        return bool(_COMPARE[kind](one, other))
    except TypeError:
        return UNKNOWN


def _is_equal(first: Value, second: Value) -> bool | None:
    """Return whether two tuples or lists, of classes and functions for example, are equal; None where nobody knows."""
    is_known = isinstance(first, Listed) and isinstance(second, Listed) and first.kind == second.kind
    if not is_known or first.kind not in {"tuple", "list"} or first.is_open or second.is_open:
        return None
    if is_shuffled(first) or is_shuffled(second):
        return None
    if len(first.elements) != len(second.elements):
        return False
    found = [_is_equal_part(one, other) for one, other in zip(first.elements, second.elements, strict=True)]
    return False if False in found else None if None in found else True


def _is_equal_part(one: Value, other: Value) -> bool | None:
    if one is other and one is not UNKNOWN:
        return True
    known, its = plain(one), plain(other)
    if known is not UNKNOWN and its is not UNKNOWN:
        return bool(known == its)
    # Of classes and functions it is one object; others may say themselves when they are equal.
    is_plain = all(
        isinstance(each, Function) or (isinstance(each, Class) and not each.metaclass) for each in (one, other)
    )
    return False if is_plain else None


def _compute(kind: str, first: Value, second: Value) -> Value:
    if kind == "/" and isinstance(first, TreePath) and not first.is_text:
        return join_path(first, second)
    if kind == "+" and isinstance(first, TreePath) and first.is_text and isinstance(second, str) and second[:1] == "/":
        return join_path(first, second[1:])
    if kind == "%" and isinstance(first, str):
        return fill_text(first, second)
    return compute(kind, first, second)


def _text(machine: Importer, node: Node, frame: Frame) -> Value:
    return join_text([machine.evaluate(part, frame) for part in node[1]])


def _is_inside(machine: Importer, item: Value, whole: Value) -> bool | None:
    wanted = find_key(item)
    if wanted is UNKNOWN:
        wanted = plain(item)
    if wanted is UNKNOWN:
        return None
    if isinstance(whole, External):
        return _is_in_system(machine, wanted, whole.name)
    if isinstance(whole, Globals):
        is_there = isinstance(wanted, str) and machine.has(whole.module, wanted)
        return True if is_there else None if whole.module.is_open or str(wanted).startswith("__") else False
    if isinstance(whole, KnownMapping):
        return None if find_key(item) is UNKNOWN else _is_among(wanted, whole.pairs, is_open=whole.is_open)
    content = [_find_content(element) for element in whole.elements] if isinstance(whole, Listed) else whole
    if not isinstance(content, list | tuple | str) or (isinstance(content, str) and not isinstance(wanted, str)):
        return None
    is_open = isinstance(whole, Listed) and (whole.is_open or UNKNOWN in content)
    return _is_among(wanted, content, is_open=is_open)


def _find_content(element: Value) -> Any:
    known = find_key(element)
    return plain(element) if known is UNKNOWN else known


def _is_among(wanted: Any, content: Container[Any], *, is_open: bool) -> bool | None:
    return True if wanted in content else None if is_open else False


def _is_in_system(machine: Importer, wanted: Any, name: str) -> bool | None:
    """Return whether a key is in a mapping of the interpreter; no variable is set in the simulated environment."""
    if name == "os.environ":
        return False
    if name != "sys.modules" or not isinstance(wanted, str):
        return None
    if wanted in machine.modules:
        return True
    # What is outside the tree may be loaded by anything that is outside the tree.
    return False if machine.owns(wanted) else None


def _negated(machine: Importer, node: Node, frame: Frame) -> Value:
    known = truth(machine.evaluate(node[1], frame))
    return UNKNOWN if known is None else not known


def _both(machine: Importer, node: Node, frame: Frame) -> Value:
    return _chain(machine, node, frame, stops_at=False)


def _either(machine: Importer, node: Node, frame: Frame) -> Value:
    return _chain(machine, node, frame, stops_at=True)


def _chain(machine: Importer, node: Node, frame: Frame, *, stops_at: bool) -> Value:
    value, is_open = UNKNOWN, False
    before = machine.maybe
    try:
        for part in node[1]:
            value = machine.evaluate(part, frame)
            known = truth(value)
            if known is stops_at:
                return UNKNOWN if is_open and not isinstance(value, bool) else value
            if known is None:
                is_open = True
                machine.maybe += 1
    except Raised:
        if machine.maybe == before:  # nothing before it was in doubt: it is evaluated, and fails
            raise
        return UNKNOWN
    finally:
        machine.maybe = before
    return UNKNOWN if is_open else value


def _choice(machine: Importer, node: Node, frame: Frame) -> Value:
    known = truth(machine.evaluate(node[1], frame))
    if known is not None:
        return machine.evaluate(node[2] if known else node[3], frame)
    values = [evaluate_maybe(machine, part, frame) for part in node[2:4]]
    return values[0] if values[0] is values[1] else UNKNOWN


def evaluate_maybe(machine: Importer, node: Node, frame: Frame) -> Value:
    """Return the value of what may not be evaluated at all; its failure is a doubt."""
    machine.maybe += 1
    try:
        return machine.evaluate(node, frame)
    except Raised as raised:
        machine.doubt(raised)
        return UNKNOWN
    finally:
        machine.maybe -= 1


def _starred(machine: Importer, node: Node, frame: Frame) -> Value:
    return machine.evaluate(node[1], frame)


def _after(machine: Importer, node: Node, frame: Frame) -> Value:
    machine.evaluate(node[1], frame)
    return machine.evaluate(node[2], frame)


def _annotation(machine: Importer, node: Node, frame: Frame) -> Value:
    if machine.shared.environment.is_annotating:
        machine.evaluate(node[1], frame)
    return UNKNOWN


def _parts(machine: Importer, node: Node, frame: Frame) -> Value:
    for part in node[1]:
        machine.evaluate(part, frame)
    return UNKNOWN


EXPRESSIONS: dict[str, Expression] = {
    "k": _constant,
    "o": _compared,
    "!": _negated,
    "&": _both,
    "|": _either,
    "?": _choice,
    "*": _starred,
    ",": _after,
    "@": _annotation,
    "f": _text,
    "u": _parts,
}
