"""Module ``__getattr__`` (PEP 562): which names it serves, where that is written literally."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence

from analysis.facts.expressions import find_dotted, find_literal_text, find_literal_texts
from analysis.facts.served import OriginReader, join_served
from analysis.facts.walking import list_nodes

Served = tuple[str, str]
_OWN_PACKAGE = frozenset({"__spec__.parent", "__package__", "__name__"})
#: The names that are asked for, what runs then, and what other names stand for there.
_Branch = tuple[list[str], Sequence[ast.stmt], Mapping[str, str]]


def read_getattr(node: ast.FunctionDef, literals: Mapping[str, ast.expr], tree: ast.Module) -> list[Served]:
    """Return pairs of attribute name and dotted origin (``module:name``, or empty when unknown).

    ``literals`` are the module-level assignments. Understood are tests of the name (``==``, ``in``, ``not in`` with a
    raise, ``case``) with a return of an imported or dotted name, lookups in a literal table, and loops over one.
    A pair ``("*", "")`` means that any name may be served.
    """
    parameter = node.args.args[0].arg if node.args.args else "name"
    reader = OriginReader(tree, node, parameter)
    found: dict[str, str] = {}
    for statement in list_nodes(node):
        for table in _find_tables(statement, parameter, literals):
            for name, value in _read_table(table):
                found[name] = reader.find_anywhere(name) or value or found.get(name, "")
    for names, body, reader.known in _find_branches(node.body, parameter, literals):
        for name in names:
            if _raises(body):
                found.pop(name, None)
            else:
                origin = reader.find_returned(body, name)
                found[name] = origin or found.get(name, "")
    if not _is_closed(node.body, parameter, literals) or not (found or _raises(node.body)):
        found.setdefault("*", "")
    return sorted(found.items())


# Branches


def _find_branches(body: Sequence[ast.stmt], parameter: str, literals: Mapping[str, ast.expr]) -> Iterator[_Branch]:
    """Yield the names that a test of the parameter is true for, and what runs then."""
    for number, statement in enumerate(body):
        if isinstance(statement, ast.If):
            names, is_negated = _find_tested(statement.test, parameter, literals)
            if names and not is_negated:
                yield names, statement.body, {}
            elif names and _raises(statement.body):
                yield names, body[number + 1 :], {}
        elif isinstance(statement, ast.Match) and find_dotted(statement.subject) == parameter:
            yield from ((_find_matched(case.pattern), case.body, {}) for case in statement.cases)
        elif isinstance(statement, ast.For):
            yield from _find_looped(statement, parameter, literals)
        if not isinstance(statement, ast.FunctionDef | ast.ClassDef):
            for block in ("body", "orelse", "finalbody"):
                yield from _find_branches(getattr(statement, block, ()), parameter, literals)


def _find_tested(test: ast.expr, parameter: str, literals: Mapping[str, ast.expr]) -> tuple[list[str], bool]:
    """Return the names that a test asks for, and whether it is true for all others."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        names, is_negated = _find_tested(test.operand, parameter, literals)
        return names, not is_negated
    if isinstance(test, ast.BoolOp):
        found = [_find_tested(value, parameter, literals) for value in test.values]
        return [name for names, is_negated in found for name in names if not is_negated], False
    if not isinstance(test, ast.Compare) or len(test.ops) != 1 or find_dotted(test.left) != parameter:
        return [], False
    other, is_negated = test.comparators[0], isinstance(test.ops[0], ast.NotEq | ast.NotIn)
    if isinstance(test.ops[0], ast.Eq | ast.NotEq):
        text = find_literal_text(other)
        return ([text] if text is not None else []), is_negated
    if isinstance(test.ops[0], ast.In | ast.NotIn):
        return _read_collection(other, literals), is_negated
    return [], False


def _read_collection(node: ast.expr, literals: Mapping[str, ast.expr]) -> list[str]:
    """Return the texts of a literal collection, or the keys of a literal table."""
    resolved = literals.get(node.id, node) if isinstance(node, ast.Name) else node
    if isinstance(resolved, ast.Call) and len(resolved.args) == 1:  # frozenset({...})
        resolved = resolved.args[0]
    table = find_table(resolved, literals)
    if table is not None:
        return [text for text in map(find_literal_text, table.keys) if text is not None]
    return find_literal_texts(resolved) or []


def _find_matched(pattern: ast.pattern) -> list[str]:
    patterns = pattern.patterns if isinstance(pattern, ast.MatchOr) else [pattern]
    texts = [find_literal_text(each.value) for each in patterns if isinstance(each, ast.MatchValue)]
    return [text for text in texts if text is not None]


def _find_looped(loop: ast.For, parameter: str, literals: Mapping[str, ast.expr]) -> Iterator[_Branch]:
    """``for module, names in TABLE.items(): if name in names:`` serves the names of each module."""
    call = loop.iter
    if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "items"):
        return
    table = find_table(call.func.value, literals)
    targets = [find_dotted(each) for each in getattr(loop.target, "elts", ())]
    if table is None or len(targets) != 2:
        return
    for statement in loop.body:
        test = getattr(statement, "test", None)
        if not isinstance(test, ast.Compare) or find_dotted(test.left) != parameter:
            continue
        if find_dotted(test.comparators[0]) == targets[1]:
            for key, value in zip(table.keys, table.values, strict=True):
                names = find_literal_texts(value) or []
                yield names, statement.body, {targets[0]: find_literal_text(key) or ""}  # type: ignore[attr-defined]


