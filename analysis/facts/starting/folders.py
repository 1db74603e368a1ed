"""The folders that something puts on the search path, and for whom: the evidence, before any import is resolved."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import pyarrow as pa

from analysis import tables
from analysis.facts.starting.layout import Folders, join
from analysis.facts.test_files import is_test_file

#: What pytest takes for a file of tests, and what it loads beside them.
_CONFTEST = "conftest.py"
#: After a folder: the files in it, but none further below.
_DIRECTLY = "/."
_MAIN = "/__main__.py"
#: How pytest imports files of tests.
_IMPORT_MODES = frozenset({"prepend", "append", "importlib"})
#: What says nothing of the search path of others.
_NO_FOLDERS = frozenset({"script", *tables.NAMED_SOURCES})
_Mark = tuple[str, int, str, str, str, str, str, str]
_Evidence = tuple[str, int, str, str, str]


@dataclass(frozen=True, slots=True, order=True)
class StartFolder:
    """A folder of the search path; empty for the target itself.

    ``seen_by`` are the folders whose files find modules there; the empty folder means all files, one that ends with
    ``/.`` those directly in it. ``line`` is 0 where it is a default of pytest. ``is_pushed``: the body of the file at
    ``path`` puts it before everything else, whatever happens.
    """

    folder: str
    kind: str
    place: str
    path: str
    line: int
    seen_by: tuple[str, ...]
    start: str = ""
    is_pushed: bool = False


@dataclass(frozen=True, slots=True)
class StartFolders:
    """All folders that something puts on the search path, and the modules that texts name: file to dotted names."""

    folders: tuple[StartFolder, ...] = ()
    named: tuple[tuple[str, str, int], ...] = ()

    def find_for(self, importer: str, folders: frozenset[str]) -> list[StartFolder]:
        """Return those among some folders that the file of an importer sees, the nearest first."""
        found = [each for each in self.folders if each.folder in folders and is_seen_by(each, importer)]
        return sorted(found, key=lambda each: (-each.folder.count("/"), each))


def list_loaded(starts: StartFolders, paths: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield the files of tests that pytest loads itself, with the dotted name by which it does so.

    Only those below folders that it puts on the path.
    """
    folders = [each.folder for each in starts.folders if each.kind == "pytest" and not each.line and each.folder]
    for path in paths:
        name = path.rpartition("/")[2]
        if name == _CONFTEST or name.startswith("test_") or name.endswith("_test.py"):
            around = [folder for folder in folders if path.startswith(f"{folder}/")]
            if around:
                below = path[len(max(around, key=len)) + 1 :]
                yield path, below.removesuffix(".py").replace("/", ".")


def is_seen_by(folder: StartFolder, importer: str) -> bool:
    """Return whether a file finds modules in a folder of the search path."""
    own = importer.rpartition("/")[0] + _DIRECTLY
    return any(not place or place == own or importer.startswith(f"{place}/") for place in folder.seen_by)


def find_start_folders(marks: pa.Table, evidence: pa.Table, paths: Iterable[str]) -> StartFolders:
    """Return the folders of the target that statements, commands and configuration put on the search path."""
    layout = Folders(paths)
    rows = list(tables.read_rows(marks, "path", "line", "kind", "place", "base", "folder", "value", "scope"))
    stated = list(tables.read_rows(evidence, *tables.START_EVIDENCE.names))
    named = {
        (path, _find_application(value), line) for path, line, kind, *_, value, _ in rows if kind == "named-module"
    }
    modes = {_read_folder(folder): value for _, _, _, folder, value in stated if value in _IMPORT_MODES}
    found = {
        *_find_changed(rows, layout), *_find_stated(stated, layout), *_find_scripts(rows, stated, layout),
        *_find_test_folders(layout, modes),
    }  # fmt: skip
    return StartFolders(tuple(sorted(found)), tuple(sorted(named)))


def _read_folder(folder: str) -> str:
    return "" if folder == "." else folder


