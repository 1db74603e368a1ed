"""The trend on the first page: score, findings and estimated work over runs or commits, as lines and in words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from analysis import store
from analysis.history.difference import find_score
from analysis.quantities import write_count, write_score
from analysis.remedy import Debt, format_minutes
from analysis.report.kept_history import find_history
from analysis.report.provenance import format_date
from analysis.report.runs import ReportRun, list_runs
from analysis.tables import SEVERITIES
from analysis.timeline.courses import Course, find_course, say_course, say_direction
from analysis.timeline.points import FIGURES, Point
from analysis.timeline.trend import FEWEST_POINTS
from analysis.wording import format_count

if TYPE_CHECKING:
    from analysis.investigation import Investigation

#: Inside of a line's picture, in its own units; the text stands above and below the line.
WIDTH, HEIGHT, _MARGIN = 300.0, 72.0, 6.0
FEWEST = 2
DEBT = "debt"
_DRAWN = (("score", "Score"), ("findings", "Findings"), (DEBT, "Estimated work"))


@dataclass(frozen=True, slots=True)
class Curve:
    """One figure over the runs: its name, its line, the ends of both axes in words, and all of it as a sentence."""

    label: str
    line: str
    last: tuple[str, str]
    highest: str
    lowest: str
    words: str


@dataclass(frozen=True, slots=True)
class TrendView:
    """The curves, whether the score gets better in a few words, and the sentences about each figure with a target.

    ``points`` counts them, and says whether they are runs or commits.
    """

    points: str
    first: str
    last: str
    curves: Sequence[Curve]
    direction: str
    sentences: Sequence[str]


def build_trend(inv: Investigation, counts: Mapping[str, int], debt: Debt) -> TrendView | None:
    """Return the trend up to an investigation; None with fewer than two points.

    ``counts`` are its findings by severity. The points are the complete runs below the folder of reports, this one as
    the last; where these are too few for a trend, the commits whose verdicts are kept, if they are enough.
    """
    points, noun = _list_runs(inv, counts, debt), "complete run"
    history = find_history(inv) if len(points) < FEWEST_POINTS else None
    if history is not None and len(history.timeline.commits) >= FEWEST_POINTS:
        points, noun = list(map(_count_findings, history.timeline.commits)), "commit"
    if len(points) < FEWEST:
        return None
    score = find_course(points, "score", inv.policy.compliance.threshold)
    courses = [score, find_course(points, "p0"), find_course(points, "p1")]
    courses += [find_course(points, DEBT)] if any(DEBT in point.figures for point in points) else []
    curves = (_draw(points, column, label, noun) for column, label in _DRAWN)
    return TrendView(
        format_count(len(points), noun), format_date(points[0].seconds), format_date(points[-1].seconds),
        [each for each in curves if each is not None], say_direction(score), list(map(say_course, _choose(courses))),
    )  # fmt: skip


def _list_runs(inv: Investigation, counts: Mapping[str, int], debt: Debt) -> list[Point]:
    older = [run for run in list_runs(store.find_reports_folder() / inv.manifest.as_target.place)
             if _has_time(run) and run.created <= inv.manifest.created and run.snapshot != str(inv.path)]  # fmt: skip
    now = ReportRun(inv.path, created=inv.manifest.created, score=find_score(inv), findings=dict(counts),
                    debt_minutes=debt.minutes)  # fmt: skip
    return [_build_point(run) for run in [*older, now]]


def _count_findings(point: Point) -> Point:
    counts = [count for name in SEVERITIES if (count := point.find(name.lower())) is not None]
    return replace(point, figures={**point.figures, "findings": sum(counts)}) if counts else point


def _choose(courses: Sequence[Course]) -> list[Course]:
    """Return the score, and the others that say something: those without findings at all say nothing."""
    return [each for each in courses if each.column == "score" or not each.is_met]


def _has_time(run: ReportRun) -> bool:
    """Return whether a run says when it was; a damaged record does not."""
    try:
        return bool(dt.datetime.fromisoformat(run.created))
    except (TypeError, ValueError):
        return False


def _build_point(run: ReportRun) -> Point:
    figures: dict[str, float] = {}
    if run.score is not None:
        figures[FIGURES["score"]] = run.score
    if run.findings is not None:
        figures |= {FIGURES[name.lower()]: float(count) for name, count in run.findings.items()}
        figures["findings"] = float(sum(run.findings.values()))
    if run.debt_minutes is not None:
        figures[DEBT] = run.debt_minutes / 60
    seconds = int(dt.datetime.fromisoformat(run.created).timestamp())
    return Point("run", seconds, run.revision, figures)


def _draw(points: Sequence[Point], column: str, label: str, noun: str) -> Curve | None:
    known = [(point.seconds, value) for point in points if (value := point.find(column)) is not None]
    if len(known) < FEWEST:
        return None
    values = [value for _, value in known]
    places = _place([seconds for seconds, _ in known], values)
    first, last, high, low = (_write(column, value) for value in (values[0], values[-1], max(values), min(values)))
    words = f"{label} over {format_count(len(known), noun)}: from {first} to {last}, at most {high}, at least {low}"
    line = " ".join(f"{across:.1f},{down:.1f}" for across, down in places)
    return Curve(label, line, (f"{places[-1][0]:.1f}", f"{places[-1][1]:.1f}"), high, low, words)


def _place(times: Sequence[float], values: Sequence[float]) -> list[tuple[float, float]]:
    """Return where each value stands: to the right by its time, the highest on top; equal ones in the middle.

    >>> _place([0, 10, 40], [1.0, 3.0, 2.0])
    [(6.0, 66.0), (78.0, 6.0), (294.0, 36.0)]
    >>> _place([5, 5], [7.0, 7.0])
    [(6.0, 36.0), (294.0, 36.0)]
    """
    start, span = times[0], times[-1] - times[0]
    low, high = min(values), max(values)
    wide, tall = WIDTH - 2 * _MARGIN, HEIGHT - 2 * _MARGIN
    across = [(time - start) / span if span else place / (len(times) - 1) for place, time in enumerate(times)]
    down = [(high - value) / (high - low) if high > low else 0.5 for value in values]
    return [(_MARGIN + wide * right, _MARGIN + tall * below) for right, below in zip(across, down, strict=True)]


def _write(column: str, value: float) -> str:
    if column == "score":
        return write_score(value)
    return format_minutes(round(value * 60)) if column == DEBT else write_count(value)
