"""Which texts an expression may be: literals, what is composed of them, and names that are bound to such texts."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from itertools import product
from typing import NamedTuple

from analysis.facts.expressions import find_dotted, find_literal_text
from analysis.facts.scopes import Bound, Function, list_bindings
from analysis.facts.walking import list_nodes

#: What stands for the name and for the package of the module itself: it begins with what no name can contain.
OWN_MARK = "\udfff"
OWN_NAME, OWN_PACKAGE = f"{OWN_MARK}name", f"{OWN_MARK}package"
_OWN = {
    "__name__": OWN_NAME, "__spec__.name": OWN_NAME, "__package__": OWN_PACKAGE, "__spec__.parent": OWN_PACKAGE,
}  # fmt: skip
#: More texts, longer ones, or names bound through more names than this are not followed.
_MOST_TEXTS, _LONGEST_TEXT, _DEEPEST = 64, 500, 8
_PLACES = {"{": re.compile(r"\{(\d*)\}"), "%": re.compile("%s()")}
_SEQUENCES = (ast.List, ast.Tuple, ast.Set)
_COPIES = frozenset({"list", "tuple", "set", "frozenset", "sorted", "reversed"})


class Texts(NamedTuple):
    """The texts that an expression may be; ``is_sure``: it is the one text whenever it is evaluated."""

    texts: tuple[str, ...]
    is_sure: bool = True


class TextFinder:
    """Finds the texts of expressions of one file; a scope is looked through when a name in it is asked for."""

    def __init__(self, tree: ast.Module) -> None:
        self._tree = tree
        self._scopes: dict[int, dict[str, list[Bound]]] = {}
        self._calls: dict[str, list[ast.Call]] | None = None
        #: What some names are taken for, whatever binds them.
        self.known: dict[str, str] = {}

    def find(self, node: ast.expr | None, around: Sequence[Function], depth: int = 0) -> Texts | None:
        """Return the texts that an expression may be, inside some functions; None where they are not known."""
        if isinstance(node, ast.Constant):
            return Texts((node.value,)) if isinstance(node.value, str) else None
        if node is None or depth > _DEEPEST:
            return None
        if isinstance(node, ast.Name | ast.Attribute):
            own = _OWN.get(find_dotted(node))
            if own is not None:
                return Texts((own,))
            return self._find_name(node.id, around, depth) if isinstance(node, ast.Name) else None
        if isinstance(node, ast.IfExp):
            return _unite([self.find(node.body, around, depth + 1), self.find(node.orelse, around, depth + 1)])
        if isinstance(node, ast.Subscript) or _is_get(node):
            item = self._find_item(node, around, depth + 1)
            return None if item is None else self.find(item, around, depth + 1)
        parts = _split(node)
        return None if parts is None else _join([self.find(part, around, depth + 1) for part in parts])

    # Names

    def _find_name(self, name: str, around: Sequence[Function], depth: int) -> Texts | None:
        if name in self.known:
            return Texts((self.known[name],))
        for count in range(len(around), -1, -1):
            scope: Function | ast.Module = around[count - 1] if count else self._tree
            bindings = self._look_through(scope).get(name)
            if bindings:
                outer = around[:count]
                return _unite([self._find_bound(bound, scope, name, outer, depth + 1) for bound in bindings])
        return None

    def _find_bound(
        self, bound: Bound, scope: Function | ast.Module, name: str, around: Sequence[Function], depth: int
    ) -> Texts | None:
        if bound.kind == "value":
            return self.find(bound.value, around, depth)
        if bound.kind == "parameter" and isinstance(scope, Function) and len(around) == 1:
            return self._find_given(scope, name, depth)
        if bound.kind == "part":
            return self._find_part(bound, around, depth)
        elements = None if bound.value is None else self._list_elements(bound.value, around, depth)
        if elements is None:
            return None
        if bound.kind == "item":
            elements = [_pick(element, bound.place) for element in elements]
        united = _unite([self.find(element, around, depth) for element in elements])
        return None if united is None else united._replace(is_sure=False)

    def _list_elements(self, node: ast.expr, around: Sequence[Function], depth: int) -> list[ast.expr | None] | None:
        """Return what a loop over an expression yields."""
        if depth > _DEEPEST:
            return None
        if isinstance(node, _SEQUENCES):
            return list(node.elts) if len(node.elts) <= _MOST_TEXTS else None
        if isinstance(node, ast.Dict):
            return list(node.keys) if len(node.keys) <= _MOST_TEXTS else None
        if isinstance(node, ast.Call):
            return self._list_called(node, around, depth)
        if not isinstance(node, ast.Name):
            return None
        value = self._find_only_value(node.id, around)
        return None if value is None else self._list_elements(value, around, depth + 1)

    def _list_called(self, node: ast.Call, around: Sequence[Function], depth: int) -> list[ast.expr | None] | None:
        if find_dotted(node.func) in _COPIES and len(node.args) == 1:
            return self._list_elements(node.args[0], around, depth + 1)
        if not isinstance(node.func, ast.Attribute) or node.args or node.func.attr not in {"keys", "values", "items"}:
            return None
        owner = node.func.value
        value = self._find_only_value(owner.id, around) if isinstance(owner, ast.Name) else owner
        if not isinstance(value, ast.Dict) or len(value.keys) > _MOST_TEXTS or None in value.keys:
            return None
        if node.func.attr == "items":
            pairs = zip(value.keys, value.values, strict=True)
            return [ast.Tuple([key, each], ast.Load()) for key, each in pairs if key is not None]
        return list(value.keys if node.func.attr == "keys" else value.values)

    def _find_item(self, node: ast.expr | None, around: Sequence[Function], depth: int) -> ast.expr | None:
        """Return the expression that a literal table holds under a known key: ``T[key]``, ``T.get(key)``."""
        default: ast.expr | None = None
        if isinstance(node, ast.Call) and _is_get(node):
            owner, key = node.func.value, node.args[0]  # type: ignore[attr-defined]
            default = node.args[1] if len(node.args) > 1 else None
        elif isinstance(node, ast.Subscript):
            owner, key = node.value, node.slice
        else:
            return node if isinstance(node, ast.Tuple | ast.List) else None
        if isinstance(key, ast.Constant) and isinstance(key.value, int):
            return _pick(self._find_item(owner, around, depth), key.value) if depth < _DEEPEST else None
        table = self.find_value(owner.id, around) if isinstance(owner, ast.Name) else owner
        texts = self.find(key, around, depth + 1) if isinstance(table, ast.Dict) else None
        if texts is None or not isinstance(table, ast.Dict) or len(texts.texts) != 1:
            return None
        pairs = zip(table.keys, table.values, strict=True)
        return next((value for key, value in pairs if find_literal_text(key) == texts.texts[0]), default)

    def _find_part(self, bound: Bound, around: Sequence[Function], depth: int) -> Texts | None:
        """Return what one of several names gets: ``module, name = T[key]``, ``module, name = T[key].split(":")``."""
        value = bound.value
        is_split = isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute) and len(value.args) > 0
        if is_split and value.func.attr in {"split", "rsplit", "partition", "rpartition"}:  # type: ignore[union-attr]
            texts = self.find(value.func.value, around, depth)  # type: ignore[union-attr]
            separator = find_literal_text(value.args[0])  # type: ignore[union-attr]
            if texts is None or not separator or len(texts.texts) != 1:
                return None
            is_first = value.func.attr in {"split", "partition"}  # type: ignore[union-attr]
            parts = texts.texts[0].partition(separator) if is_first else texts.texts[0].rpartition(separator)
            chosen = parts if "partition" in value.func.attr else parts[::2]  # type: ignore[union-attr]
            return Texts((chosen[bound.place],)) if parts[1] and bound.place < len(chosen) else None
        item = _pick(self._find_item(value, around, depth), bound.place)
        return None if item is None else self.find(item, around, depth)

    def find_value(self, name: str, around: Sequence[Function]) -> ast.expr | None:
        """Return the expression that the only statement to bind a name gives it."""
        return self._find_only_value(name, around)

    def is_local(self, name: str, function: Function) -> bool:
        """Return whether a function binds a name itself."""
        return name in self._look_through(function)

    def _find_only_value(self, name: str, around: Sequence[Function]) -> ast.expr | None:
        for count in range(len(around), -1, -1):
            bindings = self._look_through(around[count - 1] if count else self._tree).get(name)
            if bindings:
                return bindings[0].value if len(bindings) == 1 and bindings[0].kind == "value" else None
        return None

    def _find_given(self, function: Function, name: str, depth: int) -> Texts | None:
        """Return what the file's own calls of a function of the module give for a parameter."""
        if self._calls is None:
            self._calls = {}
            for node in list_nodes(self._tree):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                    self._calls.setdefault(node.func.id, []).append(node)
        arguments = [*function.args.posonlyargs, *function.args.args]
        place = next((number for number, argument in enumerate(arguments) if argument.arg == name), -1)
        found = []
        for call in self._calls.get(function.name, ())[:_MOST_TEXTS]:
            given = [keyword.value for keyword in call.keywords if keyword.arg == name]
            if 0 <= place < len(call.args):
                given.append(call.args[place])
            texts = self.find(given[0], (), depth) if given else None
            if texts is not None:
                found.append(texts)
        united = _unite(list(found)) if found else None
        return None if united is None else united._replace(is_sure=False)

    # Scopes

    def _look_through(self, scope: Function | ast.Module) -> dict[str, list[Bound]]:
        """Return how the names of a function, or of the module, are bound."""
        known = self._scopes.get(id(scope))
        if known is None:
            known = self._scopes[id(scope)] = {}
            for name, bound in list_bindings(scope):
                known.setdefault(name, []).append(bound)
        return known


