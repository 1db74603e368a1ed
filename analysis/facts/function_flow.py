"""What a function stores where it outlives the call, and which of its arguments flow into it.

Followed are local names (``c = self.cache; c[k] = v``), tests that something is not there yet, and early returns.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from analysis.facts.expressions import find_dotted
from analysis.facts.function_names import (
    CHANGING,
    MODULE,
    PUTTING,
    Function,
    FunctionNames,
    Place,
    is_named,
    list_positional,
)  # fmt: skip
from analysis.facts.walking import list_nodes

#: Changes that put nothing in.
_TAKING = frozenset({
    "remove", "discard", "pop", "popitem", "clear", "popleft", "sort", "reverse", "move_to_end", "subtract",
    "intersection_update", "difference_update", "symmetric_difference_update",
})  # fmt: skip
#: Changes whose argument, or its first one, is the key.
_KEYING = frozenset({"add", "setdefault", "update"})
_NONE: Mapping[str, ast.Call] = {}
_NOTHING: Mapping[str, str] = {}
_LEAVING = (ast.Return, ast.Raise, ast.Continue, ast.Break)
_MISSING_ERRORS = frozenset({"KeyError", "AttributeError", "NameError", "LookupError", "IndexError"})


class Stored(NamedTuple):
    """One store: ``name`` is dotted, a class of its own by its qualified name; see ``tables.STORES``."""

    line: int
    name: str
    way: str
    inflow: str
    parameters: tuple[str, ...]
    is_keyed: bool
    is_once: bool
    is_returned: bool
    keys: tuple[str, ...] = ()


class Changer(NamedTuple):
    """A function that changes what it is called with: its parameters by place, and what it stores into which."""

    positional: tuple[str, ...]
    stored: tuple[Stored, ...]

    def bind(self, node: ast.Call) -> dict[str, ast.expr]:
        """Return what a call gives, by parameter; nothing from the first star on."""
        found: dict[str, ast.expr] = {}
        for name, value in zip(self.positional, node.args, strict=False):
            if isinstance(value, ast.Starred):
                break
            found[name] = value
        return found | {keyword.arg: keyword.value for keyword in node.keywords if keyword.arg}


_NO_CHANGERS: Mapping[str, Changer] = {}


class FunctionFlow:
    """Reads one function; ``shared`` are the names around it, ``owner`` is its class, if any.

    ``contexts`` are context variables whose default can be changed, ``methods`` are names of methods of the module's
    objects, with what they are called with first, ``served`` those that stand for the request, ``changers`` functions
    of the module that change what they are called with. ``is_inner``: it stands in another function. ``given`` are
    parameters of which is asked what the function changes in them.
    """

    def __init__(
        self, node: Function, shared: Iterable[str], owner: str = "", contexts: Collection[str] = (),
        *, is_inner: bool = False, methods: Mapping[str, ast.Call] = _NONE, served: Mapping[str, str] = _NOTHING,
        changers: Mapping[str, Changer] = _NO_CHANGERS, given: Collection[str] = (),
    ) -> None:  # fmt: skip
        called = {*methods, *changers}
        self._names = FunctionNames(
            node, shared, owner, contexts, is_inner=is_inner, methods=called, served=served, given=given
        )
        self._methods = methods
        self._changers = changers
        self._found: list[tuple[int, Place, str, ast.expr | None, ast.expr | None, bool]] = []
        self._returned: set[str] = set()
        self._given: set[str] = set()
        self._block(node.body, frozenset())

    def list_stored(self) -> Iterator[Stored]:
        """Yield what the function stores, in order."""
        for line, place, way, given, key, is_once in self._found:
            value = None if self._names.is_restored(given, place) else given
            flows = () if value is None else tuple(sorted(self._names.find_flows(value)))
            inflow = "parameter" if flows else "constant" if value is None or self._names.is_constant(value) else "made"
            is_keyed = place.is_keyed or (key is not None and not isinstance(key, ast.Constant))
            is_returned = any(place.name == name or place.name.startswith(f"{name}.") for name in self._returned)
            is_returned |= isinstance(value, ast.Name) and value.id in self._given
            keys = () if key is None else tuple(sorted(self._names.find_flows(key)))
            yield Stored(line, place.name, way, inflow, flows, is_keyed, is_once, is_returned, keys)

    # Statements

    def _block(self, body: Sequence[ast.stmt], missing: frozenset[str]) -> None:
        for statement in body:
            self._statement(statement, missing)
            if isinstance(statement, ast.If) and not statement.orelse and _leaves(statement.body):
                missing |= self._find_missing(statement.test, is_negated=True)
            elif isinstance(statement, ast.Try) and _leaves(statement.body) and statement.handlers:
                missing |= self._find_tried(statement)

    def _statement(self, node: ast.stmt, missing: frozenset[str]) -> None:
        for expression in _list_expressions(node) if self._names.has_change(node) else ():
            self._calls(expression, missing)
        if isinstance(node, ast.Assign):
            for target in node.targets:
                self._target(target, node.value, node.lineno, missing)
        elif isinstance(node, (ast.AnnAssign, ast.AugAssign)):
            if node.value is not None:
                self._target(node.target, node.value, node.lineno, missing)
        elif isinstance(node, ast.Return):
            place = self._names.find_place(node.value)
            if place is not None:
                self._returned.add(place.name)
            if isinstance(node.value, ast.Name):
                self._given.add(node.value.id)
        elif isinstance(node, ast.Expr):
            self._listener(node.value, missing)
        else:
            self._blocks(node, missing)

    def _blocks(self, node: ast.stmt, missing: frozenset[str]) -> None:
        """Read the blocks inside a statement, each with what is surely not there yet."""
        first = second = missing
        if isinstance(node, ast.If):
            first, second = (
                missing | self._find_missing(node.test),
                missing | self._find_missing(node.test, is_negated=True),
            )
        self._block(getattr(node, "body", ()), first)
        for handler in getattr(node, "handlers", ()):
            self._block(handler.body, missing | self._find_tried(node))
        for case in getattr(node, "cases", ()):
            self._block(case.body, missing)
        self._block(getattr(node, "orelse", ()), second)
        self._block(getattr(node, "finalbody", ()), missing)

    def _target(self, target: ast.expr, value: ast.expr, line: int, missing: frozenset[str]) -> None:
        if isinstance(target, (ast.Tuple, ast.List)):
            for number, element in enumerate(target.elts):
                is_pair = isinstance(value, ast.Tuple | ast.List) and len(value.elts) == len(target.elts)
                self._target(element, value.elts[number] if is_pair else value, line, missing)  # type: ignore[attr-defined]
        elif isinstance(target, ast.Name):
            if target.id in self._names.globals:
                self._add(line, Place(target.id), "bind", value, None, missing)
        elif isinstance(target, ast.Attribute) and target.attr != "__class__":  # an object gets another class
            place = self._names.find_place(target)
            if place is not None:
                self._add(line, place, "attribute", value, None, missing)
        elif isinstance(target, ast.Subscript):
            place = self._names.find_place(target.value)
            if place is not None and place.name == MODULE:
                self._name(target.slice, place, value, line, missing)
            elif place is not None:
                self._add(line, place, "item", value, target.slice, missing)

    def _name(self, name: ast.expr, owner: Place, value: ast.expr, line: int, missing: frozenset[str]) -> None:
        """Note what is stored into an attribute whose name is a text: of the module itself, a class, another module."""
        if is_named(name):
            own = name.value if owner.name == MODULE else f"{owner.name}.{name.value}"  # type: ignore[attr-defined]
            self._add(line, owner._replace(name=own), "attribute", value, None, missing)

    def _calls(self, expression: ast.AST, missing: frozenset[str]) -> None:
        """Note the calls that put something into a container, or an attribute, that outlives the call."""
        for each in list_nodes(expression):
            node = self._names.find_method(each, self._methods) if isinstance(each, ast.Call) else each
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in self._changers:
                self._hand(node, self._changers[node.func.id], missing)
            if isinstance(node, ast.Call) and find_dotted(node.func) == "setattr" and len(node.args) == 3:
                owner = self._names.find_place(node.args[0])
                if owner is not None:
                    self._name(node.args[1], owner, node.args[2], node.lineno, missing)
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                method = node.func.attr
                place = self._names.find_place(node.func.value) if method in CHANGING else None
                is_putting = method in PUTTING
                if place is not None and not (is_putting and place.way):
                    given = [*node.args, *(keyword.value for keyword in node.keywords)]
                    key = _find_key(node.args[0], method) if method in _KEYING and node.args else None
                    value: ast.expr | None = None if method in _TAKING else ast.Tuple(given, ast.Load())
                    is_once = method == "setdefault"
                    if is_once and len(given) > 1:
                        value = given[1]
                    self._add(
                        node.lineno, place, "put" if is_putting else "change", value, key, missing, is_once=is_once
                    )

    def _listener(self, node: ast.expr, missing: frozenset[str]) -> None:
        """Note what a signal, a bus or a logger keeps to call it later, with what it knows of this call."""
        found = self._names.find_listener(node)
        if found is not None:
            place, kept = found
            own = {each.arg for part in kept if isinstance(part, Function) for each in list_positional(part.args)}
            flows = {name for part in kept for name in self._names.find_flows(part)} - own
            value = ast.Tuple([ast.Name(name, ast.Load()) for name in sorted(flows)], ast.Load())
            self._add(node.lineno, place, "change", value, None, missing)

    def _hand(self, node: ast.Call, changer: Changer, missing: frozenset[str]) -> None:
        """Note what a function of the module puts into what it is called with."""
        given = changer.bind(node)
        for stored in changer.stored:
            first, _, rest = stored.name.partition(".")
            place = self._names.find_place(given.get(first))
            if place is None or not self._names.is_shared(node.func):
                continue
            keys = [given[name] for name in stored.keys if name in given]
            is_same = bool(keys) and all(isinstance(key, ast.Constant) for key in keys)
            name = f"{place.name}.{rest}" if rest else place.name
            place = place._replace(name=name, is_keyed=place.is_keyed or (stored.is_keyed and not keys))
            value = ast.Tuple([given[each] for each in stored.parameters if each in given], ast.Load())
            key = None if not keys or is_same else ast.Tuple(keys, ast.Load())
            self._add(node.lineno, place, stored.way, value, key, missing, is_once=stored.is_once)

    def _add(
        self,
        line: int,
        place: Place,
        way: str,
        value: ast.expr | None,
        key: ast.expr | None,
        missing: frozenset[str],
        *,
        is_once: bool = False,
    ) -> None:
        is_with_others = way == "bind" and not missing.isdisjoint(self._names.globals)
        self._found.append(
            (line, place, place.way or way, value, key, place.name in missing or is_with_others or is_once)
        )

    # Tests

    def _find_missing(self, test: ast.expr, *, is_negated: bool = False) -> frozenset[str]:
        """Return what is surely not there yet where a test holds (or does not)."""
        if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
            return self._find_missing(test.operand, is_negated=not is_negated)
        if isinstance(test, ast.BoolOp):
            parts = [self._find_missing(value, is_negated=is_negated) for value in test.values]
            is_all = isinstance(test.op, ast.And) != is_negated
            return frozenset.union(*parts) if is_all else frozenset.intersection(*parts)
        if isinstance(test, ast.NamedExpr):
            return self._find_missing(test.value, is_negated=is_negated)
        asked, says_there = self._read_test(test)
        return frozenset({asked.name}) if asked is not None and says_there == is_negated else frozenset()

    def _read_test(self, test: ast.expr) -> tuple[Place | None, bool]:
        """Return what a test asks for, and whether it is there where the test holds."""
        if isinstance(test, ast.Compare) and len(test.ops) == 1:
            operation, other = test.ops[0], test.comparators[0]
            if isinstance(operation, ast.In | ast.NotIn):
                place = self._names.find_place(other)
                if place is not None and place.name == MODULE:
                    place = Place(test.left.value) if is_named(test.left) else None  # type: ignore[attr-defined]
                return place, isinstance(operation, ast.In)
            if isinstance(operation, ast.Is | ast.IsNot | ast.Eq | ast.NotEq) and _is_empty(other):
                return self._find_asked(test.left), isinstance(operation, ast.IsNot | ast.NotEq)
            return None, False
        return self._find_asked(test), True

    def _find_asked(self, node: ast.expr) -> Place | None:
        is_call = isinstance(node, ast.Call) and find_dotted(node.func) in {"hasattr", "getattr"}
        if is_call and len(node.args) > 1 and isinstance(node.args[1], ast.Constant):  # type: ignore[attr-defined]
            owner, name = node.args[:2]  # type: ignore[attr-defined]
            inner = self._names.find_place(owner)
            return inner and Place(f"{inner.name}.{name.value!s}")
        return self._names.find_place(node.value if isinstance(node, ast.NamedExpr) else node)

    def _find_tried(self, node: Any) -> frozenset[str]:
        """Return what is not there where a try failed that only takes it."""
        caught = {find_dotted(handler.type).rpartition(".")[2] for handler in node.handlers}
        first = node.body[0]
        if not caught <= _MISSING_ERRORS or not isinstance(first, ast.Return | ast.Assign | ast.Expr):
            return frozenset()
        place = self._names.find_place(first.value)
        return frozenset({place.name}) if place is not None else frozenset()


def _is_empty(node: ast.expr) -> bool:
    """Return whether a module says by this that nothing is there yet: None, or a name such as ``_MISSING``."""
    return (isinstance(node, ast.Constant) and node.value is None) or (isinstance(node, ast.Name) and node.id.isupper())


def _find_key(given: ast.expr, method: str) -> ast.expr | None:
    """Return what decides under which key a method keeps something; None where the source says the keys."""
    if method != "update" or not isinstance(given, ast.Dict):
        return given
    keys = [key or value for key, value in zip(given.keys, given.values, strict=True)]
    return None if all(isinstance(key, ast.Constant) for key in keys) else ast.Tuple(keys, ast.Load())


def _leaves(body: Sequence[ast.stmt]) -> bool:
    return bool(body) and isinstance(body[-1], _LEAVING)


def _list_expressions(node: ast.stmt) -> Iterator[ast.AST]:
    """Yield the expressions of a statement itself, not those of the blocks inside it."""
    for _, value in ast.iter_fields(node):
        if isinstance(value, ast.expr):
            yield value
        elif isinstance(value, list):
            yield from (each for each in value if isinstance(each, ast.expr | ast.withitem))
