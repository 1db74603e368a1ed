"""The executive report: all its parts from one investigation, for pages, for notebooks and for issues."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from analysis.quantities import (
    NOT_MEASURED,
    SHARE,
    UNITS,
    Shown,
    write_at_least,
    write_share,
    write_stated,
    write_value,
)
from analysis.remedy import Debt, sum_debt
from analysis.report.causes import Cause, find_causes, format_stake
from analysis.report.changed_debt import find_changed_debt
from analysis.report.changes import ScoreChange, find_change
from analysis.report.claims import ClaimVerdict, judge_claims
from analysis.report.displays import Fragment, Picture
from analysis.report.golden import GoldenView, build_golden
from analysis.report.headline import (
    LIGHTS,
    Figure,
    build_figures,
    build_tally,
    choose_chief,
    count_severities,
    find_light,
    format_light,
)
from analysis.report.kept_history import find_history
from analysis.report.key_findings import SHOWN_IN_FULL, Group, OwnerRow, count_owners, count_refuted, group_findings
from analysis.report.packages import find_common_package
from analysis.report.plan_cards import (
    PhaseCard,
    StepCard,
    build_cards,
    describe_capacity,
    describe_debt,
    find_next_actions,
)
from analysis.report.plan_views import draw_calendar
from analysis.report.provenance import NO_REVISION, build_provenance, format_revision, format_sizes, format_time
from analysis.report.scores import ScoreView, build_score
from analysis.report.templating import build_environment
from analysis.report.trend import TrendView, build_trend
from analysis.report.understood import Share, is_blind, measure_understanding
from analysis.rules.verdict import format_verdict, name_severity
from analysis.tables import SEVERITY_WORDS
from analysis.wording import format_count

if TYPE_CHECKING:
    from analysis.investigation import Investigation
    from analysis.remedy import Phase, SuccessMetric

#: So many findings of each rule are on the page; more are in findings.json.
MOST_LISTED = 60
#: The limits of the pages, listed with what the report does not cover.
LIMITS = (
    "Networks and pictures are limited in size; a note below each states what it does not show.",
    f"The findings of a rule are listed up to {MOST_LISTED}, each with its first places; findings.json has all.",
)


@dataclass(frozen=True, slots=True)
class Goal:
    """One success metric for display; ``is_met`` is also false if it was not measured.

    ``now`` is the measured value, in pieces that name their metrics.
    """

    label: str
    now: tuple[Shown, ...]
    is_met: bool
    target: str
    command: str

    @property
    def now_text(self) -> str:
        """The measured value as one text."""
        return "".join(part.text for part in self.now)


@dataclass(frozen=True, slots=True)
class Executive:
    """The content of the executive report. Text from the target is not yet escaped.

    ``chief`` are the figures that stand first; ``package`` is the one that nearly all names share; ``absent`` says
    which parts have nothing to show, and why.
    """

    target: str
    revision: str
    version: str
    time: str
    sizes: str
    light: str
    light_words: str
    verdict: str
    actions: Sequence[StepCard]
    chief: Sequence[Figure]
    figures: Sequence[Figure]
    understood: Sequence[Share]
    is_blind: bool
    claims: Sequence[ClaimVerdict]
    score: ScoreView | None
    change: ScoreChange | None
    trend: TrendView | None
    golden: GoldenView | None
    impact: Mapping[str, Any]
    causes: Sequence[Cause]
    phases: Sequence[Phase]
    cards: Sequence[PhaseCard]
    debt: Debt
    debt_words: str
    calendar: Picture | Fragment
    capacity: str
    goals: Sequence[Goal]
    groups: Sequence[Group]
    owners: Sequence[OwnerRow]
    package: str
    absent: Sequence[str]
    provenance: Mapping[str, Any]

    @property
    def key_groups(self) -> list[Group]:
        """The rules whose findings are more than worth knowing."""
        return [group for group in self.groups if group.severity in SHOWN_IN_FULL]


def build_executive(inv: Investigation) -> Executive:
    """Return the content of the executive report of an investigation."""
    provenance, phases, schedule = build_provenance(inv), inv.plan(), inv.schedule()
    shares, figures, claims = measure_understanding(inv), build_figures(inv), judge_claims(inv)
    owners, golden, score = count_owners(inv), build_golden(inv), build_score(inv)
    impact = _build_impact(inv, count_severities(inv))
    light, words = _judge(inv, shares)
    debt = sum_debt(phases, inv.table("golden_runs"))
    return Executive(
        target=inv.name,
        revision=inv.manifest.revision,
        version=_format_version(inv.manifest.revision),
        time=format_time(inv.manifest.created),
        sizes=format_sizes(inv),
        light=light,
        light_words=words,
        verdict=format_verdict(build_tally(inv)),
        actions=find_next_actions(phases, schedule),
        chief=choose_chief(figures),
        figures=figures,
        understood=shares,
        is_blind=is_blind(shares),
        claims=claims,
        score=score,
        change=find_change(inv),
        trend=build_trend(inv, count_severities(inv), debt),
        golden=golden,
        impact=impact,
        causes=find_causes(inv),
        phases=phases,
        cards=build_cards(phases, schedule),
        debt=debt,
        debt_words=describe_debt(debt, schedule, find_changed_debt(inv)),
        calendar=draw_calendar(inv),
        capacity=describe_capacity(schedule),
        goals=[_build_goal(inv, goal) for goal in inv.success_metrics()],
        groups=group_findings(inv, most_subjects=MOST_LISTED),
        owners=owners,
        package=find_common_package(inv.graph.modules),
        absent=list(_name_absent(inv, owners, claims, golden, impact)),
        provenance={"facts": provenance.facts, "gaps": provenance.gaps, "unread": provenance.unread, "limits": LIMITS},
    )


def _judge(inv: Investigation, shares: tuple[Share, ...]) -> tuple[str, str]:
    """Return the overall light and its words: a page on what was hardly understood is not green."""
    light = find_light(count_severities(inv))
    words = format_light(light, build_tally(inv))
    if light == "green" and is_blind(shares):
        return "grey", "Too little understood for a verdict"
    return ("violet" if words == LIGHTS["violet"] else light), words


def _format_version(revision: str) -> str:
    return "Not under git" if revision == NO_REVISION else f"Revision {format_revision(revision)}"


def _name_absent(
    inv: Investigation, owners: Sequence[OwnerRow], claims: Sequence[ClaimVerdict], golden: GoldenView | None,
    impact: Mapping[str, Any],
) -> Iterator[str]:  # fmt: skip
    """Yield in a few words each what a report can show and this one cannot."""
    if golden is None:
        yield "the success rate of the golden path (run ssot golden-path)"
    if not impact["stake"]:
        yield "revenue at risk (the policy does not state it)"
    if not owners:
        yield "owners (the policy names none)"
    if not claims:
        yield "claims (the policy contains none)"
    if find_history(inv) is None:
        yield "the history (run ssot history)"
    if inv.manifest.probe is None:
        yield "what happens at run time (run again with --probe)"
    if refuted := count_refuted(inv):
        yield f"{format_count(refuted, 'finding')} that the probe refuted (findings.json lists them)"


def _build_impact(inv: Investigation, counts: Mapping[str, int]) -> dict[str, Any]:
    notes: Mapping[Any, str] = inv.policy.business.notes
    rows = [
        {"severity": severity, "count": count, "words": _name_all(inv, severity), "note": notes.get(severity, "")}
        for severity, count in counts.items()
    ]
    return {"stake": format_stake(inv), "severities": rows}


def _name_all(inv: Investigation, severity: str) -> str:
    """Return the common kind of all findings of a severity, such as policy violations, else the severity's text."""
    rows = inv.table("findings").select(["rule", "severity", "cause"]).to_pylist()
    words = {name_severity(row["rule"], severity) for row in rows if row["severity"] == severity and not row["cause"]}
    return words.pop() if len(words) == 1 else SEVERITY_WORDS[severity]


