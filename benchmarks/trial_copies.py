"""A copy of a package in which fixes are tried, and what CPython says before and after.

A fix holds when every module's first import in a fresh interpreter ends as before or better, every public name is what
it was, and each import statement that it writes works. Public are the names of ``__all__``, without it those that a
module defines or that a package binds, and those that a statement of the package takes from the module.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from analysis import investigate, tables
from analysis.facts.source_tree import WorkingTree
from analysis.fixes.offers import Offer, OverlapError, Refusal, read_changes
from analysis.investigation import Investigation
from benchmarks.changed_imports import find_changed_imports

WITNESS = Path(__file__).with_name("first_imports_witness.py")
#: Of larger packages nothing asks whether a fix is offered again.
MOST_MODULES = 500

Find = Callable[[Investigation, WorkingTree], Iterable[Offer | Refusal]]


@dataclass(slots=True)
class Checked:
    """One offer and what CPython says of it: texts for people, of first imports, public names and statements."""

    package: str
    offer: Offer
    worse: list[str] = field(default_factory=list)
    better: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    unseen: list[str] = field(default_factory=list)
    ran: int = 0
    gone: int = 0
    is_again: bool = False

    @property
    def holds(self) -> bool:
        """Whether nothing is worse than before."""
        return not (self.worse or self.lost or self.broken or self.is_again)

    @property
    def is_seen(self) -> bool:
        """Whether CPython could run anything of what the fix changes."""
        return not self.unseen


@dataclass(frozen=True, slots=True)
class TrialPlace:
    """Where a package lies, the interpreter that runs it, and folders that are on its search path besides."""

    root: Path
    python: Path
    beside: tuple[Path, ...] = ()
    skipped: tuple[str, ...] = ()
    policy: Path | None = None
    most_observed: int = 500  # of larger packages the modules that a fix changes, and as many that import them


class TrialCopy:
    """A copy of one package, in which offers of one kind of fix are tried."""

    def __init__(self, place: TrialPlace, folder: Path, data: Path, find: Find) -> None:
        self.package, self.place, self._data, self.find = place.root.name, place, data, find
        self.root = folder / place.root.name
        skipped = shutil.ignore_patterns("__pycache__", ".git", *place.skipped)
        shutil.copytree(place.root, self.root, ignore=skipped, symlinks=True)
        self._before: dict[str, Any] = {}
        self.read()

    def read(self) -> None:
        """Investigate the copy as it is, and forget what was observed."""
        self._before.clear()
        self.investigation = self.investigate()
        self._wanted = list_taken(self.investigation)
        columns = ("module", "path", "kind", "shadowed_by", "root")
        rows = [
            (name, path, root)
            for name, path, kind, shadow, root in tables.read_rows(self.investigation.table("modules"), *columns)
            if kind in {"module", "package"} and not shadow
        ]
        self.modules = {name: path for name, path, _ in rows}
        is_package = self.modules.get(self.root.name) == "__init__.py"
        self._home = self.root.parent if is_package else self.root
        self._roots = {name: self._home if is_package else self.root / root for name, _, root in rows}
        self._tops = {name.partition(".")[0] for name in self.modules}
        self._by_path = {path: name for name, path in sorted(self.modules.items())}

    def investigate(self) -> Investigation:
        """Analyse the copy as it is."""
        return investigate(self.root, data=self._data, policy=self.place.policy)

    def list_offers(self) -> list[Offer | Refusal]:
        """Return what the kind of fix offers and refuses."""
        return list(self.find(self.investigation, WorkingTree(self.root)))

    def observe(
        self, names: Iterable[str], statements: Mapping[str, Sequence[str]], before: Mapping[str, Any] | None = None
    ) -> Mapping[str, Any]:
        """Return how the first import of each module ends, its names, and how its statements end.

        Modules are asked for the names that they had before, as some give a name on demand.
        """
        names = list(names)
        asked = {
            "roots": sorted({str(self._roots.get(name, self._home)) for name in names}), "statements": statements,
            "packages": [name for name in names if self.modules.get(name, "").endswith("__init__.py")],
            "modules": {
                name: sorted({*self._wanted.get(name, []), *((before or {}).get(name, {}).get("names", ()))})
                for name in sorted(names)
            },
        }  # fmt: skip
        environment = {
            "PYTHONPATH": os.pathsep.join(map(str, self.place.beside)), "PATH": "/usr/bin:/bin",
            "HOME": str(self.root.parent), "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1",
        }  # fmt: skip
        found = subprocess.run(
            [str(self.place.python), str(WITNESS)], input=json.dumps(asked), text=True, check=True,
            stdout=subprocess.PIPE, cwd=self.root.parent, env=environment,
        )  # fmt: skip
        answer: Mapping[str, Any] = json.loads(found.stdout)
        return answer

    def check_all(self, offers: Sequence[Offer]) -> list[Checked]:
        """Check offers together; again, and by halves, those that do not hold, or whose edits touch one another."""
        if not offers:
            return []
        try:
            found = self.check(offers)
        except OverlapError:
            if len(offers) == 1:
                raise
            found = []
        if len(offers) == 1:
            return found
        is_shared = any(each.worse or each.lost for each in found)  # by all: nothing says which offer does it
        good = [] if is_shared else [each for each in found if each.holds]
        rest = [offer for offer in offers if offer not in [each.offer for each in good]]
        if good:
            return [*good, *self.check_all(rest)]
        half = len(rest) // 2
        return [*self.check_all(rest[:half]), *self.check_all(rest[half:])]

    def check(self, offers: Sequence[Offer]) -> list[Checked]:
        """Apply offers together, ask CPython, and take them back; faults of the package count for each."""
        new_files = {path: content for offer in offers for path, content in offer.new_files.items()}
        edits = [edit for offer in offers for edit in offer.edits]
        changes = read_changes(WorkingTree(self.root), edits, new_files)
        kept = {path: (self.root / path).read_bytes() for path in changes if path not in new_files}
        rewritten = {
            self._name(path): find_changed_imports(content, changes[path] or b"")
            for path, content in kept.items()
            if path.endswith(".py")
        }
        names = self._choose(changes)
        before = self._observe_before(names, {name: was for name, (was, _) in rewritten.items()})
        found = [Checked(self.package, offer) for offer in offers]
        try:
            self._write(changes)
            after = self.observe(names, {name: now for name, (_, now) in rewritten.items()}, before)
            again = self._find_again()
        finally:
            self._write({**dict.fromkeys(new_files), **kept})
        for checked in found:
            self._compare(before, after, checked, {offer.subject for offer in offers})
            checked.is_again = bool(again & set(_list_offered(checked.offer)))
        return found

    def _find_again(self) -> set[tuple[str, str]]:
        """Return what the kind of fix offers on the changed copy; of a large package nothing is asked."""
        if len(self.modules) > MOST_MODULES:
            return set()
        return {key for each in self.find(self.investigate(), WorkingTree(self.root)) for key in _list_offered(each)}

    def _write(self, changes: Mapping[str, bytes | None]) -> None:
        for path, content in changes.items():
            place = self.root / path
            place.unlink() if content is None else place.write_bytes(content)

    def _name(self, path: str) -> str:
        """Return the module of a file; of one that cannot be imported a name with which its statements can run."""
        return self._by_path.get(path) or path.removesuffix(".py").replace("/", ".")

    def _choose(self, changes: Iterable[str]) -> list[str]:
        """Return the modules to observe: all of a small package, else those that change and who imports them."""
        changed = {self._name(path) for path in changes}
        most = self.place.most_observed
        if len(self.modules) <= most:
            return sorted({*self.modules, *changed})
        edges = tables.read_rows(self.investigation.table("edges"), "importer", "imported")
        users = sorted({importer for importer, imported in edges if imported in changed and importer in self.modules})
        return sorted({*changed, *users[:most]})

    def _observe_before(self, names: Iterable[str], statements: Mapping[str, Sequence[str]]) -> Mapping[str, Any]:
        """Return what is observed before any change: each module once, those with statements each time."""
        missing = [name for name in names if name not in self._before or statements.get(name)]
        if missing:
            self._before |= self.observe(missing, statements)
        return self._before

    def _compare(
        self, before: Mapping[str, Any], after: Mapping[str, Any], checked: Checked, subjects: set[str]
    ) -> None:
        own = {self._name(edit.path) for edit in checked.offer.edits}
        for module, new in after.items():
            old = before[module]
            if old["outcome"] == "ok" and new["outcome"] != "ok":
                checked.worse.append(f"{module}: {new['outcome']} {new.get('message', '')}")
            elif old["outcome"] != "ok" and new["outcome"] == "ok":
                checked.better.append(module)
            elif old["outcome"] == "ok":
                self._compare_names(module, old, new, checked, subjects)
            if module in own:
                self._compare_statements(module, old, new, checked, subjects)

    def _compare_statements(
        self, module: str, old: Mapping[str, Any], new: Mapping[str, Any], checked: Checked, subjects: set[str]
    ) -> None:
        """Each statement that is new works, and binds what the one in its place bound, where that worked."""
        bound = {
            name: value for ran in old.get("ran", {}).values() if isinstance(ran, dict) for name, value in ran.items()
        }
        failures = {ran for ran in old.get("ran", {}).values() if isinstance(ran, str)}
        for text, ran in new.get("ran", {}).items():
            where = f"{module}: {text}"
            if isinstance(ran, dict):
                checked.ran += 1
                for name, value in ran.items():
                    was: Sequence[Any] = bound.get(name) or value
                    if value[0] != "module" and was != value and not is_redirected(was, value, subjects):
                        checked.broken.append(f"{where} binds {value}, not {was}")
            elif ran in failures or self._is_outside(ran):
                checked.unseen.append(f"{where}: {ran}")
            else:
                checked.broken.append(f"{where}: {ran}")
        if not new.get("ran") and new["outcome"] != "ok":
            checked.unseen.append(f"{module}: {new['outcome']} {new.get('message', '')}")

    def _is_outside(self, failure: str) -> bool:
        """Return whether an import failed because a package is not installed here."""
        quoted = failure.split("'")[1:2]
        return failure.startswith("ModuleNotFoundError") and not any(
            each.partition(".")[0] in self._tops for each in quoted
        )

    def _compare_names(
        self, module: str, old: Mapping[str, Any], new: Mapping[str, Any], checked: Checked, subjects: set[str]
    ) -> None:
        for name, value in old["names"].items():
            now = new["names"].get(name)
            if now != value and not is_redirected(value, now, subjects):
                if self._is_public(module, name, value, old["exported"]):
                    checked.lost.append(f"{module}.{name}: {value} became {now}")
                else:
                    checked.gone += 1

    def _is_public(self, module: str, name: str, value: Sequence[Any], exported: Sequence[str] | None) -> bool:
        if name in self._wanted.get(module, ()):
            return True
        if exported is not None:
            return name in exported
        is_package = self.modules[module].endswith("__init__.py")
        return not name.startswith("_") and (value[1] == module or is_package)


def is_redirected(value: Sequence[Any], now: Sequence[Any] | None, subjects: set[str]) -> bool:
    """Return whether a class is now that of the same name in another module, as some fixes do on purpose.

    Its module is one that becomes a redirect, or had the last parts of the name that it has now.
    """
    if now is None or (now[0], now[2], bool(now[3])) != (value[0], value[2], True):
        return False
    return value[1] in subjects or bool(value[1] and now[1].endswith(f".{value[1]}"))


def list_taken(investigation: Investigation) -> dict[str, list[str]]:
    """Return the names that statements of a package take from each of its modules."""
    found: dict[str, set[str]] = defaultdict(set)
    for importer, imported, name in tables.read_rows(investigation.table("edges"), "importer", "imported", "name"):
        if name and name != "*" and importer != imported:
            found[imported].add(name)
    return {module: sorted(names) for module, names in sorted(found.items())}


def _list_offered(found: Offer | Refusal) -> Iterator[tuple[str, str]]:
    if isinstance(found, Offer):
        yield found.subject, found.title


def find_interpreter(site: Path) -> Path:
    """Return the interpreter of a folder of installed packages."""
    found = site.parents[2] / "bin" / "python"
    return found if found.exists() else Path(sys.executable)
