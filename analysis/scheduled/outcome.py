"""How a run compares with the last complete one, in one line, as JSON, and as an exit code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from analysis.errors import AnalysisError
from analysis.history.changed_findings import find_changes
from analysis.quantities import write_score
from analysis.report.provenance import NO_REVISION, format_time
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
    """One run compared with the last complete one.

    ``before`` is that run, None for the first one; ``unknown`` says why it could not be compared with, if so.
    ``regressions`` are the findings above P3 that are new or worse. ``unfinished`` are sentences on runs that did not
    end, ``place`` is the folder of the report.
    """

    run: ReportRun
    before: ReportRun | None = None
    new: int = 0
    worse: int = 0
    gone: int = 0
    regressions: int = 0
    unknown: str = ""
    unfinished: tuple[str, ...] = ()

    @property
    def is_changed(self) -> bool:
        """Whether anything differs from the run before; also when that is not known, or a run did not end."""
        scores = [None if run is None else run.score for run in (self.before, self.run)]
        counted = self.new + self.worse + self.gone
        return bool(self.before is None or self.unknown or counted or self.unfinished or scores[0] != scores[1])

    @property
    def summary(self) -> str:
        """The outcome in one line, without characters that control a terminal."""
        return make_harmless("; ".join(self._list_parts()))

    def _list_parts(self) -> Iterator[str]:
        run, before = self.run, self.before
        where = "" if run.revision == NO_REVISION else f" at {run.revision}"
        score = "no score" if run.score is None else f"score {write_score(run.score)}"
        was = "" if before is None or before.score is None else f" (was {write_score(before.score)})"
        yield f"{run.target}{where}: {score}{was}"
        if before is None:
            yield "the first complete run"
        elif self.unknown:
            yield f"not compared: {self.unknown}"
        else:
            since = format_time(before.created)
            yield f"{format_count(self.new, 'finding')} new, {self.worse:,} worse, {self.gone:,} gone since {since}"
        if run.passed is not None:
            yield "the gate passes" if run.passed else "the gate does not pass"
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
            "summary": self.summary, "verdict": run.verdict, "score": run.score,
            "score_before": self.before.score if self.before else None,
            "since": self.before.created if self.before else "", "not_compared": self.unknown, "new": self.new,
            "worse": self.worse, "gone": self.gone, "regressions": self.regressions, "passed": run.passed,
            "unfinished": list(self.unfinished), "report": str(run.folder),
        }  # fmt: skip


def compare_run(inv: Investigation, run: ReportRun, before: ReportRun | None, unfinished: Sequence[str]) -> RunOutcome:
    """Return how a run compares with an earlier one, by the findings of their snapshots, as ``ssot diff`` does."""
    if before is None:
        return RunOutcome(run, unfinished=tuple(unfinished))
    try:
        changes = find_changes(type(inv)(Path(before.snapshot)), inv)
    except AnalysisError as error:
        return RunOutcome(run, before, unknown=error.what, unfinished=tuple(unfinished))
    counts = Counter(change.change for change in changes)
    regressions = sum(change.change in {"new", "worse"} and change.severity != _MINOR for change in changes)
    return RunOutcome(
        run, before, counts["new"], counts["worse"], counts["gone"], regressions, unfinished=tuple(unfinished)
    )
