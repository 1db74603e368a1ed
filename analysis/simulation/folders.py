"""What lies in a folder of the tree, as programs list it: ``os``, ``glob``, ``pathlib``, ``pkgutil``, ``importlib``.

The names of ``iter_modules`` are sorted by the library itself; all others come in an order that nobody knows.
"""

from __future__ import annotations

import fnmatch
import posixpath
from collections.abc import Callable, Iterator, Mapping

from analysis.simulation.importing import Importer
from analysis.simulation.places import (
    FILE,
    FOLDER,
    call_bare_method,
    call_path_method,
    call_text_path,
    find_path_text,
)
from analysis.simulation.values import (
    UNKNOWN,
    BarePath,
    External,
    FoundModule,
    Listed,
    LoadedModule,
    SearchPath,
    TreePath,
    Value,
)

Keywords = Mapping[str, Value]
#: Entries that are looked at for one pattern; a larger folder is not followed.
_MOST_ENTRIES = 5_000
_DEEPEST = 40
_PACKAGE = "__init__.py"
#: Methods of a path that list a folder.
_FOLDER_METHODS = frozenset({"iterdir", "glob", "rglob"})
#: How the names of compiled modules end.
_COMPILED = (".so", ".pyd")
_WALK = "walk"


def _list_entries(machine: Importer, folder: str) -> tuple[dict[str, str], bool] | None:
    """Return what lies in a folder, and whether a module may be in it that was left out of the scan."""
    programs = machine.shared.programs
    entries = programs.places.list_entries(folder, machine.body)
    if entries is None:
        return None
    prefix = f"{folder}/" if folder else ""
    known = {name: kind for name, kind in entries.items() if not name.endswith(".py") or programs.has(prefix + name)}
    return known, len(known) < len(entries)


def _make(found: list[Value], *, is_open: bool) -> Listed:
    return Listed(found, is_open=is_open, is_unordered=True)


def _find_folder(arguments: list[Value]) -> TreePath | None:
    return arguments[0] if len(arguments) == 1 and isinstance(arguments[0], TreePath) else None


def _list_names(machine: Importer, arguments: list[Value], keywords: Keywords) -> Value:
    folder = _find_folder(arguments)
    entries = _list_entries(machine, folder.path) if folder is not None and not keywords else None
    return UNKNOWN if entries is None else _make(list(entries[0]), is_open=entries[1])


def _scan(machine: Importer, arguments: list[Value], keywords: Keywords) -> Value:
    folder = _find_folder(arguments)
    return UNKNOWN if folder is None or keywords else _list_paths(machine, folder.path)


def _list_paths(machine: Importer, folder: str) -> Value:
    entries = _list_entries(machine, folder)
    if entries is None:
        return UNKNOWN
    prefix = f"{folder}/" if folder else ""
    return _make([TreePath(prefix + name) for name in entries[0]], is_open=entries[1])


def _glob(machine: Importer, arguments: list[Value], keywords: Keywords) -> Value:
    folder = _find_folder(arguments)
    is_recursive = keywords.get("recursive", False)
    if folder is None or not set(keywords) <= {"recursive"} or not isinstance(is_recursive, bool):
        return UNKNOWN
    parts = folder.path.split("/")
    fixed = next((number for number, part in enumerate(parts) if _is_pattern(part)), len(parts))
    pattern = [part if is_recursive or part != "**" else "*" for part in parts[fixed:]]
    found = _Matches(machine, hides_dots=True)
    paths: list[Value] = [TreePath(path, is_text=True) for path in found.find("/".join(parts[:fixed]), pattern)]
    return _make(paths, is_open=found.is_open)


def call_path(machine: Importer, path: TreePath | BarePath, method: str, arguments: list[Value]) -> Value:
    """Return what a method of a ``pathlib.Path``, or of a text that is a path in the tree, returns."""
    if isinstance(path, BarePath):
        return call_bare_method(path, method, arguments)
    if path.is_text:
        return call_text_path(path, method, arguments)
    if method in _FOLDER_METHODS:
        return _call_folder_method(machine, path, method, arguments)
    return call_path_method(machine.shared.programs.places, machine.body, path, method, arguments)


def _call_folder_method(machine: Importer, path: TreePath, method: str, arguments: list[Value]) -> Value:
    """Return what ``iterdir``, ``glob`` or ``rglob`` of a ``pathlib.Path`` in the tree yields."""
    if method == "iterdir":
        return _list_paths(machine, path.path) if not arguments else UNKNOWN
    pattern = arguments[0] if len(arguments) == 1 else UNKNOWN
    if not isinstance(pattern, str) or not pattern or pattern.startswith("/") or ".." in pattern:
        return UNKNOWN
    parts = [part for part in pattern.split("/") if part not in {"", "."}]
    found = _Matches(machine, hides_dots=False)
    wanted = ["**", *parts] if method == "rglob" else parts
    return _make([TreePath(each) for each in found.find(path.path, wanted)], is_open=found.is_open)


def _is_pattern(part: str) -> bool:
    return any(mark in part for mark in "*?[")