def _find_changed(rows: Iterable[_Mark], layout: Folders) -> Iterator[StartFolder]:
    """Yield the folders that statements put on the search path."""
    for path, line, kind, place, base, folder, _, scope in rows:
        where = _find_folder(path, base, folder, layout) if kind in {"sys-path", "site-folder"} else None
        if where is not None and scope != "type_checking":
            source = "sys.path" if kind == "sys-path" else kind
            is_pushed = (kind, place, scope) == ("sys-path", "first", "module")
            seen_by = (path.rpartition("/")[0], where)
            yield StartFolder(where, source, place, path, line, seen_by, is_pushed=is_pushed)


def _find_stated(rows: Iterable[_Evidence], layout: Folders) -> Iterator[StartFolder]:
    """Yield the folders that commands and configuration put on the search path.

    What is installed lies in a folder that is known as a root, unless that is a package itself.
    """
    for path, line, source, folder, value in rows:
        where = _read_folder(folder)
        is_root = source == "console-script" and f"{where}/__init__.py" not in layout.paths
        if source not in _NO_FOLDERS and value != "command" and not is_root and value not in _IMPORT_MODES:
            yield StartFolder(where, source, "", path, line, _find_range(path, where, layout), value)


def _find_scripts(rows: Iterable[_Mark], stated: Iterable[_Evidence], layout: Folders) -> Iterator[StartFolder]:
    """Yield the folders of scripts that lie in a package: elsewhere a script is known by its folder.

    ``python -m`` puts the working folder on the path, and not that of ``__main__.py``.
    """
    found: dict[str, StartFolder] = {}
    run = [(path, line, path) for path, line, kind, *_ in rows if kind == "main-guard" and not path.endswith(_MAIN)]
    run += [(path, line, value) for path, line, source, _, value in stated if source == "script"]
    for path, line, script in run:
        own = script.rpartition("/")[0]
        if f"{own}/__init__.py".lstrip("/") in layout.paths:
            found.setdefault(own, StartFolder(own, "script", "first", path, line, (own + _DIRECTLY,), script))
    yield from found.values()


def _find_application(name: str) -> str:
    """Return the module that a text names: of ``shop.apps.ShopConfig`` the application.

    >>> [_find_application(name) for name in ("shop", "shop.apps.ShopConfig", "shop.apps", "shop.Config")]
    ['shop', 'shop', 'shop.apps', 'shop']
    """
    above, _, last = name.rpartition(".")
    return above.removesuffix(".apps") if above and last[:1].isupper() else name


def _find_folder(path: str, base: str, folder: str, layout: Folders) -> str | None:
    """Return the folder of the target that a statement names; None for one outside, or unknown."""
    around = [path.rpartition("/")[0]] if base == "file" else ["", path.rpartition("/")[0]]
    for start in around if base in {"file", "working-folder"} else ():
        found = join(start, folder)
        if found is not None and found in layout.folders:
            return found
    return None


def _find_range(path: str, folder: str, layout: Folders) -> tuple[str, ...]:
    """Return whose imports a file of builds or configuration is about: what lies beside it, and in the folder named."""
    parts = path.split("/")[:-1]
    hidden = next((number for number, part in enumerate(parts) if part.startswith(".")), len(parts))
    own = "/".join(parts[:hidden])
    return (own, folder) if own in layout.folders else ("",)


def _find_test_folders(layout: Folders, modes: Mapping[str, str]) -> Iterator[StartFolder]:
    """Yield the folders that pytest puts on the path for the tests in them: those that are no package."""
    first: dict[str, str] = {}
    for path in sorted(layout.paths):
        name = path.rpartition("/")[2]
        if name == _CONFTEST or (is_test_file(path) and (name.startswith("test_") or name.endswith("_test.py"))):
            folder = path.rpartition("/")[0]
            while folder and f"{folder}/__init__.py" in layout.paths:
                folder = folder.rpartition("/")[0]
            if folder or "__init__.py" not in layout.paths:  # else pytest takes the folder above the target
                first.setdefault(folder, path)
    for folder, path in sorted(first.items()):
        rootdir = max((where for where in modes if not where or folder.startswith(where)), key=len, default="")
        if modes.get(rootdir, "prepend") != "importlib":
            yield StartFolder(folder, "pytest", "first", path, 0, (folder,))
