"""Do the cuts of cycles that are offered hold? Each is applied to a copy of a real package and checked by CPython.

    python -m benchmarks.cycle_fixes SITE_PACKAGES [--only PACKAGE ...] [--seeded 10]

A cut holds when every module's first import in a fresh interpreter ends as before or better, every public name is what
it was, and a second run offers nothing for that cycle. Public are the names of ``__all__``, without it those that a
module defines or that a package binds, and those that a statement of the package takes from the module.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from analysis import investigate, tables
from analysis.facts.source_tree import WorkingTree
from analysis.fixes.break_cycle import offer_cuts
from analysis.fixes.offers import Offer, Refusal, read_changes
from analysis.investigation import Investigation

PACKAGES = (
    "aiohttp", "amqp", "anyio", "bs4", "click", "django", "fontTools", "jedi", "matplotlib", "networkx",
    "prompt_toolkit", "pydantic", "sqlalchemy", "twisted",
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

    def check(self, offer: Offer) -> Checked:
        """Apply an offer, ask CPython, and take it back."""
        checked = Checked(self.package, offer)
        tree = WorkingTree(self.root)
        changes = read_changes(tree, offer.edits, offer.new_files)
        kept = {path: (self.root / path).read_bytes() for path in changes if (self.root / path).exists()}
        try:
            for path, content in changes.items():
                assert content is not None
                (self.root / path).write_bytes(content)
            self._compare(self.observe(), checked)
            again = offer_cuts(self.investigate(), tree)
            checked.is_again = any(isinstance(each, Offer) and set(each.clears) & set(offer.clears) for each in again)
        finally:
            for path in changes:
                (self.root / path).unlink()
                if path in kept:
                    (self.root / path).write_bytes(kept[path])
        return checked

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
        for each in offers:
            if isinstance(each, Refusal):
                report.refusals.append((package, each))
            else:
                checked = trial.check(each)
                report.checked.append(checked)
                yield checked


def main() -> None:
    """Check the packages of some folders of installed packages, and print what holds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sites", nargs="+", type=Path)
    parser.add_argument("--only", nargs="*", default=PACKAGES)
    options = parser.parse_args()
    report, done = Report(), set[str]()
    for site in options.sites:
        for package in options.only:
            if package not in done and (site / package).is_dir():
                done.add(package)
                for checked in check_package(site.resolve(), package, report):
                    _print(checked)
    held = sum(each.holds for each in report.checked)
    print(f"cycles with a finding: {report.cycles}; offered: {len(report.checked)}; held: {held}")
    refused = Counter({(package, each.clears) for package, each in report.refusals}).total()
    print(f"refused: {refused} cycles, with {len(report.refusals)} reasons:")
    for package, refusal in report.refusals:
        print(f"  {package} {refusal.subject} {refusal.path}:{refusal.line} {refusal.reason}")


def _print(checked: Checked) -> None:
    files = len({edit.path for edit in checked.offer.edits})
    says = "holds" if checked.holds else "FAILS"
    what = f"{checked.package} {checked.offer.title}"
    print(f"{says} {what}: {files} files; gone, but nobody takes them: {checked.gone} names")
    for line in [*checked.worse, *checked.lost, *(["offered again"] if checked.is_again else [])]:
        print(f"    {line}")
    for line in checked.better:
        print(f"    works now: {line}")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
