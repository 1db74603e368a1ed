"""The statistics of the golden path, held against scipy, simulation and the definitions."""

from __future__ import annotations

import math
import random
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from analysis.golden.statistics import (
    count_needed_runs,
    estimate_rate,
    find_bounds,
    find_change,
    find_trend,
    is_clear,
    judge_rate,
)


@pytest.mark.parametrize(("target", "runs"), [(0.999, 2995), (0.99, 299), (0.9, 29)])
def test_as_many_runs_are_needed_as_the_bound_says(target: float, runs: int) -> None:
    assert count_needed_runs(target) == runs
    assert judge_rate(runs, runs, target).word == "met"
    assert judge_rate(runs - 1, runs - 1, target).word == "not enough runs"


@given(st.integers(0, 60), st.integers(0, 60))
def test_bounds_are_those_of_scipy(failures: int, successes: int) -> None:
    runs = successes + failures
    if not runs:
        return
    lower, upper = find_bounds(successes, runs)
    test = stats.binomtest(successes, runs, alternative="greater").proportion_ci(0.95, "exact")
    assert lower == pytest.approx(test.low, abs=1e-9)
    test = stats.binomtest(successes, runs, alternative="less").proportion_ci(0.95, "exact")
    assert upper == pytest.approx(test.high, abs=1e-9)


@pytest.mark.parametrize(("successes", "runs"), [(8, 10), (0, 5), (5, 5), (112, 200), (1, 3), (682, 925)])
def test_exact_intervals_are_where_the_tails_are_half_of_the_doubt(successes: int, runs: int) -> None:
    """The witness: sums of binomial probabilities in exact arithmetic, as R's binom.test defines its interval."""
    found = estimate_rate(successes, runs)

    def tail(rate: float, wanted: range) -> float:
        share = Fraction(rate)
        return float(sum(math.comb(runs, k) * share**k * (1 - share) ** (runs - k) for k in wanted))

    if successes:
        assert tail(found.lower, range(successes, runs + 1)) == pytest.approx(0.025, abs=1e-9)
    if successes < runs:
        assert tail(found.upper, range(successes + 1)) == pytest.approx(0.025, abs=1e-9)


def test_known_intervals() -> None:
    """By R: binom.test(8, 10) and binom.test(682, 925)."""
    first, second = estimate_rate(8, 10), estimate_rate(682, 925)
    assert (first.lower, first.upper) == pytest.approx((0.4439045, 0.9747893), abs=5e-8)
    assert (second.lower, second.upper) == pytest.approx((0.7076683, 0.7654066), abs=5e-8)


@given(st.integers(1, 200), st.data())
def test_an_interval_holds_its_rate(runs: int, data: st.DataObject) -> None:
    successes = data.draw(st.integers(0, runs))
    for method in ("exact", "wilson"):
        found = estimate_rate(successes, runs, method=method)  # type: ignore[arg-type]
        assert 0 <= found.lower <= found.rate <= found.upper <= 1


def test_nothing_is_known_without_a_run() -> None:
    found = estimate_rate(0, 0)
    assert math.isnan(found.rate)
    assert (found.lower, found.upper) == (0.0, 1.0)
    verdict = judge_rate(0, 0)
    assert (verdict.word, verdict.lower, verdict.upper) == ("not enough runs", 0.0, 1.0)
    assert not is_clear(0, 0, 0.999)


@pytest.mark.parametrize(
    ("passed", "runs", "word"),
    [
        (3000, 3000, "met"),
        (2999, 3000, "not enough runs"),
        (60, 100, "not met"),
        (0, 1, "not met"),
        (1, 1, "not enough runs"),
    ],
)
def test_verdicts(passed: int, runs: int, word: str) -> None:
    assert judge_rate(passed, runs, 0.999).word == word


def test_a_clear_answer_ends_the_runs_early() -> None:
    chance = random.Random(1)
    passed = 0
    for run in range(1, 1000):
        passed += chance.random() < 0.6
        if is_clear(passed, run, 0.999):
            break
    assert run < 12
    assert judge_rate(passed, run, 0.999).word == "not met"


def test_an_early_end_is_seldom_wrong() -> None:
    chance = random.Random(7)
    wrong = 0
    for _ in range(400):
        passed = 0
        for run in range(1, 200):
            passed += chance.random() < 0.9
            if is_clear(passed, run, 0.9, 0.95):
                wrong += 1
                break
    assert wrong / 400 < 0.05


def test_changes_and_trends() -> None:
    assert find_change((5, 10), (5, 10)) == pytest.approx(1)
    assert find_change((90, 100), (50, 100)) < 1e-6
    assert find_change((0, 0), (5, 10)) == 1
    assert find_trend([True] * 20) == find_trend([]) == 1
    assert find_trend([True] * 20 + [False] * 20) < 1e-6
    assert find_trend([True, False] * 20) > 0.5
