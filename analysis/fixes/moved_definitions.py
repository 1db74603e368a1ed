"""Moves classes and functions to another module, with what they need, and leaves an import where they stood.

The same object is reached by both paths. Its ``__module__`` changes: what is pickled afterwards names the new module,
and what was pickled before is still found by the old path.
"""

from __future__ import annotations

import ast
import builtins
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from analysis.facts.absolute import absolute_name
from analysis.facts.expressions import find_dotted, is_typing_only
from analysis.facts.scopes import Function, list_bindings
from analysis.fixes.deferred_imports import UnmovableError, find_bound_name
from analysis.fixes.moved_imports import write_module
from analysis.fixes.name_uses import find_dynamic_lookup, find_name_uses
from analysis.fixes.offers import Edit
from analysis.fixes.source_text import SourceText, UnplacedError
from analysis.fixes.statements import redirect_definition

#: With more than these a part of the module moves, and somebody has to decide which.
MOST_TOGETHER = 8
#: What differs between two modules: a definition that reads one of these would read another value.
_OWN_NAMES = re.compile(rb"\b__(?:name|file|path|package|spec|loader|doc|builtins|dict|module)__\b")
_BUILT_IN = frozenset(dir(builtins))
_CALLING = (ast.Call, ast.Await, ast.Yield, ast.YieldFrom, ast.NamedExpr)


@dataclass(frozen=True, slots=True)
class NeededImport:
    """One name that moved code needs of an import of its file; ``is_typed``: type checkers alone import it."""

    node: ast.Import | ast.ImportFrom
    alias: ast.alias
    is_typed: bool

    def find_module(self, package: str) -> str:
        """Return the absolute name of the module that it names, as a file of a package writes it."""
        if isinstance(self.node, ast.Import):
            return self.alias.name
        return absolute_name(package, self.node.level, self.node.module or "")

    def write(self, package: str, home_package: str) -> str:
        """Return the statement as a module of another package, or of the same, has to write it."""
        name = f"{self.alias.name} as {self.alias.asname}" if self.alias.asname else self.alias.name
        if isinstance(self.node, ast.Import):
            return f"import {name}"
        return f"from {write_module(home_package, self.node.level, self.find_module(package))} import {name}"


@dataclass(frozen=True, slots=True)
class MovedCode:
    """Statements of a file that move together, in their order: ``names`` by what each binds, and their imports."""

    source: SourceText
    nodes: Sequence[ast.stmt]
    names: Sequence[str]
    imports: Sequence[NeededImport]

    def write(self, package: str, home_package: str) -> str:
        """Return the imports and the statements as a text with LF, for the end of a file or a file of its own."""
        plain = list(dict.fromkeys(each.write(package, home_package) for each in self.imports if not each.is_typed))
        typed = list(dict.fromkeys(each.write(package, home_package) for each in self.imports if each.is_typed))
        checking = "from typing import TYPE_CHECKING"
        if typed and checking not in plain:
            plain.append(checking)
        parts = ["".join(f"{line}\n" for line in plain)]
        if typed:
            parts.append("if TYPE_CHECKING:\n" + "".join(f"    {line}\n" for line in typed))
        return "\n".join([*filter(None, parts), *self._write_nodes()])

    def _write_nodes(self) -> Iterator[str]:
        """Yield the statements, each with the blank lines before it that its kind has."""
        for node in self.nodes:
            text = self.source.cut(node).decode(self.source.encoding).replace("\r\n", "\n").replace("\r", "\n")
            yield f"\n{text}\n" if isinstance(node, ast.ClassDef | Function) else f"{text}\n"

    def redirect(self, module: str) -> list[Edit]:
        """Return the edits that leave an import from the new module, as it must be written, for each of the names."""
        pairs = zip(self.nodes, self.names, strict=True)
        return [redirect_definition(self.source, node, name, module, is_declared=True) for node, name in pairs]


def write_new_file(code: MovedCode, package: str, home_package: str) -> bytes:
    """Return a new file, in UTF-8, with moved code; it begins with the ``__future__`` imports of the old one."""
    futures = sorted(
        {
            f"from __future__ import {alias.name}\n"
            for node in code.source.tree.body
            if isinstance(node, ast.ImportFrom) and node.module == "__future__"
            for alias in node.names
        }
    )
    head = "".join(futures) + ("\n" if futures else "")
    return (head + code.write(package, home_package).lstrip("\n")).encode().replace(b"\n", code.source.newline)


