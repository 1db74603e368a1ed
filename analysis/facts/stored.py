"""What of the functions of a file outlives their calls: what they store, what they give back, what they keep single."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence

from analysis.facts.expressions import find_dotted
from analysis.facts.function_names import Outer
from analysis.facts.kept_objects import add_kept_objects
from analysis.facts.returned import find_returned
from analysis.facts.rows import Rows
from analysis.facts.shared_state import is_container
from analysis.facts.singletons import find_decorator
from analysis.facts.stores import find_stores


def add_stored(
    rows: Rows, functions: Sequence[Outer], source: bytes, tree: ast.Module, next_position: Callable[[], int]
) -> None:
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
    contexts = _find_context_defaults(tree) if b"ContextVar(" in source else set[str]()
    rows.stores.extend(find_stores(source, functions, names, own, next_position, contexts))
    rows.returned.extend(find_returned(functions, next_position))
    add_kept_objects(rows, functions, source, next_position)


def _find_context_defaults(tree: ast.Module) -> set[str]:
    """Return the context variables of a module whose default is a container: where nothing is set, all get that one."""
    found = set()
    for statement in tree.body:
        targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
        value = getattr(statement, "value", None)
        if not isinstance(value, ast.Call) or find_dotted(value.func).rpartition(".")[2] != "ContextVar":
            continue
        if any(keyword.arg == "default" and is_container(keyword.value) for keyword in value.keywords):
            found |= {target.id for target in targets if isinstance(target, ast.Name)}
    return found