def _is_get(node: ast.expr | None) -> bool:
    """Return whether an expression looks a key up in a table: ``T.get(key)``."""
    is_call = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get"
    return is_call and bool(node.args)  # type: ignore[union-attr]


def _pick(element: ast.expr | None, place: int) -> ast.expr | None:
    is_known = isinstance(element, ast.Tuple | ast.List) and place < len(element.elts)
    return element.elts[place] if is_known else None  # type: ignore[union-attr]


def _split(node: ast.expr) -> list[ast.expr] | None:
    """Return the expressions whose texts, one after the other, are that of a composed text."""
    if isinstance(node, ast.JoinedStr):
        return node.values
    if isinstance(node, ast.FormattedValue):
        return [node.value] if node.conversion in {-1, 115} and node.format_spec is None else None
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return [node.left, node.right]
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod):
        values = node.right.elts if isinstance(node.right, ast.Tuple) else [node.right]
        return _fill(find_literal_text(node.left), "%", values)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and not node.keywords:
        text = find_literal_text(node.func.value)
        if node.func.attr == "format":
            return _fill(text, "{", node.args)
        if node.func.attr == "join" and len(node.args) == 1 and isinstance(node.args[0], ast.Tuple | ast.List):
            return [each for value in node.args[0].elts for each in (node.func.value, value)][1:]
    return None


