"""Who reads annotations at run time: there a name that only type checkers import would be missing."""

from __future__ import annotations

import ast
import re
import sys
from collections import defaultdict
from collections.abc import Mapping
from functools import cached_property

from analysis import tables
from analysis.facts.expressions import find_dotted
from analysis.fixes.name_uses import NameUse
from analysis.fixes.target_sources import TargetSources
from analysis.investigation import Investigation
from analysis.names.inheritance import Inheritance, read_inheritance

#: Packages that read the annotations of functions that they are given.
_FUNCTION_READERS = frozenset({
    "airflow", "beartype", "cyclopts", "dagster", "dependency_injector", "dishka", "fast_depends", "fastapi",
    "faststream", "injector", "jsonargparse", "lagom", "langchain", "langchain_core", "litestar", "magicgui", "mcp",
    "ninja", "plum", "prefect", "punq", "simple_parsing", "starlite", "strawberry", "typeguard", "typer", "tyro",
    "wireup",
})  # fmt: skip
#: Packages that read the annotations of classes that they are given, also of those that other classes name.
_CLASS_READERS = _FUNCTION_READERS | {
    "adaptix", "cattr", "cattrs", "dacite", "dataclasses_json", "hydra", "marshmallow_dataclass", "mashumaro",
    "msgspec", "omegaconf", "pydantic", "serde", "sqlmodel",
}  # fmt: skip
#: The parts of pydantic that read the annotations of functions.
_PYDANTIC_CALLS = re.compile(rb"\b(?:validate_call|validate_arguments|TypeAdapter)\b")
#: Functions of the standard library that evaluate annotations.
_EVALUATING = re.compile(rb"\b(?:get_type_hints|get_annotations)\s*\(|\.__annotations__\b|\beval_str\b")
#: Decorators that read no annotation, by the last part of their name.
_SAFE_DECORATORS = frozenset({
    "property", "setter", "getter", "deleter", "staticmethod", "classmethod", "abstractmethod", "abstractproperty",
    "overload", "override", "final", "wraps", "lru_cache", "cache", "cached_property", "contextmanager",
    "asynccontextmanager", "no_type_check", "runtime_checkable", "total_ordering", "unique", "deprecated", "coroutine",
})  # fmt: skip
#: Classes made of annotations: they work with texts, but what reads their types later does not.
_DATA_CLASSES = frozenset({"dataclass", "attrs", "define", "frozen", "mutable", "s", "attr", "NamedTuple", "TypedDict"})
_MAPPED = frozenset({"Mapped", "DynamicMapped", "WriteOnlyMapped"})


