"""Which findings a fix is about, and which places of them somebody accepts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from analysis import tables
from analysis.former_names import find_rule
from analysis.rules.exceptions import find_allowed, read_allowances

#: Reads a table of a snapshot by its name.
ReadTable = Callable[[str], pa.Table]


@dataclass(frozen=True, slots=True)
class OpenFindings:
    """The findings of one rule that count: their fingerprints by subject, and the reasons of accepted places."""

    fingerprints: Mapping[str, str]
    accepted_subjects: Mapping[str, str]
    accepted_places: Mapping[tuple[str, int], str]

    def find_acceptance(self, subject: str, path: str, line: int) -> str:
        """Return why somebody accepts a place of a finding; empty where nobody does."""
        return self.accepted_places.get((path, line)) or self.accepted_subjects.get(subject, "")


def find_open_findings(read_table: ReadTable, rule: str) -> OpenFindings:
    """Return the findings of a rule that a fix may clear, and what comments and policy accept."""
    findings = _choose(read_table("findings"), rule)
    accepted = _choose(read_table("accepted"), rule)
    whole = accepted.filter(pc.equal(accepted["by"].cast(tables.TEXT), "policy"))
    allowances = [each for each in read_allowances(read_table("markers")) if each.reason]
    places = {
        place: each.reason
        for place, found in find_allowed(allowances, read_table("imports")).items()
        for each in found
        if rule in each.rules
    }
    return OpenFindings(
        dict(tables.read_rows(findings, "subject", "fingerprint")),
        dict(tables.read_rows(whole, "subject", "reason")), places,
    )  # fmt: skip


def _choose(table: pa.Table, rule: str) -> pa.Table:
    return table.filter(pc.equal(table["rule"].cast(tables.TEXT), find_rule(rule)))