def _fill(template: str | None, mark: str, values: Sequence[ast.expr]) -> list[ast.expr] | None:
    """Return the parts of a text with places (``{}`` and ``{0}``, or ``%s``), and what goes into them."""
    if template is None or mark * 2 in template:
        return None
    parts: list[ast.expr] = []
    end = count = 0
    for match in _PLACES[mark].finditer(template):
        number = int(match[1] or count)
        if number >= len(values):
            return None
        parts += [ast.Constant(template[end : match.start()]), values[number]]
        end, count = match.end(), count + 1
    parts.append(ast.Constant(template[end:]))
    is_filled = not any(isinstance(part, ast.Constant) and mark in str(part.value) for part in parts[::2])
    return parts if is_filled else None


def _join(parts: Sequence[Texts | None]) -> Texts | None:
    count = 1
    for part in parts:
        if part is None:
            return None
        count *= len(part.texts)
        if count > _MOST_TEXTS:
            return None
    known = [part for part in parts if part is not None]
    texts = tuple(dict.fromkeys("".join(each) for each in product(*(part.texts for part in known))))
    if any(len(text) > _LONGEST_TEXT for text in texts):
        return None
    return Texts(texts, len(texts) == 1 and all(part.is_sure for part in known))


def _unite(choices: Sequence[Texts | None]) -> Texts | None:
    """Return the texts of several choices; None where one of them is not known."""
    known = [choice for choice in choices if choice is not None]
    texts = tuple(dict.fromkeys(text for choice in known for text in choice.texts))
    if len(known) < len(choices) or not texts or len(texts) > _MOST_TEXTS:
        return None
    return Texts(texts, len(texts) == 1 and len(known) == 1 and known[0].is_sure)
