"""The ways in which a file stops closing a cycle: its import waits, reads attributes, or takes from a lower module."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from functools import cached_property

from analysis import tables
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
from analysis.fixes.file_cuts import CutEdits, FileCut
from analysis.fixes.findings import find_open_findings
from analysis.fixes.hint_readers import HintReaders
from analysis.fixes.lowered_definitions import HomeModules, Lowering
from analysis.fixes.moved_imports import find_taken_module
from analysis.fixes.name_takers import ON_IMPORT, NameTakers
from analysis.fixes.name_uses import ANNOTATION, FUNCTION, IMPORT, find_dynamic_lookup
from analysis.fixes.names_in_tree import NamesInTree
from analysis.fixes.qualified_names import check_qualifiable, qualify_names
from analysis.fixes.run_on_import import RunOnImport
from analysis.fixes.source_text import SourceText
from analysis.fixes.target_sources import TargetSources
from analysis.investigation import Investigation
from analysis.wording import choose_form, format_some

RULES = {False: "import-cycle", True: "import-cycle-through-packages"}


Way = Callable[[FileCut], CutEdits]


class WaysToCut:
    """Answers for one target; each way raises ``UnmovableError`` or ``UnplacedError`` where it cannot be gone."""

    def __init__(self, investigation: Investigation, tree: SourceTree, sources: TargetSources) -> None:
        self._investigation, self._sources = investigation, sources
        self._takers = NameTakers(investigation, sources)
        self._readers = HintReaders(investigation, sources)
        self._running = RunOnImport(investigation)
        self._tree_names = NamesInTree(investigation.table)
        self._homes = HomeModules(sources, self._tree_names, self._takers)
        self._lowering = Lowering(investigation, tree, self._homes)

    def defer(self, part: FileCut) -> CutEdits:
        """Move names into the functions that use them, and to type checkers."""
        source, chosen = self._choose(part)
        running = self._running.find(part.importer, source)
        moved = [self._check_deferred(part, each, running) for each in chosen]
        edits = list(build_edits(source, moved))
        hidden = any(each.is_kept or any(use.when == FUNCTION for use in each.uses) for each in moved)
        return CutEdits(edits, [_describe(part.path, each) for each in moved], is_hidden=hidden)

    def qualify(self, part: FileCut) -> CutEdits:
        """Import the modules of names, and read the names as their attributes where they are used."""
        source, chosen = self._choose(part)
        self._check_not_needed(part)
        running = self._running.find(part.importer, source)
        package = self._tree_names.packages.get(part.path, "")
        by_statement: dict[int, list[Moved]] = defaultdict(list)
        for each in chosen:
            home = find_taken_module(each.statement, package)
            check_qualifiable(each, self._homes.parse(home, each), running)
            self._check_attribute(part, each, home)
            by_statement[each.statement.start].append(each)
        edits = [edit for group in by_statement.values() for edit in qualify_names(source, package, group)]
        names = format_some(sorted({each.name for each in chosen}))
        verb = choose_form(len(chosen), "is read as an attribute of its module", "are read as attributes of modules")
        return CutEdits(edits, [f"{names} of {part.path} {verb} when a function runs"], is_loaded=True)

    def take_from_home(self, part: FileCut) -> CutEdits:
        """Take names from the modules that define them, past one of the cycle that only passes them on."""
        return self._lowering.take_from_home(part, self._choose(part)[1])

    def lower(self, part: FileCut) -> CutEdits:
        """Move what the file takes to a new module below both; the old one goes on to give it."""
        return self._lowering.lower(part, self._choose(part)[1])

    def _choose(self, part: FileCut) -> tuple[SourceText, list[Moved]]:
        """Return the file and the names that a cut takes out of its imports, with their uses."""
        source = self._sources.parse(part.path)
        dynamic = find_dynamic_lookup(source.content)
        if dynamic:
            raise UnmovableError(part.cut[0].line, f"the file looks names up with {dynamic}")
        for each in part.cut:
            if (part.path, each.line) in self._accepted:
                raise UnmovableError(each.line, f"it is accepted: {self._accepted[part.path, each.line]}")
        chosen = [
            (statement, alias)
            for line in sorted({each.line for each in part.cut})
            for statement in [find_top_import(source, line)]
            for alias in statement.node.names  # type: ignore[attr-defined]
            if any(alias.name in self._names.get((part.path, line, each.imported), ()) for each in part.cut)
        ]
        if not chosen:
            raise UnmovableError(part.cut[0].line, "the names that it takes from there are not found")
        uses = read_uses(source, {find_bound_name(statement.node, alias) for statement, alias in chosen})
        found = [Moved(statement, alias, uses[find_bound_name(statement.node, alias)]) for statement, alias in chosen]
        return source, found

    def _check_deferred(self, part: FileCut, moved: Moved, running: Collection[str]) -> Moved:
        """Return a name that can be moved, and whether others go on to take it; raises ``UnmovableError``."""
        source = moved.statement.source
        check_movable(source, moved)
        for function in moved.functions:
            if function.name in running:
                raise UnmovableError(
                    function.lineno, f"{function.name}, which uses {moved.name}, runs while modules are imported"
                )
        for use in moved.uses:
            reason = self._readers.find_reason(use, part.importer, source.path) if use.when == ANNOTATION else ""
            if reason:
                raise UnmovableError(use.line, f"the annotation with {moved.name} is read at run time: {reason}")
        takers = self._takers.find(part.importer, source.path, moved.name)
        line = moved.statement.line
        if takers.by_text:
            raise UnmovableError(line, f"{format_some(takers.by_text)} names {part.importer}.{moved.name} in a text")
        if takers.stars and not takers.is_exported:
            raise UnmovableError(line, f"{format_some(takers.stars)} takes all names of {part.importer} by a star")
        inside = sorted(set(takers.on_import) & set(part.modules))
        if inside:
            raise UnmovableError(line, f"{format_some(inside)} takes {moved.name} from {part.importer} on import")
        return Moved(moved.statement, moved.alias, moved.uses, is_kept=bool(takers))

    def _check_not_needed(self, part: FileCut) -> None:
        """Raise ``UnmovableError`` where a module of the cycle needs names of the file while it is imported.

        The file still imports it, so that this fails whenever the file comes first.
        """
        columns = ("importer", "imported", "path", "line", "kind", "name", "scope")
        for importer, imported, path, line, kind, name, scope in tables.read_rows(
            self._investigation.table("edges"), *columns
        ):
            if imported != part.importer or importer not in part.modules or scope not in ON_IMPORT:
                continue
            takes = kind == "star" or (kind == "from" and imported.rpartition(".")[2] != name)
            source = self._sources.parse(path)
            needing = f"{importer} needs {part.importer} while it is imported ({path}:{line})"
            if takes:
                raise UnmovableError(part.cut[0].line, needing)
            statement = find_top_import(source, line)
            bound = {find_bound_name(statement.node, each) for each in statement.node.names}  # type: ignore[attr-defined]
            if any(use.when == IMPORT for uses in read_uses(source, bound).values() for use in uses):
                raise UnmovableError(part.cut[0].line, needing)

    def _check_attribute(self, part: FileCut, moved: Moved, home: str) -> None:
        """Raise ``UnmovableError`` where a name of a module would not be what the importer had, or others need it."""
        line, taken = moved.statement.line, f"{home}.{moved.alias.name}"
        if self._takers.find(part.importer, part.path, moved.name):
            raise UnmovableError(line, f"others take {moved.name} from {part.importer}")
        if home in self._bound_paths:
            raise UnmovableError(line, f"the package of {home} binds a name like it")
        self._homes.check_constant(home, moved.alias.name, line, f"{taken} would be read later")

    @cached_property
    def _bound_paths(self) -> frozenset[str]:
        """The import paths that statements bind: a submodule of that name would be hidden, or hide it."""
        rows = tables.read_rows(self._investigation.table("paths"), "import_path", "kind")
        return frozenset(path for path, kind in rows if kind != "module")

    @cached_property
    def _accepted(self) -> Mapping[tuple[str, int], str]:
        """Why somebody accepts places of cycles."""
        found = [find_open_findings(self._investigation.table, rule).accepted_places for rule in RULES.values()]
        return {place: reason for places in found for place, reason in places.items()}

    @cached_property
    def _names(self) -> Mapping[tuple[str, int, str], frozenset[str]]:
        """The names, as statements write them, by which each statement imports each module."""
        found: dict[tuple[str, int, str], set[str]] = defaultdict(set)
        columns = ("path", "line", "imported", "kind", "module", "name")
        for path, line, imported, kind, module, name in tables.read_rows(self._investigation.table("edges"), *columns):
            found[path, line, imported].add(module if kind == "import" else name)
        return {key: frozenset(names) for key, names in found.items()}


def _describe(path: str, moved: Moved) -> str:
    """Say in one clause what happens to a name."""
    kinds = {use.when for use in moved.uses}
    ways = [
        *(["is imported in the functions that use it"] if FUNCTION in kinds else []),
        *(["is imported for type checkers alone"] if ANNOTATION in kinds and FUNCTION not in kinds else []),
        *(["becomes a text in annotations"] if any(use.is_evaluated for use in moved.uses) else []),
        *(["is still given to others, on demand"] if moved.is_kept else []),
    ]
    return f"{moved.name} of {path} {', '.join(ways)}"
