"""How a run compares with its base, the last complete run, in one line, as JSON, and as an exit code."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from analysis.quantities import write_score
from analysis.report.base import Base, find_difference
from analysis.report.provenance import NO_REVISION
from analysis.report.runs import ReportRun
from analysis.wording import format_count, make_harmless

if TYPE_CHECKING:
    from analysis.investigation import Investigation

FailOn = Literal["regression", "gate", "never"]
NotifyWhen = Literal["changed", "regression", "always"]
#: Format of the document that a webhook gets; raised when fields change their meaning.
FORMAT = 1
#: Findings of this severity are no regression, as in ``ssot check``.
_MINOR = "P3"


@dataclass(frozen=True, slots=True)
class RunOutcome:
    """One run compared with its base: see ``analysis.report.base``.

    ``since`` is the time of the base (ISO, empty without one), ``score_before`` its score. ``regressions`` are the
    findings above P3 that are new or worse. ``unfinished`` are sentences on runs that did not end. ``untraced`` says
    why the commits that brought changes in were not looked for, if so.
    """

    run: ReportRun
    base: Base = field(default_factory=Base)
    since: str = ""
    score_before: float | None = None
    new: int = 0
    worse: int = 0
    gone: int = 0
    regressions: int = 0
    unfinished: tuple[str, ...] = ()
    untraced: str = ""

    @property
    def is_changed(self) -> bool:
        """Whether anything differs from the base; also when no run is kept or compared, or a run did not end."""
        is_known = self.base.kind in {"run", "named"}
        counted = self.new + self.worse + self.gone
        return bool(not is_known or counted or self.unfinished or self.score_before != self.run.score)

    @property
    def summary(self) -> str:
        """The outcome in one line, without characters that control a terminal."""
        return make_harmless("; ".join(self._list_parts()))

    def _list_parts(self) -> Iterator[str]:
        run, before = self.run, self.score_before
        where = "" if run.revision == NO_REVISION else f" at {run.revision}"
        score = "no score" if run.score is None else f"score {write_score(run.score)}"
        yield f"{run.target}{where}: {score}{'' if before is None else f' (was {write_score(before)})'}"
        if self.base.kind in {"first", "scan"}:
            yield "the first complete run"
        if self.base.kind == "lost":
            yield f"not compared: {self.base.problem}"
        if self.since or self.base.kind == "named":
            since = self.base.format_since(self.since)
            yield f"{format_count(self.new, 'finding')} new, {self.worse:,} worse, {self.gone:,} gone since {since}"
        if run.passed is not None:
            yield "the gate passes" if run.passed else "the gate does not pass"
        if self.untraced:
            yield f"commits are not known: {self.untraced}"
        yield from self.unfinished

    def fails(self, fail_on: FailOn) -> bool:
        """Return whether the exit code is 1."""
        if fail_on == "gate":
            return self.run.passed is False
        return fail_on == "regression" and self.regressions > 0

    def is_worth(self, when: NotifyWhen) -> bool:
        """Return whether somebody is notified."""
        return when == "always" or (self.is_changed if when == "changed" else self.regressions > 0)

    def describe(self) -> dict[str, Any]:
        """Return the outcome as the values of a JSON document."""
        run = self.run
        return {
            "format": FORMAT, "target": run.target, "revision": run.revision, "created": run.created,
            "summary": self.summary, "failed": "", "verdict": run.verdict, "score": run.score,
            "score_before": self.score_before, "since": self.since, "compared_with": self.base.kind,
            "not_compared": self.base.problem, "new": self.new,
            "worse": self.worse, "gone": self.gone, "regressions": self.regressions, "passed": run.passed,
            "untraced": self.untraced, "unfinished": list(self.unfinished), "report": str(run.folder),
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class FailedRun:
    """A run whose report was not written: of which target, when it failed (ISO), and why."""

    target: str
    created: str
    why: str

    @property
    def summary(self) -> str:
        """The failure in one line, without characters that control a terminal."""
        return make_harmless(f"{self.target}: no report was written: {self.why}")

    def describe(self) -> dict[str, Any]:
        """Return the failure as the values of a JSON document."""
        return {
            "format": FORMAT, "target": self.target, "created": self.created, "summary": self.summary,
            "failed": make_harmless(self.why),
        }  # fmt: skip


def compare_run(
    inv: Investigation, run: ReportRun, base: Base, unfinished: Sequence[str], untraced: str = ""
) -> RunOutcome:  # fmt: skip
    """Return how a run compares with its base, by the findings of both snapshots, as ``ssot diff`` does."""
    found = find_difference(inv, base)
    if found is None:
        return RunOutcome(run, base, unfinished=tuple(unfinished), untraced=untraced)
    regressions = sum(each.change in {"new", "worse"} and each.severity != _MINOR for each in found.changed_findings)
    return RunOutcome(
        run, base, found.sides[0].created, found.scores[0], found.count("new"), found.count("worse"),
        found.count("gone"), regressions, tuple(unfinished), untraced,
    )  # fmt: skip
