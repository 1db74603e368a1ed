"""Trends and dates: only where the points say so."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.timeline.trend import SECONDS_PER_DAY, find_trend, project


def make_times(count: int) -> list[float]:
    return [1_700_000_000.0 + SECONDS_PER_DAY * day for day in range(count)]


def test_a_straight_line_reaches_its_target_on_its_day() -> None:
    times = make_times(20)
    trend = find_trend(times, [60 + 0.5 * day for day in range(20)])
    assert trend.is_known and trend.slope == pytest.approx(0.5)
    reached = project(trend, times[-1], 95.0)
    assert (reached.expected - times[-1]) / SECONDS_PER_DAY == pytest.approx((95 - 69.5) / 0.5)
    assert reached.earliest <= reached.expected <= reached.latest


def test_one_odd_day_moves_nothing() -> None:
    values = [60 + 0.5 * day for day in range(20)]
    values[7] = 0.0
    assert find_trend(make_times(20), values).slope == pytest.approx(0.5, abs=0.05)


def test_noise_is_no_trend() -> None:
    hits = 0
    for seed in range(200):
        chance = random.Random(seed)
        trend = find_trend(make_times(30), [chance.gauss(70, 3) for _ in range(30)])
        hits += trend.is_known
    assert hits <= 24  # 5 of 100 are expected, as the interval is one of 95 %


@pytest.mark.parametrize("count", [0, 1, 7])
def test_few_points_are_no_trend(count: int) -> None:
    trend = find_trend(make_times(count), [float(day) for day in range(count)])
    assert not trend.is_known and "too few points" in trend.reason
    assert project(trend, 0.0, 99.0).reason == trend.reason


def test_many_points_of_one_day_are_no_trend() -> None:
    assert not find_trend([1_700_000_000.0 + number for number in range(50)], [float(n) for n in range(50)]).is_known


def test_a_figure_that_never_changed_or_moves_away_has_no_date() -> None:
    times = make_times(20)
    assert project(find_trend(times, [5.0] * 20), times[-1], 0.0).reason == "it did not change"
    assert project(find_trend(times, [5.0] * 20), times[-1], 5.0).expected == times[-1]
    worse = find_trend(times, [90 - 0.5 * day for day in range(20)])
    assert project(worse, times[-1], 95.0).reason == "it moves away from the target"
    slow = find_trend(times, [50 + 0.001 * day for day in range(20)])
    assert project(slow, times[-1], 95.0).reason == "at this pace it takes more than ten years"


@given(st.lists(st.floats(0, 100), min_size=8, max_size=60), st.floats(0, 100))
def test_a_date_is_never_before_the_last_point_and_its_ends_are_in_order(values: list[float], target: float) -> None:
    times = make_times(len(values))
    trend = find_trend(times, values)
    reached = project(trend, times[-1], target)
    if not reached.reason:
        assert times[-1] <= reached.earliest <= reached.expected <= reached.latest
        assert math.isfinite(reached.expected)
    assert trend.low <= trend.slope <= trend.high or trend.reason


def test_more_points_than_are_compared_keep_the_last() -> None:
    times = make_times(2500)
    trend = find_trend(times, [0.01 * day for day in range(2500)])
    assert trend.now == pytest.approx(24.99) and trend.slope == pytest.approx(0.01)
