"""Moves what a file takes from a cycle to a new module below it, where the cycle is not needed for that."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

from analysis import tables
from analysis.facts.source_tree import SourceTree
from analysis.fixes.deferred_imports import Moved, UnmovableError, find_bound_name
from analysis.fixes.file_cuts import CutEdits, FileCut
from analysis.fixes.loaded_modules import MovedLoad, find_last_loaders
from analysis.fixes.moved_definitions import MovableCode, MovedCode, write_new_file
from analysis.fixes.moved_imports import Move, find_taken_module, move_names, write_module
from analysis.fixes.name_takers import ON_IMPORT, NameTakers
from analysis.fixes.names_in_tree import NamesInTree
from analysis.fixes.offers import Edit
from analysis.fixes.source_text import SourceText
from analysis.fixes.target_sources import TargetSources
from analysis.investigation import Investigation
from analysis.wording import choose_form, format_some

_WORD_START = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


class HomeModules:
    """The modules from which names are taken."""

    def __init__(self, sources: TargetSources, names: NamesInTree, takers: NameTakers) -> None:
        self.names = names
        self._sources, self._takers = sources, takers

    def check_constant(self, module: str, name: str, line: int, why: str) -> None:
        """Raise ``UnmovableError`` where something binds a name of a module anew, from outside of it."""
        path = self.names.files.get(module, "")
        by_text = self._takers.find(module, path, name).by_text
        if by_text:
            raise UnmovableError(line, f"{format_some(by_text)} names {module}.{name} in a text, and {why}")
        setters = self._takers.find_setters(name)
        if setters:
            raise UnmovableError(line, f"{format_some(setters)} may bind {name} anew, and {why}")

    def parse(self, module: str, moved: Moved) -> SourceText:
        """Return the file of a module from which a name is taken; raises ``UnmovableError`` and ``UnplacedError``."""
        path = self.names.files.get(module, "")
        if not path.endswith(".py"):
            reason = f"{module} is no file of Python source" if module else f"{moved.name} is imported as a whole"
            raise UnmovableError(moved.statement.line, reason)
        return self._sources.parse(path)


class Lowering:
    """Answers for one target."""

    def __init__(self, investigation: Investigation, tree: SourceTree, homes: HomeModules) -> None:
        self._investigation, self._tree, self._homes = investigation, tree, homes

    def take_from_home(self, part: FileCut, chosen: Sequence[Moved]) -> CutEdits:
        """Return what takes names from the modules that define them, where a module of the cycle only passes them on.

        Raises ``UnmovableError`` where one of them leads back to the cycle, and ``UnplacedError``.
        """
        names = self._homes.names
        package = names.packages.get(part.path, "")
        taken = [f"{find_taken_module(each.statement, package)}.{each.alias.name}" for each in chosen]
        sure = names.find_sure(taken)
        edits: list[Edit] = []
        loads: list[MovedLoad] = []
        moves: dict[int, list[tuple[Moved, Move]]] = defaultdict(list)
        for each, path in zip(chosen, taken, strict=True):
            module, _, name = sure.get(path, "").partition(":")
            line = each.statement.line
            if not name.isidentifier() or module not in names.kinds or f"{module}.{name}" == path:
                raise UnmovableError(line, f"no other module surely defines {each.alias.name}")
            self._check_around(part, line, module)
            if self._find_back(part, module):
                raise UnmovableError(line, f"{module}, which defines {name}, is one of the cycle or leads back to it")
            written = write_module(package, getattr(each.statement.node, "level", 0), module)
            moves[each.statement.start].append((each, Move(each.alias, written, name)))
            loads.append(MovedLoad(part.path, line, each.alias.name, path.rpartition(".")[0], part.importer, module))
        if find_last_loaders(self._investigation.table, loads):
            raise UnmovableError(chosen[0].statement.line, "it alone loads a module, an attribute of its package")
        for pairs in moves.values():
            edits += move_names(pairs[0][0].statement, [move for _, move in pairs])
        listed = format_some(sorted({each.name for each in chosen}))
        verb = choose_form(
            len(chosen), "is taken from the module that defines it", "are taken from where they are defined"
        )
        return CutEdits(edits, [f"{listed} of {part.path} {verb}"])

    def lower(self, part: FileCut, chosen: Sequence[Moved]) -> CutEdits:
        """Return what moves the names that a file takes; raises ``UnmovableError`` and ``UnplacedError``."""
        package = self._homes.names.packages.get(part.path, "")
        homes = {find_taken_module(each.statement, package) for each in chosen}
        if len(homes) > 1:
            raise UnmovableError(chosen[0].statement.line, f"names of {format_some(sorted(homes))} would have to move")
        [home] = homes
        defined = self._homes.parse(home, chosen[0])
        code = MovableCode(defined).find(sorted({each.alias.name for each in chosen}))
        self._check_lowered(part, home, code)
        home_package = self._homes.names.packages.get(defined.path, "")
        module, path = self._name_module(defined, home, chosen[0].alias.name)
        places = [
            MovedLoad(part.path, each.statement.line, each.alias.name, home, part.importer, module) for each in chosen
        ]
        if find_last_loaders(self._investigation.table, places):
            raise UnmovableError(chosen[0].statement.line, f"it alone loads {home}, an attribute of its package")
        verb = choose_form(len(code.names), "moves", "move")
        said = (
            f"{format_some(code.names)} of {home} {verb} to the new module {module}; {home} goes on to give "
            f"{choose_form(len(code.names), 'it', 'them')}. New pickles name {module}, old ones are still found"
        )
        edits = [*code.redirect(module), *_take_from(module, chosen, package)]
        return CutEdits(edits, [said], {path: write_new_file(code, home_package, home_package)})

    def _check_lowered(self, part: FileCut, home: str, code: MovedCode) -> None:
        """Raise ``UnmovableError`` where code would close a cycle again, or sees what others bind in its module."""
        line = code.nodes[0].lineno
        bound = [*code.names, *(find_bound_name(each.node, each.alias) for each in code.imports)]
        for name in bound:
            self._homes.check_constant(home, name, line, f"{format_some(code.names)} would see another")
        package = self._homes.names.packages.get(code.source.path, "")
        self._check_around(part, line, f"{package}.x".lstrip("."))
        for each in code.imports:
            if each.is_typed:
                continue
            module = each.find_module(package)
            for needed in (module, f"{module}.{each.alias.name}"):
                back = self._find_back(part, needed) if needed in self._homes.names.kinds else ""
                if back:
                    verb = choose_form(len(code.names), "needs", "need")
                    reason = f"{format_some(code.names)} {verb} {needed}, which leads back to {back}"
                    raise UnmovableError(each.node.lineno, reason)

    def _check_around(self, part: FileCut, line: int, module: str) -> None:
        """Raise ``UnmovableError`` where a package around a module leads back to the cycle, and not around the file."""
        parts = module.split(".")
        for around in (".".join(parts[:end]) for end in range(1, len(parts))):
            back = "" if f"{part.importer}.".startswith(f"{around}.") else self._find_back(part, around)
            if back:
                raise UnmovableError(line, f"a module of {around} runs that package first, which leads to {back}")

    def _find_back(self, part: FileCut, module: str) -> str:
        """Return a module of the cycle that is loaded with another one, itself included; empty without one.

        The packages around the importer are loading already, and do not count.
        """
        own, parts = f"{part.importer}.", module.split(".")
        arounds = (".".join(parts[:end]) for end in range(1, len(parts)))
        waiting = [module, *(each for each in arounds if not own.startswith(f"{each}."))]
        seen = set(waiting)
        while waiting:
            for imported, is_around in self._imports.get(waiting.pop(), ()):
                if imported not in seen and not (is_around and own.startswith(f"{imported}.")):
                    seen.add(imported)
                    waiting.append(imported)
        return min(seen & {*part.modules}, default="")

    @cached_property
    def _imports(self) -> Mapping[str, Sequence[tuple[str, bool]]]:
        """What each module imports while it runs, and whether only as a package around that."""
        found: dict[str, list[tuple[str, bool]]] = defaultdict(list)
        columns = ("importer", "imported", "is_ancestor", "scope")
        for importer, imported, is_around, scope in tables.read_rows(self._investigation.table("edges"), *columns):
            if scope in ON_IMPORT:
                found[importer].append((imported, is_around))
        return dict(found)

    def _name_module(self, source: SourceText, home: str, moved: str) -> tuple[str, str]:
        """Return the name and the file of a new module, named after what moves; raises ``UnmovableError``."""
        package = self._homes.names.packages.get(source.path, "")
        folder = source.path.rpartition("/")[0]
        last = home.rpartition(".")[2] if home != package else ""
        snake = _WORD_START.sub("_", moved).lower().strip("_")
        for name in (snake, f"{last}_{snake}") if package and last else (f"{last or snake}_{snake}",):
            module = f"{package}.{name}" if package else name
            path = f"{folder}/{name}.py".lstrip("/")
            if self._homes.names.is_free(self._tree, module, path):
                return module, path
        raise UnmovableError(1, f"the names for a new module beside {home} are taken")


def _take_from(module: str, chosen: Sequence[Moved], package: str) -> Iterator[Edit]:
    """Yield the edits that take names from another module than before, as the file writes it."""
    moves: dict[int, list[Moved]] = defaultdict(list)
    for each in chosen:
        moves[each.statement.start].append(each)
    for group in moves.values():
        node = group[0].statement.node
        written = write_module(package, getattr(node, "level", 0), module)
        yield from move_names(group[0].statement, [Move(each.alias, written, each.alias.name) for each in group])
