"""What ``__getattr__`` returns for one name: the module that it imports, or what it takes from one."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence

from analysis.facts.dynamic_calls import resolve_called
from analysis.facts.expressions import find_dotted
from analysis.facts.texts import TextFinder
from analysis.facts.walking import list_nodes

_DEEPEST = 6


class OriginReader:
    """Follows the returned expression of a function for given values of its parameter."""

    def __init__(self, tree: ast.Module, function: ast.FunctionDef, parameter: str) -> None:
        self._texts = TextFinder(tree)
        self._function, self._parameter = function, parameter
        returns = (node for node in list_nodes(function) if isinstance(node, ast.Return))
        self._returns = sorted(returns, key=lambda node: node.lineno)
        self._imported: Mapping[str, str] = {}
        #: What other names stand for in the branch that is read.
        self.known: Mapping[str, str] = {}

    def find_returned(self, body: Sequence[ast.stmt], name: str) -> str:
        """Return the origin of what a branch returns: ``module:name``, ``module``, a dotted name, or empty."""
        nodes = [node for statement in body for node in list_nodes(statement)]
        self._imported = _read_imports(nodes)
        own = [node for node in nodes if isinstance(node, ast.Return)]
        returned = own[:1] or self._returns[-1:]  # without one of its own, what the branch binds is returned in the end
        return self._find(returned[0].value, name) if returned else ""

    def find_anywhere(self, name: str) -> str:
        """Return the origin of what the function's only return yields; empty where it has several."""
        self._imported = {}
        return self._find(self._returns[0].value, name) if len(self._returns) == 1 else ""

    def _find(self, value: ast.expr | None, name: str, depth: int = 0) -> str:
        """A module is written as import statements write it; what is taken from it stands after a colon."""
        self._texts.known = {**self.known, self._parameter: name}
        if value is None or depth > _DEEPEST:
            return ""
        if isinstance(value, ast.Call):
            return self._find_called(value, name, depth)
        if isinstance(value, ast.Name) and value.id not in self._imported:
            assigned = self._texts.find_value(value.id, (self._function,))
            if assigned is not None:
                return self._find(assigned, name, depth + 1)
        dotted = find_dotted(value)
        first, _, rest = dotted.partition(".")
        if first in self._imported:
            return _take(self._imported[first], rest)
        if first and self._texts.is_local(first, self._function):
            dotted = ""
        if isinstance(value, ast.Attribute):
            owner = self._find(value.value, name, depth + 1)
            if owner and owner != find_dotted(value.value):
                return _take(owner, value.attr)
        return dotted

    def _find_called(self, call: ast.Call, name: str, depth: int) -> str:
        if find_dotted(call.func) == "getattr" and len(call.args) >= 2:
            owner, texts = self._find(call.args[0], name, depth + 1), self._texts.find(call.args[1], (self._function,))
            if not owner or texts is None or len(texts.texts) != 1:
                return ""
            return _take(owner, texts.texts[0])
        if find_dotted(call.func).rpartition(".")[2] == "import_module":
            return resolve_called(call, self._texts, (self._function,))
        return ""


def _read_imports(nodes: Sequence[ast.AST]) -> Mapping[str, str]:
    imported: dict[str, str] = {}
    for node in nodes:
        if isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            imported.update({alias.asname or alias.name: f"{module}:{alias.name}" for alias in node.names})
        elif isinstance(node, ast.Import):
            imported.update({alias.asname or alias.name: alias.name for alias in node.names})
    return imported


def _take(origin: str, rest: str) -> str:
    """Return what is taken from a module, or from what was taken from one."""
    if not rest:
        return origin
    base, colon, name = origin.partition(":")
    if colon and not base.strip("."):  # `from . import b`: most likely a module
        return f"{base}{name}:{rest}" if "." not in rest else ""
    return f"{origin}:{rest}" if not colon and "." not in rest else ""


def join_served(text: str, name: str) -> str:
    """A table's text is a module, or ``module:attribute``, or the dotted attribute itself.

    One without dots is a module of the package, or one beside it.
    """
    if ":" in text:
        return text
    module, _, last = text.rpartition(".")
    if last == name and module.strip("."):
        return f"{module}:{last}"
    return f"{text}:{name}" if "." in text else f".{text}:{name}|{text}:{name}"