def _raises(body: Sequence[ast.stmt]) -> bool:
    return bool(body) and isinstance(body[-1], ast.Raise)


def _is_closed(body: Sequence[ast.stmt], parameter: str, literals: Mapping[str, ast.expr]) -> bool:
    """Return whether names that no branch asks for end in an exception, for all that can be seen."""
    last = body[-1] if body else None
    if isinstance(last, ast.Raise):
        return True
    if isinstance(last, ast.If):
        return bool(last.orelse) and _is_closed(last.orelse, parameter, literals)
    if isinstance(last, ast.Match):
        return _is_closed(last.cases[-1].body, parameter, literals)
    if isinstance(last, ast.Try):
        return all(_is_closed(handler.body, parameter, literals) for handler in last.handlers)
    if not isinstance(last, ast.Return):
        return False
    refused = (each for each in body if isinstance(each, ast.If) and _raises(each.body))
    if any(_find_tested(each.test, parameter, literals)[1] for each in refused):
        return True
    looked_up = (node for each in body for node in list_nodes(each) if isinstance(node, ast.Subscript))
    return any(find_dotted(node.slice) == parameter for node in looked_up)


# Tables


def _find_tables(node: ast.AST, parameter: str, literals: Mapping[str, ast.expr]) -> Iterator[ast.Dict]:
    """Yield the literal tables that are looked up by the asked name: ``T[name]``, ``T.get(name)``, ``name in T``."""
    owner: ast.expr | None = None
    if isinstance(node, ast.Subscript) and find_dotted(node.slice) == parameter:
        owner = node.value
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in {"get", "pop"}:
        if node.args and find_dotted(node.args[0]) == parameter:
            owner = node.func.value
    elif isinstance(node, ast.Compare) and find_dotted(node.left) == parameter:
        owner = node.comparators[0] if isinstance(node.ops[0], ast.In | ast.NotIn) else None
    table = find_table(owner, literals)
    if table is not None:
        yield table


def find_table(node: ast.expr | None, literals: Mapping[str, ast.expr], depth: int = 0) -> ast.Dict | None:
    """Return the literal table that an expression is: also one turned around, put together, or under a name."""
    if isinstance(node, ast.Name) and depth < 5:
        return find_table(literals.get(node.id), literals, depth + 1)
    if isinstance(node, ast.Dict):
        pairs = list(zip(node.keys, node.values, strict=True))
        if None not in node.keys:
            return node
        inner = [find_table(value, literals, depth + 1) for key, value in pairs if key is None and depth < 5]
        pairs = [(key, value) for key, value in pairs if key is not None]
        pairs += [pair for each in inner if each is not None for pair in zip(each.keys, each.values, strict=True)]
        return ast.Dict([key for key, _ in pairs], [value for _, value in pairs])
    return _turn_around(node, literals, depth) if isinstance(node, ast.DictComp) else None


def _turn_around(node: ast.DictComp, literals: Mapping[str, ast.expr], depth: int) -> ast.Dict | None:
    """``{name: module for module, names in TABLE.items() for name in names}``."""
    if len(node.generators) != 2 or any(each.ifs for each in node.generators):
        return None
    outer, inner = node.generators
    targets = [find_dotted(each) for each in getattr(outer.target, "elts", ())]
    call = outer.iter
    is_items = isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "items"
    if not is_items or len(targets) != 2 or find_dotted(inner.iter) != targets[1]:
        return None
    if find_dotted(node.key) != find_dotted(inner.target) or find_dotted(node.value) != targets[0]:
        return None
    table = find_table(call.func.value, literals, depth + 1)  # type: ignore[attr-defined]
    if table is None:
        return None
    pairs = [
        (ast.Constant(name), key)
        for key, value in zip(table.keys, table.values, strict=True)
        for name in find_literal_texts(value) or ()
    ]
    return ast.Dict([key for key, _ in pairs], [value for _, value in pairs if value is not None])


def _read_table(table: ast.Dict) -> Iterator[Served]:
    for key, value in zip(table.keys, table.values, strict=True):
        name = find_literal_text(key)
        if name is None:
            continue
        text = find_literal_text(value)
        pair = find_literal_texts(value) if text is None else None
        if text is not None:
            yield name, join_served(text, name)
        elif (module := _find_beside(value)) is not None:
            yield name, f"{module}:{name}"
        elif pair and len(pair) == 2:
            yield name, f"{pair[0]}:{pair[1]}"
        else:
            yield name, find_dotted(value)


def _find_beside(value: ast.expr) -> str | None:
    """Return the relative module of a pair like ``(__spec__.parent, ".main")``, or None."""
    if not isinstance(value, ast.Tuple) or len(value.elts) != 2 or find_dotted(value.elts[0]) not in _OWN_PACKAGE:
        return None
    module = find_literal_text(value.elts[1]) or ""
    return module if module.startswith(".") else None
