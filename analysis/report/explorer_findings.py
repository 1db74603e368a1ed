"""The findings of a target for the explorer: what each says, and the modules that it is about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from analysis import tables
from analysis.report.explorer_cycles import RULE_OF_KIND
from analysis.report.explorer_links import (
    name_class_view,
    name_concept_view,
    name_cycle_view,
    name_module_view,
)

if TYPE_CHECKING:
    from analysis.investigation import Investigation

#: Findings that the explorer names, the most severe first; the page of findings has all.
MOST_FINDINGS = 3000
LONGEST_MESSAGE = 200


def build_findings(inv: Investigation, places: Mapping[str, int], files: Mapping[str, str]) -> list[list[Any]]:
    """Return the findings that are about modules, the most severe first.

    Each is a list of fingerprint, severity, message (its first 200 characters) and the places of the modules: its
    subject where that is a module, and those of the files that it cites. ``files`` are those of the modules.
    """
    modules: dict[str, int] = {}
    for name in sorted(files, key=lambda name: (len(name), name)):  # a file with two names counts for the shorter
        if name in places:
            modules.setdefault(files[name], places[name])
    rows = sorted(inv.table("findings").to_pylist(), key=lambda row: (row["severity"], row["rule"], row["subject"]))
    found = [
        [row["fingerprint"], row["severity"], _shorten(row["message"]), _find_modules(row, places, modules)]
        for row in rows
    ]
    return [each for each in found if each[3]][:MOST_FINDINGS]


def _find_modules(row: Mapping[str, Any], places: Mapping[str, int], modules: Mapping[str, int]) -> list[int]:
    subject = row["subject"].partition(":")[0]
    own = [places[subject]] if subject in places else []
    cited = [modules[place["path"]] for place in row["evidence"] if place["path"] in modules]
    return sorted({*own, *cited})


class ViewFinder:
    """Finds the view of the explorer that shows what a finding of one snapshot is about."""

    def __init__(self, inv: Investigation) -> None:
        self._modules = frozenset(inv.graph.modules)
        self._of_file: dict[str, str] = {}
        for module, path in tables.read_rows(inv.table("modules"), "module", "path"):
            if module in self._modules:
                self._of_file[path] = min(module, self._of_file.get(path, module), key=lambda name: (len(name), name))
        self._concepts = frozenset(concept.name for concept in inv.policy.concept)
        self._cycles = {
            (RULE_OF_KIND[kind, with_ancestors], modules[0]): cycle
            for cycle, kind, with_ancestors, modules in tables.read_rows(
                inv.table("cycles"), "cycle", "kind", "with_ancestors", "modules"
            )
            if (kind, with_ancestors) in RULE_OF_KIND
        }

    def find(self, row: Mapping[str, Any]) -> str:
        """Return the address of the view for a row of ``findings``; empty where the explorer does not show it."""
        subject = row["subject"]
        if (row["rule"], subject) in self._cycles:
            return name_cycle_view(self._cycles[row["rule"], subject])
        if subject in self._modules:
            return name_module_view(subject)
        if subject.partition(":")[0] in self._modules:
            return name_class_view(subject)
        if subject in self._concepts:
            return name_concept_view(subject)
        cited = (self._of_file.get(place["path"]) for place in row["evidence"])
        module = next((name for name in cited if name), "")
        return name_module_view(module) if module else ""


def _shorten(message: str) -> str:
    return message if len(message) <= LONGEST_MESSAGE else f"{message[: LONGEST_MESSAGE - 1]}…"
