"""A finding: a rule's verdict on a subject, with its evidence."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

import pyarrow as pa

from analysis import tables
from analysis.facts.test_files import is_test_file
from analysis.former_names import FORMER, FormerNames, find_first_rule_name
from analysis.wording import make_harmless

#: More places than this are counted, not shown.
MOST_EVIDENCE = 12
#: A file and a line in it, from 1.
Place = tuple[str, int]


@dataclass(frozen=True, slots=True, order=True)
class Evidence:
    """One place, with its line as it stands in the source; empty until ``add_sources``."""

    path: str
    line: int
    source: str = ""


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One verdict; the fields are the columns of ``tables.FINDINGS``. Sorts by severity, rule and subject.

    ``owner`` is whom the policy names for it, ``cause`` the fingerprint of the finding whose fix removes this one, if
    there is one. ``cited`` are all its places, of which ``evidence`` shows the first.
    """

    severity: str
    rule: str
    subject: str
    message: str
    fingerprint: str
    certainty: str = "static"
    evidence: tuple[Evidence, ...] = ()
    places: int = 0
    owner: str = ""
    cause: str = ""
    cited: tuple[Place, ...] = field(default=(), compare=False, repr=False)

    @property
    def paths(self) -> tuple[str, ...]:
        """The files of all its places, sorted."""
        return tuple(sorted({path for path, _ in self.cited}))

    @property
    def in_tests(self) -> bool:
        """Whether all its places are in tests."""
        return bool(self.cited) and all(is_test_file(path) for path, _ in self.cited)


def say_tests(finding: Finding) -> Finding:
    """Return a finding whose message says so where it is about tests alone."""
    return replace(finding, message=f"{finding.message}. Only tests are concerned") if finding.in_tests else finding


def build_finding(
    rule: str, severity: str, subject: str, message: str, places: Iterable[Place], marks: Iterable[str] = (),
    *, counted: Iterable[Place] | None = None,
) -> Finding:  # fmt: skip
    """Return a finding whose evidence is the first dozen different places, in the order given.

    ``counted`` are the places that it is made of, where those that are shown are but an example. ``marks`` are names
    that distinguish this finding from others of the same rule and subject, never lines.
    """
    shown = list(dict.fromkeys(places))
    chosen = shown if counted is None else list(dict.fromkeys(counted))
    return Finding(
        severity, rule, make_harmless(subject), make_harmless(message), fingerprint(rule, subject, *marks),
        evidence=tuple(Evidence(path, line) for path, line in shown[:MOST_EVIDENCE]), places=len(chosen),
        cited=tuple(chosen),
    )  # fmt: skip


def fingerprint(rule: str, subject: str, *parts: str, former: FormerNames = FORMER) -> str:
    """Return 16 hex digits that depend on names only, never on lines or layout, nor on a rule's new name.

    >>> fingerprint("import-cycle", "a") == fingerprint("import-cycle", "a")
    True
    """
    text = "\0".join((find_first_rule_name(rule, former), subject, *parts))
    return hashlib.blake2b(text.encode("utf-8", "backslashreplace"), digest_size=8).hexdigest()


def add_sources(findings: Iterable[Finding], lines: Mapping[Place, str]) -> list[Finding]:
    """Return the findings with the source line of each place, where there is one."""
    return [
        replace(
            finding,
            evidence=tuple(
                Evidence(place.path, place.line, place.source or lines.get((place.path, place.line), ""))
                for place in finding.evidence
            ),
        )
        for finding in findings
    ]


def build_findings_table(findings: Iterable[Finding]) -> pa.Table:
    """Return the findings as the Arrow table ``findings``, in the order given."""
    return tables.FINDINGS.from_rows(
        (
            finding.fingerprint, finding.rule, finding.severity, finding.subject, finding.message, finding.certainty,
            [{"path": place.path, "line": place.line, "source": place.source} for place in finding.evidence],
            max(finding.places, len(finding.evidence)), finding.owner, finding.cause,
            finding.in_tests, finding.paths,
        )
        for finding in findings
    )  # fmt: skip
