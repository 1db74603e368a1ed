"""Do the cuts of cycles that are offered hold? Each is applied to a copy of a real package and checked by CPython.

    python -m benchmarks.cycle_fixes SITE_PACKAGES [--only PACKAGE ...] [--seeded PACKAGE ...]

A cut holds when what ``trial_copies`` asks for is true, and a second run offers nothing for that cycle.
"""

from __future__ import annotations

import argparse
import ast
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from analysis import tables
from analysis.fixes.break_cycle import offer_cuts
from analysis.fixes.deferred_imports import find_last_import
from analysis.fixes.offers import Offer, Refusal, apply_edits
from analysis.fixes.source_text import SourceText
from analysis.fixes.statements import Statement, insert_after, place_statement
from analysis.investigation import Investigation
from benchmarks.trial_copies import Checked, TrialCopy, TrialPlace, find_interpreter

PACKAGES = (
    "IPython", "aiohttp", "amqp", "anyio", "bs4", "click", "comm", "contourpy", "debugpy", "django", "executing",
    "fontTools", "jedi", "matplotlib", "mypy", "nbformat", "networkx", "prompt_toolkit", "pydantic", "sqlalchemy",
    "twisted",
)  # fmt: skip
SEEDED = (
    "jinja2", "rich", "urllib3", "kombu", "parso", "traitlets", "markdown_it", "mistune", "tomlkit", "celery", "httpx",
    "importlinter", "nbconvert", "nbclient",
)  # fmt: skip
_SKIPPED = ("tests", "test")
#: Of a package with more modules, those that a cut changes and as many that import them are observed.
MOST_OBSERVED = 120


@dataclass(slots=True)
class Report:
    """All offers and refusals of some packages."""

    checked: list[Checked] = field(default_factory=list)
    refusals: list[tuple[str, Refusal]] = field(default_factory=list)
    cycles: int = 0


def seed(trial: TrialCopy, number: int) -> str:
    """Write an import back into a module that another one imports; return what was added, empty without a place.

    The name is used in a function, or for odd numbers in an annotation. Then everything is observed anew.
    """
    for importer, imported, path, importer_path in _list_straight_imports(trial.investigation):
        taken = _find_own_name(trial.root / importer_path)
        source = SourceText(path, (trial.root / path).read_bytes())
        if not taken or find_last_import(source) is None or taken in source.content.decode("utf-8", "replace"):
            continue
        use = (
            f"def seeded(x: {taken}) -> None:\n    return None" if number % 2 else f"def seeded():\n    return {taken}"
        )
        edits = [
            insert_after(_need(find_last_import(source)), f"from {importer} import {taken}"),
            insert_after(place_statement(source, source.tree.body[-1]), f"\n\n{use}"),
        ]
        (trial.root / path).write_bytes(apply_edits(source.content, edits))
        trial.read()
        return f"{imported} imports {taken} of {importer}"
    return ""


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
        trial = _copy(site, package, folder)
        known = set(tables.read_column(trial.investigation.table("findings"), "fingerprint"))
        what = seed(trial, number)
        if not what:
            return
        offers = trial.list_offers()
        fresh = [each for each in offers if not set(each.clears) & known]
        report.cycles += len({each.clears for each in fresh})
        trial.package = f"{package} (seeded: {what})"
        report.refusals += [(trial.package, each) for each in fresh if isinstance(each, Refusal)]
        found = trial.check_all([each for each in fresh if isinstance(each, Offer)])
        report.checked += found
        yield from found


def _copy(site: Path, package: str, folder: Path) -> TrialCopy:
    place = TrialPlace(site / package, find_interpreter(site), (site,), _SKIPPED, most_observed=MOST_OBSERVED)
    return TrialCopy(place, folder / "copy", folder / "data", offer_cuts)


def check_package(site: Path, package: str, report: Report) -> Iterator[Checked]:
    """Yield each offer of a package, checked."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        trial = _copy(site, package, folder)
        offers = trial.list_offers()
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
    for line in [*checked.worse, *checked.lost, *checked.broken, *(["offered again"] if checked.is_again else [])]:
        print(f"    {line}")
    if checked.better:
        print(f"    first imports that work now and failed before: {len(checked.better)}")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
