"""The golden path as the report tells it: rate, interval, verdict, needed runs, levers, hints and impact."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd
from matplotlib import rc_context
from matplotlib.figure import Figure

from analysis.golden.statistics import Verdict, draw_losses, estimate_rate, judge_rate
from analysis.golden.summary import (
    BASE,
    count_base,
    judge_trend,
    summarise_levers,
    summarise_seeds,
    summarise_tests,
    tell_cause,
)
from analysis.report.displays import Fragment, Picture, Prose, build_table
from analysis.report.escaping import code, markdown
from analysis.report.pictures import BLUE, INK, QUIET, RED, STYLE, render
from analysis.rules.words import agree, tell

if TYPE_CHECKING:
    from analysis.investigation import Investigation

#: Rules whose findings are worth a look when a test fails now and then; hints, not proofs.
_HINTS = frozenset({
    "singleton", "shared-class-attribute", "shared-default", "cached-getter", "global-rebound", "object-made-on-import",
    "factory-shares-objects", "factory-without-user-scope", "swallowed-circular-import", "class-alive-twice",
    "name-depends-on-import-order", "module-executed-twice",
})  # fmt: skip
_LEAST_P, _MOST_HINTS = 0.05, 15
_NOTHING = "The golden path was not measured: `ssot golden-path TARGET --runs 200 -- COMMAND` does."


@dataclass(frozen=True, slots=True)
class GoldenView:
    """What is to be said of the golden path; ``scenarios`` are rows of stage, rate, loss and why."""

    passed: int
    runs: int
    rate: str
    interval: str
    verdict: Verdict
    told: str
    source: str
    cause: str
    scenarios: Sequence[tuple[str, str, str, str]]


def build_golden(inv: Investigation) -> GoldenView | None:
    """Return what is to be said of the golden path; None when it was not measured."""
    runs = inv.table("golden_runs")
    passed, count = count_base(runs)
    if not count:
        return None
    policy = inv.policy.golden_path
    verdict = judge_rate(passed, count, policy.target, policy.confidence)
    interval = estimate_rate(passed, count, policy.confidence)
    return GoldenView(
        passed=passed,
        runs=count,
        rate=f"{interval.rate:.2%}",
        interval=f"{interval.lower:.2%} to {interval.upper:.2%}",
        verdict=verdict,
        told=tell_verdict(verdict, passed, count),
        source=_tell_source(inv),
        cause="; ".join(filter(None, (tell_cause(runs), (inv.manifest.get("golden") or {}).get("change", "")))),
        scenarios=build_scenarios(inv, passed, count),
    )


def tell_verdict(verdict: Verdict, passed: int, runs: int) -> str:
    """Return the verdict in one sentence, with what it rests on.

    >>> tell_verdict(judge_rate(10, 10, 0.999), 10, 10)
    'Not enough runs: 10 of 10 succeeded, so the rate is at least 74.11%; 2,995 without a failure are needed.'
    """
    target, share = f"{verdict.target:.1%}", f"{passed:,} of {runs:,} succeeded"
    if verdict.word == "met":
        return f"Met: {share}, so the rate is at least {verdict.lower:.2%}, and {target} are needed."
    if verdict.word == "not met":
        return f"Not met: {share}, so the rate is at most {verdict.upper:.2%}, and {target} are needed."
    return (
        f"Not enough runs: {share}, so the rate is at least {verdict.lower:.2%}; {verdict.needed_runs:,} without a "
        "failure are needed."
    )


def _tell_source(inv: Investigation) -> str:
    about = inv.manifest.get("golden") or {}
    what = " ".join(_shorten(about.get("command") or [])) or f"{len(about.get('files') or []):,} files of results"
    early = "; ended early, because the answer was clear" if about.get("stopped") else ""
    other = "" if about.get("revision") == inv.manifest["revision"] else ", another revision than that of the source"
    when = str(about.get("created", ""))[:16].replace("T", " ")
    return f"{what}, at {about.get('revision', 'an unknown revision')}{other}, {when} UTC{early}"


def _shorten(command: Sequence[str]) -> list[str]:
    """Return a command with the name of its program: where it lies on this machine is nobody's business."""
    return [command[0].rpartition("/")[2], *command[1:]] if command else []