def _build_goal(inv: Investigation, goal: SuccessMetric) -> Goal:
    unit = UNITS.get(goal.metric, "")
    if goal.metric != "golden-path-lower-bound":
        now: tuple[Shown, ...] = (Shown(write_value(goal.now, unit, goal.metric), goal.metric),)
    elif goal.now is None:
        now = (Shown(f"{NOT_MEASURED}: run ssot golden-path"),)
    else:
        rate, confidence = inv.metric("golden-path-rate"), inv.policy.golden_path.confidence
        now = (
            Shown(write_share(rate), "golden-path-rate"), Shown(", "),
            Shown(write_at_least(goal.now, confidence), goal.metric),
        )  # fmt: skip
    target = write_stated(goal.target) if unit == SHARE else write_value(goal.target)
    bound = "at least " if goal.is_floor else "at most " if goal.target else ""
    return Goal(goal.label, now, bool(goal.is_met), f"{bound}{target}", goal.command)


@cache
def _load_parts() -> Any:
    return build_environment().get_template("parts.j2").module


def show_headline(inv: Investigation) -> Fragment:
    """Return the headline figures with their lights."""
    return Fragment(str(_load_parts().show_figures(build_figures(inv))), format_verdict(build_tally(inv)))


def show_summary(inv: Investigation) -> Fragment:
    """Return what stands first in the report: verdict, score, next actions, and how much was understood."""
    report, parts = build_executive(inv), _load_parts()
    shown = (
        parts.show_verdict(report), parts.show_actions(report.actions),
        parts.show_understood(report.understood, report.is_blind),
    )  # fmt: skip
    return Fragment(f'<div class="first">{"".join(map(str, shown))}</div>', report.verdict)


