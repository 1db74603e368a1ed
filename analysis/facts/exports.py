"""What a statement does to ``__all__``."""

from __future__ import annotations

import ast

from analysis.facts.expressions import find_dotted, find_literal_text

Change = tuple[str, str]
UNKNOWN: Change = ("", "unknown")


def read_exports(operation: str, value: ast.expr) -> list[Change]:
    """Return pairs of name and operation for ``__all__ = …``, ``+=``, ``.extend``, ``.append``, ``.remove``.

    The first pair of an assignment is ``("", "assign")``: it starts a new list.
    """
    if operation in {"append", "remove"}:
        name = find_literal_text(value)
        change = "add" if operation == "append" else "remove"
        return [UNKNOWN if name is None else (name, change)]
    if operation not in {"=", "+=", "extend"}:
        return [UNKNOWN] if operation in {"insert", "pop", "clear"} else []
    start: list[Change] = [("", "assign")] if operation == "=" else []
    return start + [UNKNOWN if name is None else (name, "add") for name in _find_items(value)]


def _find_items(value: ast.expr) -> list[str | None]:
    """Return the names of a list expression; ``module:*`` for another module's ``__all__``; None when unknown."""
    if isinstance(value, ast.List | ast.Tuple | ast.Set):
        found: list[str | None] = []
        for element in value.elts:
            if isinstance(element, ast.Starred):
                found.extend(_find_items(element.value))
            else:
                found.append(find_literal_text(element))
        return found
    if isinstance(value, ast.BinOp) and isinstance(value.op, ast.Add):
        return _find_items(value.left) + _find_items(value.right)
    if isinstance(value, ast.Call) and find_dotted(value.func) in {"list", "tuple", "sorted"} and len(value.args) == 1:
        return _find_items(value.args[0])
    owner, _, attribute = find_dotted(value).rpartition(".")
    if attribute == "__all__":
        return [f"{owner}:*" if owner else "__all__:*"]
    return [None]