def build_scenarios(inv: Investigation, passed: int, runs: int) -> list[tuple[str, str, str, str]]:
    """Return stage, success rate, yearly loss and assumption: today, after each phase, at target.

    Loss is revenue at risk × (1 − rate); it is "not stated" where the policy states no revenue, and "not measured" for
    what nobody has measured.
    """
    business, policy = inv.policy.business, inv.policy.golden_path
    revenue, unit = business.revenue_at_risk, f"{business.currency} ".lstrip()
    rate = passed / runs
    today, target = "not stated", "not stated"
    if revenue is not None:
        mean, low, high = draw_losses(passed, runs, revenue, policy.confidence)
        today = f"{unit}{mean:,.0f} ({low:,.0f} to {high:,.0f})"
        target = f"{unit}{revenue * (1 - policy.target):,.0f}"
    stated = "revenue at risk as the policy states it; every failure loses its share of it"
    rows = [("today", f"{rate:.2%}", today, f"measured in {runs:,} runs; {stated}")]
    rows += [
        (f"after: {phase.name}", "not measured", "not measured", "measure again when the phase is done")
        for phase in inv.plan()
    ]
    rows.append(("at target", f"{policy.target:.1%}", target, f"the target of the policy; {stated}"))
    return rows


def tell_golden(inv: Investigation) -> Prose:
    """Say the rate, the verdict, what it rests on, and what the failures hang on."""
    view = build_golden(inv)
    if view is None:
        return Prose(_NOTHING)
    wilson = estimate_rate(view.passed, view.runs, inv.policy.golden_path.confidence, "wilson")
    trend = judge_trend(inv.table("golden_runs"))
    told = "Failures do not gather early or late" if trend >= _LEAST_P else "Failures gather early or late"
    intervals = f"{view.interval} by Clopper and Pearson, {wilson.lower:.2%} to {wilson.upper:.2%} by Wilson"
    parts = [
        f"**{view.told}** Two-sided, the rate is {view.rate}, {intervals}. {told} (p = {trend:.2g}).",
        f"{view.cause[:1].upper()}{view.cause[1:]}." if view.cause else "",
        f"Measured: {code(view.source)}.",
    ]
    return Prose(" ".join(part for part in parts if part))


def draw_rate(inv: Investigation) -> Picture | Prose:
    """Return the rate with its interval beside the target."""
    view = build_golden(inv)
    if view is None:
        return Prose(_NOTHING)
    policy = inv.policy.golden_path
    found = estimate_rate(view.passed, view.runs, policy.confidence)
    with rc_context(STYLE):
        figure = Figure(figsize=(8.4, 1.7))
        axes = figure.add_subplot()
        axes.plot([found.lower, found.upper], [0, 0], color=BLUE, linewidth=5, solid_capstyle="butt")
        axes.plot([found.rate], [0], "o", color=INK, markersize=8)
        axes.axvline(policy.target, color=RED, linewidth=1.5)
        axes.text(policy.target, 0.62, f"needed {policy.target:.1%} ", color=RED, ha="right", fontsize=9)
        axes.text(found.rate, -0.62, f"{found.rate:.1%}", ha="center", fontsize=9)
        axes.set_ylim(-1, 1)
        axes.set_xlim(min(0.5, found.lower - 0.05), 1.005)
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
        axes.set_yticks([])
        axes.spines["left"].set_visible(False)
        png = render(figure)
    caption = f"{view.passed:,} of {view.runs:,} runs succeeded; the bar is the {found.confidence:.0%} interval."
    return Picture(png, f"Success rate {view.rate}, interval {view.interval}, needed {policy.target:.1%}", caption)


def draw_runs(inv: Investigation) -> Picture | Prose:
    """Return the run chart: the rate so far after each run, and each failure as a mark."""
    rows = sorted(
        (row for row in inv.table("golden_runs").to_pylist() if row["lever"] == BASE), key=lambda row: row["run"]
    )
    if not rows:
        return Prose(_NOTHING)
    good = [row["outcome"] == "passed" for row in rows]
    so_far = (
        [sum(good[: index + 1]) / (index + 1) for index in range(len(good))] if len(good) < 500 else _accumulate(good)
    )
    failed = [index + 1 for index, is_good in enumerate(good) if not is_good]
    with rc_context(STYLE):
        figure = Figure(figsize=(8.4, 2.6))
        axes = figure.add_subplot()
        axes.plot(range(1, len(good) + 1), so_far, color=BLUE, linewidth=1.6)
        axes.plot(failed, [0.0] * len(failed), "|", color=RED, markersize=9)
        axes.axhline(inv.policy.golden_path.target, color=QUIET, linewidth=0.8, linestyle="--")
        axes.set_ylim(-0.06, 1.04)
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
        axes.set_xlabel("run")
        png = render(figure)
    caption = f"The rate after each run; red marks are the {tell(len(failed), 'run')} that failed."
    return Picture(png, f"Run chart of {len(good):,} runs, {len(failed):,} of them failed", caption)


