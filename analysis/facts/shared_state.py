"""Places that keep state beyond one call: what one user leaves there, the next one finds.

Only what the source shows beyond doubt: a class attribute counts when a method changes it in place, a default when the
function changes it or hands it on, a singleton when ``__new__`` or a getter of the class stores and returns its one
object.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import TypeGuard

from analysis.facts.expressions import find_dotted, render
from analysis.facts.function_names import CHANGING, pair_defaults
from analysis.facts.kept_objects import find_class_objects
from analysis.facts.lines import LineText
from analysis.facts.rows import Row
from analysis.facts.singletons import find_singletons
from analysis.facts.walking import list_nodes, list_statements

#: Between what a cached function may call.
EITHER = " or "
_CONTAINERS = frozenset({
    "list", "dict", "set", "bytearray", "defaultdict", "deque", "OrderedDict", "Counter", "ChainMap",
    "WeakValueDictionary", "WeakKeyDictionary", "WeakSet",
})  # fmt: skip
_DISPLAYS = (ast.List, ast.Dict, ast.Set, ast.ListComp, ast.DictComp, ast.SetComp)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
#: How methods begin that give somebody an object.
MAKING = ("create", "get", "make", "build", "new", "produce", "provide", "acquire", "obtain")
_CACHES = frozenset({"lru_cache", "cache"})
#: What changes something, or gives it away.
_STORING = frozenset({ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Delete, ast.Call, ast.Return})

_Function = ast.FunctionDef | ast.AsyncFunctionDef


def read_class_state(node: ast.ClassDef, position: int, qualname: str, text: LineText) -> list[Row]:
    """Return the rows of ``states`` of one class: attributes that all instances change, and its one object.

    ``text`` is that of the file: only methods that name a container are looked into.
    """
    found = [*find_singletons(node, position, qualname), *find_class_objects(node, position, qualname)]
    kept = {name: (line, value) for name, line, value in _find_containers(node)}
    if not kept:
        return found
    by_object, by_class, own = _find_changes(node, qualname, kept, text)
    for name, (line, value) in kept.items():
        changed = sorted(by_object[name] | by_class[name])
        if changed and name not in own:
            kind = "class-attribute" if by_object[name] else "class-registry"
            found.append((position, line, qualname, name, kind, value, changed))
    return found


def read_function_state(node: _Function, position: int, qualname: str) -> list[Row]:
    """Return the rows of ``states`` of one function: defaults that it changes, and a cache without a key."""
    found: list[Row] = []
    arguments = node.args
    if arguments.defaults or any(arguments.kw_defaults):
        kept = [(argument, default) for argument, default in pair_defaults(arguments) if is_container(default)]
        uses = _find_uses(node, {argument.arg for argument, _ in kept}) if kept else {}
        for argument, default in kept:
            lines = uses.get(argument.arg)
            if lines:
                found.append((position, argument.lineno, qualname, argument.arg, "default", render(default), lines))
    if node.decorator_list and _is_cached(node):
        found += _read_cached(node, position, qualname)
        first = next(iter(node.args.args), None)
        if first is not None and first.arg == "self" and "." in qualname and _is_of_library(node):
            read = sorted({each.attr for each in list_nodes(node) if _is_read_of(each, first.arg)})
            found.append((position, node.lineno, qualname, node.name, "cached-method", EITHER.join(read), []))
    return found


def _is_read_of(node: ast.AST, name: str) -> TypeGuard[ast.Attribute]:
    is_read = isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load)
    return is_read and find_dotted(node.value) == name  # type: ignore[attr-defined]


def _read_cached(node: _Function, position: int, qualname: str) -> Iterator[Row]:
    """Yield what a cached function gives to all its callers: what it makes by one call, or a container."""
    assigned = _find_assigned(node)
    returns = [each for each in list_statements(node) if isinstance(each, ast.Return)]
    made = [_find_made(each, assigned) for each in returns]
    values = [_find_value(each, assigned) for each in returns]
    if values and all(map(is_container, values)):
        text = EITHER.join(sorted({render(value) for value in values}))
        yield position, node.lineno, qualname, node.name, "cached-container", text, []
    if made and all(made) and not _takes_anything(node.args):
        yield position, node.lineno, qualname, node.name, "cached-getter", EITHER.join(sorted(set(made))), []


def is_container(value: ast.expr | None) -> bool:
    """Return whether an expression makes a container that can be changed.

    >>> [is_container(ast.parse(code, mode="eval").body) for code in ("[]", "dict()", "deque(maxlen=3)", "()", "f()")]
    [True, True, True, False, False]
    """
    if isinstance(value, ast.Call):
        return find_dotted(value.func).rpartition(".")[2] in _CONTAINERS
    return isinstance(value, _DISPLAYS)


def _find_containers(node: ast.ClassDef) -> Iterator[tuple[str, int, str]]:
    """Yield name, line and value of the attributes of a class body that hold a container."""
    for statement in node.body:
        if isinstance(statement, ast.Assign) and is_container(statement.value):
            for target in statement.targets:
                if isinstance(target, ast.Name):
                    yield target.id, statement.lineno, render(statement.value)
        elif isinstance(statement, ast.AnnAssign) and is_container(statement.value) and not _is_field(node, statement):
            yield render(statement.target), statement.lineno, render(statement.value)


def _is_field(node: ast.ClassDef, statement: ast.AnnAssign) -> bool:
    """Return whether an annotated attribute may be a field of which each instance gets a copy, as pydantic does."""
    if "ClassVar" in render(statement.annotation):
        return False
    return bool(node.bases) or bool(node.decorator_list)


def _find_changes(
    node: ast.ClassDef, qualname: str, kept: Collection[str], text: LineText
) -> tuple[dict[str, set[int]], dict[str, set[int]], set[str]]:
    """Return the lines at which containers of a class are changed in place, through an object and through the class.

    The third are the names that each instance gets for itself.
    """
    by_object: dict[str, set[int]] = defaultdict(set)
    by_class: dict[str, set[int]] = defaultdict(set)
    own: set[str] = set()
    words = [f".{name}".encode() for name in kept]
    for method in node.body:
        part = text.cut(method.lineno, method.end_lineno or method.lineno)
        if not any(word in part for word in words):
            continue
        nodes = [each for each in list_nodes(method) if type(each) in _STORING]
        local = _find_local(nodes, kept)
        for inner in nodes:
            for target in find_changed(inner):
                attribute = local.get(target.id) if isinstance(target, ast.Name) else target
                if isinstance(attribute, ast.Attribute) and attribute.attr in kept:
                    owner = find_dotted(attribute.value)
                    found = (
                        by_object if owner == "self" else by_class if owner in {"cls", node.name, qualname} else None
                    )
                    if found is not None:
                        found[attribute.attr].add(inner.lineno)  # type: ignore[attr-defined]
            own.update(_find_given(inner))
    return by_object, by_class, own


def _find_given(node: ast.AST) -> Iterator[str]:
    """Yield the attributes that a statement gives an instance for itself."""
    targets: Iterable[ast.expr] = ()
    if isinstance(node, ast.Assign):
        targets = node.targets
    elif isinstance(node, ast.AnnAssign) and node.value is not None:
        targets = [node.target]
    for target in targets:
        if isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name) and target.value.id == "self":
            yield target.attr


def _find_local(nodes: Iterable[ast.AST], kept: Collection[str]) -> dict[str, ast.expr]:
    """Return the attributes that local names stand for, and for nothing else: ``c = self.cache``."""
    assigned: dict[str, set[str]] = defaultdict(set)
    found: dict[str, ast.expr] = {}
    for node in nodes:
        if isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    assigned[target.id].add(find_dotted(node.value))
                    if isinstance(node.value, ast.Attribute) and node.value.attr in kept:
                        found[target.id] = node.value
    return {name: value for name, value in found.items() if len(assigned[name]) == 1}


def find_changed(node: ast.AST) -> Iterator[ast.expr]:
    """Yield what a statement or call changes in place."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CHANGING:
        yield node.func.value
    elif isinstance(node, ast.AugAssign):
        yield node.target.value if isinstance(node.target, ast.Subscript) else node.target
    elif isinstance(node, ast.Assign | ast.Delete):
        if isinstance(node, ast.Assign) and find_dotted(node.targets[0]).endswith(".__dict__"):
            yield node.value  # it is what the object keeps everything in from now on
        yield from (target.value for target in node.targets if isinstance(target, ast.Subscript))


