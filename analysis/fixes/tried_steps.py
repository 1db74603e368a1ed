"""Steps that somebody wants to try: what each makes of the files of a target, without proof that it is right.

It is a trial: an import that cannot move into functions is taken away, and what that breaks is seen afterwards.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from analysis import tables
from analysis.errors import UnknownNameError, explain_unknown_module
from analysis.facts.source_tree import SourceTree
from analysis.fixes.deferred_imports import (
    Moved,
    UnmovableError,
    build_edits,
    check_movable,
    find_bound_name,
    find_top_import,
    read_uses,
)
from analysis.fixes.moved_definitions import MovableCode
from analysis.fixes.moved_imports import write_statement
from analysis.fixes.offers import Edit
from analysis.fixes.redirects import ClassRedirect, redirect_classes, write_redirect
from analysis.fixes.source_text import SourceText, UnplacedError
from analysis.fixes.statements import (
    Statement,
    find_imports,
    remove_names,
    remove_statement,
)
from analysis.fixes.target_sources import TargetSources
from analysis.investigation import Investigation
from analysis.wording import choose_form, format_some

Definition = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
_ON_IMPORT = frozenset({"module", "class"})


@dataclass(frozen=True)
class TriedStep:
    """One step as it is written: ``cut a:b``, ``move a:Name=b``, ``merge a:Name=b.Name``, ``redirect a=b``."""

    verb: Literal["cut", "move", "merge", "redirect"]
    first: str
    second: str
    name: str = ""

    def __str__(self) -> str:
        sign = ":" if self.verb == "cut" else "="
        return f"{self.verb} {self.first}{f':{self.name}' if self.name else ''}{sign}{self.second}"


def parse_step(verb: Literal["cut", "move", "merge", "redirect"], text: str) -> TriedStep:
    """Return a step; raises ``UnknownNameError`` where the text has not its form.

    >>> str(parse_step("move", "shop.api:Order=shop.db")), str(parse_step("cut", "shop.api:shop.db"))
    ('move shop.api:Order=shop.db', 'cut shop.api:shop.db')
    """
    first, sign, second = (part.strip() for part in text.partition(":" if verb == "cut" else "="))
    module, colon, name = first.partition(":")
    has_name = verb in {"move", "merge"}
    if not (first and sign and second) or bool(colon and name) != has_name:
        forms = {"cut": "A:B", "move": "MODULE:NAME=MODULE", "merge": "MODULE:CLASS=CANONICAL", "redirect": "A=B"}
        raise UnknownNameError(f"{verb} {text!r} names no step", remedy=f"Write it as {forms[verb]}")
    return TriedStep(verb, module, second.replace(":", ".") if verb == "merge" else second, name)


class TriedSteps:
    """Turns steps into edits; ``said`` are sentences on what was done for each."""

    def __init__(self, investigation: Investigation, tree: SourceTree) -> None:
        self._investigation, self._sources = investigation, TargetSources(investigation, tree)
        self.said: list[str] = []
        self._appended: dict[str, list[str]] = defaultdict(list)

    def build(self, step: TriedStep) -> Iterator[Edit]:
        """Yield the edits of a step; ``UnknownNameError`` for what the target has not, or where it cannot be edited."""
        try:
            yield from getattr(self, f"_{step.verb}")(step)
        except (UnplacedError, UnmovableError) as error:
            raise UnknownNameError(f"{step} cannot be tried: {error}") from None

    def _cut(self, step: TriedStep) -> Iterator[Edit]:
        importer, imported = (self._find_path(name) and name for name in (step.first, step.second))
        columns = ("importer", "imported", "path", "line", "name", "scope")
        by_place: dict[tuple[str, int], set[str]] = defaultdict(set)
        for source, target, path, line, name, scope in tables.read_rows(self._investigation.table("edges"), *columns):
            if (source, target) == (importer, imported) and scope in _ON_IMPORT:
                by_place[path, line].add(name)
        if not by_place:
            raise UnknownNameError(f"{step}: no import statement of {importer} loads {imported} when it is imported")
        for (path, line), names in sorted(by_place.items()):
            yield from self._take_away(self._sources.parse(path), line, names)

    def _take_away(self, source: SourceText, line: int, names: set[str]) -> Iterator[Edit]:
        """Yield the edits that move names of an import into the functions that use them, or take them away."""
        place = f"{source.path}:{line}"
        try:
            statement = find_top_import(source, line)
            aliases = _choose(statement, names)
            uses = read_uses(source, {find_bound_name(statement.node, each) for each in aliases})
            moved = [Moved(statement, each, uses[find_bound_name(statement.node, each)]) for each in aliases]
            for each in moved:
                check_movable(source, each)
            edits = list(build_edits(source, moved))
            self.said.append(f"{place}: the import runs when it is needed")
        except UnmovableError as error:
            statement = next(each for each in find_imports(source) if each.line == line)
            aliases = _choose(statement, names)
            is_whole = len(aliases) == len(_list_aliases(statement))
            edits = [remove_statement(statement)] if is_whole else list(remove_names(statement, aliases))
            self.said.append(f"{place}: the import is taken away, as it cannot wait: {error.reason}")
        yield from edits

    def _move(self, step: TriedStep) -> Iterator[Edit]:
        source, _ = self._find_definition(step.first, step.name)
        target = self._sources.parse(self._find_path(step.second))
        code = MovableCode(source).find([step.name])
        packages = (self._packages.get(each.path, "") for each in (source, target))
        self._appended[target.path].append(code.write(*packages))
        yield from code.redirect(step.second)
        verb = choose_form(len(code.names), "is", "are")
        named = format_some(code.names)
        self.said.append(f"{named} {verb} defined in {target.path}; {source.path} goes on to give {named}")

    def _merge(self, step: TriedStep) -> Iterator[Edit]:
        source, node = self._find_definition(step.first, step.name)
        module, _, name = step.second.rpartition(".")
        self._find_definition(module, name)
        edits, how = redirect_classes(source, step.first, [ClassRedirect(step.name, node, module, name)])
        yield from edits
        self.said.append(f"{step.first}.{step.name} is {step.second}; {source.path} {how}")

    def _redirect(self, step: TriedStep) -> Iterator[Edit]:
        source = self._sources.parse(self._find_path(step.first))
        self._find_path(step.second)
        columns = ("module", "name", "kind")
        rows = [row for row in tables.read_rows(self._investigation.table("paths"), *columns) if row[2] != "module"]
        there = {name for module, name, _ in rows if module == step.second}
        own = sorted({name for module, name, _ in rows if module == step.first and not name.startswith("_")})
        names, lacking = [each for each in own if each in there], [each for each in own if each not in there]
        taken = write_statement(step.second, names, "") if names else f"import {step.second}"
        text = write_redirect(step.first, step.second, names or ["everything"], [taken])
        yield Edit(source.path, 0, len(source.content), source.encode(f"{text}\n"))
        lost = f"; it lacks {format_some(lacking)}" if lacking else ""
        self.said.append(f"{source.path} imports {len(names)} names from {step.second}{lost}")

    def finish(self) -> Iterator[Edit]:
        """Yield the edits that put moved definitions at the end of their files."""
        for path, texts in sorted(self._appended.items()):
            source = self._sources.parse(path)
            end = len(source.content)
            gap = "" if not end or source.content.endswith((b"\n", b"\r")) else "\n"
            yield Edit(path, end, end, source.encode(gap + "".join(texts)))

    def _find_definition(self, module: str, name: str) -> tuple[SourceText, Definition]:
        source = self._sources.parse(self._find_path(module))
        found = [each for each in source.tree.body if isinstance(each, Definition) and each.name == name]
        if not found:
            raise UnknownNameError(f"{module} defines no {name} at module level")
        return source, found[-1]

    def _find_path(self, module: str) -> str:
        if module not in self._paths:
            raise explain_unknown_module(module, sorted(self._paths))
        return self._paths[module]

    @cached_property
    def _paths(self) -> Mapping[str, str]:
        rows = tables.read_rows(self._investigation.table("modules"), "module", "path", "shadowed_by")
        return {module: path for module, path, shadow in rows if not shadow and path.endswith(".py")}

    @cached_property
    def _packages(self) -> Mapping[str, str]:
        return {
            path: module if path.endswith("__init__.py") else module.rpartition(".")[0]
            for module, path in sorted(self._paths.items(), reverse=True)
        }


def _list_aliases(statement: Statement) -> list[ast.alias]:
    return statement.node.names if isinstance(statement.node, ast.Import | ast.ImportFrom) else []


def _choose(statement: Statement, names: set[str]) -> list[ast.alias]:
    """Return the parts of an import that take some names; all, where it takes a module itself."""
    aliases = _list_aliases(statement)
    if isinstance(statement.node, ast.Import):
        return aliases
    return [each for each in aliases if each.name in names] or aliases
