"""Names that calls put into a module: ``globals().update(…)``, ``exec`` of a text, attributes of ``sys.modules[…]``."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from analysis.facts.expressions import classify, find_dotted, find_literal_text
from analysis.facts.scopes import list_bindings

#: What stands before the module all of whose names are taken, and before the name of one that is looked up.
ALL_OF, LOADED = "vars:", "sys.modules:"
_LONGEST = 200_000
#: What stands for a class: it is made while the text runs.
_CLASS = "type()"
_ANY = ("*", "")


def is_globals(node: ast.expr) -> bool:
    """Return whether an expression is ``globals()``."""
    return isinstance(node, ast.Call) and find_dotted(node.func) == "globals"


def find_module_key(node: ast.expr) -> str:
    """Return what stands for the module in ``sys.modules["a.b"]``, or nothing.

    >>> find_module_key(ast.parse("sys.modules['a.b']", mode="eval").body)
    'sys.modules:a.b'
    """
    if isinstance(node, ast.Subscript) and find_dotted(node.value) == "sys.modules":
        text = find_literal_text(node.slice)
        return f"{LOADED}{text}" if text else ""
    return ""


def read_update(call: ast.Call) -> Iterator[tuple[str, str]]:
    """Yield the names that ``globals().update(…)`` binds, and what to; ``*`` where they are not written."""
    for keyword in call.keywords:
        yield (keyword.arg, _find_alias(keyword.value)) if keyword.arg else _ANY
    for given in call.args:
        module = _find_all_of(given)
        if module:
            yield "*", f"{ALL_OF}{module}"
        elif isinstance(given, ast.Dict):
            for key, value in zip(given.keys, given.values, strict=True):
                name = find_literal_text(key)
                yield _ANY if name is None else (name, _find_alias(value))
        else:
            yield _ANY


def _find_alias(value: ast.expr) -> str:
    kind, text, _ = classify(value)
    return text if kind == "alias" and "|" not in text else ""


def _find_all_of(node: ast.expr) -> str:
    """Return the module whose names an expression holds: ``vars(m)``, ``m.__dict__``."""
    if isinstance(node, ast.Call) and find_dotted(node.func) == "vars" and len(node.args) == 1:
        return find_dotted(node.args[0])
    return find_dotted(node.value) if isinstance(node, ast.Attribute) and node.attr == "__dict__" else ""


def read_executed(call: ast.Call) -> list[tuple[str, str]]:
    """Return the names that a literal text binds in the module that executes it, and what makes those of classes.

    ``*`` where the text is not literal.
    """
    text = find_literal_text(call.args[0]) if call.args else None
    if text is None or len(text) > _LONGEST:
        return [_ANY]
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return [_ANY]
    stars = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.names[0].name == "*"]
    bound = [name for name, _ in list_bindings(tree)]
    classes = {node.name for node in tree.body if isinstance(node, ast.ClassDef) and bound.count(node.name) == 1}
    return [_ANY] if stars else [(name, _CLASS if name in classes else "") for name in dict.fromkeys(bound)]
