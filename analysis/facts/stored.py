"""What of the functions of a file outlives their calls: what they store, what they give back, what they keep single."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence

from analysis.facts.added_handlers import find_added_handlers
from analysis.facts.expressions import find_dotted
from analysis.facts.function_names import CHANGING, Outer, find_served
from analysis.facts.kept_objects import add_kept_objects, find_nested_objects
from analysis.facts.returned import find_returned
from analysis.facts.rows import Row, Rows
from analysis.facts.shared_state import is_container, read_function_state
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
    rows.states.extend(_find_lambda_defaults(tree, next_position))
    names = {name for _, _, name, *_ in rows.bindings}
    own = {name for _, _, name, kind, *_ in rows.bindings if kind not in {"function", "class", "import", "star"}}
    contexts = _find_context_defaults(tree) if b"ContextVar(" in source else set[str]()
    methods = _find_methods(tree)
    changing = [line for row in rows.states if row[4] == "class-attribute" for line in row[6]]
    served = find_served((row[2], row[4]) for row in rows.bindings if row[3] == "import")
    rows.stores.extend(
        find_stores(source, functions, names, own, next_position, contexts, methods, changing=changing, served=served)
    )
    rows.returned.extend(find_returned(functions, next_position))
    add_kept_objects(rows, functions, source, next_position)
    rows.states += [(next_position(), *row) for row in find_nested_objects(tree)]
    rows.states.extend(find_added_handlers(source, functions, next_position))


def _find_lambda_defaults(tree: ast.Module, next_position: Callable[[], int]) -> Iterator[Row]:
    """Yield the rows of ``states`` for defaults of the lambdas to which a module gives names, as of functions."""
    for statement in tree.body:
        value = statement.value if isinstance(statement, ast.Assign | ast.AnnAssign) else None
        if isinstance(value, ast.Lambda) and (value.args.defaults or any(value.args.kw_defaults)):
            target = statement.targets[0] if isinstance(statement, ast.Assign) else getattr(statement, "target", None)
            name, given = find_dotted(target), ast.copy_location(ast.Return(value.body), value.body)
            function = ast.copy_location(ast.FunctionDef(name, value.args, [given], []), value)
            yield from read_function_state(function, next_position(), name) if name else ()


def _find_methods(tree: ast.Module) -> dict[str, ast.Call]:
    """Return the names of a module that are methods of its objects, as calls with what they are called with first.

    >>> source = "keep = partial(KEPT.setdefault, 'last'); add = KEPT.append; show = KEPT.show"
    >>> found = _find_methods(ast.parse(source))
    >>> {name: ast.unparse(call) for name, call in found.items()}
    {'keep': "KEPT.setdefault('last')", 'add': 'KEPT.append()'}
    """
    found = {}
    for statement in tree.body:
        if not isinstance(statement, ast.Assign) or not isinstance(statement.targets[0], ast.Name):
            continue
        value = statement.value
        call = ast.Call(value, [], [])
        if isinstance(value, ast.Call) and find_dotted(value.func) in {"partial", "functools.partial"} and value.args:
            call = ast.Call(value.args[0], value.args[1:], value.keywords)
        if isinstance(call.func, ast.Attribute) and call.func.attr in CHANGING:
            found[statement.targets[0].id] = call
    return found


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
