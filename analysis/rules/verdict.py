"""What findings amount to, in one sentence: what needs a fix, what breaks the policy, what is a risk.

A headline says no more than its rules know. That a policy limit is exceeded says nothing about failures, so policy
violations are counted apart, whatever severity the policy gives them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from analysis.quantities import write_count
from analysis.rules.catalogue import RULES_BY_NAME
from analysis.rules.rule import Breach
from analysis.tables import SEVERITY_WORDS
from analysis.wording import choose_form, format_count

#: Findings of these severities are to be fixed now; the others may wait.
URGENT = ("P0", "P1")
_BREACH_WORDS = {"policy limit": "policy limit exceeded", "policy requirement": "breaks the policy"}


@dataclass(frozen=True, slots=True)
class Tally:
    """Findings, each counted once: policy violations of P0 to P2 by what they break, the others by urgency."""

    fixes: int = 0
    limits: int = 0
    requirements: int = 0
    risks: int = 0
    notes: int = 0
    #: How many of them are about tests alone.
    tests: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return self.fixes + self.limits + self.requirements + self.risks + self.notes


def find_breach(rule: str) -> Breach:
    """Return what of the policy a rule's findings break; empty where the code itself is at fault."""
    return RULES_BY_NAME[rule].breach if rule in RULES_BY_NAME else ""


def name_severity(rule: str, severity: str) -> str:
    """Return what a finding is: a policy violation, or by its severity.

    >>> name_severity("concept-over-its-limit", "P0"), name_severity("phantom-import", "P1")
    ('policy limit exceeded', 'needs a fix now')
    """
    return _BREACH_WORDS.get(find_breach(rule), SEVERITY_WORDS[severity])


def count_findings(findings: Iterable[tuple[str, str]], *, tests: int = 0) -> Tally:
    """Return the tally of findings, each given as rule and severity; consequences of others are left out before.

    ``tests`` of them are about tests alone.
    """
    counts = {"fixes": 0, "limits": 0, "requirements": 0, "risks": 0, "notes": 0}
    for rule, severity in findings:
        breach = find_breach(rule)
        if severity == "P3":
            kind = "notes"
        elif breach:
            kind = "limits" if breach == "policy limit" else "requirements"
        else:
            kind = "fixes" if severity in URGENT else "risks"
        counts[kind] += 1
    return Tally(**counts, tests=tests)


def format_verdict(tally: Tally) -> str:
    """Return one sentence on the whole: what needs a fix, which policy violations there are, what may wait.

    >>> format_verdict(Tally(fixes=26, limits=2))
    '26 findings need a fix now; 2 policy limits are exceeded.'
    >>> format_verdict(Tally(risks=1))
    'Nothing needs a fix now; 1 finding is a risk.'
    >>> format_verdict(Tally(fixes=3, tests=2))
    '3 findings need a fix now; 2 findings are about tests only.'
    """
    if not tally.total:
        return "No rule has found anything."
    return "; ".join(_format_parts(tally)) + "."


def _format_parts(tally: Tally) -> Iterator[str]:
    if tally.fixes:
        yield f"{format_count(tally.fixes, 'finding')} {choose_form(tally.fixes, 'needs', 'need')} a fix now"
    elif not tally.limits and not tally.requirements:
        yield "Nothing needs a fix now"
    if tally.limits:
        yield f"{format_count(tally.limits, 'policy limit')} {choose_form(tally.limits, 'is', 'are')} exceeded"
    if tally.requirements:
        noun = (
            f"{write_count(tally.requirements)} more" if tally.limits else format_count(tally.requirements, "finding")
        )
        yield f"{noun} {choose_form(tally.requirements, 'breaks', 'break')} a requirement of the policy"
    is_first = not tally.fixes
    if tally.risks:
        noun = format_count(tally.risks, "finding") if is_first else write_count(tally.risks)
        yield f"{noun} {choose_form(tally.risks, 'is a risk', 'are risks')}"
        is_first = False
    if tally.notes:
        noun = format_count(tally.notes, "finding") if is_first else write_count(tally.notes)
        yield f"{noun} {choose_form(tally.notes, 'is', 'are')} worth knowing"
    if tally.tests:
        yield f"{format_count(tally.tests, 'finding')} {choose_form(tally.tests, 'is', 'are')} about tests only"