def _find_uses(node: _Function, names: set[str]) -> dict[str, list[int]]:
    """Return the lines at which a function changes, returns or stores some parameters; none of one that it rebinds."""
    lines: dict[str, set[int]] = defaultdict(set)
    rebound: set[str] = set()
    for inner in list_nodes(node):
        if type(inner) not in _STORING:
            continue
        used: list[ast.expr | None] = [*find_changed(inner)]
        if isinstance(inner, ast.Return):
            used.append(inner.value)
        elif isinstance(inner, ast.Assign):
            rebound.update(target.id for target in inner.targets if isinstance(target, ast.Name))
            if isinstance(inner.targets[0], ast.Attribute):
                used.append(inner.value)
        for each in used:
            if isinstance(each, ast.Name) and each.id in names:
                lines[each.id].add(inner.lineno)  # type: ignore[attr-defined]
    return {name: sorted(found) for name, found in lines.items() if name not in rebound}


def _takes_anything(arguments: ast.arguments) -> bool:
    return bool(
        arguments.args or arguments.posonlyargs or arguments.kwonlyargs or arguments.vararg or arguments.kwarg
    )  # fmt: skip


def _is_cached(node: _Function) -> bool:
    for decorator in node.decorator_list:
        called = decorator.func if isinstance(decorator, ast.Call) else decorator
        if find_dotted(called).rpartition(".")[2] in _CACHES:
            return True
    return False


