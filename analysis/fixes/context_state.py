"""Scaffolds for globals that functions bind anew: a value for each request or task, kept in a ``ContextVar``."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from analysis.facts.scopes import Function, list_bindings
from analysis.fixes.deferred_imports import UnmovableError, find_last_import
from analysis.fixes.name_takers import Takers
from analysis.fixes.name_uses import FUNCTION, IMPORT, NameUse, find_bound, find_dynamic_lookup, find_name_uses
from analysis.fixes.offers import Edit
from analysis.fixes.source_text import SourceText
from analysis.fixes.statements import (
    Statement,
    insert_after,
    insert_before,
    place_statement,
    remove_statement,
    replace_statement,
)

_IMPORT = "from contextvars import ContextVar"


def build_context_edits(source: SourceText, name: str, takers: Takers) -> list[Edit]:
    """Return the edits that give each context a value of its own for a global of a module.

    Raises ``UnmovableError`` with the line and the reason where some use does not allow it, and ``UnplacedError``.
    """
    definition, value, annotation = _find_definition(source, name)
    dynamic = find_dynamic_lookup(source.content)
    if dynamic:
        raise UnmovableError(definition.line, f"the file looks names up with {dynamic}")
    if takers.stars or (takers.is_exported and takers.on_import):
        raise UnmovableError(definition.line, "others take the name on import: they would keep the first value")
    new_names = _choose_names(source, name)
    uses = find_name_uses(source.tree, "", {name})
    early = next((use for use in uses if use.when == IMPORT), None)
    if early is not None:
        raise UnmovableError(early.line, f"{name} is read while the module is imported (line {early.line})")
    edits = [*_edit_reads(source, uses, new_names[0]), *_edit_writes(source, name, new_names[0])]
    has_takers = bool(takers)
    if has_takers and any(getattr(node, "name", "") == "__getattr__" for node in source.tree.body):
        raise UnmovableError(definition.line, "others read the name, and the module has a __getattr__ already")
    edits += _define(source, definition, _write_state(name, new_names, value, annotation))
    if has_takers:
        text = _write_hook(name, new_names[0])
        edits.append(insert_after(place_statement(source, source.tree.body[-1]), "\n".join(["", "", *text])))
    return edits


def _find_definition(source: SourceText, name: str) -> tuple[Statement, str, str]:
    """Return the statement that binds a global at module level, its value and annotation as written."""
    nodes = [
        node
        for node in source.tree.body
        if isinstance(node, ast.Assign | ast.AnnAssign)
        and any(isinstance(part, ast.Name) and part.id == name for part in ast.walk(node) if _is_stored(part))
    ]
    bound = [bound for each, bound in list_bindings(source.tree) if each == name and bound.kind != "other"]
    if len(nodes) != 1 or len(bound) != 1 or nodes[0].value is None:
        raise UnmovableError(1, f"{name} has no single value at module level")
    node = nodes[0]
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    if len(targets) != 1 or not isinstance(targets[0], ast.Name) or node.value is None:
        raise UnmovableError(node.lineno, f"the statement of {name} binds other names too")
    if not isinstance(node.value, ast.Constant):
        raise UnmovableError(node.lineno, f"the first value of {name} is no constant: all contexts would share it")
    statement = place_statement(source, node)
    if not statement.is_alone:
        raise UnmovableError(node.lineno, f"the statement of {name} shares its line")
    annotation = source.cut(node.annotation).decode(source.encoding) if isinstance(node, ast.AnnAssign) else "object"
    return statement, source.cut(node.value).decode(source.encoding), annotation


def _is_stored(node: ast.AST) -> bool:
    return isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)


def _choose_names(source: SourceText, name: str) -> tuple[str, str, str]:
    """Return the names of the variable, its getter and its setter; raises ``UnmovableError`` where one is taken."""
    plain = name.strip("_").lower() or "value"
    wanted = (f"_{plain}_of_context", f"get_{plain}", f"set_{plain}")
    taken = {each for each, _ in list_bindings(source.tree)}
    used = {node.id for node in ast.walk(source.tree) if isinstance(node, ast.Name)}
    clash = sorted({each for each in wanted if each in taken} | ({wanted[0]} & used))
    if clash:
        raise UnmovableError(1, f"the module has {clash[0]} already")
    return wanted


def _edit_reads(source: SourceText, uses: list[NameUse], variable: str) -> Iterator[Edit]:
    for use in uses:
        if use.when == FUNCTION and use.node is not None:
            yield Edit(source.path, *source.find_span(use.node), source.encode(f"{variable}.get()"))


def _edit_writes(source: SourceText, name: str, variable: str) -> Iterator[Edit]:
    """Yield the edits of the functions that bind the global: their ``global`` goes, their assignments set the value."""
    for function in (node for node in ast.walk(source.tree) if isinstance(node, Function)):
        declared = [
            node for node in _list_own_statements(function) if isinstance(node, ast.Global) and name in node.names
        ]
        if not declared or name in find_bound(function):
            continue
        for declaration in declared:
            yield _remove_declaration(place_statement(source, declaration), name)
        for node in _list_own_statements(function):
            stored = [part for part in _list_own_parts(node) if _is_stored(part) and part.id == name]  # type: ignore[attr-defined]
            if stored and not isinstance(node, Function | ast.ClassDef):
                yield from _set(source, node, stored[0], variable)


def _list_own_statements(function: Function) -> Iterator[ast.stmt]:
    """Yield the statements of a function but those of functions and classes in it."""
    waiting: list[ast.AST] = list(function.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.stmt):
            yield node
        if not isinstance(node, Function | ast.ClassDef):
            waiting.extend(ast.iter_child_nodes(node))


def _list_own_parts(statement: ast.stmt) -> Iterator[ast.AST]:
    """Yield the parts of a statement but those of the statements in its blocks."""
    waiting: list[ast.AST] = [statement]
    while waiting:
        node = waiting.pop()
        yield node
        waiting.extend(child for child in ast.iter_child_nodes(node) if not isinstance(child, ast.stmt))


def _set(source: SourceText, node: ast.stmt, target: ast.AST, variable: str) -> Iterator[Edit]:
    """Yield the edits that make a call of ``set`` of an assignment; its value is edited apart."""
    if isinstance(node, ast.Assign) and node.targets == [target]:
        value: ast.expr = node.value
        before = f"{variable}.set("
    elif isinstance(node, ast.AugAssign) and node.target is target:
        value = node.value
        sign = source.content[source.find_span(node.target)[1] : source.find_span(value)[0]]
        operator = sign.decode(source.encoding).strip().removesuffix("=").rstrip("= (")
        before = f"{variable}.set({variable}.get() {operator} ("
    else:
        raise UnmovableError(node.lineno, f"line {node.lineno} binds the name in another way than by an assignment")
    start, end = source.find_span(node)
    value_start, value_end = source.find_span(value)
    opening = source.content[start:value_start].count(b"(")
    if opening:
        raise UnmovableError(node.lineno, f"the value in line {node.lineno} stands in parentheses")
    yield Edit(source.path, start, value_start, source.encode(before))
    yield Edit(
        source.path, value_end, end, source.encode("))" if before.endswith("(") and ".get() " in before else ")")
    )


def _remove_declaration(statement: Statement, name: str) -> Edit:
    assert isinstance(statement.node, ast.Global)
    others = [each for each in statement.node.names if each != name]
    return replace_statement(statement, f"global {', '.join(others)}") if others else remove_statement(statement)


def _define(source: SourceText, definition: Statement, text: list[str]) -> Iterator[Edit]:
    """Yield the edits that put the variable where the global stood, and its import among the imports."""
    last = find_last_import(source)
    if _has_import(source):
        yield replace_statement(definition, "\n".join(text))
    elif last is not None and last.is_alone:
        yield insert_after(last, _IMPORT)
        yield replace_statement(definition, "\n".join(text))
    else:
        yield replace_statement(definition, "\n".join([_IMPORT, "", *text]))


def add_context_import(source: SourceText, before: Statement, text: str) -> Iterator[Edit]:
    """Yield the edits that define a variable of contexts before a statement, and import what it needs."""
    last = find_last_import(source)
    if _has_import(source):
        yield insert_before(before, f"{text}\n\n")
    elif last is not None and last.is_alone:
        yield insert_after(last, _IMPORT)
        yield insert_before(before, f"{text}\n\n")
    else:
        yield insert_before(before, f"{_IMPORT}\n\n{text}\n\n")


def _has_import(source: SourceText) -> bool:
    return any(
        isinstance(node, ast.ImportFrom)
        and node.module == "contextvars"
        and any(alias.name == "ContextVar" and alias.asname is None for alias in node.names)
        for node in source.tree.body
    )


def _write_state(name: str, names: tuple[str, str, str], value: str, annotation: str) -> list[str]:
    """Return the lines of the variable, its getter and its setter."""
    variable, getter, setter = names
    kind = annotation.strip("\"'")
    return [
        f"# Scaffold: each request or task has its own {name} now; others see the first value, {value}.",
        f"# To complete it, call {setter}() where a request or task begins, and hand the context on where threads",
        "# are started (contextvars.copy_context().run). What outlives a request belongs in a store that is passed on.",
        f'{variable}: "ContextVar[{kind}]" = ContextVar("{name}", default={value})',
        "",
        "",
        f'def {getter}() -> "{kind}":',
        f'    """Return the value of {name} for this context."""',
        f"    return {variable}.get()",
        "",
        "",
        f'def {setter}(value: "{kind}") -> None:',
        f'    """Set the value of {name} for this context."""',
        f"    {variable}.set(value)",
        "",
    ]


def _write_hook(name: str, variable: str) -> list[str]:
    return [
        "def __getattr__(name: str) -> object:",
        '    """Give who reads the former global the value of its context."""',
        f'    if name == "{name}":',
        f"        return {variable}.get()",
        '    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")',
    ]
