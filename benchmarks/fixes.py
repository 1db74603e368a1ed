"""Fixes on copies of real packages: what is offered, refused and applied, and what CPython says before and after.

    python -m benchmarks.fixes SITE_PACKAGES [--only PACKAGE ...] [--kinds KIND ...] [--python PYTHON] [--seed N]

With ``--seed`` faults of each kind are put into the copy first, at most N: see ``fixes_seeds``.
Each kind is applied to a fresh copy. Then every module of the package is imported first in a fresh process, before and
after: the import has to end as it did, and every public name has to be what it was. Kinds that are meant to change how
imports end (``missing-names``) may turn a failure into a success, and nothing else. Where a module changes, the offers
that edit it, or what it imports, are taken out one by one until the rest holds; those are not confirmed.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from analysis import tables
from analysis.facts.source_tree import WorkingTree
from analysis.fixes.catalogue import KINDS, FixContext, Kind
from analysis.fixes.names_in_tree import NamesInTree
from analysis.fixes.offers import Edit, Offer, Refusal, read_changes
from analysis.investigation import Investigation
from analysis.pipeline import investigate
from benchmarks.fixes_seeds import SEEDED, find_seeds

PACKAGES = ("sqlalchemy", "django", "networkx", "jupyterlab", "celery", "matplotlib")
KIND_NAMES = ("canonical-imports", "explicit-import", "missing-names", "second-names")
WITNESS = Path(__file__).with_name("fixes_witness.py")
_IMPORTED = frozenset({"module", "package"})

Seen = Mapping[str, Any]


@dataclass
class KindResult:
    """What one kind of fix did to one package; ``places`` are edits of the offers."""

    package: str
    kind: str
    offered: int = 0
    places: int = 0
    files: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    applied: int = 0
    confirmed: int = 0
    again: int = 0
    modules: int = 0
    working: int = 0
    changed: dict[str, str] = field(default_factory=dict)
    unloaded: int = 0
    not_confirmed: list[str] = field(default_factory=list)
    seeded: int = 0
    restored: int = 0


def measure_package(site: Path, name: str, kinds: Sequence[str], python: str, seed: int = 0) -> list[KindResult]:
    """Return the results of some kinds of fixes for one package of a folder of packages."""
    with tempfile.TemporaryDirectory() as folder:
        before = copy_target(site / name, Path(folder) / "before")
        case = investigate(before)
        modules = _list_modules(case)
        seen = _observe(before, modules, python, site)
        chosen = [kind for kind in KINDS if kind.name in kinds]
        if seed:
            seeding = Seeding(case, before, seen, python, site, Path(folder) / "seeded")
            return [_measure_seeds(kind, seeding, seed) for kind in chosen if kind.name in SEEDED]
        return [_measure_kind(kind, case, before, seen, python, site, Path(folder)) for kind in chosen]


def copy_target(source: Path, folder: Path) -> Path:
    """Copy a target into a folder, which is emptied first, and return the copy."""
    shutil.rmtree(folder, ignore_errors=True)
    return Path(shutil.copytree(source, folder / source.name, ignore=shutil.ignore_patterns("__pycache__", ".git")))


def _list_modules(case: Investigation) -> list[str]:
    rows = tables.read_rows(case.table("modules"), "module", "kind", "is_primary", "shadowed_by")
    return sorted(
        module for module, kind, is_primary, shadow in rows if kind in _IMPORTED and is_primary and not shadow
    )


def _observe(root: Path, modules: Iterable[str], python: str, site: Path) -> Seen:
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "seen.json"
        command = [python, str(WITNESS), str(root), str(out)]
        environment = {"PYTHONPATH": str(site), "PATH": "/usr/bin:/bin", "HOME": folder, "PYTHONHASHSEED": "0"}
        subprocess.run(command, input=json.dumps(sorted(modules)), text=True, check=True, env=environment, cwd=folder)
        seen: Seen = json.loads(out.read_text().replace(str(root), "ROOT"))
        return seen


def _measure_kind(
    kind: Kind, case: Investigation, before: Path, seen: Seen, python: str, site: Path, folder: Path
) -> KindResult:
    found = list(kind.find(FixContext(case, WorkingTree(before))))
    offers = [each for each in found if isinstance(each, Offer)]
    result = KindResult(before.name, kind.name, len(offers), modules=len(seen))
    result.refused = Counter(each.reason for each in found if isinstance(each, Refusal))
    result.places = sum(len(offer.edits) for offer in offers)
    result.files = len({edit.path for offer in offers for edit in offer.edits})
    result.working = sum(not isinstance(each, str) for each in seen.values())
    if not offers:
        return result
    after = folder / "after" / before.name
    kept = list(offers)
    now = _apply(before, folder / "after", kept, seen, python, site)
    changed = compare(seen, now)
    while changed:
        bad = _find_suspects(changed, kept, before, folder / "after", seen, python, site)
        result.not_confirmed += [f"{each.subject}: {next(iter(changed.items()))}" for each in bad]
        kept = [each for each in kept if each not in bad]
        result.changed |= changed
        now = _apply(before, folder / "after", kept, seen, python, site)
        changed = compare(seen, now)
    result.applied, result.confirmed = len(offers), len(kept)
    result.unloaded = sum(count_unloaded(seen[name], now[name]) for name in seen)
    again = kind.find(FixContext(investigate(after), WorkingTree(after)))
    bad_ones = {text.partition(": ")[0] for text in result.not_confirmed}
    result.again = sum(isinstance(each, Offer) and each.subject not in bad_ones for each in again)
    return result


@dataclass
class Seeding:
    """One package as it is, with what CPython makes of it, and where faults are put into a copy."""

    case: Investigation
    before: Path
    seen: Seen
    python: str
    site: Path
    folder: Path

    def plant(self, seeds: Mapping[str, list[Edit]]) -> Path:
        """Return a fresh copy with some faults."""
        root = copy_target(self.before, self.folder)
        edits = [edit for found in seeds.values() for edit in found]
        for path, content in read_changes(WorkingTree(root), edits, {}).items():
            (root / path).write_bytes(content or b"")
        return root


def _measure_seeds(kind: Kind, seeding: Seeding, most: int) -> KindResult:
    """Put faults of a kind into a package, fix them, and compare with the package as it was.

    Only faults count that CPython notices as it should: a missing module fails, the others change nothing.
    """
    seeds = find_seeds(seeding.case, WorkingTree(seeding.before), kind.name, most)
    root = seeding.plant(seeds)
    names = {path: name for name, path in NamesInTree(seeding.case.table).files.items()}
    if kind.name != "missing-names":
        while seeds:
            changed = compare(seeding.seen, _observe(root, seeding.seen, seeding.python, seeding.site))
            harmful = [path for path in seeds if names[path] in changed] or (list(seeds) if changed else [])
            if not harmful:
                break
            seeds = {path: edits for path, edits in seeds.items() if path not in harmful}
            root = seeding.plant(seeds)
    found = list(kind.find(FixContext(investigate(root), WorkingTree(root))))
    offers = [each for each in found if isinstance(each, Offer)]
    result = KindResult(root.name, kind.name, len(offers), modules=len(seeding.seen), seeded=len(seeds))
    result.refused = Counter(each.reason for each in found if isinstance(each, Refusal) and each.path in seeds)
    result.places, result.applied = sum(len(offer.edits) for offer in offers), len(offers)
    result.files = len({edit.path for offer in offers for edit in offer.edits})
    after = _apply(root, seeding.folder.parent / "after", offers, seeding.seen, seeding.python, seeding.site)
    result.changed = compare(seeding.seen, after)
    fixed = seeding.folder.parent / "after" / root.name
    result.restored = sum((fixed / path).read_bytes() == (seeding.before / path).read_bytes() for path in seeds)
    result.confirmed = sum(all(names[edit.path] not in result.changed for edit in offer.edits) for offer in offers)
    result.working = sum(not isinstance(each, str) for each in seeding.seen.values())
    return result


def _apply(before: Path, folder: Path, offers: Sequence[Offer], names: Iterable[str], python: str, site: Path) -> Seen:
    """Make the edits of some offers in a fresh copy; return what CPython makes of some modules then."""
    return _observe(write_offers(before, folder, offers), names, python, site)


def write_offers(before: Path, folder: Path, offers: Sequence[Offer]) -> Path:
    """Make the edits of some offers in a fresh copy within a folder, and return the copy."""
    after = copy_target(before, folder)
    tree = WorkingTree(after)
    new_files = {path: content for offer in offers for path, content in offer.new_files.items()}
    for path, content in read_changes(tree, [edit for offer in offers for edit in offer.edits], new_files).items():
        place = after / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.unlink() if content is None else place.write_bytes(content)
    return after


def _find_suspects(
    changed: Mapping[str, str], offers: Sequence[Offer], before: Path, folder: Path, seen: Seen, python: str, site: Path
) -> list[Offer]:
    """Return one offer, or the last few, without which the rest does not change a module: by halves."""
    name = min(changed)
    suspects = list(offers)
    while len(suspects) > 1:
        half = suspects[: len(suspects) // 2]
        rest = [each for each in offers if each not in suspects]
        now = _apply(before, folder, [*rest, *half], [name], python, site)
        suspects = half if compare({name: seen[name]}, now) else suspects[len(suspects) // 2 :]
        offers = [each for each in offers if each in suspects or each in rest or each in half]
    return suspects


def compare(before: Seen, after: Seen) -> dict[str, str]:
    """Return what is not as it was, by module: another end of its import, a public name lost or changed."""
    changed = {}
    for name, now in after.items():
        was = before[name]
        if isinstance(was, str):
            if isinstance(now, str) and now != was and not _is_same_failure(was, now):
                changed[name] = f"{was} → {now}"
        elif isinstance(now, str):
            changed[name] = f"ok → {now}"
        else:
            lost = [key for key, value in was.items() if value[0] != "module" and now.get(key) != value]
            if lost:
                changed[name] = f"{lost[0]}: {was[lost[0]]} → {now.get(lost[0])}"
    return changed


def _is_same_failure(was: str, now: str) -> bool:
    """Return whether two failures are of one kind: a message may quote objects with their addresses."""
    return was.partition(":")[0] == now.partition(":")[0] and len(was) > 100


def count_unloaded(before: Any, after: Any) -> int:
    """Return how many submodules a module had as attributes and has no more: nothing loads them at its import now."""
    if isinstance(before, str) or isinstance(after, str):
        return 0
    return sum(value[0] == "module" and key not in after for key, value in before.items())


def format_table(results: Iterable[KindResult]) -> str:
    """Return the results as a table in Markdown."""
    head = (
        "| package | kind | seeded | offered | edits | files | refused | applied | confirmed | restored | "
        "offered again | modules | import here | submodules not loaded |"
    )
    lines = [head, "|---|---|" + "--:|" * 12]
    for each in results:
        figures = (
            each.seeded, each.offered, each.places, each.files, sum(each.refused.values()), each.applied,
            each.confirmed, each.restored, each.again, each.modules, each.working, each.unloaded,
        )  # fmt: skip
        lines.append(f"| {each.package} | {each.kind} | {' | '.join(map(str, figures))} |")
    return "\n".join(lines)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("site", type=Path)
    parser.add_argument("--only", nargs="*", default=PACKAGES)
    parser.add_argument("--kinds", nargs="*", default=KIND_NAMES)
    parser.add_argument("--python", default="python3")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    results = []
    for name in asked.only:
        found = measure_package(asked.site, name, asked.kinds, asked.python, asked.seed)
        results += found
        print(format_table(found), flush=True)
        for each in found:
            for reason, count in each.refused.most_common(8):
                print(f"  {each.kind} refused {count}: {reason}")
            for text in [*each.not_confirmed, *(f"{name}: {what}" for name, what in list(each.changed.items())[:5])]:
                print(f"  {each.kind} changed: {text}", flush=True)
    print(format_table(results))


if __name__ == "__main__":
    main()
