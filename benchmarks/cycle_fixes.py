"""Do the cuts of cycles that are offered hold? Each is applied to a copy of a real package and checked by CPython.

    python -m benchmarks.cycle_fixes SITE_PACKAGES [--only PACKAGE ...] [--seeded 10]

A cut holds when every module's first import in a fresh interpreter ends as before or better, every public name is what
it was, and a second run offers nothing for that cycle. Public are the names of ``__all__``, without it those that a
module defines or that a package binds, and those that a statement of the package takes from the module.
"""

from __future__ import annotations

import argparse
import ast
import json
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from analysis import investigate, tables
from analysis.facts.source_tree import WorkingTree
from analysis.fixes.break_cycle import offer_cuts
from analysis.fixes.deferred_imports import find_last_import
from analysis.fixes.offers import Offer, OverlapError, Refusal, apply_edits, read_changes
from analysis.fixes.source_text import SourceText
from analysis.fixes.statements import Statement, insert_after, place_statement
from analysis.investigation import Investigation

PACKAGES = (
    "aiohttp", "amqp", "anyio", "bs4", "click", "django", "fontTools", "jedi", "matplotlib", "networkx",
    "prompt_toolkit", "pydantic", "sqlalchemy", "twisted",
)  # fmt: skip
SEEDED = (
    "jinja2", "rich", "urllib3", "kombu", "parso", "traitlets", "markdown_it", "mistune", "tomlkit", "celery", "httpx",
    "importlinter", "nbconvert", "nbclient",
)  # fmt: skip
WITNESS = Path(__file__).with_name("first_imports_witness.py")
_SKIPPED = shutil.ignore_patterns("__pycache__", "tests", "test")


@dataclass(slots=True)
class Checked:
    """One offer and what CPython says of it; ``worse`` and ``lost`` are first imports and public names."""

    package: str
    offer: Offer
    worse: list[str] = field(default_factory=list)
    better: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    gone: int = 0
    is_again: bool = False

    @property
    def holds(self) -> bool:
        """Whether nothing is worse than before."""
        return not self.worse and not self.lost and not self.is_again


@dataclass(slots=True)
class Report:
    """All offers and refusals of some packages."""

    checked: list[Checked] = field(default_factory=list)
    refusals: list[tuple[str, Refusal]] = field(default_factory=list)
    cycles: int = 0


