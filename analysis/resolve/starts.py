"""How the program can be started, and where its imports then look for modules: each with its evidence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import astuple, dataclass

import pyarrow as pa

from analysis import tables
from analysis.facts.starting import find_start_folders
from analysis.facts.starting.layout import Folders
from analysis.facts.test_files import is_test_file
from analysis.resolve.imports import ImportFacts
from analysis.resolve.loaded_files import MAIN, Loaded
from analysis.resolve.modules import ModuleIndex

#: The column ``start`` of what holds for every start.
ALL_STARTS = "all starts"
_MAIN = "__main__.py"
#: What is put on the path of one start, which the evidence names.
_OF_ONE_START = frozenset({"python-m", "server", "script"})


@dataclass(frozen=True, slots=True, order=True)
class Start:
    """One way in which the program is started; the fields are the columns of ``tables.STARTS``."""

    kind: str
    path: str
    module: str
    main: str
    folder: str
    evidence_path: str
    evidence_line: int


def find_starts(facts: ImportFacts, index: ModuleIndex, loaded: Iterable[Loaded] = ()) -> list[Start]:
    """Return all starts, sorted; ``loaded`` are the files that calls load past the import statement."""
    found = set(_find_marked(facts.start_marks, index))
    for each in loaded:
        if each.is_run:
            name = _name(index, each.path)
            main = name if each.name == MAIN else ""
            found.add(Start("runpy", each.path, name, main, _find_root(index, each.path), each.loader, each.line))
    found.update(_find_packages(index))
    layout = Folders(index.paths)
    rows = list(tables.read_rows(facts.start_evidence, *tables.START_EVIDENCE.names))
    for path, line, source, folder, value in rows:
        found.update(_read_evidence(path, line, source, folder, value, layout, index))
    if not any(start.kind == "pytest" for start in found) and any(map(_is_collected, index.paths)):
        found.add(Start("pytest", "", "pytest", "", ".", "", 0))
    return sorted(found)


def _is_collected(path: str) -> bool:
    name = path.rpartition("/")[2]
    return is_test_file(path) and (name.startswith("test_") or name.endswith("_test.py"))


def _find_marked(marks: pa.Table, index: ModuleIndex) -> Iterator[Start]:
    """Yield the files that run something only as the main program, and those that choose Django's settings."""
    layout = Folders(index.paths)
    columns = ("path", "line", "kind", "value", "base", "folder")
    for path, line, kind, value, base, below in tables.read_rows(marks, *columns):
        folder = path.rpartition("/")[0] or "."
        if kind == "main-guard" and not path.endswith(f"/{_MAIN}"):
            yield Start("script", path, _name(index, path), _name(index, path), folder, path, line)
        elif kind == "settings":
            yield Start("django", path, value, _name(index, path), folder, path, line)
        elif kind == "started-module":
            yield from _find_modules_run(index, value, path, line)
        elif kind == "started-script":
            where = layout.find_folder(below.rpartition("/")[0] or ".", [folder if base == "file" else ""], {})
            script = f"{where}/{below.rpartition('/')[2]}".lstrip("/")
            if where is not None and script in layout.paths:
                yield Start("script", script, _name(index, script), _name(index, script), where or ".", path, line)


def _find_modules_run(index: ModuleIndex, name: str, path: str, line: int) -> Iterator[Start]:
    """Yield the start of a module by its name, of a package by its ``__main__``."""
    for module in index.modules:
        if module.plain in {name, f"{name}.__main__"} and module.kind == "module":
            yield Start("python-m", module.path, name, module.plain, module.root, path, line)


def _find_packages(index: ModuleIndex) -> Iterator[Start]:
    """Yield the packages that ``python -m`` runs."""
    for module in index.modules:
        package, _, last = module.plain.rpartition(".")
        if last == "__main__" and package:
            yield Start("main-module", module.path, package, module.plain, module.root, module.path, 1)


def _read_evidence(
    path: str, line: int, source: str, folder: str, value: str, layout: Folders, index: ModuleIndex
) -> Iterator[Start]:
    """Yield the start of which a line of a file that is no Python is evidence."""
    if not value or source in tables.NAMED_SOURCES:
        return
    where = "" if folder == "." else folder
    if source == "script":
        yield Start(source, value, _name(index, value), _name(index, value), folder, path, line)
    elif source == "pytest":
        yield Start(source, "", "pytest", "", folder, path, line)
    else:
        file = layout.has_module(where, value)
        inner = f"{value}.__main__" if file.endswith("/__init__.py") else value
        main = inner if source == "python-m" else ""
        started = layout.has_module(where, inner) if main else file
        yield Start(source, started, value, main, folder, path, line)


def _find_root(index: ModuleIndex, path: str) -> str:
    module = index.find_file(path)
    return module.root if module is not None else "."


def _name(index: ModuleIndex, path: str) -> str:
    """Return the dotted name of a file; empty where no statement can name it."""
    module = index.find_file(path)
    return module.name if module is not None and index.is_importable(module) else ""


def build_starts_table(starts: Iterable[Start]) -> pa.Table:
    """Return the table ``starts``, sorted."""
    return tables.STARTS.from_rows(astuple(start) for start in sorted(starts))


def build_search_paths_table(facts: ImportFacts, index: ModuleIndex, starts: Iterable[Start]) -> pa.Table:
    """Return the table ``search_paths``, sorted: what evidence names, the folders of scripts, and the roots."""
    found = {
        (start.path, start.folder, "script", "first", start.evidence_path, start.evidence_line)
        for start in starts
        if start.kind in {"script", "django"} and start.path
    }
    for each in find_start_folders(facts.start_marks, facts.start_evidence, index.paths).folders:
        start = each.path if each.kind in {"sys.path", "site-folder"} else each.kind if each.kind == "pytest" else ""
        start = each.start if each.kind in _OF_ONE_START else start
        found.add((start or ALL_STARTS, each.folder or ".", each.kind, each.place, each.path, each.line))
    named = {row[1] for row in found if row[0] == ALL_STARTS}
    roots = {module.root for module in index.modules} - index.searched - named
    found.update((ALL_STARTS, root, "inferred", "", "", 0) for root in roots)
    return tables.SEARCH_PATHS.from_rows(sorted(found))
