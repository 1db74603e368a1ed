"""The golden path in the report: rate, interval, verdict, needed runs, levers, hints and impact."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd
from matplotlib import rc_context
from matplotlib.figure import Figure

from analysis.golden.statistics import Verdict, estimate_rate, judge_rate
from analysis.golden.summary import (
    BASE,
    count_base,
    format_cause,
    format_verdict,
    judge_trend,
    summarise_levers,
    summarise_seeds,
    summarise_tests,
)
from analysis.manifest import GoldenSource
from analysis.quantities import (
    SHARE,
    write_at_least,
    write_chance,
    write_interval,
    write_money,
    write_share,
    write_stated,
)
from analysis.report.displays import Fragment, Picture, Prose, build_table
from analysis.report.drawings import BLUE, INK, QUIET, RED, STYLE, render
from analysis.report.escaping import code, markdown
from analysis.report.terms import explain
from analysis.rules import RULES
from analysis.wording import choose_form, format_count

if TYPE_CHECKING:
    from analysis.investigation import Investigation

_LEAST_P, _MOST_HINTS = 0.05, 15
_NOTHING = "The golden path was not measured. To measure it: `ssot golden-path TARGET --runs 200 -- COMMAND`."


@dataclass(frozen=True, slots=True)
class GoldenView:
    """The content of the report on the golden path; ``scenarios`` are rows of stage, rate, loss and assumption."""

    passed: int
    runs: int
    rate: str
    interval: str
    interval_text: str
    lower: str
    verdict: Verdict
    reason: str
    source: str
    cause: str
    scenarios: Sequence[tuple[str, str, str, str]]


def build_golden(inv: Investigation) -> GoldenView | None:
    """Return the content of the report on the golden path; None when it was not measured."""
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
        rate=write_share(interval.rate),
        interval=write_interval(interval.lower, interval.upper),
        interval_text=f"{write_stated(interval.confidence)} interval: {write_interval(interval.lower, interval.upper)}",
        lower=write_at_least(verdict.lower, verdict.confidence),
        verdict=verdict,
        reason=format_verdict(verdict, passed, count),
        source=_format_source(inv),
        cause=_format_cause(inv),
        scenarios=build_scenarios(inv, passed, count),
    )


def _format_cause(inv: Investigation) -> str:
    """State what the failures depend on and what changed, as a sentence; empty if this was not measured."""
    change = inv.manifest.golden.change if inv.manifest.golden else ""
    text = "; ".join(filter(None, (format_cause(inv.table("golden_runs")), change)))
    return f"{text[:1].upper()}{text[1:]}." if text else ""


def _format_source(inv: Investigation) -> str:
    about = inv.manifest.golden or GoldenSource()
    what = " ".join(_shorten(about.command)) or format_count(len(about.files), "result file")
    early = "; stopped early, because the verdict was clear" if about.stopped else ""
    other = "" if about.revision == inv.manifest.revision else ", not the revision of the source"
    when = about.created[:16].replace("T", " ")
    return f"{what}, at {about.revision}{other}, {when} UTC{early}"


def _shorten(command: Sequence[str]) -> list[str]:
    """Return a command with the name of its program only: a report does not disclose local paths."""
    return [command[0].rpartition("/")[2], *command[1:]] if command else []


def build_scenarios(inv: Investigation, passed: int, runs: int) -> list[tuple[str, str, str, str]]:
    """Return stage, success rate, yearly loss and assumption: today, after each phase, at target.

    Loss is revenue at risk × (1 − rate), and its interval follows from that of the rate; it is "not stated" if the
    policy states no revenue, and "not measured" for the effect of future phases.
    """
    business, policy = inv.policy.business, inv.policy.golden_path
    revenue, rate = business.revenue_at_risk, passed / runs
    today, target = "not stated", "not stated"
    if revenue is not None:
        interval = estimate_rate(passed, runs, policy.confidence)
        low, high = (write_money(revenue * (1 - bound)) for bound in (interval.upper, interval.lower))
        today = f"{write_money(revenue * (1 - rate), business.currency)} ({low} to {high})"
        target = write_money(revenue * (1 - policy.target), business.currency)
    stated = "revenue at risk from the policy; each failed run loses a proportional share"
    rows = [("today", write_share(rate), today, f"measured in {format_count(runs, 'run')}; {stated}")]
    rows += [
        (f"after: {phase.name}", "not measured", "not measured", "measure again when the phase is done")
        for phase in inv.plan()
    ]
    rows.append(("at target", write_stated(policy.target), target, f"the target of the policy; {stated}"))
    return rows


def format_golden(inv: Investigation) -> Prose | Fragment:
    """State the rate, the verdict with its basis, and what the failures depend on."""
    view = build_golden(inv)
    if view is None:
        return _say_nothing()
    wilson = estimate_rate(view.passed, view.runs, inv.policy.golden_path.confidence, "wilson")
    trend = judge_trend(inv.table("golden_runs"))
    pattern = "Failures show no clear trend over time" if trend >= _LEAST_P else "Failures cluster early or late"
    by_wilson = write_interval(wilson.lower, wilson.upper)
    intervals = f"{view.interval_text} by Clopper and Pearson, {by_wilson} by Wilson"
    parts = [
        f"**The success rate is {view.rate}** ({intervals}). {view.reason} {pattern} ({write_chance(trend)}).",
        view.cause,
        f"Measured: {code(view.source)}.",
    ]
    return Prose(" ".join(part for part in parts if part))


def _say_nothing() -> Fragment:
    return Fragment(f'<p class="nothing">{explain(_NOTHING)}</p>', _NOTHING)


def draw_rate(inv: Investigation) -> Picture | Fragment:
    """Return the rate with its interval and the target."""
    view = build_golden(inv)
    if view is None:
        return _say_nothing()
    policy = inv.policy.golden_path
    found = estimate_rate(view.passed, view.runs, policy.confidence)
    with rc_context(STYLE):
        figure = Figure(figsize=(8.4, 1.7))
        axes = figure.add_subplot()
        axes.plot([found.lower, found.upper], [0, 0], color=BLUE, linewidth=5, solid_capstyle="butt")
        axes.plot([found.rate], [0], "o", color=INK, markersize=8)
        axes.axvline(policy.target, color=RED, linewidth=1.5)
        axes.text(policy.target, 0.62, f"required {write_stated(policy.target)} ", color=RED, ha="right", fontsize=9)
        axes.text(found.rate, -0.62, view.rate, ha="center", fontsize=9)
        axes.set_ylim(-1, 1)
        axes.set_xlim(min(0.5, found.lower - 0.05), 1.005)
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
        axes.set_yticks([])
        axes.spines["left"].set_visible(False)
        drawing = render(figure)
    caption = (
        f"{view.passed:,} of {view.runs:,} runs succeeded; the bar is the {write_stated(found.confidence)} interval."
    )
    return drawing.describe(
        f"Success rate {view.rate}, interval {view.interval}, required {write_stated(policy.target)}", caption
    )


def draw_runs(inv: Investigation) -> Picture | Fragment:
    """Return the run chart: the cumulative rate after each run, and each failure as a mark."""
    rows = sorted(
        (row for row in inv.table("golden_runs").to_pylist() if row["lever"] == BASE), key=lambda row: row["run"]
    )
    if not rows:
        return _say_nothing()
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
        drawing = render(figure)
    caption = f"The cumulative rate after each run; red marks: {format_count(len(failed), 'failed run')}."
    return drawing.describe(f"Run chart of {format_count(len(good), 'run')}; failed: {len(failed):,}", caption)


def _accumulate(good: Sequence[bool]) -> list[float]:
    found, total = [], 0
    for index, is_good in enumerate(good, 1):
        total += is_good
        found.append(total / index)
    return found


def list_tests(inv: Investigation) -> Fragment:
    """Return the tests with their rates, flaky ones first."""
    records = summarise_tests(inv.table("golden_runs"), inv.table("golden_tests"), inv.policy.golden_path.confidence)
    rows = [
        (
            each.test,
            each.kind,
            each.passed,
            each.runs,
            each.rate,
            "–" if not each.runs else write_interval(each.lower, each.upper),
            each.message,
        )
        for each in records
    ]
    columns = ["test", "kind", "passed", "runs", "rate", "interval", "first_failure"]
    frame = pd.DataFrame(rows, columns=columns)
    return build_table(frame, caption="Tests of the golden path", names=("test",), units={"rate": SHARE})


def list_levers(inv: Investigation) -> Fragment:
    """Return the effect of each lever on the rate."""
    levers = [
        (each.lever, each.setting, f"{each.passed:,} of {each.runs:,}", each.rate, each.base_rate,
         write_chance(each.p_value), "yes" if each.moves else "no")
        for each in summarise_levers(inv.table("golden_runs"))
    ]  # fmt: skip
    columns = ["lever", "setting", "passed", "rate", "rate_without", "chance", "changes_the_rate"]
    units = {"rate": SHARE, "rate_without": SHARE}
    return build_table(pd.DataFrame(levers, columns=columns), caption="What changes the rate", units=units)


def list_seeds(inv: Investigation) -> Fragment:
    """Return the failing seeds that were repeated: does the seed decide the outcome?"""
    seeds = [
        (str(each.seed), f"{each.failed} of {each.runs}", each.kind)
        for each in summarise_seeds(inv.table("golden_runs"))
    ]
    frame = pd.DataFrame(seeds, columns=["seed", "failed_again", "kind"])
    return build_table(frame, caption="Failing seeds, repeated")


def list_hints(inv: Investigation) -> Fragment:
    """Return the findings in modules that the runs imported: hints, not proofs."""
    loaded = {row["path"]: row["runs"] for row in inv.table("golden_modules").to_pylist()}
    hints = {rule.name for rule in RULES if rule.hints_at_flaky_tests}
    rows: list[tuple[Any, ...]] = []
    for finding in inv.table("findings").to_pylist():
        paths = sorted({place["path"] for place in finding["evidence"]} & loaded.keys())
        if finding["rule"] in hints and paths:
            rows.append((finding["severity"], finding["rule"], finding["subject"], paths[0]))
    frame = pd.DataFrame(rows[:_MOST_HINTS], columns=["severity", "rule", "subject", "imported_file"])
    names = ("rule", "subject", "imported_file")
    return build_table(
        frame, caption="Hints: shared state and swallowed imports in modules that the runs imported", names=names
    )


def list_scenarios(inv: Investigation) -> Fragment:
    """Return the loss today, after each phase, and at target, with every assumption."""
    view = build_golden(inv)
    if view is None:
        return _say_nothing()
    frame = pd.DataFrame(list(view.scenarios), columns=["stage", "success_rate", "yearly_loss", "assumption"])
    return build_table(frame, caption="Cost of failures")


def format_needed(inv: Investigation) -> Prose:
    """State how many runs are needed to prove the target, and how many have failed so far."""
    view = build_golden(inv)
    policy = inv.policy.golden_path
    verdict = view.verdict if view else judge_rate(0, 0, policy.target, policy.confidence)
    text = (
        f"To prove {write_stated(policy.target)} at a confidence of {write_stated(policy.confidence)}, "
        f"{format_count(verdict.needed_runs, 'run')} in a "
        "row must succeed; each failure among them requires about half as many more."
    )
    if view:
        failures = view.runs - view.passed
        text += (
            f" So far {format_count(failures, 'run')} of {view.runs:,} {choose_form(failures, 'has', 'have')} failed."
        )
    return Prose(markdown(text))
