"""Whether a figure gets better: the slope over time with its uncertainty, and when it reaches its target.

The slope is the median of the slopes between all pairs of points (Theil and Sen), which a few odd days do not move; its
95 % interval follows from the ranks. Points that depend on one another, as those of neighbouring commits do, make the
interval too narrow: it says what a straight line through these points can be, not what the team will do. There is a
trend only where the interval does not contain zero.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

SECONDS_PER_DAY = 86_400
#: With fewer points, or on fewer days, there is nothing to draw a line through.
FEWEST_POINTS, FEWEST_DAYS = 8, 2.0
#: More points are thinned out evenly: pairs grow with their square.
_MOST_POINTS = 1_000
#: A date beyond this is no plan.
_LONGEST_DAYS = 3_650
_CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Trend:
    """Slope per day with its 95 % interval, and the value of the line at the last point; ``is_known``: it has a sign.

    ``reason`` says why there is none, if so.
    """

    slope: float = 0.0
    low: float = 0.0
    high: float = 0.0
    now: float = 0.0
    points: int = 0
    reason: str = ""

    @property
    def is_known(self) -> bool:
        """Whether the interval excludes zero."""
        return not self.reason and (self.low > 0 or self.high < 0)


@dataclass(frozen=True, slots=True)
class Projection:
    """When a figure reaches its target, in seconds of UTC: expected, at the earliest and at the latest.

    ``latest`` is infinite where the slow end of the interval reaches it in more than ten years; ``reason`` says why
    there is no date.
    """

    expected: float = math.inf
    earliest: float = math.inf
    latest: float = math.inf
    reason: str = ""


def find_trend(times: Sequence[float], values: Sequence[float]) -> Trend:
    """Return the trend of values at times (seconds of UTC, ascending)."""
    count = len(times)
    if count < FEWEST_POINTS or times[-1] - times[0] < FEWEST_DAYS * SECONDS_PER_DAY:
        return Trend(points=count, reason=f"too few points: {count} of {FEWEST_POINTS}, over at least two days")
    step = math.ceil(count / _MOST_POINTS)
    days = [(time - times[-1]) / SECONDS_PER_DAY for time in times][::-1][::step][::-1]
    chosen = list(values)[::-1][::step][::-1]
    if min(chosen) == max(chosen):
        return Trend(now=chosen[-1], points=count, reason="it did not change")
    from scipy.stats import theilslopes  # noqa: PLC0415 - it takes a third of a second, and few ask for a trend

    found = theilslopes(chosen, days, alpha=_CONFIDENCE)
    return Trend(float(found.slope), float(found.low_slope), float(found.high_slope), chosen[-1], count)


def project(trend: Trend, time: float, target: float) -> Projection:
    """Return when a figure with a trend reaches a target from its value at a time (seconds of UTC)."""
    left = target - trend.now
    if left == 0:
        return Projection(time, time, time)
    if trend.reason:
        return Projection(reason=trend.reason)
    if not trend.is_known:
        return Projection(reason="no trend: the interval of the slope contains zero")
    if left * trend.slope <= 0:
        return Projection(reason="it moves away from the target")
    fast, slow = sorted((trend.low, trend.high), key=abs, reverse=True)
    expected, earliest, latest = (_find_days(left, slope) for slope in (trend.slope, fast, slow))
    if expected > _LONGEST_DAYS:
        return Projection(reason="at this pace it takes more than ten years")
    dates = [time + days * SECONDS_PER_DAY for days in (expected, earliest, latest)]
    return Projection(dates[0], dates[1], dates[2])


def _find_days(left: float, slope: float) -> float:
    days = left / slope
    return days if days <= _LONGEST_DAYS else math.inf
