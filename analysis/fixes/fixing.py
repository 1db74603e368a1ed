"""The fixes of a target: what is offered, proved on changed trees, and written as patches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from analysis import store, tables
from analysis.facts.overlaid_tree import Changes
from analysis.facts.revisions import TargetSource
from analysis.fixes.choosing import Choice, Fix, Investigate, choose_fixes
from analysis.fixes.offers import Refusal
from analysis.fixes.patches import name_patch, write_patch
from analysis.investigation import Investigation
from analysis.pipeline import investigate
from analysis.progress import Progress, ignore_progress


def change_with(first: Investigation, *, jobs: int = 0) -> Investigate:
    """Return what investigates the target of an investigation with some files changed, by the policy of that one.

    Nothing of the target is run: what a probe saw is not there.
    """
    policy = first.policy.model_copy(update={"target": first.policy.target.model_copy(update={"probe": False})})
    source = TargetSource(Path(first.manifest.root), first.manifest.commit)

    def investigate_changed(changes: Changes) -> Investigation:
        return investigate(source, policy=policy, changes=changes, jobs=jobs)

    return investigate_changed


def find_fixes(
    first: Investigation, *, rules: Sequence[str] = (), module: str = "", seconds: float = 300.0, jobs: int = 0,
    progress: Progress = ignore_progress,
) -> Choice:  # fmt: skip
    """Return the fixes for the findings of some rules, of one module and what lies below it; else for all.

    A rule may be a pattern. Raises ``UnknownNameError`` with the nearest names for what there is not.
    """
    first.find_findings(rule=rules, module=module)

    def choose(found: Investigation) -> frozenset[str] | None:
        if not rules and not module:
            return None
        return frozenset(tables.read_column(found.find_findings(rule=rules, module=module), "fingerprint"))

    return choose_fixes(first, change_with(first, jobs=jobs), choose=choose, seconds=seconds, progress=progress)


def write_patches(choice: Choice, folder: Path) -> list[Path]:
    """Write each fix into a folder as a patch and return the files; those of earlier runs there are removed."""
    for old in folder.glob("[0-9][0-9]*-*.patch"):
        old.unlink()
    places = []
    for number, fix in enumerate([*choice.fixes, *choice.scaffolds], 1):
        places.append(folder / name_patch(number, fix))
        store.write_file(places[-1], write_patch(fix))
    return places


def read_before(choice: Choice) -> Changes:
    """Return what the files that all fixes change hold in the target, as it was investigated."""
    before: dict[str, bytes | None] = {}
    for fix in choice.fixes:
        before |= {path: content for path, content in fix.before.items() if path not in before}
    return before


def describe_choice(choice: Choice) -> dict[str, Any]:
    """Return fixes, scaffolds and refusals as the values of a JSON document."""
    return {
        "fixes": [_describe(number, fix) for number, fix in enumerate(choice.fixes, 1)],
        "scaffolds": [_describe(number, fix) for number, fix in enumerate(choice.scaffolds, len(choice.fixes) + 1)],
        "refused": [_describe_refusal(each) for each in choice.refused],
    }  # fmt: skip


def _describe(number: int, fix: Fix) -> dict[str, Any]:
    offer = fix.offer
    return {
        "number": number, "kind": offer.kind, "subject": offer.subject, "title": offer.title, "reason": offer.reason,
        "clears": list(offer.clears), "files": sorted(fix.after), "patch": name_patch(number, fix),
        "mentions": [{"path": each.path, "line": each.line, "text": each.text} for each in offer.mentions],
        "proved_together": fix.together, "proof": fix.proof.as_record(),
    }  # fmt: skip


def _describe_refusal(refusal: Refusal) -> dict[str, Any]:
    names = ("kind", "subject", "path", "line", "reason")
    return {**{name: getattr(refusal, name) for name in names}, "clears": list(refusal.clears)}


def list_mentions(choice: Choice) -> Iterator[str]:
    """Yield the places that fixes leave alone and somebody should look at, each once."""
    found = {(each.path, each.line, each.text) for fix in choice.fixes for each in fix.offer.mentions}
    yield from (f"{path}:{line}  {text}" for path, line, text in sorted(found))
