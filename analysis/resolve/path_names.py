"""Files that have two names by two folders of the search path: who says which, in one process, and what lets them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import partial

import numpy as np

from analysis import tables
from analysis.facts.starting import StartFolder
from analysis.facts.starting.folders import list_loaded
from analysis.facts.test_files import is_test_file
from analysis.resolve.modules import Module
from analysis.resolve.second_names import SecondName
from analysis.resolve.target import TargetResolver
from analysis.resolve.uses import Use, find_uses

#: Of so many statements for each name it is asked whether one process comes to both.
_MOST_USES = 12
#: Beyond so many modules it is taken for granted that one process comes to both.
_MOST_CLOSURES = 200
#: What a framework takes from an application that a text names.
_OF_APPLICATION = ("models", "apps", "tasks")
#: What puts a folder on the path of every start.
_FOR_ALL = frozenset({"pythonpath", "dotenv", "pth", "editor"})


def find_path_names(resolver: TargetResolver, tasks: Collection[str] = ()) -> Iterator[SecondName]:
    """Yield the files that one process imports under several names, sorted by path: one row for each further name.

    Both names are said by statements, by texts that name modules, or by a start; some module comes to both of them, or
    the tests do, which run in one process. Of ``tasks``, files with tasks of a queue, one process sends by one name
    what another one has by the other: they need not meet.
    """
    index = resolver.index
    several = {
        path: names
        for path in index.paths
        if len(names := [each for each in index.find_names(path) if index.is_importable(each)]) > 1
    }
    if not several:
        return
    wanted = {module.number for names in several.values() for module in names}
    uses = {number: list(found) for number, found in find_uses(resolver, wanted).items()}
    for number, use in _find_named(resolver):
        if number in wanted:
            uses.setdefault(number, []).append(use)
    pairs = _Pairs(resolver, uses, tasks)
    found: dict[str, list[SecondName]] = {}
    waiting = sorted(several)
    while waiting:
        known = len(found)
        for path in waiting:
            rows = list(pairs.find(path, several[path], found.keys()))
            if rows:
                found[path] = rows
        waiting = [path for path in waiting if path not in found]
        if len(found) == known:
            break
    for path in sorted(found):
        yield from found[path]


class _Pairs:
    """Finds the two statements that load a file under two names."""

    def __init__(
        self, resolver: TargetResolver, uses: Mapping[int, Sequence[Use]], tasks: Collection[str] = ()
    ) -> None:
        self._resolver = resolver
        self._tasks = tasks
        self._index = resolver.index
        self._uses = uses
        self._together, self._guards = _Together(resolver), _Guards(resolver)
        folders = resolver.imports.starts.folders
        self._installed = {each.folder for each in folders if each.kind == "console-script"}
        self._scripts = {start.path for start in resolver.starts if start.kind == "script"}

    def find(self, path: str, names: Sequence[Module], doubled: Collection[str]) -> Iterator[SecondName]:
        """Yield a row for each further name of a file; ``doubled`` are the files known to be loaded twice.

        What a file says under its own second name counts only where that file is loaded twice.
        """
        used = [module for module in names if module.number in self._uses]
        used.sort(key=self._rank)
        for second in used[1:]:
            first_uses = self._uses[used[0].number]
            second_uses = [
                use
                for use in _leave_out_fallbacks(self._uses[second.number])
                if not self._guards.is_alternative(use, first_uses)
                and (use.importer == second.number or self._is_loaded(use, doubled))
            ]
            is_sure = path in self._tasks or second.root not in self._index.searched
            is_sure = is_sure or self._is_for_all(second, second_uses)
            pair = self._together.find_pair(_leave_out_fallbacks(first_uses), second_uses, is_sure=is_sure)
            row = self._build(path, (used[0], second), pair) if pair is not None else None
            if row is not None:
                yield row

    def _rank(self, module: Module) -> tuple[bool, bool, bool, str]:
        """Return by which name a file is to be known: what is installed has the name that others import."""
        is_searched = module.root in self._index.searched
        return module.root not in self._installed, is_searched, module.number != module.primary, module.name

    def _is_for_all(self, module: Module, uses: Sequence[Use]) -> bool:
        """Return whether the folder of a name is on the path of every start that its evidence is about."""
        folder = frozenset({"" if module.root == "." else module.root})
        found = (self._resolver.imports.starts.find_for(use.path, folder) for use in uses)
        return any(each.kind in _FOR_ALL for folders in found for each in folders)

    def _is_loaded(self, use: Use, doubled: Collection[str]) -> bool:
        importer = self._index.all[use.importer] if use.importer >= 0 else None
        return importer is None or importer.root not in self._index.searched or importer.path in doubled

    def _build(self, path: str, names: tuple[Module, Module], uses: tuple[Use, Use]) -> SecondName | None:
        first, second = uses
        found = _find_evidence(self._resolver, names, uses)
        place = (found.path, max(1, found.line)) if found else (second.path, second.line)
        is_script = found is not None and found.kind == "script"
        start = self._find_script(second, found.path) if is_script and found else ""
        if is_script and not start:
            return None  # no script of the folder comes to the statement
        is_by_test = first.is_test and found is not None and is_test_file(found.path)
        return SecondName(
            path, "search-path", names[0].name, names[1].plain, first.path, first.line, second.path, second.line,
            *place, f"python {start}" if start else "", first.name,
            _waits(first) or _waits(second) or is_script, second.is_test or is_by_test, second.name,
        )  # fmt: skip

    def _find_script(self, use: Use, script: str) -> str:
        """Return the script of the folder that comes to a statement; empty without one.

        A text of settings is read by ``script``, whose folder it is, or by the one that chooses these settings.
        """
        if use.importer < 0:
            chosen = (start.path for start in self._resolver.starts if start.kind == "django")
            return min((path for path in chosen if path in self._scripts), default=script)
        folder = use.path.rpartition("/")[0]
        closure = (self._index.all[each].path for each in self._together.find_closure(use.importer) if each >= 0)
        scripts = {path for path in closure if path in self._scripts and path.rpartition("/")[0] == folder}
        return use.path if use.path in self._scripts else min(scripts, default="")


def _leave_out_fallbacks(uses: Sequence[Use]) -> list[Use]:
    """Return the uses that do not wait for another import to fail."""
    return [use for use in uses if not use.is_fallback]


def _waits(use: Use) -> bool:
    """Return whether a module is only loaded when a function is called; what a text names is loaded by a framework."""
    return use.is_deferred and use.importer >= 0


def _find_evidence(resolver: TargetResolver, names: tuple[Module, Module], uses: tuple[Use, Use]) -> StartFolder | None:
    """Return what puts the folder of one of two names on the search path of its user."""
    for module, use in zip(reversed(names), reversed(uses), strict=True):
        folder = "" if module.root == "." else module.root
        is_searched = bool(folder) or module.root in resolver.index.searched
        found = resolver.imports.starts.find_for(use.path, frozenset({folder})) if is_searched else []
        changing = [each for each in found if each.kind != "console-script"]
        if changing:
            return changing[0]
    return None


def _find_named(resolver: TargetResolver) -> Iterator[tuple[int, Use]]:
    """Yield the modules that texts and starts name, and the packages around them, with the place that names them."""
    imports, index = resolver.imports, resolver.index
    for path, name, line in imports.starts.named:
        importer = index.find_file(path)
        for last in ("", *_OF_APPLICATION) if importer else ():
            found = imports.find_module(importer, f"{name}.{last}" if last else name) if importer else None
            for each in _with_packages(resolver, found.module if found else None):
                yield each.number, _build_use(path, line, -1)
    folders = {each.folder for each in imports.starts.folders if each.kind == "pytest" and not each.line}
    for path, name in list_loaded(imports.starts, index.paths):
        found_in = max((each for each in folders if path.startswith(f"{each}/")), key=len)
        loaded = index.find_in(found_in, name)
        if loaded is not None and loaded.path == path:
            yield loaded.number, _build_use(path, 1, loaded.number)._replace(is_test=True)
    for folder in imports.starts.folders:
        module = index.find_in(folder.folder or ".", folder.start) if folder.start else None
        for each in _with_packages(resolver, module):
            yield each.number, _build_use(folder.path, folder.line, each.number)


def _build_use(path: str, line: int, importer: int) -> Use:
    """Return what names a module without an import statement: a framework comes to it later."""
    fields: list[object] = [False, True, False, path, line, "", importer, "", False]
    return Use._make(fields[: len(Use._fields)])


def _with_packages(resolver: TargetResolver, module: Module | None) -> Sequence[Module]:
    return () if module is None else (module, *resolver.index.find_around(module))


class _Guards:
    """Whether a statement stands in for another one of the same file: a fallback, or the other branch of a test."""

    def __init__(self, resolver: TargetResolver) -> None:
        statements = resolver.imports.statements
        self._rows = partial(tables.read_rows, statements, "path", "line", "guard")
        self._guards: dict[tuple[str, int], str] | None = None

    def is_alternative(self, use: Use, others: Sequence[Use]) -> bool:
        """Return whether the file has another name for the same module, in the try or branch that this one follows."""
        if self._guards is None:
            self._guards = {(path, line): guard for path, line, guard in self._rows() if guard != "none"}
        own = self._guards.get((use.path, use.line), "")
        if own not in {"except", "else", "if", "try"}:
            return False
        return any(other.path == use.path and (other.path, other.line) in self._guards for other in others)


class _Together:
    """Whether one process comes to two statements: some module imports both importers, also through others."""

    def __init__(self, resolver: TargetResolver) -> None:
        self._resolver = resolver
        self._importers: Mapping[int, set[int]] | None = None
        self._closures: dict[int, set[int]] = {}

    def find_pair(self, first: Sequence[Use], second: Sequence[Use], *, is_sure: bool) -> tuple[Use, Use] | None:
        """Return a statement for each of two names to which one process comes, the plainest; None without any.

        ``is_sure``: both folders are on the path of every start, so that any process may come to both.
        """
        pairs = [(one, other) for one in first[:_MOST_USES] for other in second[:_MOST_USES]]
        pairs.sort(key=lambda pair: (pair[0][:3], pair[1][:3], pair))
        return next((pair for pair in pairs if is_sure or self._is_together(*pair)), None)

    def _is_together(self, one: Use, other: Use) -> bool:
        if one.importer < 0 or other.importer < 0 or (one.is_test and other.is_test):
            return True
        if len(self._closures) > _MOST_CLOSURES:
            return True
        return not self.find_closure(one.importer).isdisjoint(self.find_closure(other.importer))

    def find_closure(self, number: int) -> set[int]:
        """Return the modules that import a module, also through others, and itself."""
        if number not in self._closures:
            found, waiting = {number}, [number]
            while waiting:
                fresh = self._read_importers().get(waiting.pop(), set()) - found
                found |= fresh
                waiting.extend(fresh)
            self._closures[number] = found
        return self._closures[number]

    def _read_importers(self) -> Mapping[int, set[int]]:
        """Return who imports each module at run time."""
        if self._importers is None:
            found: dict[int, set[int]] = defaultdict(set)
            asked, scopes = self._resolver.answers, self._resolver.imports.statements.column("scope")
            is_run = np.array([scope != "type_checking" for scope in scopes.to_pylist()], bool)
            is_live = self._resolver.liveness != tables.LIVENESS.index("never")
            chosen = (is_run & is_live)[asked.rows]
            pairs = np.unique(np.stack((asked.importers[chosen], asked.which[chosen])), axis=1)
            for importer, answer in pairs.T.tolist():
                for imported in (*asked.answers[answer].imported, *asked.answers[answer].ancestors):
                    found[imported].add(importer)
                    found[self._resolver.index.all[imported].primary].add(importer)  # by whatever name: it runs
            self._importers = found
        return self._importers
