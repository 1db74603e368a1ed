"""What statements bind, and which blocks they have, without running them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from analysis.facts.program import Node

#: Where the blocks of a statement begin.
_BLOCKS = {"with": 3, "while": 3, "for": 4}
#: Expressions that yield an object which is there before.
_NAMED = frozenset({"n", "a"})
_CALL_PARTS = 5


def find_bound(block: Iterable[Node]) -> Iterator[str]:
    """Yield the names that statements bind, or unbind; ``*`` for a star import."""
    for node in block:
        kind = node[0]
        if kind == "import":
            yield from [renamed or name.partition(".")[0] for name, renamed in node[2]]
        elif kind == "from":
            yield from [bound for _, bound in node[4]]
        elif kind in {"def", "class"}:
            yield node[2]
        elif kind == "match":
            yield from [name for names, *_ in node[3] for name in names]
        for target in _list_targets(node):
            yield from _find_targets(target)
        for inner in find_inner(node):
            yield from find_bound(inner)


def find_changed(block: Sequence[Node]) -> Iterator[Node]:
    """Yield the expressions whose objects statements may change: they call a method, are handed over, or hold items."""
    waiting: list[Any] = list(block)
    while waiting:
        node = waiting.pop()
        if not isinstance(node, list) or node[:1] == ["k"]:
            continue
        if node[:1] == ["c"] and len(node) == _CALL_PARTS:
            yield from (each for each in (*node[2], *(value for _, value in node[3])) if each[0] in _NAMED)
            if node[1][0] == "a":
                yield node[1][1]
        elif node[:1] == ["s"]:
            yield node[1]
        elif node[:1] == ["+="]:
            yield node[2]
        waiting += node


def may_return(block: Iterable[Node]) -> bool:
    """Return whether statements may leave the function that they stand in."""
    return any(node[0] == "return" or any(may_return(inner) for inner in find_inner(node)) for node in block)


def may_leave(block: Iterable[Node]) -> bool:
    """Return whether statements may leave the loop around them, or its turn."""
    return any(
        node[0] in {"break", "continue"}
        or (node[0] not in {"for", "while"} and any(may_leave(inner) for inner in find_inner(node)))
        for node in block
    )


def find_inner(node: Node) -> list[Sequence[Node]]:
    """Return the blocks of a statement that may run where it stands."""
    kind = node[0]
    if kind == "if":
        return [*[body for _, body, _ in node[2]], node[3]]
    if kind == "try":
        return [node[2], *[handler[2] for handler in node[3]], node[4], node[5]]
    if kind == "match":
        return [body for _, body, *_ in node[3]]
    # What ``for``, ``while`` and ``with`` begin with binds and runs no statement.
    return [*node[_BLOCKS[kind] :]] if kind in _BLOCKS else []


def _list_targets(node: Node) -> list[Node]:
    kind = node[0]
    if kind in {"=", "del"}:
        return list(node[2])
    if kind == "with":
        return [target for _, target in node[2] if target is not None]
    return [node[2]] if kind in {"for", "+="} else []


def _find_targets(target: Node) -> Iterator[str]:
    if target[0] == "n":
        yield target[1]
    elif target[0] == "l":
        for part in target[1]:
            yield from _find_targets(part)
    elif target[0] == "*":
        yield from _find_targets(target[1])


def find_statements(block: Iterable[Node], line: int) -> Iterator[Node]:
    """Yield the import and definition statements of a line."""
    for node in block:
        if node[1] == line and node[0] in {"import", "from", "=", "class", "def"}:
            yield node
        for inner in find_inner(node):
            yield from find_statements(inner, line)


def index_settings(body: Iterable[Node]) -> dict[str, list[Node]]:
    """Return the assignments and from-imports of a body by the names that they set, each in order.

    >>> index_settings([["=", 1, [["n", "a"]], ["k", 1]], ["from", 2, 0, "m", [["b", "a"]]]])
    {'a': [['=', 1, [['n', 'a']], ['k', 1]], ['from', 2, 0, 'm', [['b', 'a']]]]}
    """
    found: dict[str, list[Node]] = {}
    waiting = [iter(body)]
    while waiting:
        statement = next(waiting[-1], None)
        if statement is None:
            waiting.pop()
            continue
        names: list[str] = []
        if statement[0] == "=":
            names = [target[1] for target in statement[2] if target[0] == "n"]
        elif statement[0] == "from":
            names = [bound for _, bound in statement[4]]
        for name in dict.fromkeys(names):
            found.setdefault(name, []).append(statement)
        waiting += [iter(inner) for inner in reversed(find_inner(statement))]
    return found
