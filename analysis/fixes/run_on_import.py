"""Which functions of a module run while modules are imported: what they import runs then too."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Mapping
from functools import cached_property

from analysis import tables
from analysis.facts.scopes import Function
from analysis.fixes.source_text import SourceText
from analysis.investigation import Investigation
from analysis.rules.called_on_import import list_called

#: Methods that Python calls when a class is defined or an object is made.
_OF_OBJECTS = frozenset({"__init__", "__new__", "__post_init__", "__attrs_post_init__", "__call__"})
_OF_CLASSES = frozenset({"__init_subclass__", "__set_name__", "__prepare__", "__class_getitem__"})


class RunOnImport:
    """Answers for one target, by the names of functions: those of methods on other modules' objects are not seen."""

    def __init__(self, investigation: Investigation) -> None:
        self._investigation = investigation

    def find(self, module: str, source: SourceText) -> frozenset[str]:
        """Return the names of the functions and methods of a module that run while some module is imported."""
        called = set(self._called.get(source.path, ())) | set(self._list_called_by_others(module, source.path))
        calls, methods = _read_calls(source.tree)
        reached: set[str] = set()
        waiting = [*sorted(called), *sorted(_OF_CLASSES)]
        while waiting:
            name = waiting.pop()
            if name not in reached:
                reached.add(name)
                waiting += [*calls.get(name, ()), *methods.get(name, ())]
        return frozenset(reached)

    def _list_called_by_others(self, module: str, path: str) -> set[str]:
        found: set[str] = set()
        for user, name, bound in self._takers.get(module, ()):
            called = self._called.get(user, frozenset())
            if user != path and not name:
                found |= called
            elif user != path and bound in called:
                found.add(name)
        return found

    @cached_property
    def _called(self) -> Mapping[str, frozenset[str]]:
        """The last names of what each file calls, or decorates with, when it is imported."""
        programs = self._investigation.table("programs")
        return {path: list_called(text.encode()) for path, text in tables.read_rows(programs, "path", "program")}

    @cached_property
    def _takers(self) -> Mapping[str, set[tuple[str, str, str]]]:
        """Which files take what from each module: path, name (empty for the module) and name it has there."""
        found: dict[str, set[tuple[str, str, str]]] = defaultdict(set)
        columns = ("imported", "path", "name", "bound_as", "kind", "importer")
        for imported, path, name, bound, kind, _ in tables.read_rows(self._investigation.table("edges"), *columns):
            taken = "" if kind in {"import", "star"} or imported.endswith(f".{name}") else name
            found[imported].add((path, taken, bound))
        return dict(found)


def _read_calls(tree: ast.Module) -> tuple[Mapping[str, set[str]], Mapping[str, set[str]]]:
    """Return the last names that each function of a file calls, and the methods that run when a class is called."""
    calls: dict[str, set[str]] = defaultdict(set)
    methods: dict[str, set[str]] = defaultdict(set)
    for node in ast.walk(tree):
        if isinstance(node, Function):
            called = (each.func for each in ast.walk(node) if isinstance(each, ast.Call))
            calls[node.name].update(
                each.attr if isinstance(each, ast.Attribute) else each.id
                for each in called
                if isinstance(each, ast.Attribute | ast.Name)
            )
        elif isinstance(node, ast.ClassDef):
            methods[node.name].update(
                each.name for each in node.body if isinstance(each, Function) and each.name in _OF_OBJECTS
            )
    return calls, methods
