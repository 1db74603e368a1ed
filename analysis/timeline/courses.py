"""The courses of the figures that have a target: the score, and the findings of P0 and P1."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass

from analysis.quantities import write_score
from analysis.timeline.trend import Projection, Trend, find_trend, project
from analysis.timeline.walk import History


@dataclass(frozen=True, slots=True)
class Course:
    """A figure over time: its trend, its target, when that is reached, and whether it is today."""

    column: str
    label: str
    trend: Trend
    target: float
    projection: Projection
    is_met: bool = False


def find_courses(history: History, source: str = "commit") -> list[Course]:
    """Return the courses of the score, against the policy's threshold, and of P0 and P1, which should be none."""
    points = history.timeline.commits if source == "commit" else history.timeline.runs
    targets = (("score", "score", history.policy.compliance.threshold), ("p0", "P0", 0.0), ("p1", "P1", 0.0))
    found = []
    for column, label, target in targets:
        known = [(point.seconds, value) for point in points if (value := point.find(column)) is not None]
        known.sort()
        trend = find_trend([time for time, _ in known], [value for _, value in known])
        is_met = bool(known) and (known[-1][1] >= target if column == "score" else known[-1][1] <= target)
        time = known[-1][0] if known else 0
        reached = Projection(time, time, time) if is_met else project(trend, time, target)
        found.append(Course(column, label, trend, target, reached, is_met))
    return found


def write_day(seconds: float) -> str:
    """Return the day of a time in seconds of UTC; empty for one that never comes."""
    return f"{dt.datetime.fromtimestamp(seconds, dt.UTC):%Y-%m-%d}" if math.isfinite(seconds) else ""


def say_course(course: Course) -> str:
    """Return the course of a figure in a sentence: its trend, and when it reaches its target."""
    name = "The score" if course.column == "score" else f"The number of {course.label} findings"
    goal = f"{write_score(course.target)}" if course.column == "score" else "none"
    reached = course.projection
    if course.is_met:
        return f"{name} meets its target ({goal})"
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


def _say_slope(trend: Trend) -> str:
    return f"{7 * trend.slope:+.2f} a week, 95 % interval {7 * trend.low:+.2f} to {7 * trend.high:+.2f}"
