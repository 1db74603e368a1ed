"""Summaries of a measurement: the rate, each test, each lever, each repeated seed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import pyarrow as pa

from analysis.golden.statistics import Interval, Verdict, estimate_rate, find_change, find_trend
from analysis.quantities import (
    write_at_least,
    write_at_most,
    write_chance,
    write_count,
    write_share,
    write_stated,
    write_upper,
)

BASE = "base"
REPEATED = "repeated seed"
#: A lever changes the rate if chance alone would do so less often than this, over all levers together.
_SIGNIFICANT = 0.05


class TestRate(NamedTuple):
    """One test over the runs of the base: ``kind`` is always passes, always fails, flaky or never run."""

    test: str
    kind: str
    passed: int
    runs: int
    rate: float
    lower: float
    upper: float
    message: str


class LeverRecord(NamedTuple):
    """The effect of a lever on the rate, compared with the base on the same seeds; ``moves`` by Fisher's test."""

    lever: str
    setting: str
    passed: int
    runs: int
    rate: float
    base_rate: float
    p_value: float
    moves: bool


class SeedRecord(NamedTuple):
    """One failing seed that was repeated: ``kind`` is always fails, sometimes fails or did not fail again."""

    seed: int
    failed: int
    runs: int
    kind: str


def count_base(runs: pa.Table) -> tuple[int, int]:
    """Return the successes and the number of runs of the base; malformed results do not count."""
    rows = [row for row in runs.to_pylist() if row["lever"] == BASE and row["outcome"] != "malformed"]
    return sum(row["outcome"] == "passed" for row in rows), len(rows)


def judge_trend(runs: pa.Table) -> float:
    """Return the p-value for failures that cluster early or late."""
    rows = sorted((row for row in runs.to_pylist() if row["lever"] == BASE), key=lambda row: row["run"])
    return find_trend([row["outcome"] == "passed" for row in rows])


def summarise_tests(runs: pa.Table, tests: pa.Table, confidence: float = 0.95) -> list[TestRate]:
    """Return one row per test, those that fail sometimes first, then those that always do."""
    base = {row["run"] for row in runs.to_pylist() if row["lever"] == BASE}
    outcomes: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in tests.to_pylist():
        if row["run"] in base:
            outcomes[row["test"]].append(row)
    found = []
    for test, rows in outcomes.items():
        counted = [row for row in rows if row["outcome"] != "skipped"]
        passed = sum(row["outcome"] == "passed" for row in counted)
        interval = estimate_rate(passed, len(counted), confidence)
        message = next((row["message"] for row in counted if row["outcome"] != "passed"), "")
        kind = _name_kind(passed, len(counted))
        found.append(TestRate(test, kind, passed, len(counted), *_take(interval), message))
    order = ("flaky", "always fails", "always passes", "never run")
    return sorted(found, key=lambda record: (order.index(record.kind), record.rate, record.test))


def _take(interval: Interval) -> tuple[float, float, float]:
    return interval.rate, interval.lower, interval.upper


def _name_kind(passed: int, runs: int) -> str:
    if not runs:
        return "never run"
    return "always passes" if passed == runs else "flaky" if passed else "always fails"


