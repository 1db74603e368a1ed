"""The effort model: how much work a step is, from what it touches. ``docs/plan.md`` states its error."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from analysis.rules.edits import PlannedEdit, list_evidence

#: To open a file, read around the place and look at the difference.
FILE_MINUTES = 1
#: To move one method into another class, with its tests.
METHOD_MINUTES = 15
_SMALL, _MEDIUM = 5, 50


class Amount(NamedTuple):
    """What a step touches: places, files, and methods that one class hands over to another."""

    places: int
    files: tuple[str, ...]
    methods: int

    @property
    def size(self) -> str:
        """Small, medium or large, by places."""
        return "small" if self.places <= _SMALL else "medium" if self.places <= _MEDIUM else "large"

    def estimate(self, each: float) -> int:
        """Return the minutes of work, with so many minutes for each place; none where a place takes none."""
        if not each:
            return 0
        return round(self.places * each + len(self.files) * FILE_MINUTES + self.methods * METHOD_MINUTES)


def list_edits(rows: Sequence[Mapping[str, Any]], known: Iterable[PlannedEdit]) -> list[PlannedEdit]:
    """Return the edits of some findings, in their order: those that the rule lists, else the places that they show."""
    found: dict[str, list[PlannedEdit]] = {row["fingerprint"]: [] for row in rows}
    for edit in sorted(set(known)):
        found[edit.fingerprint].append(edit)
    return [edit for row in rows for edit in found[row["fingerprint"]] or list_evidence(row)]


def measure_amount(rows: Sequence[Mapping[str, Any]], edits: Sequence[PlannedEdit]) -> Amount:
    """Return what some findings touch by their edits.

    Two changes of one statement are one place. Where the edits of a finding are just the places that it shows, those
    that it does not show count too; a finding without a place counts as one.
    """
    own: dict[str, set[tuple[str, int]]] = {row["fingerprint"]: set() for row in rows}
    for edit in edits:
        own[edit.fingerprint].add((edit.path, edit.line))
    hidden, files = 0, {edit.path for edit in edits}
    for row in rows:
        shown = {(place["path"], place["line"]) for place in row["evidence"]}
        if own[row["fingerprint"]] == shown:
            hidden += max(row["places"], 1) - len(shown)
            files.update(row["paths"])
    places = len(set().union(*own.values())) + hidden
    methods = sum({(edit.path, edit.line): edit.methods for edit in edits}.values())
    return Amount(places, tuple(sorted(files)), methods)