class HintReaders:
    """Answers for one target."""

    def __init__(self, investigation: Investigation, sources: TargetSources) -> None:
        self._investigation, self._sources = investigation, sources

    def find_reason(self, use: NameUse, module: str, path: str) -> str:
        """Return who may read the annotation of a use at run time; empty where nothing is known that does."""
        reader = use.reader
        if use.annotation is None or reader is None or use.function not in (None, reader):
            return ""
        mapped = find_dotted(use.annotation.value) if isinstance(use.annotation, ast.Subscript) else ""
        if mapped.rpartition(".")[2] in _MAPPED:
            return f"SQLAlchemy evaluates {mapped} when it maps the class"
        for decorator in reader.decorator_list:
            reason = self._judge_decorator(decorator, module, path, is_class=isinstance(reader, ast.ClassDef))
            if reason:
                return reason
        if isinstance(reader, ast.ClassDef):
            return self._judge_class(reader, module, path)
        return self._judge_function(module)

    def _judge_decorator(self, decorator: ast.expr, module: str, path: str, *, is_class: bool) -> str:
        called = decorator.func if isinstance(decorator, ast.Call) else decorator
        dotted = find_dotted(called)
        last = dotted.rpartition(".")[2]
        if last in _SAFE_DECORATORS:
            return ""
        if last in {"register", "singledispatch"}:
            return f"@{dotted} chooses by the annotation of the first argument"
        if is_class and last in _DATA_CLASSES:
            return self._judge_fields(module, f"@{last} makes fields of annotations")
        origin = self._origins.get((path, dotted.partition(".")[0]), "")
        if origin and origin not in sys.stdlib_module_names:
            return f"@{dotted} of {origin} may read annotations"
        return self._name_tree_reader(f"@{dotted or '…'} may hand it on")

    def _judge_class(self, reader: ast.ClassDef, module: str, path: str) -> str:
        """Return who reads the annotations in the body of a class."""
        for base in sorted(self._inheritance.find_ancestors(f"{module}:{reader.name}")):
            package, _, name = base.partition(":")
            top = package.partition(".")[0]
            if name in _DATA_CLASSES:
                return self._judge_fields(module, f"{name} makes fields of annotations")
            if not self._is_own(package) and top not in sys.stdlib_module_names:
                return f"the base class {name} of {top} may read annotations"
        written = [find_dotted(base).partition(".")[0] for base in reader.bases]
        for origin in (self._origins.get((path, name), "") for name in written):
            if origin and origin not in sys.stdlib_module_names:
                return f"a base class of {origin} may read annotations"
        return self._name_tree_reader("the class may be handed on") if reader.bases or reader.keywords else ""

    def _judge_function(self, module: str) -> str:
        """Return who may be given a function and read its annotations."""
        return self._name_user(module, self._function_readers, "functions")

    def _judge_fields(self, module: str, reason: str) -> str:
        """Return who may read the types of a class that is made of annotations: it works with texts by itself."""
        return self._name_user(module, self._class_readers, "classes") or self._name_tree_reader(reason)

    def _name_user(self, module: str, readers: Mapping[str, str], what: str) -> str:
        """Return whether a module, or one that imports it, imports one that reads annotations, in words."""
        for user in sorted({module, *self._users.get(module, ())}):
            if user in readers:
                return f"{user} imports {readers[user]}, which reads the annotations of {what}"
        return ""

    def _name_tree_reader(self, reason: str) -> str:
        """Return a reason where the target evaluates annotations somewhere."""
        if not self._evaluating:
            return ""
        path, line, name = self._evaluating[0]
        return f"{reason}, and {name} at {path}:{line} evaluates annotations"

    def _is_own(self, module: str) -> bool:
        return module in self._modules

    @cached_property
    def _modules(self) -> frozenset[str]:
        return frozenset(self._investigation.table("modules").column("module").to_pylist())

    @cached_property
    def _inheritance(self) -> Inheritance:
        return read_inheritance(self._investigation.table("bases"))

    @cached_property
    def _users(self) -> Mapping[str, set[str]]:
        """The modules that import each module."""
        found: dict[str, set[str]] = defaultdict(set)
        for importer, imported in tables.read_rows(self._investigation.table("edges"), "importer", "imported"):
            found[imported].add(importer)
        return dict(found)

    @cached_property
    def _class_readers(self) -> Mapping[str, str]:
        """The package that reads annotations of classes which each module imports, the first by name."""
        rows = tables.read_rows(self._investigation.table("externals"), "importer", "package")
        return {importer: package for importer, package in sorted(rows, reverse=True) if package in _CLASS_READERS}

    @cached_property
    def _function_readers(self) -> Mapping[str, str]:
        """The package that reads annotations of functions which each module imports, the first by name."""
        rows = tables.read_rows(self._investigation.table("externals"), "importer", "package", "path")
        return {
            importer: package
            for importer, package, path in sorted(rows, reverse=True)
            if package in _FUNCTION_READERS
            or (package == "pydantic" and _PYDANTIC_CALLS.search(self._sources.read(path)))
        }

    @cached_property
    def _origins(self) -> Mapping[tuple[str, str], str]:
        """The package outside of the tree that each name of each file comes from."""
        externals = {
            (path, line): package
            for path, line, package in tables.read_rows(
                self._investigation.table("externals"), "path", "line", "package"
            )
        }
        rows = tables.read_rows(self._investigation.table("imports"), "path", "line", "bound_as")
        return {(path, bound): externals[path, line] for path, line, bound in rows if (path, line) in externals}

    @cached_property
    def _evaluating(self) -> list[tuple[str, int, str]]:
        """Where the target evaluates annotations: path, line, and the function that does."""
        found = []
        for path, source in self._sources.read_all():
            for match in _EVALUATING.finditer(source):
                name = match[0].decode().strip("(. \t")
                found.append((path, source.count(b"\n", 0, match.start()) + 1, name))
        return sorted(found)
