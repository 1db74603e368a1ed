"""Statements that change ``sys.path``, that run only when a file is started, and texts that name modules."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Sequence

from analysis.facts.expressions import find_dotted, find_literal_text, is_main_test
from analysis.facts.lines import find_lines, has_line_between
from analysis.facts.path_values import KnownNames, find_aliases, find_path, find_paths, list_elements, show_folder
from analysis.facts.rows import Row
from analysis.facts.walking import has_line_of, list_nodes, list_parts

#: A file without any of these has no such statement.
_WORDS = (
    b"sys.path", b"addsitedir", b"__main__", b"DJANGO_SETTINGS_MODULE", b"INSTALLED_APPS", b"include=",
    b"AppConfig", b"CELERY_IMPORTS", b"autodiscover_tasks(", b"conf.imports", b"sys.executable",
)  # fmt: skip
#: Other names of ``sys.path``.
_ALIAS = re.compile(rb"\bsys as (\w+)|\bfrom sys import [^\n]{0,300}?\bpath(?: as (\w+))?\b")
_SETTINGS = "DJANGO_SETTINGS_MODULE"
_CHANGES = {"insert": 1, "append": 0, "extend": 0}
#: Lists of modules that a framework imports, by the name that they are assigned to.
_LISTS = frozenset({"INSTALLED_APPS", "CELERY_IMPORTS", "conf.imports"})
#: Lists in lists and names of names: more than anybody writes.
_MOST_LISTS = 200
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def find_start_marks(source: bytes, tree: ast.Module, next_position: Callable[[], int]) -> list[Row]:
    """Return the rows of ``start_marks`` of one file; files that name none of the words cost one search each."""
    is_renamed = b"sys as" in source or b"from sys import" in source
    aliases = [(found[1] or found[2] or b"path") for found in _ALIAS.finditer(source)] if is_renamed else []
    lines = find_lines(source, (*_WORDS, *aliases))
    if not lines:
        return []
    visitor = _Visitor(source, lines, next_position, tree)
    visitor.names.aliases = find_aliases(source)
    visitor.visit(tree.body, "module")
    return visitor.rows


class _Visitor:
    """Goes into the blocks that have a line of interest; ``names`` are what names are bound to on the way."""

    def __init__(self, source: bytes, lines: list[int], next_position: Callable[[], int], tree: ast.Module) -> None:
        self._source = source
        self._tree = tree
        self._lines = lines
        self._next = next_position
        self.rows: list[Row] = []
        self.names = KnownNames()
        self._paths = {"sys.path"}
        self._calls: dict[str, list[list[ast.expr]]] = {}

    def visit(self, body: Sequence[ast.stmt], scope: str) -> None:
        for statement in body:
            if isinstance(statement, ast.Assign | ast.AnnAssign):
                self._keep(statement)
            if has_line_between(self._lines, statement.lineno, statement.end_lineno or statement.lineno):
                if not list_blocks(statement):
                    self._processes(statement, scope)
                self._statement(statement, scope)

    def _keep(self, node: ast.Assign | ast.AnnAssign) -> None:
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        for target in targets:
            if isinstance(target, ast.Name) and node.value is not None:
                self.names[target.id] = (node.value,)
                if find_dotted(node.value) in self._paths:
                    self._paths.add(target.id)

    def _statement(self, node: ast.stmt, scope: str) -> None:
        if isinstance(node, ast.If) and is_main_test(node.test):
            self._add(node, "main-guard", scope=scope)
            self.visit(node.body, "function")
            self.visit(node.orelse, scope)
        elif isinstance(node, ast.For) and isinstance(node.target, ast.Name):
            self.names[node.target.id] = list_elements(node.iter, self.names)
            self.visit(node.body, scope)
        elif isinstance(node, ast.ImportFrom | ast.Import):
            self._import(node)
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            self._call(node.value, scope)
        elif isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign):
            self._assignment(node, scope)
        elif isinstance(node, ast.ClassDef) and any(find_dotted(base).endswith("AppConfig") for base in node.bases):
            self._application(node, scope)
        else:
            inner = "function" if isinstance(node, _FUNCTIONS) else scope
            if isinstance(node, _FUNCTIONS):
                self._bind_parameters(node)
            if scope == "module" and isinstance(node, ast.If) and not self._asks_path(node.test):
                inner = "branch"
            for block in list_blocks(node):
                self.visit(block, inner)

    def _bind_parameters(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        """Bind the parameters of a function to what its calls in the file give them."""
        calls = self._find_calls(node.name)
        positional = [*node.args.posonlyargs, *node.args.args]
        for number, parameter in enumerate(positional):
            self.names[parameter.arg] = [given[number] for given in calls if len(given) > number]
        if node.args.vararg is not None:
            rest = [each for given in calls for each in given[len(positional) :]]
            self.names[node.args.vararg.arg] = (ast.Tuple(rest),)

    def _find_calls(self, name: str) -> list[list[ast.expr]]:
        """Return what the calls of a function give by position."""
        if name not in self._calls:
            self._calls[name] = self._list_calls(name)
        return self._calls[name]

    def _list_calls(self, name: str) -> list[list[ast.expr]]:
        """Look for calls where the name stands; one that stands only where it is defined is never called."""
        waiting: list[ast.AST] = [self._tree]
        is_plain = self._source.isascii()  # else a name may be written in several ways
        if is_plain and self._source.count(name.encode()) == 1:
            return []
        lines = find_lines(self._source, (name.encode(),)) if is_plain else []
        found = []
        for node in waiting:  # grows while it is read
            if not is_plain or not isinstance(node, ast.stmt) or has_line_of(node, lines):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name:
                    found.append(node.args)
                waiting += list_parts(node)
        return found

    def _asks_path(self, test: ast.expr) -> bool:
        """Return whether a test asks if the path has a folder: after it, the path has it."""
        if not isinstance(test, ast.Compare) or not isinstance(test.ops[0], ast.NotIn):
            return False
        return find_dotted(test.comparators[0]) in self._paths

    def _processes(self, node: ast.stmt, scope: str) -> None:
        """Note what other processes of the same interpreter start: ``[sys.executable, "-m", "app.worker"]``."""
        for each in list_nodes(node):
            given = (
                each.elts if isinstance(each, ast.List | ast.Tuple) else each.args if isinstance(each, ast.Call) else []
            )
            if len(given) < 2 or find_dotted(given[0]) != "sys.executable":
                continue
            module = find_literal_text(given[2]) if len(given) > 2 and find_literal_text(given[1]) == "-m" else ""
            if module:
                self._add(each, "started-module", value=module, scope=scope)
            else:
                base, folder = show_folder(find_path(given[1], self.names))
                if folder.endswith(".py"):
                    self._add(each, "started-script", "", base, folder, scope=scope)

    def _import(self, node: ast.ImportFrom | ast.Import) -> None:
        """Note the file's own names for ``sys.path``."""
        for alias in node.names:
            if isinstance(node, ast.Import) and alias.name == "sys" and alias.asname:
                self._paths.add(f"{alias.asname}.path")
            elif isinstance(node, ast.ImportFrom) and node.module == "sys" and alias.name == "path":
                self._paths.add(alias.asname or alias.name)

    def _call(self, node: ast.Call, scope: str) -> None:
        owner, _, method = find_dotted(node.func).rpartition(".")
        argument = _CHANGES.get(method, -1)
        if owner in self._paths and 0 <= argument < len(node.args):
            first = node.args[0]
            is_first = method == "insert" and isinstance(first, ast.Constant) and first.value in {0, 1}
            self._add_folders(node, node.args[argument], "sys-path", "first" if is_first else "last", scope)
        elif method == "addsitedir" and node.args:
            self._add_folders(node, node.args[0], "site-folder", "last", scope)
        elif method == "setdefault" and len(node.args) == 2 and find_literal_text(node.args[0]) == _SETTINGS:
            self._name_settings(node, node.args[1], scope)
        elif method == "autodiscover_tasks" and node.args:
            self._name_modules(node.args[0], scope, ".tasks")

    def _assignment(self, node: ast.Assign | ast.AugAssign | ast.AnnAssign, scope: str) -> None:
        target = node.targets[0] if isinstance(node, ast.Assign) else node.target
        if node.value is None:
            return
        if find_dotted(target) in self._paths:
            place = "first" if isinstance(node.value, ast.BinOp) and _is_list(node.value.left) else "last"
            for folders in _find_lists(node.value, self.names):
                self._add_folders(node, folders, "sys-path", place, scope)
        elif isinstance(target, ast.Subscript) and find_dotted(target.value) in self._paths:
            self._add_folders(node, node.value, "sys-path", "first", scope)
        elif isinstance(target, ast.Subscript) and find_literal_text(target.slice) == _SETTINGS:
            self._name_settings(node, node.value, scope)
        else:
            self._applications(target, node.value, scope)

    def _applications(self, target: ast.expr, value: ast.expr, scope: str) -> None:
        """Note the modules that Django and Celery import by the texts of a list."""
        if ".".join(find_dotted(target).split(".")[-2:]) in _LISTS:
            for folders in _find_lists(value, self.names):
                self._name_modules(folders, scope)
        if isinstance(value, ast.Call) and find_dotted(value.func).rpartition(".")[2] == "Celery":
            for keyword in value.keywords:
                if keyword.arg == "include":
                    self._name_modules(keyword.value, scope)

    def _application(self, node: ast.ClassDef, scope: str) -> None:
        """Note the name that an ``AppConfig`` of Django says: under it the application is imported."""
        for statement in node.body:
            if isinstance(statement, ast.Assign) and find_dotted(statement.targets[0]) == "name":
                self._name_modules(ast.Tuple([statement.value]), scope)

    def _name_settings(self, node: ast.AST, value: ast.expr, scope: str) -> None:
        name = find_literal_text(value)
        if name:
            self._add(node, "settings", value=name, scope=scope)

    def _name_modules(self, node: ast.expr, scope: str, below: str = "") -> None:
        for inner in node.elts if isinstance(node, ast.List | ast.Tuple | ast.Set) else ():
            name = find_literal_text(inner)
            if name and all(map(str.isidentifier, name.split("."))):
                self._add(inner, "named-module", value=f"{name}{below}", scope=scope)

    def _add_folders(self, node: ast.AST, value: ast.expr, kind: str, place: str, scope: str) -> None:
        for found in find_paths(value, self.names):
            base, folder = show_folder(found)
            self._add(node, kind, place, base, folder, scope=scope)

    def _add(
        self,
        node: ast.AST,
        kind: str,
        place: str = "",
        base: str = "",
        folder: str = "",
        value: str = "",
        *,
        scope: str,
    ) -> None:
        self.rows.append((self._next(), getattr(node, "lineno", 0), kind, place, base, folder, value, scope))


def list_blocks(node: ast.stmt) -> list[Sequence[ast.stmt]]:
    """Return the blocks of a compound statement; none of a simple one."""
    found = [getattr(node, name, ()) for name in ("body", "orelse", "finalbody")]
    found += [part.body for name in ("handlers", "cases") for part in getattr(node, name, ())]
    return [block for block in found if block]


def _is_list(node: ast.expr) -> bool:
    return isinstance(node, ast.List | ast.Tuple)


def _find_lists(node: ast.expr, names: KnownNames) -> Iterator[ast.expr]:
    """Yield the literal lists of a sum of lists, also of lists by their names."""
    waiting, left = [node], _MOST_LISTS
    while waiting and left:
        current, left = waiting.pop(), left - 1
        while isinstance(current, ast.Starred):
            current = current.value
        if isinstance(current, ast.Name):
            waiting.extend(names.get(current.id, ())[:1])
        if isinstance(current, ast.BinOp) and isinstance(current.op, ast.Add):
            waiting.extend((current.right, current.left))
        elif isinstance(current, ast.List | ast.Tuple):
            yield current
            waiting.extend(reversed([each for each in current.elts if isinstance(each, ast.Starred)]))
