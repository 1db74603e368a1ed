"""The records of a plan: edits, risks, prerequisites, steps and phases."""

from __future__ import annotations

from dataclasses import dataclass

from analysis.rules.edits import PlannedEdit


@dataclass(frozen=True, slots=True)
class Risk:
    """How likely a step breaks something else: low, medium or high, and why."""

    level: str
    reason: str


@dataclass(frozen=True, slots=True)
class Need:
    """A step that comes before another one, by its number, and why."""

    step: str
    reason: str


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do: which rule's findings it fixes, how many, in how many places, and the first of them.

    ``number`` is its place in the plan, as 2.1; ``subjects`` are fingerprint, subject and message of its findings,
    ``edits`` what to change where, ``files`` the files touched, ``cleared`` the fingerprints of all findings that go:
    first those that it fixes, then their consequences.

    ``effort`` is small (up to 5 places), medium (up to 50) or large; ``methods`` are those that classes hand over.
    ``minutes`` is the estimated work, ``shares`` what of it each finding is: fingerprint, owner (empty without one),
    minutes; they add up to it. ``why`` is what the finding means, ``how`` the way to fix it, ``owners`` who owns the
    findings, the one with most of them first. ``in_tests``: only tests are concerned. ``patch`` is the command that
    shows patches as far as they are proved, empty where there is no such patch.
    """

    title: str
    rule: str
    severity: str
    findings: int
    places: int
    effort: str
    examples: tuple[str, ...]
    why: str = ""
    how: str = ""
    owners: tuple[str, ...] = ()
    minutes: int = 0
    shares: tuple[tuple[str, str, int], ...] = ()
    number: str = ""
    subjects: tuple[tuple[str, str, str], ...] = ()
    edits: tuple[PlannedEdit, ...] = ()
    files: tuple[str, ...] = ()
    cleared: tuple[str, ...] = ()
    methods: int = 0
    in_tests: bool = False
    risk: Risk = Risk("low", "")
    needs: tuple[Need, ...] = ()
    patch: str = ""

    @property
    def consequences(self) -> int:
        """The findings that go with those that the step fixes."""
        return len(self.cleared) - self.findings

    @property
    def rate(self) -> float:
        """Findings cleared per hour, consequences included."""
        return len(self.cleared) * 60 / self.minutes if self.minutes else float("inf")


@dataclass(frozen=True, slots=True)
class Phase:
    """Steps that belong together, and the goal they reach."""

    name: str
    goal: str
    steps: tuple[Step, ...]

    @property
    def minutes(self) -> int:
        """The estimated work of its steps."""
        return sum(step.minutes for step in self.steps)
