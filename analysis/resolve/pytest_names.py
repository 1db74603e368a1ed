"""The names under which pytest imports test files, and what they collide with.

In its default import mode, ``prepend``, pytest goes up from a test file to the first folder without ``__init__.py``,
puts that first on the search path and imports the file by its name from there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from analysis import tables
from analysis.facts.starting.layout import Folders
from analysis.facts.test_files import is_test_file
from analysis.resolve.target import TargetResolver

#: A folder with one of these is a project of its own, whose tests run apart.
_PROJECTS = ("pyproject.toml", "setup.py", "setup.cfg", "tox.ini", "pytest.ini", "manage.py")
#: What pytest never looks into unless its configuration says so.
_LEFT_OUT = frozenset({"build", "dist", "node_modules", "venv", "CVS", "_darcs"})
_ANY = frozenset({"*", "__getattr__"})


@dataclass(frozen=True, slots=True, order=True)
class SharedTestName:
    """Test files that pytest imports under one name; ``is_run``: something says that pytest runs them."""

    name: str
    paths: tuple[str, ...]
    is_run: bool


@dataclass(frozen=True, slots=True, order=True)
class HidingFolder:
    """A package of tests that takes the place of a package of the product for an import of the tests.

    ``test`` is the test file for which pytest puts ``root`` first, ``path`` and ``line`` are the import, ``missing``
    what the package of tests has not.
    """

    hiding: str
    hidden: str
    root: str
    test: str
    path: str
    line: int
    missing: str


class PytestNames:
    """Answers how pytest names the test files of a target."""

    def __init__(self, target: TargetResolver) -> None:
        self._target = target
        self._layout = Folders(target.index.paths)
        rows = tables.read_rows(target.facts.start_evidence, "source", "folder", "value")
        self._modes = {"" if folder == "." else folder: value for source, folder, value in rows if source == "pytest"}
        self._projects: dict[str, str] = {}

    @cached_property
    def _tests(self) -> Mapping[str, list[tuple[str, str, str]]]:
        """The test files by project: path, folder on the search path, and dotted name from there."""
        found: dict[str, list[tuple[str, str, str]]] = defaultdict(list)
        for path in sorted(self._layout.paths):
            folder, _, name = path.rpartition("/")
            is_collected = name.endswith(".py") and (name.startswith("test_") or name.endswith("_test.py"))
            if not is_collected or not _LEFT_OUT.isdisjoint(folder.split("/")) or "/." in f"/{folder}":
                continue
            project = self._find_project(folder)
            if self._find_mode(project) == "prepend":
                root = folder
                while root and f"{root}/__init__.py" in self._layout.paths:
                    root = root.rpartition("/")[0]
                below = path[len(root) :].lstrip("/").removesuffix(".py")
                found[project].append((path, root, below.replace("/", ".")))
        return found

    def _find_project(self, folder: str) -> str:
        """Return the nearest folder above that is a project of its own; empty for the target itself."""
        if folder not in self._projects:
            has = self._target.facts.tree.has_file
            is_own = not folder or any(has(f"{folder}/{name}") for name in _PROJECTS)
            self._projects[folder] = folder if is_own else self._find_project(folder.rpartition("/")[0])
        return self._projects[folder]

    def _find_mode(self, project: str) -> str:
        above = [where for where in self._modes if not where or f"{project}/".startswith(f"{where}/")]
        mode = self._modes[max(above, key=len)] if above else "prepend"
        return mode if mode in {"append", "importlib"} else "prepend"

    def find_shared(self) -> Iterator[SharedTestName]:
        """Yield the names that several test files of one project have, sorted."""
        for project, tests in sorted(self._tests.items()):
            by_name: dict[str, list[str]] = defaultdict(list)
            for path, _, name in tests:
                by_name[name].append(path)
            is_run = any(f"{project}/".startswith(f"{where}/") or not where for where in self._modes)
            for name, paths in sorted(by_name.items()):
                if len(paths) > 1:
                    yield SharedTestName(name, tuple(paths), is_run)

    def find_hiding(self) -> Iterator[HidingFolder]:
        """Yield the imports of tests that take a package of tests for one of the product, sorted."""
        for project, tests in sorted(self._tests.items()):
            roots: dict[tuple[str, str], str] = {}
            for path, root, name in tests:
                first, _, rest = name.partition(".")
                if rest and root:
                    roots.setdefault((root, first), path)
            for (root, first), test in sorted(roots.items()):
                yield from self._judge(project, root, first, test)

    def _judge(self, project: str, root: str, first: str, test: str) -> Iterator[HidingFolder]:
        hiding = self._layout.has_module(root, first)
        places = (project, f"{project}/src".lstrip("/"))
        found = (self._layout.has_module(place, first) for place in places if place != root)
        hidden = next((each for each in found if each.endswith(".py") and each != hiding), "")
        for path, line, module, name in self._imports.get(first, ()) if hidden and hiding.endswith(".py") else ():
            if self._find_project(path.rpartition("/")[0]) == project:
                missing = self._find_missing(root, module, name)
                if missing:
                    yield HidingFolder(hiding, hidden, root, test, path, line, missing)

    @cached_property
    def _imports(self) -> Mapping[str, list[tuple[str, int, str, str]]]:
        """The absolute imports of the tests that run whatever happens, by the first part of the name."""
        found: dict[str, list[tuple[str, int, str, str]]] = defaultdict(list)
        columns = ("path", "line", "level", "module", "name", "scope", "guard")
        rows = tables.read_rows(self._target.imports.statements, *columns)
        for path, line, level, module, name, scope, guard in rows:
            if not level and scope == "module" and guard == "none" and is_test_file(path):
                found[module.partition(".")[0]].append((path, line, module, name))
        return found

    def _find_missing(self, root: str, module: str, name: str) -> str:
        """Return what an import takes and the package of tests has not; empty where it has all."""
        if not self._layout.has_module(root, module):
            return module
        file = self._target.index.find_file(self._layout.has_module(root, module))
        if name in {"", "*"} or self._layout.has_module(root, f"{module}.{name}") or file is None:
            return ""
        has = self._target.imports.neighbours.list_names(file)
        return "" if has & (_ANY | {name}) else f"{module}.{name}"