def _accumulate(good: Sequence[bool]) -> list[float]:
    found, total = [], 0
    for index, is_good in enumerate(good, 1):
        total += is_good
        found.append(total / index)
    return found


def list_tests(inv: Investigation) -> Fragment:
    """Return the tests: those that fail now and then first, with their rates."""
    records = summarise_tests(inv.table("golden_runs"), inv.table("golden_tests"), inv.policy.golden_path.confidence)
    rows = [
        (
            each.test,
            each.kind,
            each.passed,
            each.runs,
            *map(_to_percent, (each.rate, each.lower, each.upper)),
            each.message,
        )
        for each in records
    ]
    columns = ["test", "kind", "passed", "runs", "rate_in_%", "from_%", "to_%", "first_failure"]
    return build_table(pd.DataFrame(rows, columns=columns), caption="Tests of the golden path", names=("test",))


def _to_percent(rate: float) -> float:
    return round(rate * 100, 1)


def _show(rate: float) -> str:
    return "–" if rate != rate else f"{rate:.1%}"  # noqa: PLR0124 - not a number


def list_levers(inv: Investigation) -> Fragment:
    """Return what each lever does to the rate, and the failing seeds that were repeated."""
    levers = [
        (each.lever, each.setting, f"{each.passed:,} of {each.runs:,}", _show(each.rate), _show(each.base_rate),
         f"{each.p_value:.2g}", "yes" if each.moves else "no")
        for each in summarise_levers(inv.table("golden_runs"))
    ]  # fmt: skip
    columns = ["lever", "setting", "passed", "rate", "rate_without", "p_value", "moves_the_rate"]
    return build_table(pd.DataFrame(levers, columns=columns), caption="What moves the rate")


def list_seeds(inv: Investigation) -> Fragment:
    """Return the failing seeds that were repeated: does the seed decide?"""
    seeds = [
        (str(each.seed), f"{each.failed} of {each.runs}", each.kind)
        for each in summarise_seeds(inv.table("golden_runs"))
    ]
    frame = pd.DataFrame(seeds, columns=["seed", "failed_again", "kind"])
    return build_table(frame, caption="Failing seeds, repeated")


def list_hints(inv: Investigation) -> Fragment:
    """Return the findings that stand in modules which the runs imported: where to look first, no more than a hint."""
    loaded = {row["path"]: row["runs"] for row in inv.table("golden_modules").to_pylist()}
    rows: list[tuple[Any, ...]] = []
    for finding in inv.table("findings").to_pylist():
        paths = sorted({place["path"] for place in finding["evidence"]} & loaded.keys())
        if finding["rule"] in _HINTS and paths:
            rows.append((finding["severity"], finding["rule"], finding["subject"], paths[0]))
    frame = pd.DataFrame(rows[:_MOST_HINTS], columns=["severity", "rule", "subject", "imported_file"])
    names = ("rule", "subject", "imported_file")
    return build_table(
        frame, caption="Hints: shared state and lost imports in modules that the runs imported", names=names
    )


def list_scenarios(inv: Investigation) -> Fragment | Prose:
    """Return what is lost today, after each phase, and at target, with every assumption."""
    view = build_golden(inv)
    if view is None:
        return Prose(_NOTHING)
    frame = pd.DataFrame(list(view.scenarios), columns=["stage", "success_rate", "yearly_loss", "assumption"])
    return build_table(frame, caption="What unreliability costs")


def tell_needed(inv: Investigation) -> Prose:
    """Say how many runs it takes to claim the target, and how far it is from here."""
    view = build_golden(inv)
    policy = inv.policy.golden_path
    verdict = view.verdict if view else judge_rate(0, 0, policy.target, policy.confidence)
    text = (
        f"To claim {policy.target:.1%} at a confidence of {policy.confidence:.0%}, {verdict.needed_runs:,} runs in a "
        "row must succeed; each failure in between asks for about half as many again."
    )
    if view:
        failures = view.runs - view.passed
        text += f" So far {tell(failures, 'run')} of {view.runs:,} {agree(failures, 'has', 'have')} failed."
    return Prose(markdown(text))
