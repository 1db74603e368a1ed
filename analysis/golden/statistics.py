"""Rates of success with their uncertainty: intervals, verdicts, needed runs, early stopping, comparisons.

Sources: C. Clopper and E. Pearson, Biometrika 26 (1934); E. Wilson, JASA 22 (1927); H. Robbins, "Statistical methods
related to the law of the iterated logarithm" (1970) for the sequential test; R. Fisher's exact test; H. Mann and
D. Whitney (1947) for the trend. All computed by scipy.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import scipy  # its parts are loaded when they are needed

Word = Literal["met", "not met", "not enough runs"]


@dataclass(frozen=True, slots=True)
class Interval:
    """A share with its two-sided interval, all between 0 and 1; ``method`` is clopper-pearson or wilson."""

    rate: float
    lower: float
    upper: float
    method: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a target is reached, by one-sided exact bounds, and why.

    ``lower`` is what the rate is at least, ``upper`` what it is at most, each at the given confidence.
    """

    word: Word
    lower: float
    upper: float
    target: float
    confidence: float
    needed_runs: int


def estimate_rate(
    successes: int, runs: int, confidence: float = 0.95, method: Literal["exact", "wilson"] = "exact"
) -> Interval:
    """Return the rate with its Clopper-Pearson (``exact``) or ``wilson`` interval; without a run it may be anything.

    >>> estimate_rate(8, 10).lower < 0.8 < estimate_rate(8, 10).upper
    True
    """
    name = "clopper-pearson" if method == "exact" else method
    if not runs:
        return Interval(math.nan, 0.0, 1.0, name, confidence)
    found = scipy.stats.binomtest(successes, runs).proportion_ci(confidence, method=method)
    return Interval(successes / runs, float(found.low), float(found.high), name, confidence)


def find_bounds(successes: int, runs: int, confidence: float = 0.95) -> tuple[float, float]:
    """Return what the rate is at least and at most, each by a one-sided exact bound."""
    doubt = 1 - confidence
    lower = float(scipy.special.betaincinv(successes, runs - successes + 1, doubt)) if successes else 0.0
    upper = float(scipy.special.betaincinv(successes + 1, runs - successes, confidence)) if successes < runs else 1.0
    return lower, upper


def count_needed_runs(target: float, confidence: float = 0.95) -> int:
    """Return how many runs without a failure it takes to claim a rate.

    >>> count_needed_runs(0.999), count_needed_runs(0.9, 0.99)
    (2995, 44)
    """
    return math.ceil(math.log(1 - confidence) / math.log(target))


def judge_rate(successes: int, runs: int, target: float = 0.999, confidence: float = 0.95) -> Verdict:
    """Say whether a target is met: only if the lower bound reaches it; not met only if the upper bound misses it."""
    lower, upper = find_bounds(successes, runs, confidence) if runs else (0.0, 1.0)
    word: Word = "met" if lower >= target else "not met" if upper < target else "not enough runs"
    return Verdict(word, lower, upper, target, confidence, count_needed_runs(target, confidence))


def is_clear(successes: int, runs: int, target: float, confidence: float = 0.95) -> bool:
    """Return whether a test that looks after every run may stop: the target is outside its confidence sequence.

    The mixture of all rates against the target is a martingale if the target is true: it exceeds 1 ÷ (1 − confidence)
    with at most that probability, however often one looks.
    """
    if not runs:
        return False
    failures = runs - successes
    against = scipy.special.betaln(successes + 1, failures + 1)
    against -= scipy.special.xlogy(successes, target) + scipy.special.xlog1py(failures, -target)
    return bool(against >= -math.log(1 - confidence))


def find_change(before: tuple[int, int], after: tuple[int, int]) -> float:
    """Return the p-value of Fisher's exact test for two pairs of successes and runs; 1 when one has no run."""
    if not before[1] or not after[1]:
        return 1.0
    table = np.array([[successes, runs - successes] for successes, runs in (before, after)])
    return float(scipy.stats.fisher_exact(table).pvalue)


def find_trend(outcomes: Sequence[bool]) -> float:
    """Return the p-value for failures that gather early or late in a series of runs; 1 when all are alike."""
    failed = [index for index, is_good in enumerate(outcomes) if not is_good]
    passed = [index for index, is_good in enumerate(outcomes) if is_good]
    if not failed or not passed:
        return 1.0
    return float(scipy.stats.mannwhitneyu(failed, passed, alternative="two-sided").pvalue)
