"""Module ``__getattr__`` (PEP 562): which names it serves, where that is written literally."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from analysis.facts.expressions import find_dotted, find_literal_text, find_literal_texts

Served = tuple[str, str]
_OWN_PACKAGE = frozenset({"__spec__.parent", "__package__", "__name__"})


def read_getattr(node: ast.FunctionDef, literals: Mapping[str, ast.expr]) -> list[Served]:
    """Return pairs of attribute name and dotted origin (``module:name``, or empty when unknown).

    ``literals`` are the module-level assignments. Understood are ``if name == "A":`` and
    ``if name in (…):`` with a return of an imported or dotted name, and lookups in a literal table.
    A single ``("*", "")`` means that any name may be served.
    """
    parameter = node.args.args[0].arg if node.args.args else "name"
    found: dict[str, str] = {}
    for statement in ast.walk(node):
        if isinstance(statement, ast.If):
            for name in _find_tested(statement.test, parameter, literals):
                found.setdefault(name, _find_returned(statement.body, name))
        for table in _find_tables(statement, parameter, literals):
            for name, value in _read_table(table):
                found[name] = value or found.get(name, "")
    return sorted(found.items()) or [("*", "")]


def _find_tested(test: ast.expr, parameter: str, literals: Mapping[str, ast.expr]) -> list[str]:
    if not isinstance(test, ast.Compare) or len(test.ops) != 1 or find_dotted(test.left) != parameter:
        return []
    other = test.comparators[0]
    if isinstance(test.ops[0], ast.Eq):
        text = find_literal_text(other)
        return [text] if text is not None else []
    if isinstance(test.ops[0], ast.In):
        resolved = literals.get(other.id, other) if isinstance(other, ast.Name) else other
        return find_literal_texts(resolved) or []
    return []


def _find_returned(body: list[ast.stmt], name: str) -> str:
    """Return the origin of what a branch returns: ``module:name`` after an import, a dotted name, or empty."""
    imported: dict[str, str] = {}
    for statement in body:
        for node in ast.walk(statement):
            if isinstance(node, ast.ImportFrom):
                module = "." * node.level + (node.module or "")
                imported.update({alias.asname or alias.name: f"{module}:{alias.name}" for alias in node.names})
            elif isinstance(node, ast.Import):
                imported.update({alias.asname or alias.name: alias.name for alias in node.names})
            elif isinstance(node, ast.Return):
                return _find_origin(node.value, name, imported)
    return ""


def _find_origin(value: ast.expr | None, name: str, imported: Mapping[str, str]) -> str:
    if isinstance(value, ast.Call) and find_dotted(value.func) == "getattr" and len(value.args) >= 2:
        owner = value.args[0]
        attribute = find_literal_text(value.args[1]) or name
        module = _find_imported_module(owner) or imported.get(find_dotted(owner), "")
        return f"{module}:{attribute}" if module and ":" not in module else ""
    dotted = find_dotted(value)
    if not dotted:
        return _find_imported_module(value)
    first, _, rest = dotted.partition(".")
    if first not in imported:
        return dotted
    origin = imported[first]
    if not rest:
        return origin
    return f"{origin}:{rest}" if ":" not in origin and "." not in rest else ""


def _find_imported_module(value: ast.expr | None) -> str:
    """Return the module of ``import_module("literal")``, otherwise an empty text."""
    if isinstance(value, ast.Call) and find_dotted(value.func).rpartition(".")[2] == "import_module" and value.args:
        return find_literal_text(value.args[0]) or ""
    return ""


def _find_tables(node: ast.AST, parameter: str, literals: Mapping[str, ast.expr]) -> Iterator[ast.Dict]:
    """Yield the literal tables that are looked up by the asked name: ``T[name]``, ``T.get(name)``, ``name in T``."""
    owner: ast.expr | None = None
    if isinstance(node, ast.Subscript) and find_dotted(node.slice) == parameter:
        owner = node.value
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in {"get", "pop"}:
        if node.args and find_dotted(node.args[0]) == parameter:
            owner = node.func.value
    elif isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.In) and find_dotted(node.left) == parameter:
        owner = node.comparators[0]
    table = literals.get(owner.id) if isinstance(owner, ast.Name) else owner
    if isinstance(table, ast.Dict):
        yield table


def _read_table(table: ast.Dict) -> Iterator[Served]:
    for key, value in zip(table.keys, table.values, strict=True):
        name = find_literal_text(key)
        if name is None:
            continue
        text = find_literal_text(value)
        pair = find_literal_texts(value) if text is None else None
        if text is not None:
            yield name, _join(text, name)
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


def _join(text: str, name: str) -> str:
    """A table's text is a module, or ``module:attribute``, or the dotted attribute itself."""
    if ":" in text:
        return text
    module, _, last = text.rpartition(".")
    return f"{module}:{last}" if last == name and module.strip(".") else f"{text}:{name}"
