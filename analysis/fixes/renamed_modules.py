"""Import statements that name one module by another name: what each binds stays."""

from __future__ import annotations

import ast

from analysis.fixes.offers import Edit
from analysis.fixes.source_text import UnplacedError
from analysis.fixes.statements import (
    Statement,
    find_module_span,
    insert_after,
    remove_names,
    replace_statement,
)


def rename_module(statement: Statement, former: str, new: str) -> list[Edit]:
    """Return the edits that make an absolute import name a module, and what is below it, by another dotted name.

    ``former`` is how the module is named now. A statement that names nothing of it needs no edit. Raises
    ``UnplacedError``.
    """
    node = statement.node
    if isinstance(node, ast.ImportFrom):
        renamed = _rename(node.module or "", former, new) if not node.level else ""
        return [Edit(statement.source.path, *find_module_span(statement), renamed.encode())] if renamed else []
    if not isinstance(node, ast.Import):
        return []
    wanted = [alias for alias in node.names if _rename(alias.name, former, new)]
    lines = [line for alias in wanted for line in _write(alias, former, new)]
    if not wanted:
        return []
    if len(wanted) == len(node.names):
        if not statement.is_alone:
            return [replace_statement(statement, "; ".join(lines))]
        return [replace_statement(statement, "\n".join(lines))]
    edits = list(remove_names(statement, wanted))
    return [*edits, insert_after(statement, ("\n" if statement.is_alone else "; ").join(lines))]


def _rename(name: str, former: str, new: str) -> str:
    """Return the other name of a module; empty for one that is not meant."""
    is_meant = name == former or name.startswith(f"{former}.")
    return new + name[len(former) :] if is_meant else ""


def _write(alias: ast.alias, former: str, new: str) -> list[str]:
    """Return the statements that bind what one name of ``import a.b`` binds."""
    renamed = _rename(alias.name, former, new)
    if alias.asname:
        parent, _, last = renamed.rpartition(".")
        is_last = last == alias.asname and parent
        return [f"from {parent} import {last}" if is_last else f"import {renamed} as {alias.asname}"]
    if "." in former:
        raise UnplacedError("it binds the first part of a dotted name, and what uses it is not followed")
    parent, _, last = new.rpartition(".")
    binding = f"from {parent} import {last}" if last == former and parent else f"import {new} as {former}"
    return [binding] if alias.name == former else [f"import {renamed}", binding]