class Trial:
    """A copy of one package, with what its first imports do before anything is changed."""

    def __init__(self, site: Path, package: str, folder: Path, data: Path) -> None:
        self.package, self._site, self._data = package, site, data
        self.root = folder / package
        shutil.copytree(site / package, self.root, ignore=_SKIPPED)
        self.investigation = self.investigate()
        self._wanted = _list_taken(self.investigation)
        self.before = self.observe()

    def investigate(self) -> Investigation:
        """Analyse the copy as it is."""
        return investigate(self.root, data=self._data)

    def observe(self) -> Mapping[str, Any]:
        """Return how the first import of each module ends, and its names."""
        rows = tables.read_rows(self.investigation.table("modules"), "module", "kind", "shadowed_by")
        names = sorted({name for name, kind, shadow in rows if kind in {"module", "package"} and not shadow})
        asked = {"root": str(self.root.parent), "modules": {name: self._wanted.get(name, []) for name in names}}
        found = subprocess.run(
            [str(find_interpreter(self._site)), str(WITNESS)], input=json.dumps(asked), text=True, check=True,
            stdout=subprocess.PIPE, cwd=self.root.parent,
        )  # fmt: skip
        answer: Mapping[str, Any] = json.loads(found.stdout)
        return answer

    def check_all(self, offers: Sequence[Offer]) -> list[Checked]:
        """Check offers together; one by one where that shows a fault, or where their edits touch one another."""
        try:
            together = self.check(offers) if len(offers) > 1 else []
        except OverlapError:
            together = []
        if together and all(each.holds for each in together):
            return together
        return [checked for offer in offers for checked in self.check([offer])]

    def check(self, offers: Sequence[Offer]) -> list[Checked]:
        """Apply offers together, ask CPython, and take them back; what is found counts for each."""
        tree = WorkingTree(self.root)
        changes = read_changes(tree, [edit for offer in offers for edit in offer.edits], {})
        kept = {path: (self.root / path).read_bytes() for path in changes}
        found = [Checked(self.package, offer) for offer in offers]
        try:
            for path, content in changes.items():
                (self.root / path).write_bytes(content or b"")
            after = self.observe()
            cleared = {key for each in offer_cuts(self.investigate(), tree) for key in _list_offered(each)}
        finally:
            for path, content in kept.items():
                (self.root / path).write_bytes(content)
        for checked in found:
            self._compare(after, checked)
            checked.is_again = bool(cleared & set(checked.offer.clears))
        return found

    def seed(self, number: int) -> str:
        """Write an import back into a module that another one imports; return what was added, empty without a place.

        The name is used in a function, or for odd numbers in an annotation. Then everything is observed anew.
        """
        for importer, imported, path, importer_path in _list_straight_imports(self.investigation):
            taken = _find_own_name(self.root / importer_path)
            source = SourceText(path, (self.root / path).read_bytes())
            if not taken or find_last_import(source) is None or taken in source.content.decode("utf-8", "replace"):
                continue
            use = (
                f"def seeded(x: {taken}) -> None:\n    return None"
                if number % 2
                else f"def seeded():\n    return {taken}"
            )
            edits = [
                insert_after(_need(find_last_import(source)), f"from {importer} import {taken}"),
                insert_after(place_statement(source, source.tree.body[-1]), f"\n\n{use}"),
            ]
            (self.root / path).write_bytes(apply_edits(source.content, edits))
            self.investigation = self.investigate()
            self.before = self.observe()
            return f"{imported} imports {taken} of {importer}"
        return ""

    def _compare(self, after: Mapping[str, Any], checked: Checked) -> None:
        for module, old in self.before.items():
            new = after[module]
            if old["outcome"] == "ok" and new["outcome"] != "ok":
                checked.worse.append(f"{module}: {new['outcome']} {new.get('message', '')}")
            elif old["outcome"] != "ok":
                checked.better += [module] if new["outcome"] == "ok" else []
            else:
                self._compare_names(module, old, new, checked)

    def _compare_names(self, module: str, old: Mapping[str, Any], new: Mapping[str, Any], checked: Checked) -> None:
        for name, value in old["names"].items():
            if new["names"].get(name) != value:
                if self._is_public(module, name, value, old["exported"]):
                    checked.lost.append(f"{module}.{name}: {value} became {new['names'].get(name)}")
                else:
                    checked.gone += 1

    def _is_public(self, module: str, name: str, value: Sequence[Any], exported: Sequence[str] | None) -> bool:
        if name in self._wanted.get(module, ()):
            return True
        if exported is not None:
            return name in exported
        is_package = f"{module.replace('.', '/')}/__init__.py"
        return not name.startswith("_") and (value[1] == module or (self.root.parent / is_package).exists())


def _list_offered(found: Offer | Refusal) -> tuple[str, ...]:
    return found.clears if isinstance(found, Offer) else ()


def _need(statement: Statement | None) -> Statement:
    assert statement is not None
    return statement


def _list_straight_imports(investigation: Investigation) -> Iterator[tuple[str, str, str, str]]:
    """Yield importer, imported and both files of imports that lie on no cycle, sorted: imported file first."""
    rows = [row for row in investigation.table("cycles").to_pylist() if row["kind"] == "import-time"]
    cyclic = {module for row in rows for module in row["modules"]}
    columns = ("importer", "imported", "kind", "scope", "guard", "is_ancestor")
    paths = dict(tables.read_rows(investigation.table("modules"), "module", "path"))
    for importer, imported, kind, scope, guard, is_ancestor in sorted(
        tables.read_rows(investigation.table("edges"), *columns)
    ):
        is_plain = kind == "from" and scope == "module" and guard == "none" and not is_ancestor
        files = paths.get(importer, ""), paths.get(imported, "")
        if is_plain and not {importer, imported} & cyclic and not any(each.endswith("__init__.py") for each in files):
            yield importer, imported, files[1], files[0]


