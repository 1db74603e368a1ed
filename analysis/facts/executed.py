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
#: Methods that put names into a dictionary.
FILLING = frozenset({"update", "setdefault", "__setitem__", "__ior__"})
#: Calls that return the module of a name.
_ASKING = frozenset({"sys.modules.get", "modules.get", "import_module", "importlib.import_module"})


def is_own_module(node: ast.expr) -> bool:
    """Return whether an expression is the module that it stands in.

    >>> texts = "sys.modules[__name__]", "sys.modules.get(__name__)", "import_module(__name__)", "sys.modules['a']"
    >>> [is_own_module(ast.parse(text, mode="eval").body) for text in texts]
    [True, True, True, False]
    """
    if isinstance(node, ast.Subscript):
        return find_dotted(node.value) in {"sys.modules", "modules"} and find_dotted(node.slice) == "__name__"
    is_asked = isinstance(node, ast.Call) and find_dotted(node.func) in _ASKING and len(node.args) == 1
    return is_asked and find_dotted(node.args[0]) == "__name__"  # type: ignore[attr-defined]


def is_namespace(node: ast.expr, owner: str) -> bool:
    """Return whether an expression is the dictionary of the module that it stands in.

    ``owner`` is the function or class around it, empty at module level: there ``vars()`` and ``locals()`` are the
    module's names too.
    """
    if isinstance(node, ast.Attribute):
        return node.attr == "__dict__" and is_own_module(node.value)
    if not isinstance(node, ast.Call):
        return False
    callee = find_dotted(node.func)
    if node.args:
        return callee == "vars" and is_own_module(node.args[0])
    return callee == "globals" or (callee in {"vars", "locals"} and not owner)


def find_module_key(node: ast.expr) -> str:
    """Return what stands for the module in ``sys.modules["a.b"]``, or nothing.

    >>> find_module_key(ast.parse("sys.modules['a.b']", mode="eval").body)
    'sys.modules:a.b'
    """
    if isinstance(node, ast.Subscript) and find_dotted(node.value) == "sys.modules":
        text = find_literal_text(node.slice)
        return f"{LOADED}{text}" if text else ""
    return ""


def read_filled(call: ast.Call) -> Iterator[tuple[str, str]]:
    """Yield the names that a method of the module's dictionary binds, and what to; ``*`` where they are not written.

    Nothing where the method only reads.
    """
    assert isinstance(call.func, ast.Attribute)
    method = call.func.attr
    if method == "update":
        yield from _read_update(call)
    elif method in FILLING:
        name = find_literal_text(call.args[0]) if len(call.args) == 2 else None
        yield _ANY if name is None else (name, _find_alias(call.args[1]))


def _read_update(call: ast.Call) -> Iterator[tuple[str, str]]:
    for keyword in call.keywords:
        yield from [(keyword.arg, _find_alias(keyword.value))] if keyword.arg else _read_pairs(keyword.value)
    for given in call.args:
        module = _find_all_of(given)
        yield from [("*", f"{ALL_OF}{module}")] if module else _read_pairs(given)


def _read_pairs(given: ast.expr) -> Iterator[tuple[str, str]]:
    """Yield the keys and values of a dictionary as it is written, of ``dict(…)``, or of a list of pairs."""
    if isinstance(given, ast.Dict):
        for key, value in zip(given.keys, given.values, strict=True):
            name = find_literal_text(key)
            yield _ANY if name is None else (name, _find_alias(value))
    elif isinstance(given, ast.Call) and find_dotted(given.func) == "dict":
        yield from _read_update(given)
    elif isinstance(given, ast.List | ast.Tuple):
        for pair in given.elts:
            parts = pair.elts if isinstance(pair, ast.List | ast.Tuple) and len(pair.elts) == 2 else []
            name = find_literal_text(parts[0]) if parts else None
            yield _ANY if name is None else (name, _find_alias(parts[1]))
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