class MovableCode:
    """What of one file can move: each definition with the definitions, plain values and imports that it needs."""

    def __init__(self, source: SourceText) -> None:
        self._source = source

    def find(self, names: Sequence[str]) -> MovedCode:
        """Return what moves with some classes and functions; raises ``UnmovableError`` and ``UnplacedError``."""
        moved: dict[str, ast.stmt] = {}
        imports: dict[str, NeededImport] = {}
        waiting = [(name, "") for name in names]
        while waiting:
            name, user = waiting.pop()
            if name in moved or name in imports:
                continue
            if name in self._imports and user:
                imports[name] = self._imports[name]
                continue
            node = self._find_movable(name, user)
            moved[name] = node
            if len(moved) > MOST_TOGETHER:
                raise UnmovableError(node.lineno, f"more than {MOST_TOGETHER} definitions would have to move together")
            waiting += [(each, name) for each in self._list_needed(node, name)]
        ordered = sorted(moved.items(), key=lambda item: item[1].lineno)
        needed = [imports[name] for name in sorted(imports, key=lambda name: (imports[name].node.lineno, name))]
        return MovedCode(self._source, [node for _, node in ordered], [name for name, _ in ordered], needed)

    def write_import(self, name: str, package: str) -> str:
        """Return the import that binds a name, for another file of the package; raises ``UnplacedError``."""
        if name not in self._imports:
            raise UnplacedError(f"it is not certain what {name} is")
        return self._imports[name].write(package, package)

    def _find_movable(self, name: str, user: str) -> ast.stmt:
        """Return the statement that defines a name at module level, once; raises ``UnmovableError``."""
        node = self._statements.get(name)
        what = f"{user} needs {name}, which" if user else name
        if node is None:
            raise UnmovableError(1, f"{what} is no definition and no plain value at module level of the file")
        if self._counts[name] > 1:
            raise UnmovableError(node.lineno, f"{what} is bound by several statements")
        text = self._source.cut(node)
        own = _OWN_NAMES.search(text)
        dynamic = own[0].decode() if own else find_dynamic_lookup(text)
        if dynamic:
            raise UnmovableError(node.lineno, f"{what} reads {dynamic}, which is another in another module")
        if isinstance(node, ast.ClassDef | Function):
            self._check_decorators(node, what)
        elif any(isinstance(each, _CALLING) for each in ast.walk(node)):
            raise UnmovableError(node.lineno, f"{what} is computed when the module is imported")
        if any(isinstance(each, ast.Global) for each in ast.walk(node)):
            raise UnmovableError(node.lineno, f"{what} binds global names of its module")
        return node

    def _check_decorators(self, node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef, what: str) -> None:
        for decorator in node.decorator_list:
            dotted = find_dotted(decorator.func if isinstance(decorator, ast.Call) else decorator)
            first = dotted.partition(".")[0]
            origin = self._imports.get(first)
            module = origin.find_module("").partition(".")[0] if origin else ""
            is_known = module in sys.stdlib_module_names or (first in _BUILT_IN and first not in self._counts)
            if not is_known:
                named = dotted or "a call"
                raise UnmovableError(decorator.lineno, f"{what} is decorated with {named}, which may keep it")

    def _list_needed(self, node: ast.stmt, name: str) -> list[str]:
        """Return the names of its module that a statement uses, those of annotations included."""
        tree = ast.Module([node], [])
        uses = find_name_uses(tree, self._source.cut(node).decode(self._source.encoding), self._counts.keys() - {name})
        found = sorted({use.name for use in uses})
        if self._has_star:
            unknown = sorted({each.id for each in ast.walk(node) if isinstance(each, ast.Name)} - self._counts.keys())
            lost = [each for each in unknown if each not in _BUILT_IN and each not in _list_bound_inside(node)]
            if lost:
                raise UnmovableError(node.lineno, f"{name} may take {lost[0]} from a star import")
        return found

    @cached_property
    def _counts(self) -> Mapping[str, int]:
        """How many statements bind each name of the module."""
        found: dict[str, int] = {}
        for name, _ in list_bindings(self._source.tree):
            found[name] = found.get(name, 0) + 1
        return found

    @cached_property
    def _has_star(self) -> bool:
        return any(
            isinstance(node, ast.ImportFrom) and node.names[0].name == "*" for node in ast.walk(self._source.tree)
        )

    @cached_property
    def _statements(self) -> Mapping[str, ast.stmt]:
        """The definitions and assignments of one name that stand at module level by themselves."""
        found: dict[str, ast.stmt] = {}
        for node in self._source.tree.body:
            if isinstance(node, ast.ClassDef | Function):
                found[node.name] = node
            elif isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
                found[node.targets[0].id] = node
            elif isinstance(node, ast.AnnAssign) and node.value is not None and isinstance(node.target, ast.Name):
                found[node.target.id] = node
        return found

    @cached_property
    def _imports(self) -> Mapping[str, NeededImport]:
        """The imports at module level, and those under a test for type checkers, by the one name that each binds."""
        found: dict[str, NeededImport] = {}
        body = self._source.tree.body
        typed = [node.body for node in body if isinstance(node, ast.If) and is_typing_only(node.test)]
        blocks = [(body, False), *((block, True) for block in typed)]
        for block, is_typed in blocks:
            for node in block:
                if isinstance(node, ast.Import | ast.ImportFrom):
                    for alias in node.names:
                        found[find_bound_name(node, alias)] = NeededImport(node, alias, is_typed)
        return {name: each for name, each in found.items() if self._counts.get(name, 0) == 1}


def _list_bound_inside(node: ast.stmt) -> set[str]:
    """Return the names that anything within a statement binds."""
    names = {each.id for each in ast.walk(node) if isinstance(each, ast.Name) and not isinstance(each.ctx, ast.Load)}
    return names | {each.arg for each in ast.walk(node) if isinstance(each, ast.arg)}
