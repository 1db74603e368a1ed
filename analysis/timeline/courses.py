"""The courses of the figures that have a target: the score, the findings of P0 and P1, and the estimated work."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable
from dataclasses import dataclass

from analysis.quantities import write_score
from analysis.timeline.points import Point
from analysis.timeline.trend import Projection, Trend, find_trend, project
from analysis.timeline.walk import History

#: How sentences name a figure that has a target.
_NAMES = {
    "score": "The score", "p0": "The number of P0 findings", "p1": "The number of P1 findings",
    "debt": "The estimated work in hours",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Course:
    """A figure over time: its trend, its target, when that is reached, and whether it is today."""

    column: str
    trend: Trend
    target: float
    projection: Projection
    is_met: bool = False


def find_courses(history: History, source: str = "commit") -> list[Course]:
    """Return the courses of the score, against the policy's threshold, and of P0 and P1, which should be none."""
    points = history.timeline.commits if source == "commit" else history.timeline.runs
    targets = (("score", history.policy.compliance.threshold), ("p0", 0.0), ("p1", 0.0))
    return [find_course(points, column, target) for column, target in targets]


def find_course(points: Iterable[Point], column: str, target: float = 0.0) -> Course:
    """Return the course of one figure over points; the score should be high, all others low."""
    known = sorted((point.seconds, value) for point in points if (value := point.find(column)) is not None)
    trend = find_trend([time for time, _ in known], [value for _, value in known])
    is_met = bool(known) and (known[-1][1] >= target if column == "score" else known[-1][1] <= target)
    time = known[-1][0] if known else 0
    reached = Projection(time, time, time) if is_met else project(trend, time, target)
    return Course(column, trend, target, reached, is_met)


def write_day(seconds: float) -> str:
    """Return the day of a time in seconds of UTC; empty for one that never comes."""
    return f"{dt.datetime.fromtimestamp(seconds, dt.UTC):%Y-%m-%d}" if math.isfinite(seconds) else ""


def say_course(course: Course) -> str:
    """Return the course of a figure in a sentence: its trend, and when it reaches its target."""
    name = _NAMES[course.column]
    goal = f"{write_score(course.target)}" if course.column == "score" else "none"
    reached = course.projection
    if course.is_met:
        slope = f"; {_say_slope(course.trend)}" if course.trend.is_known else ""
        return f"{name} meets its target ({goal}){slope}"
    if course.trend.reason:
        return f"{name}: no trend ({course.trend.reason})"
    if not course.trend.is_known:
        return f"{name}: no trend ({_say_slope(course.trend)}: the interval contains zero)"
    if reached.reason:
        return f"{name}: {_say_slope(course.trend)}; {reached.reason} ({goal})"
    latest = write_day(reached.latest) or "more than ten years"
    return (
        f"{name}: {_say_slope(course.trend)}; it reaches its target ({goal}) on {write_day(reached.expected)} if this "
        f"goes on (between {write_day(reached.earliest)} and {latest})"
    )


def say_direction(course: Course) -> str:
    """Return in a few words whether a figure gets better."""
    name, trend = _NAMES[course.column][4:], course.trend
    if trend.reason:
        return f"no trend of the {name} is known ({trend.reason})"
    if not trend.is_known:
        return f"the {name} has no trend"
    verb = "rises" if trend.slope > 0 else "falls"
    return f"the {name} {verb} by {abs(7 * trend.slope):.1f} a week"


def _say_slope(trend: Trend) -> str:
    return f"{7 * trend.slope:+.2f} a week, 95 % interval {7 * trend.low:+.2f} to {7 * trend.high:+.2f}"
