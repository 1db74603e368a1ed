"""Functions of a module that change what they are called with: ``def add(kept, user): kept.append(user)``."""

from __future__ import annotations

import ast
from bisect import bisect_left
from collections.abc import Collection, Iterator, Sequence

from analysis.facts.function_flow import Changer, FunctionFlow
from analysis.facts.function_names import Outer, list_positional
from analysis.facts.lines import find_offsets

#: So much after the bracket of a call is looked at for a name of the module.
_NEAR_BYTES = 200


def list_given(functions: Sequence[Outer]) -> set[str]:
    """Return the names of all parameters of the functions of a module that are no methods."""
    return {
        argument.arg
        for function in functions
        if not function.owner
        for argument in (*list_positional(function.node.args), *function.node.args.kwonlyargs)
    }


def find_changers(
    source: bytes, functions: Sequence[Outer], lines: Sequence[int], names: Collection[bytes]
) -> tuple[dict[str, Changer], list[int]]:
    """Return the functions that change an argument, by name, and the offsets of calls with a name of the module.

    ``lines`` are those that may change a parameter, sorted; ``names`` those of the module that may hold something.
    """
    found, offsets = {}, []
    for function in functions:
        node = function.node
        place = bisect_left(lines, node.lineno)
        is_asked = place < len(lines) and lines[place] <= (node.end_lineno or 0)
        if not is_asked or function.owner or "." in function.qualname or node.decorator_list:
            continue
        calls = list(_find_calls(source, node.name.encode(), names))
        changer = _read(node) if calls else None
        if changer is not None:
            found[node.name] = changer
            offsets += calls
    return found, offsets


def _find_calls(source: bytes, name: bytes, names: Collection[bytes]) -> Iterator[int]:
    for offset in find_offsets(source, name + b"("):
        is_whole = not offset or not (source[offset - 1 : offset].isalnum() or source[offset - 1] in b"_.")
        near = source[offset + len(name) + 1 : offset + len(name) + _NEAR_BYTES]
        if is_whole and source[max(0, offset - 4) : offset] != b"def " and any(each in near for each in names):
            yield offset


def _read(node: ast.FunctionDef | ast.AsyncFunctionDef) -> Changer | None:
    positional = tuple(each.arg for each in list_positional(node.args))
    given = {*positional, *(each.arg for each in node.args.kwonlyargs)}
    stored = tuple(
        each
        for each in FunctionFlow(node, (), given=given).list_stored()
        if each.name.partition(".")[0] in given and each.inflow == "parameter" and each.way != "default"
    )
    flows = tuple(
        each._replace(parameters=tuple(name for name in each.parameters if name != each.name.partition(".")[0]))
        for each in stored
    )
    flows = tuple(each for each in flows if each.parameters)
    return Changer(positional, flows) if flows else None
