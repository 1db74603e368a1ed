"""What of the functions of a file outlives their calls: what they store, what they give back, what they keep single."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence

from analysis.facts.function_names import Outer
from analysis.facts.kept_objects import add_kept_objects
from analysis.facts.returned import find_returned
from analysis.facts.rows import Rows
from analysis.facts.singletons import find_decorator
from analysis.facts.stores import find_stores


def add_stored(rows: Rows, functions: Sequence[Outer], source: bytes, next_position: Callable[[], int]) -> None:
    """Add the rows of ``stores`` and ``returned``, and of ``states`` for decorators and for objects kept by others.

    ``functions`` are those that stand in no other one; ``source`` has LF line ends; ``rows`` has the bindings.
    """
    for function in functions:
        if not function.owner and any(isinstance(each, ast.FunctionDef) for each in function.node.body):
            found = find_decorator(function.node)
            if found is not None:
                rows.states.append((next_position(), *found))
    names = {name for _, _, name, *_ in rows.bindings}
    own = {name for _, _, name, kind, *_ in rows.bindings if kind not in {"function", "class", "import", "star"}}
    rows.stores.extend(find_stores(source, functions, names, own, next_position))
    rows.returned.extend(find_returned(functions, next_position))
    add_kept_objects(rows, functions, source, next_position)
