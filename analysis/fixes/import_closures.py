"""What the import of a module needs, so that it can fail for the want of it: all that is imported without a handler."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from analysis import tables
from analysis.facts.context import swallows_import_errors
from analysis.fixes.findings import ReadTable

#: Modules of the standard library that some platforms or builds of Python have not.
_NOT_EVERYWHERE = frozenset({
    "_ctypes", "_curses", "_lzma", "_sqlite3", "_ssl", "_tkinter", "_winapi", "bz2", "crypt", "ctypes", "curses",
    "dbm", "ensurepip", "fcntl", "grp", "idlelib", "lzma", "msilib", "msvcrt", "multiprocessing", "nis", "nt",
    "ossaudiodev", "posix", "pty", "pwd", "readline", "resource", "spwd", "sqlite3", "ssl", "syslog", "termios",
    "tkinter", "tty", "turtle", "uuid", "winreg", "winsound", "zlib", "zoneinfo",
})  # fmt: skip
_ON_IMPORT = frozenset({"module", "class"})


@dataclass(frozen=True)
class ImportClosures:
    """What modules import while they are imported themselves, from the tables of one snapshot."""

    read_table: ReadTable

    def find_modules(self, module: str) -> set[str]:
        """Return the modules of the tree whose bodies run for an import: itself, its packages, and so on."""
        found: set[str] = set()
        waiting = [module, *_list_packages(module)]
        while waiting:
            each = waiting.pop()
            if each not in found:
                found.add(each)
                waiting.extend(self._edges.get(each, ()))
        return found

    def find_needed(self, modules: Iterable[str]) -> set[str]:
        """Return what may be missing of all that some modules import from outside of the tree."""
        return {needed for module in modules for needed in self._externals.get(module, ())}

    @cached_property
    def _edges(self) -> Mapping[str, set[str]]:
        found: dict[str, set[str]] = defaultdict(set)
        columns = ("importer", "imported", "scope", "caught")
        for importer, imported, scope, caught in tables.read_rows(self.read_table("edges"), *columns):
            if scope in _ON_IMPORT and not swallows_import_errors(caught):
                found[importer].add(imported)
        return found

    @cached_property
    def _externals(self) -> Mapping[str, set[str]]:
        imports = tables.read_rows(self.read_table("imports"), "path", "line", "caught")
        caught = {(path, line) for path, line, names in imports if swallows_import_errors(names)}
        found: dict[str, set[str]] = defaultdict(set)
        columns = ("importer", "package", "origin", "path", "line", "scope", "liveness")
        for importer, package, origin, path, line, scope, liveness in tables.read_rows(
            self.read_table("externals"), *columns
        ):
            is_needed = scope in _ON_IMPORT and liveness != "never" and (path, line) not in caught
            if is_needed and (origin != "stdlib" or package in _NOT_EVERYWHERE):
                found[importer].add(package)
        return found


def _list_packages(module: str) -> list[str]:
    parts = module.split(".")
    return [".".join(parts[:end]) for end in range(1, len(parts))]
