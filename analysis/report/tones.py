"""The four kinds of findings that a page distinguishes by colour, shape and word: policy, urgent, risk and note."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from analysis.rules.verdict import URGENT, find_breach
from analysis.wording import choose_form

#: Tone: how one finding of it is counted, and several, in a word or two; the most pressing first.
TONES = {
    "urgent": ("fix now", "fix now"),
    "policy": ("policy", "policy"),
    "risk": ("risk", "risks"),
    "note": ("note", "notes"),
}
MINOR = "P3"


def find_tone(rule: str, severity: str) -> str:
    """Return what kind of colour and shape a finding has: policy, urgent, risk or note.

    >>> find_tone("concept-over-its-limit", "P0"), find_tone("import-cycle", "P1"), find_tone("import-cycle", "P3")
    ('policy', 'urgent', 'note')
    """
    if severity == MINOR:
        return "note"
    return "policy" if find_breach(rule) else "urgent" if severity in URGENT else "risk"


def count_tones(findings: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return tone and words for each kind of finding that there is, from rule and severity of each.

    >>> count_tones([("import-cycle", "P1"), ("import-cycle", "P2"), ("import-cycle", "P2")])
    [('urgent', '1 fix now'), ('risk', '2 risks')]
    """
    counts = Counter(find_tone(rule, severity) for rule, severity in findings)
    present = {tone: words for tone, words in TONES.items() if counts[tone]}
    return [(tone, f"{counts[tone]:,} {choose_form(counts[tone], *words)}") for tone, words in present.items()]
