"""What is known of a target at one commit: its figures, its findings, and what stands in the way of more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from analysis.history import Baseline, KnownFinding


@dataclass(frozen=True, slots=True)
class JudgedCommit:
    """The verdict on one commit: its figures by name, its findings by fingerprint, and why there is none, if so.

    ``renamed``: the fingerprint that a finding had at the commit judged before, where it is another one. ``is_whole``:
    what is not among the findings was not there; a commit without the target's folder has none for sure.
    ``sketches`` are those of a baseline, by which a renamed file is recognised. ``unread`` are the files whose content
    is not known, each with the reason. ``is_simulated``: every first import was simulated. ``lasts``: another run would
    say the same; it would not where time ran out, or where the repository lacks what it may have tomorrow.
    """

    commit: str
    figures: Mapping[str, float] = field(default_factory=dict)
    findings: Mapping[str, KnownFinding] = field(default_factory=dict)
    problem: str = ""
    renamed: Mapping[str, str] = field(default_factory=dict)
    base: str = ""
    is_whole: bool = True
    sketches: Mapping[str, str] = field(default_factory=dict)
    unread: tuple[tuple[str, str], ...] = ()
    is_simulated: bool = False
    lasts: bool = True

    def as_baseline(self, revision: str = "") -> Baseline:
        """Return its findings as those that were known at a revision."""
        return Baseline(
            revision=revision, simulated=self.is_simulated, findings=tuple(self.findings.values()),
            sketches=dict(self.sketches),
        )  # fmt: skip