class _Matches:
    """Finds what fits a pattern; ``is_open`` when there may be more."""

    def __init__(self, machine: Importer, *, hides_dots: bool) -> None:
        self._machine, self._hides_dots = machine, hides_dots
        self.is_open = False
        self._left = _MOST_ENTRIES

    def find(self, folder: str, pattern: list[str]) -> list[str]:
        return sorted(set(self._walk(folder, pattern, 0)))

    def _walk(self, folder: str, pattern: list[str], depth: int) -> Iterator[str]:
        if not pattern:
            yield folder
            return
        listed = _list_entries(self._machine, folder) if depth < _DEEPEST and self._left > 0 else None
        if listed is None:
            self.is_open = True
            return
        entries, is_open = listed
        self.is_open |= is_open
        self._left -= len(entries)
        first, *rest = pattern
        if first == "**":
            yield from self._walk(folder, rest, depth + 1) if rest else [folder]
        for name, kind in entries.items():
            path = f"{folder}/{name}" if folder else name
            if first == "**":
                if kind == FOLDER and not (self._hides_dots and name.startswith(".")):
                    yield from self._walk(path, pattern, depth + 1)
            elif _fits(name, first, hides_dots=self._hides_dots):
                yield from self._walk(path, rest, depth + 1) if rest and kind == FOLDER else [path] if not rest else ()


def _fits(name: str, pattern: str, *, hides_dots: bool) -> bool:
    if hides_dots and name.startswith(".") and not pattern.startswith("."):
        return False
    return fnmatch.fnmatchcase(name, pattern) if _is_pattern(pattern) else name == pattern


def find_module_name(path: str) -> str | None:
    """Return what ``inspect.getmodulename`` says of a file: its name without the suffix of a module.

    >>> find_module_name("a/one.py"), find_module_name("one.cpython-312-x86_64-linux-gnu.so"), find_module_name("a.txt")
    ('one', 'one', None)
    """
    name = posixpath.basename(path)
    if name.endswith(_COMPILED):
        return name.partition(".")[0]
    return name.removesuffix(".py") if name.endswith(".py") else None


def _name_module(_: Importer, arguments: list[Value], keywords: Keywords) -> Value:
    given = find_path_text(arguments[0]) if len(arguments) == 1 and not keywords else None
    return UNKNOWN if given is None else find_module_name(given)


def _iterate(machine: Importer, arguments: list[Value], keywords: Keywords) -> Value:
    return _list_modules(machine, arguments, keywords, is_deep=False)


def _walk_packages(machine: Importer, arguments: list[Value], keywords: Keywords) -> Value:
    return _list_modules(machine, arguments, keywords, is_deep=True)


def _list_modules(machine: Importer, arguments: list[Value], keywords: Keywords, *, is_deep: bool) -> Value:
    where = arguments[0] if arguments else keywords.get("path", UNKNOWN)
    prefix = arguments[1] if len(arguments) > 1 else keywords.get("prefix", "")
    if isinstance(where, str) or (isinstance(where, TreePath) and where.is_text):
        if machine.maybe:
            return UNKNOWN
        raise machine.fail("other", ValueError, "path must be None or list of paths to look for modules in")
    folders = find_search_folders(machine, where)
    if folders is None or not isinstance(prefix, str):
        return UNKNOWN
    found = Listed([], kind=_WALK if is_deep else "generator")
    for folder in folders:
        _add_modules(machine, folder, prefix, found, depth=0 if is_deep else _DEEPEST)
    return found


def find_search_folders(machine: Importer, where: Value) -> list[str] | None:
    """Return the folders that a list of them names: ``__path__``, or one of texts; None where one is not known."""
    if isinstance(where, SearchPath):
        module = where.module
        return None if machine.finds_more(module) or not module.resolved.folder else [module.resolved.folder]
    if not isinstance(where, Listed) or where.is_open or not all(isinstance(each, TreePath) for each in where.elements):
        return None
    return [each.path for each in where.elements]


def _add_modules(machine: Importer, folder: str, prefix: str, found: Listed, depth: int) -> None:
    listed = _list_entries(machine, folder)
    if listed is None:
        found.is_open = True
        return
    entries, is_open = listed
    found.is_open |= is_open or len(found.elements) > _MOST_ENTRIES
    seen = {each.name for each in found.elements}
    for name, kind in entries.items():
        module = find_module_name(name) if kind != FOLDER else None
        is_package = module is None and kind != FILE and "." not in name and _is_package(machine, f"{folder}/{name}")
        module = name if is_package else module
        if module is None or module == "__init__" or "." in module or prefix + module in seen:
            continue
        seen.add(prefix + module)
        found.elements.append(FoundModule(External("pkgutil.finder"), prefix + module, is_package))
        if is_package and depth < _DEEPEST and not found.is_open:
            _add_modules(machine, f"{folder}/{name}", f"{prefix}{module}.", found, depth + 1)


def _is_package(machine: Importer, folder: str) -> bool:
    return machine.shared.programs.places.find(f"{folder}/{_PACKAGE}", machine.body) == FILE


def _find_files(machine: Importer, arguments: list[Value], keywords: Keywords) -> Value:
    package = arguments[0] if arguments else keywords.get("package", keywords.get("anchor", UNKNOWN))
    if isinstance(package, str) and machine.owns(package):
        package = machine.load(package)
    is_plain = isinstance(package, LoadedModule) and package.is_package and not package.finds_more
    return TreePath(package.resolved.folder) if is_plain else UNKNOWN


def _list_contents(machine: Importer, arguments: list[Value], keywords: Keywords) -> Value:
    folder = _find_files(machine, arguments, keywords)
    return _list_names(machine, [folder], {}) if isinstance(folder, TreePath) else UNKNOWN


#: What a call of one of these yields, by its dotted name: (process, arguments, keywords) to its value.
LISTING: dict[str, Callable[[Importer, list[Value], Keywords], Value]] = {
    "os.listdir": _list_names,
    "os.scandir": _scan,
    "glob.glob": _glob,
    "glob.iglob": _glob,
    "pkgutil.iter_modules": _iterate,
    "pkgutil.walk_packages": _walk_packages,
    "importlib.resources.files": _find_files,
    "importlib.resources.contents": _list_contents,
    "inspect.getmodulename": _name_module,
}
