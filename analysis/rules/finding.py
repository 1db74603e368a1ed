"""A finding: a rule's verdict on a subject, with its evidence."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

import pyarrow as pa

from analysis import tables

#: More places than this are counted, not shown.
MOST_EVIDENCE = 12


@dataclass(frozen=True, slots=True, order=True)
class Evidence:
    """One place, with its line as it stands in the source."""

    path: str
    line: int
    source: str = ""


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One verdict; the fields are the columns of ``tables.FINDINGS``. Sorts by severity, rule and subject."""

    severity: str
    rule: str
    subject: str
    message: str
    fingerprint: str
    certainty: str = "static"
    evidence: tuple[Evidence, ...] = ()


def fingerprint(rule: str, subject: str, *parts: str) -> str:
    """Return 16 hex digits that depend on names only, never on lines or layout.

    >>> fingerprint("import-cycle", "a") == fingerprint("import-cycle", "a")
    True
    """
    text = "\0".join((rule, subject, *parts))
    return hashlib.blake2b(text.encode("utf-8", "backslashreplace"), digest_size=8).hexdigest()


def build_findings_table(findings: Iterable[Finding]) -> pa.Table:
    """Return the findings as the Arrow table ``findings``, in the order given."""
    return tables.FINDINGS.from_rows(
        (
            finding.fingerprint, finding.rule, finding.severity, finding.subject, finding.message, finding.certainty,
            [{"path": place.path, "line": place.line, "source": place.source} for place in finding.evidence],
        )
        for finding in findings
    )  # fmt: skip
