"""Programs that their own imports load a second time: what they define moves to a module that nobody starts.

The file that is started becomes a launcher: it goes on to give its names, and calls ``main()`` of the new module.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from types import MappingProxyType
from typing import NamedTuple

from analysis import tables
from analysis.facts.object_texts import PATCH, SETTER
from analysis.facts.scopes import Function, list_bindings
from analysis.facts.source_tree import SourceTree
from analysis.facts.test_files import is_test_file
from analysis.fixes.findings import ReadTable
from analysis.fixes.moved_definitions import MovableCode
from analysis.fixes.moved_imports import Move, find_taken_module, move_names, write_module, write_statement
from analysis.fixes.name_uses import find_dynamic_lookup, find_name_uses
from analysis.fixes.names_in_tree import NamesInTree
from analysis.fixes.offers import Edit, Mention, Offer
from analysis.fixes.renamed_modules import rename_module
from analysis.fixes.source_text import SourceText, UnplacedError, read_source
from analysis.fixes.statements import find_imports
from analysis.wording import format_count

_MAIN = "__main__"
_LOGGER = re.compile(rb"getLogger\(\s*__name__\s*\)")
#: What is another in a module that is not started, or has another file name.
_OWN = re.compile(rb"\b__(?:name|spec|package|loader|all)__\b")
_FILE = re.compile(rb"\b__file__\b")
_FOLDER = re.compile(rb"dirname\(|\.parent\b")
_ASKING = re.compile(rb"\bimport\s+__main__\b|modules\[\s*[\"']__main__[\"']\s*\]|import_module\(\s*[\"']__main__[\"']")
#: They read the names of the module that is started.
_READING = re.compile(rb"\b(?:unittest|pytest|doctest|nose)\b|\bFire\(\s*\)")


class _Guard(NamedTuple):
    """The ``if __name__ == "__main__"`` of a file; ``is_call``: it only calls what the file defines as ``main``."""

    node: ast.If
    is_call: bool


class Launchers:
    """Answers for one target."""

    def __init__(self, read_table: ReadTable, tree: SourceTree, names: NamesInTree) -> None:
        self._read_table, self._tree, self._names = read_table, tree, names

    def split(self, kind: str, path: str, module: str, clears: tuple[str, ...]) -> Offer:
        """Return the offer to split a program into launcher and module; raises ``UnplacedError`` with the reason."""
        source = read_source(self._tree, path)
        guard = self._find_guard(source)
        self._check(source, module, guard)
        home, home_path = self._name_home(path, module)
        exported = _list_exported(source, guard)
        edits = [self._write_launcher(source, guard, home, exported)]
        importers = [edit for each in self._list_importers(module) for edit in self._retarget(*each, module, home)]
        files = len({edit.path for edit in importers})
        reason = (
            f"{path} is started as a program, and {format_count(files, 'file')} of its own imports load it again as "
            f"{module}: its classes and its state exist twice. They are defined in {home} now, and {path} only gives "
            f"them and calls main(). New pickles name {home}, old ones are still found."
        )
        return Offer(
            kind, module, f"Let {path} only start {home}", reason, clears, tuple(sorted({*edits, *importers})),
            MappingProxyType({home_path: _write_home(source, guard)}), tuple(_mention_loggers(source, home)),
            renamed=MappingProxyType({module: home}),
        )  # fmt: skip

    def _find_guard(self, source: SourceText) -> _Guard:
        last = source.tree.body[-1] if source.tree.body else None
        if not isinstance(last, ast.If) or last.orelse or not _is_guard(last.test):
            raise UnplacedError('it does not end with if __name__ == "__main__"')
        is_main = any(isinstance(node, Function) and node.name == "main" for node in source.tree.body)
        only = last.body[0]
        is_call = len(last.body) == 1 and isinstance(only, ast.Expr | ast.Raise)
        if not is_main or not is_call:
            bound = {name for name, _ in list_bindings(source.tree)}
            if "main" in bound:
                raise UnplacedError("it has a main already, and more than a call of it is run")
            _check_movable(source, last)
        return _Guard(last, is_main and is_call)

    def _check(self, source: SourceText, module: str, guard: _Guard) -> None:
        """Raise ``UnplacedError`` where something would be another in a module that is not started."""
        content, path = source.content, source.path
        if is_test_file(path) or _READING.search(source.cut(guard.node)):
            raise UnplacedError("a test runner reads the names of the module that is started")
        before = content[: source.find_span(guard.node)[0]]
        own = _OWN.search(_LOGGER.sub(b"", before)) or _ASKING.search(content)
        dynamic = own[0].decode() if own else find_dynamic_lookup(content)
        if dynamic:
            raise UnplacedError(f"it reads {dynamic}, which is another in a module that is not started")
        for line in content.splitlines():
            if _FILE.search(line) and not _FOLDER.search(line):
                raise UnplacedError("it reads __file__, which would name another file")
        asking = [each for each, text in self._read_all() if _ASKING.search(text)]
        if asking:
            raise UnplacedError(f"{asking[0]} reads the names of __main__")
        if self._outcomes.get(module) != ("ok", ""):
            raise UnplacedError(f"it is not certain that {module} can be imported first: break its cycle first")
        texts = tables.read_rows(self._read_table("object_texts"), "kind", "value")
        patched = sorted(value for kind, value in texts if kind in {PATCH, SETTER} and value.startswith(f"{module}."))
        if patched:
            raise UnplacedError(f"a test replaces {patched[0]}")
        setter = re.compile(rb"\b%s\.\w+\s*=(?!=)" % re.escape(module.rpartition(".")[2].encode()))
        setting = [each for each, text in self._read_all() if setter.search(text)]
        if setting:
            raise UnplacedError(f"{setting[0]} may bind names of {module} anew")
        if "." in module and not self._finds_top(source, module.partition(".")[0]):
            raise UnplacedError(f"nothing shows that {module.partition('.')[0]} is found when it is started")

    @staticmethod
    def _finds_top(source: SourceText, top: str) -> bool:
        """Return whether a file imports something relative, or by a full name that begins with a package."""
        for statement in find_imports(source):
            node = statement.node
            if isinstance(node, ast.ImportFrom) and (node.level or (node.module or "").partition(".")[0] == top):
                return True
            if isinstance(node, ast.Import) and any(alias.name.partition(".")[0] == top for alias in node.names):
                return True
        return False

    def _name_home(self, path: str, module: str) -> tuple[str, str]:
        """Return the name and the file of the new module, beside the program; raises ``UnplacedError``."""
        parent, _, last = module.rpartition(".")
        for name in ("main", "program") if last == _MAIN else (f"{last}_main", f"{last}_program"):
            home, beside = f"{parent}.{name}".lstrip("."), f"{path.rpartition('/')[0]}/{name}.py".lstrip("/")
            if self._names.is_free(self._tree, home, beside):
                return home, beside
        raise UnplacedError(f"the names for a new module beside {module} are taken")

    def _write_launcher(self, source: SourceText, guard: _Guard, home: str, exported: Sequence[str]) -> Edit:
        """Return the edit that leaves the head of the file, an import of its names, and the call of ``main``."""
        names, lines, text = {"main"}, list[str](), 'if __name__ == "__main__":\n    main()'
        if guard.is_call:
            package, movable = self._names.packages.get(source.path, ""), MovableCode(source)
            bound = {name for name, _ in list_bindings(source.tree)}
            names = {use.name for use in find_name_uses(ast.Module([guard.node], []), "", bound)}
            lines = sorted(movable.write_import(name, package) for name in names - {*exported})
            names &= {*exported}
            text = source.cut(guard.node).decode(source.encoding).replace("\r\n", "\n")
        names |= {name for name in exported if not name.startswith("_")}
        lines.append(write_statement(home, [f"{name} as {name}" for name in sorted(names)], ""))
        first = next(node for node in source.tree.body if not _is_docstring(node))
        start, end = source.find_span(first)[0], source.find_span(guard.node)[1]
        return Edit(source.path, start, end, source.encode("\n".join([*lines, "", text])))

    def _list_importers(self, module: str) -> list[tuple[str, int]]:
        """Return where statements import a module; raises ``UnplacedError`` where a text does."""
        columns = ("imported", "path", "line", "kind", "is_ancestor")
        found = set()
        for imported, path, line, kind, is_ancestor in tables.read_rows(self._read_table("edges"), *columns):
            if imported == module and not is_ancestor:
                if kind not in {"import", "from"}:
                    raise UnplacedError(f"{path}:{line} imports {module} otherwise than by naming what it takes")
                found.add((path, line))
        return sorted(found)

    def _retarget(self, path: str, line: int, module: str, home: str) -> list[Edit]:
        """Return the edits that make a statement import the new module in place of the program."""
        if self._names.files.get(module) == path:
            raise UnplacedError(f"{path}:{line} imports itself")
        package = self._names.packages.get(path, "")
        parent, _, last = module.rpartition(".")
        edits: list[Edit] = []
        for statement in find_imports(read_source(self._tree, path)):
            node = statement.node
            if statement.line != line:
                continue
            if not isinstance(node, ast.ImportFrom):
                edits += rename_module(statement, module, home)
            elif find_taken_module(statement, package) == module:
                written = write_module(package, node.level, home)
                edits += move_names(statement, [Move(alias, written, alias.name) for alias in node.names])
            elif find_taken_module(statement, package) == parent:
                written = write_module(package, node.level, parent)
                chosen = [alias for alias in node.names if alias.name == last]
                edits += move_names(statement, [Move(each, written, home.rpartition(".")[2]) for each in chosen])
        return edits

    def _read_all(self) -> Iterator[tuple[str, bytes]]:
        for path in sorted(self._names.files.values()):
            if path.endswith(".py"):
                try:
                    yield path, self._tree.read_bytes(path)
                except OSError:
                    continue

    @cached_property
    def _outcomes(self) -> Mapping[str, tuple[str, str]]:
        rows = tables.read_rows(self._read_table("simulated"), "module", "outcome", "doubt")
        return {module: (outcome, doubt) for module, outcome, doubt in rows}


def _is_guard(test: ast.expr) -> bool:
    parts = [test.left, *test.comparators] if isinstance(test, ast.Compare) else []
    asks = isinstance(test, ast.Compare) and len(parts) == 2 and isinstance(test.ops[0], ast.Eq)
    return asks and sorted(ast.unparse(each) for each in parts) == ["'__main__'", "__name__"]


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _check_movable(source: SourceText, guard: ast.If) -> None:
    """Raise ``UnplacedError`` where statements mean something else in a function than in their module."""
    inside = ast.Module(guard.body, [])
    bound = {name for name, _ in list_bindings(inside)}
    rest = ast.Module(source.tree.body[:-1], [])
    if any(isinstance(node, ast.Global) for node in ast.walk(inside)):
        raise UnplacedError("what is run binds global names")
    if any(isinstance(node, ast.ImportFrom) and node.names[0].name == "*" for node in ast.walk(inside)):
        raise UnplacedError("what is run takes all names of a module by a star")
    text = source.content.decode(source.encoding, "replace")
    shared = {use.name for use in find_name_uses(rest, text, bound)} | {
        name for name, _ in list_bindings(rest) if name in bound
    }
    if shared:
        raise UnplacedError(f"what is run binds {min(shared)}, which the rest of the file uses")


def _list_exported(source: SourceText, guard: _Guard) -> list[str]:
    """Return the names that a program defines; raises ``UnplacedError`` where one may not be there."""
    sure: set[str] = set()
    for node in source.tree.body:
        if isinstance(node, ast.ClassDef | Function):
            sure.add(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            sure |= {each.id for target in targets for each in ast.walk(target) if isinstance(each, ast.Name)}
        elif isinstance(node, ast.Delete):
            raise UnplacedError("it deletes names")
    rest = ast.Module([node for node in source.tree.body if node is not guard.node], [])
    for name, bound in list_bindings(rest):
        if bound.kind != "import" and name not in sure and not name.startswith("_"):
            raise UnplacedError(f"it is not certain that it binds {name}")
    return sorted(name for name in sure if not name.startswith("__"))


def _write_home(source: SourceText, guard: _Guard) -> bytes:
    """Return the bytes of the new module: those of the program, with its guard as ``main`` or without it."""
    content = source.content
    start, end = source.find_span(guard.node)
    if guard.is_call:
        text = content[:start].rstrip() + source.newline
    else:
        colon = content.index(b":", source.find_span(guard.node.test)[1])
        text = content[:start] + b"def main() -> None" + content[colon:end] + source.newline
    return text[source.find_next_line(0) :] if text.startswith(b"#!") else text


def _mention_loggers(source: SourceText, home: str) -> Iterator[Mention]:
    for number, line in enumerate(source.content.splitlines(), 1):
        if _LOGGER.search(line):
            shown = line.decode(source.encoding, "replace").strip()
            yield Mention(source.path, number, f"{shown}: the logger is named {home} then")
