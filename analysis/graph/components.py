"""Strongly connected components: the sets of modules in which each reaches every other.

Source: R. Tarjan, "Depth-first search and linear graph algorithms" (1972), with the single stack of D. Pearce, "A
space-efficient algorithm for finding strongly connected components" (2016). Linear in modules and edges, without
recursion.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Generic, TypeVar

Node = TypeVar("Node", int, str)


def find_strong_components(following: Mapping[Node, Collection[Node]]) -> Iterator[list[Node]]:
    """Yield the components with more than one member, each sorted; ``following`` gives the successors of a node.

    >>> list(find_strong_components({1: [2], 2: [1, 3], 3: [4]}))
    [[1, 2]]
    """
    search = _Search(following)
    for node in following:
        if node not in search.low:
            yield from search.visit(node)


class _Search(Generic[Node]):
    """``low`` is the earliest visit that a node is known to reach; a finished node has a number above all visits."""

    def __init__(self, following: Mapping[Node, Collection[Node]]) -> None:
        self._following: Mapping[Node, Collection[Node]] = following
        self._done = len(following) + sum(map(len, following.values())) + 1
        self._count = 0
        self.low: dict[Node, int] = {}

    def visit(self, first: Node) -> Iterator[list[Node]]:
        """Yield the components that are first met from a node."""
        low, following = self.low, self._following
        waiting: list[Node] = []
        stack = [(first, self._number(first), iter(following.get(first, ())))]
        while stack:
            node, number, others = stack[-1]
            for other in others:
                if other not in low:
                    if other in following:
                        stack.append((other, self._number(other), iter(following[other])))
                        break
                    low[other] = self._done
                elif low[other] < low[node]:
                    low[node] = low[other]
            else:
                stack.pop()
                if stack and low[node] < low[stack[-1][0]]:
                    low[stack[-1][0]] = low[node]
                if low[node] < number:
                    waiting.append(node)
                    continue
                members = [node]
                while waiting and low[waiting[-1]] >= number:
                    members.append(waiting.pop())
                low.update(dict.fromkeys(members, self._done))
                if len(members) > 1:
                    yield sorted(members)

    def _number(self, node: Node) -> int:
        self._count += 1
        self.low[node] = self._count
        return self._count
