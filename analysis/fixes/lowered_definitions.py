"""Moves what a file takes from a cycle to a new module below it, where the cycle is not needed for that."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence

from analysis.facts.source_tree import SourceTree
from analysis.fixes.deferred_imports import Moved, UnmovableError, find_bound_name
from analysis.fixes.file_cuts import CutEdits, FileCut
from analysis.fixes.loaded_modules import MovedLoad, find_last_loaders
from analysis.fixes.moved_definitions import MovableCode, MovedCode, write_new_file
from analysis.fixes.moved_imports import Move, find_taken_module, move_names, write_module
from analysis.fixes.name_takers import NameTakers
from analysis.fixes.names_in_tree import NamesInTree
from analysis.fixes.offers import Edit
from analysis.fixes.source_text import SourceText
from analysis.fixes.target_sources import TargetSources
from analysis.investigation import Investigation
from analysis.rules.registrations import LoadedModules
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

    def __init__(
        self, investigation: Investigation, tree: SourceTree, loaded: LoadedModules, homes: HomeModules
    ) -> None:
        self._investigation, self._tree, self._loaded, self._homes = investigation, tree, loaded, homes

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
        parts = package.split(".") if package else []
        for around in (".".join(parts[: end + 1]) for end in range(len(parts))):
            inside = {*self._loaded.find_loaded(around), around} & {*part.modules}
            if inside and not f"{part.importer}.".startswith(f"{around}."):
                reason = f"a module beside {home} runs {around} first, which leads back to {min(inside)}"
                raise UnmovableError(line, reason)
        for each in code.imports:
            if each.is_typed:
                continue
            module = each.find_module(package)
            for needed in (module, f"{module}.{each.alias.name}"):
                inside = {*self._loaded.find_loaded(needed), needed} & {*part.modules}
                if needed in self._homes.names.kinds and inside:
                    raise UnmovableError(
                        each.node.lineno,
                        f"{format_some(code.names)} needs {needed}, which leads back to {min(inside)}",
                    )

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
