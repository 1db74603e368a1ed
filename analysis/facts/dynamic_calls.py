"""What a call of ``import_module``, ``__import__`` or ``pkgutil.resolve_name`` imports."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from analysis.facts.absolute import absolute_name
from analysis.facts.expressions import find_literal_texts, find_text_pattern, render
from analysis.facts.rows import Rows
from analysis.facts.scopes import Function
from analysis.facts.texts import OWN_MARK, OWN_NAME, OWN_PACKAGE, TextFinder

#: Level, module and name, as in ``imports``.
Taken = tuple[int, str, str]
#: The functions of each module that import, and how their arguments are read.
_FUNCTIONS = {
    "importlib": ("import_module", "__import__"),
    "builtins": ("__import__",),
    "pkgutil": ("resolve_name",),
}
#: Names by which they are known without a look at the imports of a file.
_KNOWN = {
    "import_module": "import_module", "__import__": "__import__",
    **{f"{module}.{name}": name for module, names in _FUNCTIONS.items() for name in names},
}  # fmt: skip
#: A file without any of these has no other names for these functions.
IMPORTING = tuple(module.encode() for module in _FUNCTIONS)


class Called(NamedTuple):
    """What a call imports; ``is_sure``: all of it, whenever the call runs.

    ``yields`` is the module that the call returns, as an import statement writes it, empty where that is not sure.
    ``pattern`` is set where what it imports is not known, or may be more: ``*`` for each part that is computed; then
    ``written`` is the name as it is written.
    """

    taken: tuple[Taken, ...] = ()
    is_sure: bool = True
    pattern: str = ""
    written: str = ""
    yields: str = ""


class Importers:
    """By which names a file knows the functions that import; ``words`` are those that say nothing of it."""

    def __init__(self, rows: Rows) -> None:
        self.names = dict(_KNOWN)
        for _, _, _, kind, level, module, name, bound, *_ in rows.imports:
            functions = () if level else _FUNCTIONS.get(module, ())
            if kind == "import" and bound != module:
                self.names.update((f"{bound}.{function}", function) for function in functions)
            elif kind == "from" and name in functions:
                self.names[bound] = name
        for _, _, name, kind, value, *_ in rows.bindings:
            if kind == "alias" and value in self.names:
                self.names[name] = self.names[value]
            elif kind in {"function", "class"}:
                self.names.pop(name, None)  # the file's own function of that name
        self.words = [f"{name}(".encode() for name in sorted(self.names.keys() - _KNOWN.keys())]


class CallReader:
    """Reads the calls of one file."""

    def __init__(self, tree: ast.Module, importers: Importers) -> None:
        self._names = importers.names
        self._texts = TextFinder(tree)

    def read(self, node: ast.Call, callee: str, around: Sequence[Function]) -> Called | None:
        """Return what a call inside some functions imports, None for a call that does not import."""
        function = self._names.get(callee)
        written = _find_argument(node, 0, "name") if function else None
        if function is None or written is None or isinstance(written, ast.Starred):
            return None
        texts = self._texts.find(written, around)
        pattern, shown = find_text_pattern(written), render(written)
        if texts is None:
            return Called((), pattern=pattern, written=shown)
        if function == "import_module":
            found = self._read_import_module(node, texts.texts, around)
        elif function == "__import__":
            found = _read_import(node, texts.texts)
        else:
            found = [_read_path(text) for text in texts.texts]
        taken = tuple(each for some in found if some is not None for each in some)
        if None in found or not taken:
            return Called(taken, is_sure=False, pattern=pattern, written=shown)
        is_given = isinstance(written, ast.Name) and any(_has_parameter(each, written.id) for each in around)
        if is_given:
            return Called(taken, is_sure=False, pattern=pattern, written=shown)
        return Called(taken, texts.is_sure, yields=_find_yielded(function, taken) if texts.is_sure else "")

    def _read_import_module(
        self, node: ast.Call, texts: Sequence[str], around: Sequence[Function]
    ) -> list[list[Taken] | None]:
        package = _find_argument(node, 1, "package")
        packages = None if package is None else self._texts.find(package, around)
        base = packages.texts[0] if packages is not None and packages.is_sure else None
        return [_resolve(text, base) for text in texts]


class ListedReader(CallReader):
    """Reads calls of which it is known, by their line, which modules they import: those that lie in a folder."""

    def __init__(self, tree: ast.Module, importers: Importers, listed: Mapping[int, Sequence[str]]) -> None:
        super().__init__(tree, importers)
        self._listed = listed

    def read(self, node: ast.Call, callee: str, around: Sequence[Function]) -> Called | None:  # noqa: ARG002
        """Return what a call in one of the lines imports, each perhaps; None for all others."""
        names = self._listed.get(node.lineno, ()) if callee in self._names else ()
        return Called(tuple((0, name, "") for name in names), is_sure=False) if names else None


def _find_yielded(function: str, taken: Sequence[Taken]) -> str:
    """Return the module that a call returns: ``__import__`` without a list of names returns the top package."""
    level, module, _ = taken[0]
    is_top = function == "__import__" and len(taken) == 1 and (level or "." in module)
    return "" if is_top or function == "resolve_name" else "." * level + module


def resolve_called(call: ast.Call, texts: TextFinder, around: Sequence[Function]) -> str:
    """Return the one module that a call of ``import_module`` imports, as import statements write it, or nothing."""
    written, package = _find_argument(call, 0, "name"), _find_argument(call, 1, "package")
    names, packages = texts.find(written, around), texts.find(package, around)
    if names is None or not names.is_sure:
        return ""
    taken = _resolve(names.texts[0], packages.texts[0] if packages is not None and packages.is_sure else None)
    return "" if not taken else "." * taken[0][0] + taken[0][1]


def _has_parameter(function: Function, name: str) -> bool:
    arguments = (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs)
    return any(argument.arg == name for argument in arguments)


def _resolve(text: str, package: str | None) -> list[Taken] | None:
    """Return what ``import_module`` takes for a name, from the package that the call gives."""
    module = text.lstrip(".")
    level = len(text) - len(module)
    if not level:
        return _take(text)
    if package is None:
        return None
    if package in {OWN_NAME, OWN_PACKAGE}:
        return [(level, module, "")]
    absolute = absolute_name(package, level, module)
    return _take(absolute) if absolute else None


def _take(text: str, name: str = "") -> list[Taken] | None:
    """Return what a dotted name stands for; it may begin with that of the module or the package around it."""
    for own in (OWN_NAME, OWN_PACKAGE):
        if text.startswith(f"{own}."):
            return None if OWN_MARK in text[1:] else [(1, text[len(own) + 1 :], name)]
        if text == own:
            return [(1, "", name)]
    return [(0, text, name)] if text and OWN_MARK not in text else None


def _read_import(node: ast.Call, texts: Sequence[str]) -> list[list[Taken] | None]:
    """Return what ``__import__`` takes: the module, and the submodules that its list of names says."""
    given = _find_argument(node, 4, "level")
    level = 0 if given is None else given.value if isinstance(given, ast.Constant) else -1
    if not isinstance(level, int) or level < 0:
        return [None for _ in texts]
    names = find_literal_texts(_find_argument(node, 3, "fromlist")) or []
    found: list[list[Taken] | None] = []
    for text in texts:
        if level:
            found.append(None if OWN_MARK in text else [(level, text, name) for name in ("", *names)])
        else:
            found.append(list(_take_each(text, ("", *names))) or None)
    return found


def _take_each(text: str, names: Sequence[str]) -> Iterator[Taken]:
    for name in names:
        yield from _take(text, name) or ()


def _read_path(text: str) -> list[Taken] | None:
    """Return what ``resolve_name`` takes: all before a colon is the module; else where it ends is not said."""
    module, colon, _ = text.partition(":")
    if colon:
        return _take(module)
    first, _, rest = text.partition(".")
    return _take(first, rest.partition(".")[0])


def _find_argument(node: ast.Call, place: int, name: str) -> ast.expr | None:
    """Return what a call gives by place or by name."""
    if place < len(node.args):
        return node.args[place]
    return next((keyword.value for keyword in node.keywords if keyword.arg == name), None)
