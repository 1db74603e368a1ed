"""Imports of what lies in a folder, as rows of ``imports``: what a package finds in its own folder, it imports.

The files that list a folder and import computed names are run one by one, each alone: what they import is noted, and
not loaded. Functions that nothing calls on import are run too, with arguments of which nothing is known.
"""

from __future__ import annotations

import ast
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from analysis import tables
from analysis.facts import Facts
from analysis.facts.dynamic import place_listed
from analysis.facts.extract import extract
from analysis.facts.lines import normalise_line_ends
from analysis.facts.program import write_program
from analysis.facts.rows import Row, Rows
from analysis.facts.source import parse
from analysis.facts.walking import list_statements
from analysis.resolve import Module
from analysis.simulation.calls import IMPORTERS
from analysis.simulation.entries import Simulation, run_deep
from analysis.simulation.generators import read_all, run_coroutine
from analysis.simulation.machine import Machine
from analysis.simulation.records import Frame
from analysis.simulation.values import (
    UNKNOWN,
    External,
    Function,
    LoadedModule,
    OutOfSteps,
    Raised,
    Value,
)

#: What a file that lists a folder calls.
_LISTING = (b"iter_modules", b"walk_packages", b"listdir", b"scandir", b"glob", b"iterdir", b"resources")
#: Statements of all these files together.
_MOST_STEPS = 200_000


def add_listed_imports(facts: Facts) -> Facts:
    """Return facts in which imports of what lies in a folder of the target have rows, and hooks no longer have them.

    Nothing is executed. A call of which some names stay unknown keeps its hook.
    """
    hooks = _read_lines(facts.hooks, pc.equal(facts.hooks.column("kind").cast(pa.string()), "computed_import"))
    exports = facts.exports.filter(pc.equal(facts.exports.column("operation").cast(pa.string()), "unknown"))
    open_lists = set(tables.read_column(exports, "path"))
    stars = facts.imports.filter(pc.equal(facts.imports.column("kind").cast(pa.string()), "star"))
    own = [row for row in stars.to_pylist() if row["path"] in open_lists] if open_lists else []
    sources = {
        path: source for path in sorted({*hooks, *(row["path"] for row in own)}) if (source := _read(facts, path))
    }
    if not sources:
        return facts
    simulation = Simulation(facts)
    simulation.most_steps = _MOST_STEPS
    found, known = run_deep(lambda: _find_all(simulation, sources, hooks, own))
    return replace(facts, imports=_insert(facts.imports, found), hooks=_drop(facts.hooks, known)) if found else facts


def _read_lines(table: pa.Table, chosen: pa.ChunkedArray) -> dict[str, dict[int, int]]:
    """Return the positions of rows by path and line."""
    lines: dict[str, dict[int, int]] = defaultdict(dict)
    for path, line, position in tables.read_rows(table.filter(chosen), "path", "line", "position"):
        lines[path][line] = position
    return lines


def _read(facts: Facts, path: str) -> bytes:
    """Return the source of a file that lists a folder; nothing of any other."""
    try:
        source = facts.tree.read_bytes(path) if path.endswith(".py") else b""
    except OSError:
        return b""
    return source if any(word in source for word in _LISTING) else b""


def _find_all(
    simulation: Simulation, sources: dict[str, bytes], hooks: dict[str, dict[int, int]], stars: Sequence[dict[str, Any]]
) -> tuple[list[Row], set[tuple[str, int]]]:
    """Return new rows of ``imports``, and the places of calls of which all names are known."""
    rows: list[Row] = []
    known: set[tuple[str, int]] = set()
    for path, source in sources.items():
        module = next(iter(simulation.imports.index.find_names(path)), None)
        tree = parse(source).tree
        if module is None or tree is None:
            continue
        seen, lines = _Observer(simulation, module), hooks.get(path, {})
        seen.watch(tree, lines)
        listed = {line: sorted(seen.found[line]) for line in lines if seen.found[line]}
        known |= {(path, line) for line in listed if line not in seen.unknown}
        if listed:
            facts = Rows(**dict(zip(_TABLES, extract(source).rows, strict=True)))
            placed = place_listed(normalise_line_ends(source), tree, facts, listed)
            rows += [(path, lines[row[1]], *row[1:]) for row in placed]
        for star in (each for each in stars if each["path"] == path):
            package = f"{module.plain}."
            names = sorted(name for name in seen.found[star["line"]] if name.startswith(package))
            rows += [_import_whole(star, name) for name in names]
    return rows, known


def _import_whole(star: dict[str, Any], module: str) -> Row:
    """Return the row of a submodule that a star import of its own package imports."""
    return tuple({**star, "kind": "dynamic", "level": 0, "module": module, "name": "", "bound_as": ""}.values())


_TABLES = [table.name for table in tables.FACT_TABLES]