def _is_of_library(node: _Function) -> bool:
    """Return whether a cache is by its name that of functools: others may ask for more than the arguments."""
    return any(
        name.removeprefix("functools.") in _CACHES
        for decorator in node.decorator_list
        for name in [find_dotted(decorator.func if isinstance(decorator, ast.Call) else decorator)]
    )


def _find_assigned(node: _Function) -> dict[str, list[ast.expr]]:
    """Return what is assigned to each local name of a function."""
    found: dict[str, list[ast.expr]] = defaultdict(list)
    for inner in list_statements(node):
        if isinstance(inner, ast.Assign):
            for name in {target.id for target in inner.targets if isinstance(target, ast.Name)}:
                found[name].append(inner.value)
    return found


def _find_made(statement: ast.Return, assigned: Mapping[str, list[ast.expr]]) -> str:
    """Return the dotted callee whose result is returned, directly or by a local name; empty otherwise."""
    value = _find_value(statement, assigned)
    return find_dotted(value.func) if isinstance(value, ast.Call) else ""


def _find_value(statement: ast.Return, assigned: Mapping[str, list[ast.expr]]) -> ast.expr | None:
    """Return what is returned, directly or by a local name that is bound once."""
    value = statement.value
    if not isinstance(value, ast.Name):
        return value
    values = assigned.get(value.id, [])
    return values[0] if len(values) == 1 else None


def find_returns(node: _Function) -> str:
    """Return what a method gives: ``new`` (what it has just made), ``kept`` (what it or its class keeps), or empty.

    Asked are only methods that by their name make or get something.

    >>> [find_returns(ast.parse(f"def get(self): {body}").body[0]) for body in ("return A()", "return self.x", "pass")]
    ['new', 'kept', '']
    """
    if not node.name.startswith(MAKING):
        return ""
    kinds = set()
    assigned = _find_assigned(node)
    for inner in list_statements(node):
        if isinstance(inner, ast.Return) and inner.value is not None:
            value = inner.value
            holder = value.value if isinstance(value, ast.Subscript) else value
            if isinstance(holder, ast.Attribute) and isinstance(holder.value, ast.Name):
                kinds.add("kept")
            else:
                kinds.add("new" if _find_made(inner, assigned) else "")
    if "kept" in kinds:
        return "kept"
    return "new" if kinds == {"new"} else ""
