"""How import statements end within the tree: they always work, they always fail, or it is not known."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from analysis import tables
from analysis.facts.context import swallows_import_errors
from analysis.facts.source_tree import SourceTree
from analysis.fixes.findings import ReadTable
from analysis.fixes.import_closures import ImportClosures
from analysis.fixes.missing_names import find_missing_names
from analysis.fixes.names_in_tree import NamesInTree
from analysis.fixes.offers import Offer
from analysis.wording import format_some

WORKS, FAILS, UNKNOWN = "works", "fails", "unknown"
_SURE = frozenset({"no-such-module", "no-such-name"})
_RAISES = (b"raise ImportError", b"raise ModuleNotFoundError")
_ON_IMPORT = frozenset({"module", "class"})

Place = tuple[str, int]


@dataclass(frozen=True, slots=True)
class ImportOutcome:
    """How one statement ends. ``raises`` is what is missing where it fails: module or name; ``reason`` why unknown."""

    outcome: str
    raises: str = ""
    reason: str = ""


class ImportOutcomes:
    """Answers for the guarded imports of one snapshot."""

    def __init__(self, read_table: ReadTable, tree: SourceTree) -> None:
        self._read_table, self._tree = read_table, tree
        self._names, self._closures = NamesInTree(read_table), ImportClosures(read_table)
        self._edges = self._group("edges")
        self._missing = self._group("phantoms")
        self._missing_names = self._group("phantom_names")
        self._outside = self._group("externals")

    def list_files(self) -> list[str]:
        """Return the files with an import of the tree in a try that swallows its failure, sorted."""
        return sorted({path for path, _ in self._guarded})

    def find_line(self, path: str) -> int:
        """Return the first line of a file that has such an import."""
        return min(line for each, line in self._guarded if each == path)

    def is_of_tree(self, path: str, node: ast.stmt) -> bool:
        """Return whether a statement is such an import."""
        return (path, node.lineno) in self._guarded

    def judge(self, path: str, node: ast.Import | ast.ImportFrom) -> ImportOutcome:
        """Return how an import statement ends whenever it runs."""
        place = path, node.lineno
        for rows, raises in ((self._missing, "module"), (self._missing_names, "name")):
            for row in rows.get(place, ()):
                if row["reason"] not in _SURE:
                    return ImportOutcome(UNKNOWN, reason=f"it may be there ({row['reason'].replace('-', ' ')})")
                if place in self._corrected:
                    return ImportOutcome(UNKNOWN, reason="what it imports is elsewhere in the tree")
                return ImportOutcome(FAILS, raises)
        reason = self._find_doubt(place, node)
        return ImportOutcome(UNKNOWN, reason=reason) if reason else ImportOutcome(WORKS)

    def _find_doubt(self, place: Place, node: ast.Import | ast.ImportFrom) -> str:
        """Return why an import may fail; empty where it always works."""
        edges = self._edges.get(place, [])
        if self._outside.get(place) or not edges:
            return "it imports what is outside of the tree"
        if place in self._swallowed:
            return "a first import loses it: break the cycle first"
        importer = edges[0]["importer"]
        imported = {edge["imported"] for edge in edges}
        for module in sorted({importer, *imported}):
            if module in self._names.beside:
                return f"{module} lies beside the target: fix a folder that has both"
            if module not in self._working:
                return f"it is not certain that {module} can be imported first"
        reason = self._find_unsure_name(edges, node)
        return reason or self._find_need(importer, imported)

    def _find_unsure_name(self, edges: list[Mapping[str, Any]], node: ast.Import | ast.ImportFrom) -> str:
        if isinstance(node, ast.Import):
            return "" if len({edge["module"] for edge in edges}) == len(node.names) else "not all of it is in the tree"
        for alias in node.names:
            homes = {edge["imported"] for edge in edges if edge["name"] == alias.name and not edge["is_ancestor"]}
            paths = {f"{home}.{alias.name}" for home in homes}
            is_module = any(home.rpartition(".")[2] == alias.name for home in homes)
            if alias.name == "*":
                return "a star import takes names that are not written"
            if not is_module and (not paths or self._names.find_bound(paths) != paths):
                return f"it is not certain that {alias.name} is always there"
        return ""

    def _find_need(self, importer: str, imported: set[str]) -> str:
        """Return what the import needs beyond what the importer needs itself; empty where that is nothing."""
        own = self._closures.find_modules(importer)
        more = {module for each in imported for module in self._closures.find_modules(each)} - own
        needed = self._closures.find_needed(more) - self._closures.find_needed(own)
        if needed:
            return f"it needs {format_some(sorted(needed))}, which may be missing"
        for module in sorted(more):
            if self._names.kinds.get(module) not in {"module", "package"}:
                return f"it needs {module}, which is no file of Python source"
            if self._may_raise(self._names.files.get(module, "")):
                return f"{module} may raise ImportError itself"
        return ""

    def _may_raise(self, path: str) -> bool:
        try:
            content = self._tree.read_bytes(path)
        except OSError:
            return True
        return any(map(content.__contains__, _RAISES))

    @cached_property
    def _guarded(self) -> frozenset[Place]:
        imports = tables.read_rows(self._read_table("imports"), "path", "line", "guard", "caught", "kind")
        places = {
            (path, line)
            for path, line, guard, caught, kind in imports
            if guard == "try" and kind in {"import", "from", "star"} and swallows_import_errors(caught)
        }
        return frozenset(places & {*self._edges, *self._missing, *self._missing_names})

    @cached_property
    def _swallowed(self) -> frozenset[Place]:
        columns = ("path", "line", "caught_path", "caught_line")
        rows = list(tables.read_rows(self._read_table("simulated_swallowed"), *columns))
        return frozenset(place for row in rows for place in (row[:2], row[2:]))

    @cached_property
    def _working(self) -> frozenset[str]:
        """The modules whose first import surely works."""
        rows = tables.read_rows(self._read_table("simulated"), "module", "outcome", "doubt")
        return frozenset(module for module, outcome, doubt in rows if outcome == "ok" and not doubt)

    @cached_property
    def _corrected(self) -> frozenset[Place]:
        """The statements for which another kind of fix has the right module."""
        found = find_missing_names(self._read_table, self._tree)
        refused = {(each.path, each.line) for each in found if not isinstance(each, Offer)}
        return frozenset({*self._missing, *self._missing_names} - refused)

    def _group(self, name: str) -> dict[Place, list[Mapping[str, Any]]]:
        found: dict[Place, list[Mapping[str, Any]]] = defaultdict(list)
        for row in self._read_table(name).to_pylist():
            found[row["path"], row["line"]].append(row)
        return dict(found)
