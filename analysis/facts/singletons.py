"""Classes that keep a single object, and what makes one of other classes: a decorator or a metaclass."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator, Sequence

from analysis.facts.expressions import find_dotted
from analysis.facts.function_names import Function
from analysis.facts.rows import Row
from analysis.facts.walking import list_statements

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
MAKER = "singleton-maker"
#: Methods by which a decorator that is a class gives the object.
_GIVING = frozenset({"__call__", "instance", "Instance", "get_instance", "getInstance"})
#: Only a method of such a name, or with a decorator, can keep an object.
_TELLING = _GIVING | {"__new__"}


def find_singletons(node: ast.ClassDef, position: int, qualname: str) -> Iterator[Row]:
    """Yield the rows of ``states`` of a class that keeps its one object, or makes other classes keep theirs."""
    wrapped = _find_wrapped(node)
    for method in node.body:
        if not isinstance(method, _FUNCTIONS) or not (method.decorator_list or method.name in _TELLING):
            continue
        first = method.args.args[0].arg if method.args.args else ""
        if _may_keep(method):
            stored = _find_kept(method, {first, node.name, qualname} - {""}, is_new=method.name == "__new__")
            for name, line in sorted(stored.items()):
                yield position, method.lineno, qualname, name, "singleton", method.name, [line]
        elif method.name == "__call__" and first:
            line = _find_stored_call(method, first, {first, node.name, qualname})
            if line:
                yield position, method.lineno, qualname, "__call__", MAKER, "metaclass", [line]
        if method.name in _GIVING and first and wrapped:
            line = _find_stored_wrapped(method, first, wrapped)
            if line:
                yield position, method.lineno, qualname, method.name, MAKER, "decorator", [line]


def _find_wrapped(node: ast.ClassDef) -> set[str]:
    """Return the attributes in which a class that gives something keeps what its ``__init__`` gets, as it is."""
    names = {method.name for method in node.body if isinstance(method, _FUNCTIONS)}
    if _GIVING.isdisjoint(names):
        return set()
    found = set()
    for method in node.body:
        if isinstance(method, ast.FunctionDef) and method.name == "__init__" and len(method.args.args) > 1:
            made = method.args.args[1].arg
            for each in method.body:
                if isinstance(each, ast.Assign) and find_dotted(each.value) == made:
                    found |= {target.attr for target in each.targets if isinstance(target, ast.Attribute)}
    return found


def _find_stored_wrapped(method: Function, first: str, wrapped: set[str]) -> int:
    """Return the line at which a decorator that is a class keeps what it makes of the class that it got; 0 if none."""
    callees = {f"{first}.{name}" for name in wrapped}
    for node in list_statements(method):
        if (
            isinstance(node, ast.Assign)
            and isinstance(node.value, ast.Call)
            and find_dotted(node.value.func) in callees
        ):
            for target in node.targets:
                holder = target.value if isinstance(target, ast.Subscript) else target
                if isinstance(holder, ast.Attribute) and find_dotted(holder.value) == first:
                    return 0 if _is_chosen(target, first) else node.lineno
    return 0


def find_decorator(node: Function) -> Row | None:
    """Return the row of ``states``, without its position, of a function that makes a class keep its one object."""
    if not node.args.args or not isinstance(node, ast.FunctionDef):
        return None
    made = node.args.args[0].arg
    given = {find_dotted(each.value) for each in node.body if isinstance(each, ast.Return)}
    for inner in node.body:
        if isinstance(inner, ast.FunctionDef) and inner.name in given:
            parts = list_statements(inner)
            outer = {name for each in parts if isinstance(each, ast.Nonlocal) for name in each.names}
            line = next((each.lineno for each in parts if _stores_call(each, made, outer)), 0)  # type: ignore[attr-defined]
            if line and any(isinstance(each, ast.Return) and each.value is not None for each in parts):
                return node.lineno, node.name, made, MAKER, "decorator", [line]
    return None


def _stores_call(node: ast.AST, made: str, outer: set[str]) -> bool:
    """Return whether a statement stores what ``made(...)`` makes, and not only in a local name of a single call."""
    if not isinstance(node, ast.Assign) or not isinstance(node.value, ast.Call) or find_dotted(node.value.func) != made:
        return False
    return any(
        target.id in outer
        if isinstance(target, ast.Name)
        else isinstance(target, ast.Subscript | ast.Attribute) and not _is_chosen(target, made)
        for target in node.targets
    )


def _is_chosen(target: ast.expr, made: str) -> bool:
    """Return whether a key chooses the object that is something else than its class, such as the arguments."""
    if not isinstance(target, ast.Subscript) or isinstance(target.slice, ast.Constant):
        return False
    return find_dotted(target.slice).partition(".")[0] != made


def _find_stored_call(method: Function, first: str, owners: set[str]) -> int:
    """Return the line at which a metaclass keeps what ``super().__call__()`` makes; 0 where it does not."""
    for node in list_statements(method):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
            is_made = isinstance(node.value.func, ast.Attribute) and node.value.func.attr == "__call__"
            for target in node.targets:
                holder = target.value if isinstance(target, ast.Subscript) else target
                if is_made and isinstance(holder, ast.Attribute) and find_dotted(holder.value) in owners:
                    return node.lineno if not _is_chosen(target, first) else 0
    return 0


def _may_keep(method: Function) -> bool:
    if method.name == "__new__":
        return True
    return any(find_dotted(each) in {"classmethod", "staticmethod"} for each in method.decorator_list)


def _find_kept(method: Function, owners: set[str], *, is_new: bool) -> dict[str, int]:
    """Return the attributes of the class that keep an object of it, which the method returns, and where."""
    local: dict[str, list[ast.expr]] = defaultdict(list)
    assigns = [node for node in list_statements(method) if isinstance(node, ast.Assign)]
    for node in assigns:
        others: Sequence[ast.expr] = [target for target in node.targets if isinstance(target, ast.Attribute)]
        for target in node.targets:
            if isinstance(target, ast.Name):
                local[target.id] += [node.value, *others]
    stored = {
        target.attr: node.lineno
        for node in assigns
        if any(_makes_own(each, owners, is_new=is_new) for each in _follow(node.value, local))
        for target in (_find_holder(each, owners) for each in node.targets)
        if isinstance(target, ast.Attribute) and find_dotted(target.value) in owners
    }
    returned = {
        each.attr
        for node in list_statements(method)
        if isinstance(node, ast.Return) and node.value is not None
        for each in (_find_holder(found, owners) for found in _follow(node.value, local))
        if isinstance(each, ast.Attribute) and find_dotted(each.value) in owners
    }
    given = {
        target.attr
        for node in assigns
        if isinstance(node.value, ast.Name) and _returns(method, node.value.id)
        for target in (_find_holder(each, owners) for each in node.targets)
        if isinstance(target, ast.Attribute)
    }
    return {name: line for name, line in stored.items() if name in returned | given}


def _find_holder(node: ast.expr, owners: set[str]) -> ast.expr:
    """Return the attribute that keeps one object for each class: of ``cls._objects[cls]`` the mapping."""
    is_own = isinstance(node, ast.Subscript) and (
        isinstance(node.slice, ast.Constant) or find_dotted(node.slice).removesuffix(".__name__") in owners
    )
    return node.value if is_own else node  # type: ignore[attr-defined]


def _follow(value: ast.expr, local: dict[str, list[ast.expr]]) -> list[ast.expr]:
    """Return what an expression may be, a local name by what is assigned to it."""
    return [value, *local.get(value.id, ())] if isinstance(value, ast.Name) else [value]


def _returns(method: Function, name: str) -> bool:
    return any(isinstance(node, ast.Return) and find_dotted(node.value) == name for node in list_statements(method))


def _makes_own(value: ast.expr, owners: set[str], *, is_new: bool) -> bool:
    """Return whether an expression makes an object of the class: ``cls()``, in ``__new__`` ``super().__new__(cls)``."""
    if not isinstance(value, ast.Call):
        return False
    if isinstance(value.func, ast.Attribute) and value.func.attr == "__new__":
        return True
    return not is_new and find_dotted(value.func) in owners - {"self"}