def _find_own_name(path: Path) -> str:
    """Return the first class that a file defines at module level; empty without one."""
    nodes = SourceText(path.name, path.read_bytes()).tree.body
    return next((node.name for node in nodes if isinstance(node, ast.ClassDef)), "")


def check_seeded(site: Path, package: str, number: int, report: Report) -> Iterator[Checked]:
    """Yield what becomes of a cycle that was written into a copy of a package."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        trial = Trial(site, package, folder / "copy", folder / "data")
        known = set(tables.read_column(trial.investigation.table("findings"), "fingerprint"))
        what = trial.seed(number)
        if not what:
            return
        offers = offer_cuts(trial.investigation, WorkingTree(trial.root))
        fresh = [each for each in offers if not set(each.clears) & known]
        report.cycles += len({each.clears for each in fresh})
        trial.package = f"{package} (seeded: {what})"
        report.refusals += [(trial.package, each) for each in fresh if isinstance(each, Refusal)]
        found = trial.check_all([each for each in fresh if isinstance(each, Offer)])
        report.checked += found
        yield from found


def find_interpreter(site: Path) -> Path:
    """Return the interpreter of a folder of installed packages."""
    found = site.parents[2] / "bin" / "python"
    return found if found.exists() else Path(sys.executable)


def _list_taken(investigation: Investigation) -> dict[str, list[str]]:
    """Return the names that statements of a package take from each of its modules."""
    found: dict[str, set[str]] = defaultdict(set)
    for importer, imported, name in tables.read_rows(investigation.table("edges"), "importer", "imported", "name"):
        if name and name != "*" and importer != imported:
            found[imported].add(name)
    return {module: sorted(names) for module, names in sorted(found.items())}


def check_package(site: Path, package: str, report: Report) -> Iterator[Checked]:
    """Yield each offer of a package, checked."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        trial = Trial(site, package, folder / "copy", folder / "data")
        offers = list(offer_cuts(trial.investigation, WorkingTree(trial.root)))
        report.cycles += len({each.clears for each in offers})
        report.refusals += [(package, each) for each in offers if isinstance(each, Refusal)]
        found = trial.check_all([each for each in offers if isinstance(each, Offer)])
        report.checked += found
        yield from found


def main() -> None:
    """Check the packages of some folders of installed packages, and print what holds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sites", nargs="+", type=Path)
    parser.add_argument("--only", nargs="*", default=PACKAGES)
    parser.add_argument("--seeded", nargs="*", default=SEEDED, help="packages into copies of which a cycle is written")
    options = parser.parse_args()
    report, done = Report(), set[object]()
    for site in options.sites:
        for package in options.only:
            if package not in done and (site / package).is_dir():
                done.add(package)
                for checked in check_package(site.resolve(), package, report):
                    _print(checked)
        for number, package in enumerate(options.seeded):
            if ("seeded", package) not in done and (site / package).is_dir():
                done.add(("seeded", package))
                for checked in check_seeded(site.resolve(), package, number, report):
                    _print(checked)
    held = sum(each.holds for each in report.checked)
    print(f"cycles with a finding: {report.cycles}; offered: {len(report.checked)}; held: {held}")
    refused = {(package, each.clears) for package, each in report.refusals}
    print(f"refused: {len(refused)} cycles, with {len(report.refusals)} reasons:")
    for package, refusal in report.refusals:
        print(f"  {package} {refusal.subject} {refusal.path}:{refusal.line} {refusal.reason}")


def _print(checked: Checked) -> None:
    files = len({edit.path for edit in checked.offer.edits})
    says = "holds" if checked.holds else "FAILS"
    what = f"{checked.package} {checked.offer.title}"
    print(f"{says} {what}: {files} files; gone, but nobody takes them: {checked.gone} names")
    for line in [*checked.worse, *checked.lost, *(["offered again"] if checked.is_again else [])]:
        print(f"    {line}")
    if checked.better:
        print(f"    first imports that work now and failed before: {len(checked.better)}")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
