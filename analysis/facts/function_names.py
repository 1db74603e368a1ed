"""What the names of a function stand for: parameters, locals, and what outlives the call."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from analysis.facts.expressions import find_dotted
from analysis.facts.walking import has_line_of, list_nodes

Function = ast.FunctionDef | ast.AsyncFunctionDef
_DEEPEST = 6
_KEPT_DEFAULTS = (ast.Call, ast.List, ast.Dict, ast.Set)
#: Methods that change a container in place.
CHANGING = frozenset({
    "append", "add", "update", "extend", "insert", "remove", "discard", "pop", "popitem", "clear", "setdefault",
    "appendleft", "extendleft", "popleft", "sort", "reverse", "move_to_end", "subtract", "intersection_update",
    "difference_update", "symmetric_difference_update", "put", "put_nowait",
})  # fmt: skip
#: Those of them that queues have: other objects have methods of these names that keep nothing.
PUTTING = frozenset({"put", "put_nowait"})
#: Methods that keep what is called later: of signals, buses and loggers, and how those begin that let it go again.
LISTENING = frozenset({
    "connect", "subscribe", "on", "add_listener", "addListener", "add_handler", "add_callback", "register",
    "addFilter", "addHandler",
})  # fmt: skip
_OF_LOGGERS = frozenset({"addFilter", "addHandler"})
_LETTING_GO = ("remove", "disconnect", "unsubscribe", "unregister", "off", "discard", "dispose", "close")
_GIVING_LOGGERS = frozenset({"getLogger", "logging.getLogger"})
_TASKS = frozenset({"task", "shared_task"})
#: What frameworks import for the request that is served, by module: it flows in like an argument.
_SERVED: Mapping[str, frozenset[str]] = {
    "flask": frozenset({"request", "session", "g"}),
    "quart": frozenset({"request", "session", "g", "websocket"}),
    "bottle": frozenset({"request"}),
    "flask_login": frozenset({"current_user"}),
    "quart_auth": frozenset({"current_user"}),
    "flask_jwt_extended": frozenset({"current_user", "get_jwt_identity"}),
    "cherrypy": frozenset({"request", "session"}),
    "streamlit": frozenset({"session_state"}),
}
#: The names of the module as a mapping or an object: ``globals()``, ``sys.modules[__name__]``.
MODULE = "<module>"
#: The part of a context variable's name that stands for what it gives where nothing is set.
CONTEXT_DEFAULT = "<default>"


_NOTHING: Mapping[str, str] = {}


class Place(NamedTuple):
    """What an expression stands for that outlives the call, and whether a key chooses it.

    ``way`` is empty for what is one for all, ``object`` for what the method's own object keeps, ``default`` for what a
    default keeps.
    """

    name: str
    is_keyed: bool = False
    way: str = ""


class Outer(NamedTuple):
    """One outermost function: its node, qualified name, and that of its class, if it is a method."""

    node: Function
    qualname: str
    owner: str


class FunctionNames:
    """Reads the names of an outermost function; ``shared`` are those of the module, ``owner`` is its class, if any.

    ``itself`` and ``cls`` are the names by which a method knows its object and its class; ``contexts`` are those of
    the module that are context variables whose default can be changed, ``methods`` those that are methods of its
    objects, ``served`` those that stand for the request. ``is_inner``: ``shared`` are the names of the function around
    it. ``given`` are parameters that are asked about: what callers hand over counts as what outlives the call.
    """

    def __init__(
        self, node: Function, shared: Iterable[str], owner: str = "", contexts: Collection[str] = (),
        *, is_inner: bool = False, methods: Collection[str] = (), served: Mapping[str, str] = _NOTHING,
        given: Collection[str] = (),
    ) -> None:  # fmt: skip
        self.owner = owner
        self._served = served
        self._methods = methods
        self.globals: set[str] = set()
        self._contexts = contexts
        self._is_inner = is_inner
        self._assigned: dict[str, list[ast.expr]] = defaultdict(list)
        self._change_lines: list[int] = []
        self._inner: dict[str, Function] = {}
        self._node = node
        self.parameters, self.itself, self.cls = _read_parameters(node, owner)
        self._is_task = not owner and is_bound_task(node)
        if self._is_task:  # Celery makes one object of the function, and hands it over first
            self.owner, self.cls = node.name, next(iter(list_positional(node.args))).arg
            self.parameters.discard(self.cls)
        self._read_names(node)
        self._change_lines.sort()
        self.cls = "" if self.cls in self._assigned else self.cls
        self._defaults = list_kept_defaults(node.args) - self._assigned.keys()
        self._shared = set(shared) - ((self.parameters | self._assigned.keys()) - self.globals)
        self._shared |= set(given) - self._assigned.keys()

    def find_flows(self, value: ast.AST) -> set[str]:
        """Return the parameters that flow into an expression, directly or by local names, and what is served."""
        found: set[str] = set()
        seen: set[str] = set()
        waiting = [value]
        while waiting:
            for node in list_nodes(waiting.pop()):
                if self._served and isinstance(node, ast.Name | ast.Attribute):
                    self._add_served(node, found)
                if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id not in seen:
                    seen.add(node.id)
                    if node.id in self.parameters:
                        found.add(node.id)
                    elif node.id not in self.globals:
                        waiting += self._assigned.get(node.id, ())[:_DEEPEST]
        return found

    def _add_served(self, node: ast.Name | ast.Attribute, found: set[str]) -> None:
        name = self._served.get(find_dotted(node), "")
        if name and find_dotted(node).partition(".")[0] not in self.parameters | self._assigned.keys():
            found.add(name)

    def is_restored(self, value: ast.expr | None, place: Place) -> bool:
        """Return whether a place gets back what a local name took from it before."""
        if not isinstance(value, ast.Name) or value.id in self.globals:
            return False
        return any(
            found is not None and found.name == place.name
            for each in self._assigned.get(value.id, ())[:_DEEPEST]
            for found in [self.find_place(each)]
        )

    def _read_names(self, node: Function) -> None:
        for inner in list_nodes(node):
            reader = _READERS.get(type(inner))
            if reader is not None and inner is not node:
                reader(self, inner)

    def has_change(self, node: ast.stmt) -> bool:
        """Return whether a statement has a call that may change something, in a block of it or on its own."""
        return bool(self._change_lines) and has_line_of(node, self._change_lines)

    def _read_call(self, node: ast.Call) -> None:
        callee = node.func
        name = getattr(callee, "id", "")
        if callee.attr in CHANGING if isinstance(callee, ast.Attribute) else name == "setattr" or name in self._methods:
            self._change_lines.append(node.lineno)

    def _read_global(self, node: ast.Global) -> None:
        self.globals.update(node.names)

    def _read_nonlocal(self, node: ast.Nonlocal) -> None:
        if self._is_inner:
            self.globals.update(node.names)

    def _read_inner(self, node: Function) -> None:
        self._inner[node.name] = node
        self.parameters |= _list_parameters(node.args)

    def _read_lambda(self, node: ast.Lambda) -> None:
        """Note names that mean nothing outside: what a lambda is given, no caller has handed over."""
        for name in _list_parameters(node.args):
            self._assigned.setdefault(name, [])

    def _read_assign(self, node: ast.Assign) -> None:
        for target in node.targets:
            self._assign(target, node.value)

    def _read_value(self, node: ast.AnnAssign | ast.NamedExpr) -> None:
        if node.value is not None:
            self._assign(node.target, node.value)

    def _read_loop(self, node: ast.For | ast.comprehension) -> None:
        self._assign(node.target, node.iter)

    def _read_with(self, node: ast.withitem) -> None:
        if node.optional_vars is not None:
            self._assign(node.optional_vars, node.context_expr)

    def _assign(self, target: ast.expr, value: ast.expr) -> None:
        if isinstance(target, ast.Name):
            self._assigned[target.id].append(value)
        elif isinstance(target, ast.Tuple | ast.List):
            is_pair = isinstance(value, ast.Tuple | ast.List) and len(value.elts) == len(target.elts)
            for number, element in enumerate(target.elts):
                self._assign(element, value.elts[number] if is_pair else value)  # type: ignore[attr-defined]
        elif isinstance(target, ast.Starred):
            self._assign(target.value, value)

    def find_method(self, node: ast.Call, methods: Mapping[str, ast.Call]) -> ast.Call:
        """Return a call as it is by the object whose method has another name in the module, else as it stands."""
        known = methods.get(node.func.id) if isinstance(node.func, ast.Name) and node.func.id in self._shared else None
        if known is None:
            return node
        call = ast.Call(known.func, [*known.args, *node.args], [*known.keywords, *node.keywords])
        return ast.copy_location(call, node)

    def find_listener(self, node: ast.AST) -> tuple[Place, list[ast.AST]] | None:
        """Return what keeps a listener from then on, and what of a call it keeps; None where nothing is kept for good.

        Of a logger what is given; of anything else a lambda or a function that the call itself has made.
        """
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            return None
        method = node.func.attr
        place = self.find_place(node.func.value) if method in LISTENING else None
        if place is None or place.way or self._lets_go():
            return None
        kept: list[ast.AST] = list(node.args)
        if method not in _OF_LOGGERS:
            kept = [self._inner.get(getattr(each, "id", ""), each) for each in kept]
            kept = [each for each in kept if isinstance(each, ast.Lambda | Function)]
        return (Place(f"{place.name}.{method}()"), kept) if kept else None

    def _lets_go(self) -> bool:
        """Return whether the function takes something away again that it has given."""
        called = (each.func for each in list_nodes(self._node) if isinstance(each, ast.Call))
        return any(isinstance(each, ast.Attribute) and each.attr.startswith(_LETTING_GO) for each in called)

    def is_shared(self, node: ast.expr) -> bool:
        """Return whether a name is one of the module, which the function does not bind itself."""
        return isinstance(node, ast.Name) and node.id in self._shared

    def find_place(self, node: ast.AST | None, depth: int = 0) -> Place | None:
        """Return what outlives the call and is meant by an expression; None where nothing is."""
        if depth > _DEEPEST:
            return None
        finder = None if node is None else _PLACES.get(type(node))
        return None if finder is None else finder(self, node, depth + 1)

    def _find_name(self, node: ast.Name, depth: int) -> Place | None:
        if node.id in self._shared or node.id in self.globals:
            return Place(node.id)
        if node.id == self.cls:
            return Place(self.owner)
        if node.id == self.itself and self.itself and node.id not in self._assigned:
            return Place(self.owner, way="object")
        if node.id in self._defaults:
            return Place(node.id, way="default")
        assigned = () if node.id in self.parameters else self._assigned.get(node.id, ())[:_DEEPEST]
        return self._find_first(assigned, depth)

    def _find_attribute(self, node: ast.Attribute, depth: int) -> Place | None:
        if node.attr == "__class__" and self.itself and find_dotted(node.value) == self.itself:
            return Place(self.owner)
        inner = self.find_place(node.value, depth)
        if self._is_task and node.attr == "request" and inner is not None and inner.name == self.owner:
            return None  # each call of a task has its own
        return inner and inner._replace(name=f"{inner.name}.{node.attr}")

    def _find_element(self, node: ast.Subscript, depth: int) -> Place | None:
        if find_dotted(node.value) == "sys.modules" and find_dotted(node.slice) == "__name__":
            return Place(MODULE)
        inner = self.find_place(node.value, depth)
        if inner is not None and inner.name == MODULE:
            return Place(node.slice.value) if is_named(node.slice) else None  # type: ignore[attr-defined]
        return inner and inner._replace(is_keyed=inner.is_keyed or not isinstance(node.slice, ast.Constant))

    def _find_choice(self, node: ast.BoolOp | ast.IfExp, depth: int) -> Place | None:
        return self._find_first(node.values if isinstance(node, ast.BoolOp) else [node.body, node.orelse], depth)

    def _find_first(self, nodes: Iterable[ast.expr], depth: int) -> Place | None:
        return next((place for each in nodes if (place := self.find_place(each, depth)) is not None), None)

    def _find_called(self, node: ast.Call, depth: int) -> Place | None:
        """``type(self)`` is the class; ``d.get(k)`` and ``d.setdefault(k, v)`` are what d keeps."""
        if isinstance(node.func, ast.Name) and node.func.id == "globals":
            return Place(MODULE)
        if find_dotted(node.func) in _GIVING_LOGGERS and find_dotted(node.func).partition(".")[0] in self._shared:
            return Place(f"{find_dotted(node.func)}()")
        if isinstance(node.func, ast.Name):
            is_own = node.func.id == "type" and len(node.args) == 1 and find_dotted(node.args[0]) == self.itself
            return Place(self.owner) if is_own and self.itself else None
        if isinstance(node.func, ast.Attribute) and node.func.attr == "get" and not node.args:
            name = find_dotted(node.func.value)
            return Place(f"{name}.{CONTEXT_DEFAULT}") if name in self._contexts else None
        if isinstance(node.func, ast.Attribute) and node.func.attr in {"get", "setdefault"} and node.args:
            inner = self.find_place(node.func.value, depth)
            return inner and inner._replace(is_keyed=inner.is_keyed or not isinstance(node.args[0], ast.Constant))
        return None

    def is_constant(self, value: ast.expr) -> bool:
        """Return whether an expression is the same in every call: literals, names of the module, empty containers."""
        return all(map(self._is_same, list_nodes(value)))

    def _is_same(self, node: ast.AST) -> bool:
        if isinstance(node, ast.Name):
            assigned = self._assigned.get(node.id, ())
            is_own = node.id in self.globals or node.id in {self.itself, self.cls}
            return not is_own and all(isinstance(each, ast.Constant) for each in assigned)
        if isinstance(node, ast.Call):
            return find_dotted(node.func) in {"list", "dict", "set", "tuple"} and not node.args and not node.keywords
        return True


_PLACES: dict[type[ast.AST], Callable[[FunctionNames, Any, int], Place | None]] = {
    ast.Name: FunctionNames._find_name,
    ast.Attribute: FunctionNames._find_attribute,
    ast.Subscript: FunctionNames._find_element,
    ast.Call: FunctionNames._find_called,
    ast.BoolOp: FunctionNames._find_choice,
    ast.IfExp: FunctionNames._find_choice,
}


_READERS: dict[type[ast.AST], Callable[[FunctionNames, Any], None]] = {
    ast.Global: FunctionNames._read_global,
    ast.Nonlocal: FunctionNames._read_nonlocal,
    ast.Call: FunctionNames._read_call,
    ast.FunctionDef: FunctionNames._read_inner,
    ast.AsyncFunctionDef: FunctionNames._read_inner,
    ast.Lambda: FunctionNames._read_lambda,
    ast.Assign: FunctionNames._read_assign,
    ast.AnnAssign: FunctionNames._read_value,
    ast.NamedExpr: FunctionNames._read_value,
    ast.For: FunctionNames._read_loop,
    ast.AsyncFor: FunctionNames._read_loop,
    ast.comprehension: FunctionNames._read_loop,
    ast.withitem: FunctionNames._read_with,
}


def _read_parameters(node: Function, owner: str) -> tuple[set[str], str, str]:
    """Return the parameters of a function, and the names by which a method knows its object and its class."""
    parameters = _list_parameters(node.args)
    positional = [*node.args.posonlyargs, *node.args.args]
    decorators = {find_dotted(each).rpartition(".")[2] for each in node.decorator_list}
    if not owner or not positional or "staticmethod" in decorators:
        return parameters, "", ""
    first = positional[0].arg
    is_class = "classmethod" in decorators or node.name in {"__new__", "__init_subclass__", "__class_getitem__"}
    return parameters - {first}, "" if is_class else first, first if is_class else ""


def is_bound_task(node: Function) -> bool:
    """Return whether a function is a task of Celery that is given its own object first."""
    return bool(list_positional(node.args)) and any(
        isinstance(each, ast.Call)
        and find_dotted(each.func).rpartition(".")[2] in _TASKS
        and any(keyword.arg == "bind" and getattr(keyword.value, "value", False) for keyword in each.keywords)
        for each in node.decorator_list
    )


def list_positional(arguments: ast.arguments) -> list[ast.arg]:
    """Return the parameters that callers may give by their place, in order."""
    return [*arguments.posonlyargs, *arguments.args]


def list_made_defaults(arguments: ast.arguments) -> dict[str, tuple[int, str]]:
    """Return the parameters whose default a call makes: line and dotted callee by name."""
    return {
        argument.arg: (argument.lineno, find_dotted(value.func))
        for argument, value in pair_defaults(arguments)
        if isinstance(value, ast.Call)
    }


def list_kept_defaults(arguments: ast.arguments) -> set[str]:
    """Return the parameters whose default can be changed: what a call makes, and containers."""
    return {argument.arg for argument, value in pair_defaults(arguments) if isinstance(value, _KEPT_DEFAULTS)}


def pair_defaults(arguments: ast.arguments) -> Iterator[tuple[ast.arg, ast.expr]]:
    """Yield the parameters that have a default, with it."""
    positional = [*arguments.posonlyargs, *arguments.args]
    yield from zip(positional[len(positional) - len(arguments.defaults) :], arguments.defaults, strict=True)
    for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        if default is not None:
            yield argument, default


def find_served(bindings: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return what stands for the request in a module: as it is written there, and what it is called in its library.

    ``bindings`` are the names that import statements bind, each with ``module:name`` as written.

    >>> found = find_served([("request", "flask:request"), ("f", "flask:"), ("user", "flask_login:current_user")])
    >>> found["request"], found["f.session"], found["user"], len(found)
    ('request', 'session', 'current_user', 5)
    """
    found = {}
    for bound, meant in bindings:
        module, _, name = meant.partition(":")
        known = _SERVED.get(module, frozenset())
        if name in known:
            found[bound] = name
        elif not name:
            found.update({f"{bound}.{each}": each for each in known})
    return found


def is_named(node: ast.expr) -> bool:
    """Return whether an expression is a literal name."""
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.isidentifier()


def _list_parameters(arguments: ast.arguments) -> set[str]:
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
    return {argument.arg for argument in every if argument is not None}