def summarise_levers(runs: pa.Table) -> list[LeverRecord]:
    """Return one row per lever and setting, most significant first; p-values are corrected for their number (Holm)."""
    rows = runs.to_pylist()
    pulled: dict[tuple[str, str], list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        if row["lever"] not in {BASE, REPEATED}:
            pulled[row["lever"], row["setting"]].append(row)
    found = []
    for (lever, setting), own in pulled.items():
        seeds = {row["seed"] for row in own}
        base = [row for row in rows if row["lever"] == BASE and row["seed"] in seeds]
        now, before = _count(own), _count(base)
        rate = now[0] / now[1]
        base_rate = before[0] / before[1] if before[1] else float("nan")
        found.append(LeverRecord(lever, setting, *now, rate, base_rate, find_change(before, now), False))
    return _correct(found)


def _correct(records: Sequence[LeverRecord]) -> list[LeverRecord]:
    ordered = sorted(records, key=lambda record: record.p_value)
    corrected, highest = [], 0.0
    for index, record in enumerate(ordered):
        highest = max(highest, min(1.0, record.p_value * (len(ordered) - index)))
        corrected.append(record._replace(p_value=highest, moves=highest < _SIGNIFICANT))
    return corrected


def _count(rows: Iterable[Mapping[str, Any]]) -> tuple[int, int]:
    own = list(rows)
    return sum(row["outcome"] == "passed" for row in own), len(own)


def summarise_seeds(runs: pa.Table) -> list[SeedRecord]:
    """Return one row per failing seed that was repeated."""
    by_seed: dict[int, list[str]] = defaultdict(list)
    for row in runs.to_pylist():
        if row["lever"] == REPEATED:
            by_seed[row["seed"]].append(row["outcome"])
    found = []
    for seed, outcomes in by_seed.items():
        failed = sum(outcome != "passed" for outcome in outcomes)
        kind = "always fails" if failed == len(outcomes) else "sometimes fails" if failed else "did not fail again"
        found.append(SeedRecord(seed, failed, len(outcomes), kind))
    return found


class Change(NamedTuple):
    """The rate at another revision, and the p-value that both are one rate, by Fisher's exact test."""

    revision: str
    passed: int
    runs: int
    p_value: float


def find_change_since(before: pa.Table, revision: str, after: pa.Table) -> Change | None:
    """Return the change since an earlier measurement; None if one of the two has no runs."""
    old, new = count_base(before), count_base(after)
    return Change(revision, *old, find_change(old, new)) if old[1] and new[1] else None


def format_change(change: Change, passed: int, runs: int) -> str:
    """State how the rate changed since another revision, and whether that is more than chance.

    >>> format_change(Change("abc", 50, 100, 0.001), 90, 100)
    'since abc the rate changed from 50.0 % to 90.0 %: statistically significant (p = 0.001)'
    """
    significance = "statistically significant" if change.p_value < _SIGNIFICANT else "not statistically significant"
    rates = f"from {write_share(change.passed / change.runs)} to {write_share(passed / runs)}"
    return f"since {change.revision} the rate changed {rates}: {significance} ({write_chance(change.p_value)})"


def format_verdict(verdict: Verdict, passed: int, runs: int) -> str:
    """Return the verdict in one sentence, with its bound and the target.

    >>> from analysis.golden.statistics import judge_rate
    >>> format_verdict(judge_rate(121, 200, 0.999), 121, 200)
    'Not met: 121 of 200 runs succeeded; the rate is at most 66.3 % (95 % upper bound), and 99.9 % is required.'
    """
    return f"{verdict.word.capitalize()}: {format_grounds(verdict, passed, runs)}."


def format_grounds(verdict: Verdict, passed: int, runs: int) -> str:
    """Return the grounds of a verdict: the runs, the bound, and the target.

    >>> from analysis.golden.statistics import judge_rate
    >>> format_grounds(judge_rate(10, 10, 0.999), 10, 10).partition("bound), ")[2]
    'and 99.9 % is required; 2,995 runs without a failure would prove it'
    """
    share = f"{write_count(passed)} of {write_count(runs)} runs succeeded"
    grounds = f"{share}; the rate is {format_bound(verdict)}, and {write_stated(verdict.target)} is required"
    if verdict.word == "not enough runs":
        grounds += f"; {write_count(verdict.needed_runs)} runs without a failure would prove it"
    return grounds


def format_bound(verdict: Verdict) -> str:
    """Return the bound that decides a verdict: the upper one if the target is missed, else the lower one.

    A bound that is below the target by less than the shown precision is described as "below" it.
    """
    if verdict.word != "not met":
        return write_at_least(verdict.lower, verdict.confidence)
    if write_upper(verdict.upper) == write_upper(verdict.target):
        return f"below {write_stated(verdict.target)} ({write_stated(verdict.confidence)} upper bound)"
    return write_at_most(verdict.upper, verdict.confidence)


def format_cause(runs: pa.Table) -> str:
    """State in one sentence what the failures depend on, as far as it was tested."""
    seeds, levers = summarise_seeds(runs), summarise_levers(runs)
    parts = []
    if seeds and all(record.kind == "always fails" for record in seeds):
        parts.append("a failing seed always fails again: the seed decides the failures")
    elif any(record.kind != "always fails" for record in seeds):
        parts.append("a failing seed does not always fail again: there is another cause besides the seed")
    moving = [f"{record.lever} ({record.setting})" for record in levers if record.moves]
    if moving:
        parts.append(f"the rate depends on {', '.join(moving)}")
    elif levers:
        parts.append("none of the tested levers changes the rate")
    return "; ".join(parts)