def show_findings(inv: Investigation, most_subjects: int = 6) -> Fragment:
    """Return the key findings with their evidence, the most severe rule first."""
    groups = group_findings(inv, most_subjects=most_subjects)
    shown = _load_parts().show_findings(groups, find_common_package(inv.graph.modules))
    return Fragment(str(shown), f"{format_count(len(groups), 'rule')} with findings")


def show_owners(inv: Investigation) -> Fragment:
    """Return how many findings each owner of the policy has."""
    owners = count_owners(inv)
    if not owners:
        return Fragment('<p class="nothing">The policy names no owners.</p>', "no owners")
    return Fragment(str(_load_parts().show_owners(owners)), f"{len(owners)} owners")


def show_causes(inv: Investigation) -> Fragment:
    """Return the root causes and the packages with most of their findings."""
    causes = find_causes(inv)
    return Fragment(str(_load_parts().show_causes(causes)), f"{len(causes)} root causes")


def show_score(inv: Investigation) -> Fragment:
    """Return the compliance score, the gate, the trend against the baseline, and the points lost by rule."""
    score = build_score(inv)
    if score is None:
        return Fragment('<p class="nothing">No module can be imported, so there is no score.</p>', "no score")
    return Fragment(str(_load_parts().show_score(score, find_change(inv))), f"score {score.score} of 100")


def show_golden(inv: Investigation) -> Fragment:
    """Return the success rate of the golden path, its interval, its verdict, and the cost of its failures."""
    golden = build_golden(inv)
    if golden is None:
        return Fragment('<p class="nothing">The golden path was not measured.</p>', "golden path: not measured")
    return Fragment(str(_load_parts().show_golden(golden)), f"golden path: {golden.rate}")


def show_impact(inv: Investigation) -> Fragment:
    """Return the revenue at risk and the findings by severity."""
    return Fragment(str(_load_parts().show_impact(_build_impact(inv, count_severities(inv)))), "impact")


def show_claims(inv: Investigation) -> Fragment:
    """Return the claims and the measured values."""
    claims = judge_claims(inv)
    if not claims:
        return Fragment('<p class="nothing">The policy contains no claims.</p>', "no claims")
    return Fragment(str(_load_parts().show_claims(claims)), f"{len(claims)} claims")


def show_plan(inv: Investigation) -> Fragment:
    """Return the phases of the plan with their steps."""
    cards = build_cards(inv.plan(), inv.schedule())
    return Fragment(str(_load_parts().show_plan(cards)), f"{len(cards)} phases")


def show_first_steps(inv: Investigation) -> Fragment:
    """Return the steps that clear most, with those that they need."""
    actions = find_next_actions(inv.plan(), inv.schedule())
    return Fragment(str(_load_parts().show_actions(actions, "")), format_count(len(actions), "step"))


def show_goals(inv: Investigation) -> Fragment:
    """Return the success metrics as check boxes; measurements tick them."""
    goals = [_build_goal(inv, goal) for goal in inv.success_metrics()]
    return Fragment(str(_load_parts().show_goals(goals)), f"{sum(goal.is_met for goal in goals)} of {len(goals)} met")


def show_provenance(inv: Investigation) -> Fragment:
    """Return the origin of the figures and their limits."""
    provenance = build_executive(inv).provenance
    return Fragment(str(_load_parts().show_provenance(provenance)), "provenance")