def _insert(imports: pa.Table, found: Sequence[Row]) -> pa.Table:
    """Return the rows of a table and new ones, in the order of files and positions."""
    whole = pa.concat_tables([imports, tables.IMPORTS.from_rows(found)]).unify_dictionaries().combine_chunks()
    place = {path: number for number, path in enumerate(dict.fromkeys(tables.read_column(imports, "path")))}
    files = np.array([place.get(path, len(place)) for path in tables.read_column(whole, "path")], np.int64)
    return tables.take_rows(whole, np.lexsort((tables.read_numbers(whole, "position"), files)))


def _drop(hooks: pa.Table, known: set[tuple[str, int]]) -> pa.Table:
    """Return the hooks but those of calls of which all names are known."""
    rows = tables.read_rows(hooks, "path", "line", "kind")
    kept = [kind != "computed_import" or (path, line) not in known for path, line, kind in rows]
    return hooks.filter(pa.array(kept, pa.bool_()))


class _Observer(Machine):
    """Runs one file, and notes by line what it imports: ``found`` by name, ``unknown`` where a name is not known."""

    def __init__(self, simulation: Simulation, module: Module) -> None:
        super().__init__(simulation, module)
        self._own = LoadedModule(module, process=self.number)
        self.loaded[module.name] = self._own
        self.body = module.name
        self.found: defaultdict[int, set[str]] = defaultdict(set)
        self.unknown: set[int] = set()

    def watch(self, tree: ast.Module, lines: Iterable[int]) -> None:
        """Run the file, then each function in which one of some lines stands that nothing has come to."""
        program = self.shared.programs.read_program(self._own.path) or []
        frame = Frame(self._own, self._own.names, "module", body=program)
        self.stack.append(frame)
        with suppress(Raised, OutOfSteps):  # what ends the file is found where it is imported
            self.run_block(program, frame)
        for line in lines:
            function = _find_function(tree, line)
            if function is not None and line not in self.found and line not in self.unknown:
                with suppress(Raised, OutOfSteps):
                    self._run(function, frame)

    def _run(self, node: ast.FunctionDef | ast.AsyncFunctionDef, frame: Frame) -> None:
        _, line, name, _, parameters, _, end_line, is_async = json.loads(write_program(ast.Module([node], [])))[-1]
        defaults = [self.evaluate(default, frame) for default in parameters[1]]
        function = Function(self._own, name, line, end_line, parameters, defaults, qualname=name)
        missing = len(parameters[0]) - len(defaults)
        left = self.run_function(function, [UNKNOWN] * missing, {})
        run_coroutine(self, left) if is_async else read_all(self, left, "end")

    def call(self, callee: Value, arguments: list[Value], keywords: dict[str, Value], frame: Frame) -> Value:
        """Call something; note a call that imports what is not known."""
        if isinstance(callee, External) and callee.name in IMPORTERS:
            wanted = arguments[0] if arguments else keywords.get("name", UNKNOWN)
            if not isinstance(wanted, str):
                self.unknown.add(frame.line)
        return super().call(callee, arguments, keywords, frame)

    def load(self, name: str, *, is_relative: bool = False) -> Value:
        """Note a module, and return it without running it."""
        top, *rest = name.split(".")
        resolved = self._find_top(top, is_relative=is_relative)
        for part in rest:
            resolved = self.shared.imports.index.find_child(resolved, part) if resolved is not None else None
        return self._note(name, resolved)

    def load_part(self, part: str, resolved: Module | None, parent: Value) -> Value:  # noqa: ARG002
        """Note a submodule, and return it without running it."""
        return self._note(part, resolved)

    def find_attribute(self, module: LoadedModule, name: str) -> Value:
        """Return an attribute of the file's own module, or a submodule of any other."""
        child = None if module is self._own else self.shared.imports.index.find_child(module.resolved, name)
        return super().find_attribute(module, name) if child is None else self._stand_for(child)

    def _note(self, name: str, resolved: Module | None) -> Value:
        if resolved is None:
            return External(name, is_module=True)
        here = [frame for frame in self.stack if frame.module is self._own]
        if here:
            self.found[here[-1].line].add(resolved.plain)
        return self._stand_for(resolved)

    def _stand_for(self, resolved: Module) -> LoadedModule:
        """Return what stands for a module that is not run: it may have any name."""
        if resolved.name not in self.loaded:
            self.loaded[resolved.name] = LoadedModule(resolved, is_running=False, is_open=True, process=self.number)
        found = self.loaded[resolved.name]
        return found if isinstance(found, LoadedModule) else self._own


def _find_function(tree: ast.Module, line: int) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
    """Return the innermost function in which a line stands."""
    return min(_list_functions(tree, line), key=lambda node: (node.end_lineno or 0) - node.lineno, default=None)


def _list_functions(tree: ast.Module, line: int) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in list_statements(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.lineno < line <= (node.end_lineno or 0):
            yield node
