"""The headline figures, each with a traffic light and its meaning as text, and one sentence on the whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis.quantities import (
    CLASS_IDS,
    CONCEPT,
    Shown,
    read_metric_name,
    write_at_least,
    write_count,
    write_stated,
    write_value,
)
from analysis.rules import RULES
from analysis.rules.verdict import Tally, count_findings
from analysis.wording import choose_form

if TYPE_CHECKING:
    from analysis.investigation import Investigation
    from analysis.remedy import SuccessMetric

#: Light: its meaning as text.
LIGHTS: Mapping[str, str] = {
    "red": "Needs a fix now", "violet": "Policy violated", "amber": "Risk", "green": "In order", "grey": "Not measured",
}  # fmt: skip
_LOWER, _RATE = "golden-path-lower-bound", "golden-path-rate"
#: So many figures a reader takes in at once.
MOST_CHIEF = 5
#: A limit that the team has set ranks with what fails.
_RANKS = {"red": 0, "violet": 0, "amber": 1, "grey": 2, "green": 3}
_WEIGHTS = {"P0": "red", "P1": "red", "P2": "amber", "P3": "amber"}


@dataclass(frozen=True, slots=True)
class Figure:
    """One headline figure: its number with a noun, a second line, its light (red, amber, green or grey) and meaning.

    ``metric`` names the number; ``note`` is the second line in pieces, each number with the name of its metric.
    """

    metric: str
    label: str
    value: float | None
    light: str
    note: tuple[Shown, ...] = ()
    unit: str = ""
    noun: str = ""
    says: str = ""
    phrase: str = ""

    @property
    def caption(self) -> str:
        """What the number counts, with its noun: a line that reads on from the number."""
        return self.phrase or self.label

    @property
    def text(self) -> str:
        """The number in its one form."""
        return write_value(self.value, self.unit, self.metric)

    @property
    def note_text(self) -> str:
        """The second line; empty without one."""
        return "".join(part.text for part in self.note)

    @property
    def words(self) -> str:
        """What the light means."""
        return self.says or LIGHTS[self.light]


def build_figures(inv: Investigation) -> list[Figure]:
    """Return the headline figures: first the concepts that the policy limits, then those of every target."""
    values = {row["metric"]: row["value"] for row in inv.table("metrics").to_pylist()}
    goals = inv.success_metrics()
    figures = [_build_concept(goal) for goal in goals if read_metric_name(goal.metric).kind == CONCEPT]
    names = {metric: read_metric_name(metric) for metric in values}
    figures += [
        _build_ids(metric, name.subject, values[metric]) for metric, name in names.items() if name.kind == CLASS_IDS
    ]
    figures += _build_ordinary(values, _find_worst(inv))
    for goal in goals:
        if goal.now is not None and goal.metric == _LOWER:
            figures.append(_build_golden(inv, goal))
        elif goal.now is not None and goal.metric == "compliance":
            figures.append(_build_score(goal))
    return figures


def choose_chief(figures: Sequence[Figure], most: int = MOST_CHIEF) -> list[Figure]:
    """Return the figures that stand first on a page: the success rate and what is worst, in the usual order.

    The score is not among them: it has a place of its own.
    """
    others = [figure for figure in figures if figure.metric != "compliance"]
    ranked = sorted(others, key=lambda figure: (figure.metric != _RATE, _RANKS[figure.light]))
    return [figure for figure in others if figure in ranked[:most]]


def _build_ordinary(values: Mapping[str, float], worst: Mapping[str, str]) -> Iterator[Figure]:
    """Yield the figures of the rules, each with the light of the rule's most severe finding."""
    figures = [(rule.figure, rule.name) for rule in RULES if rule.figure is not None]
    for figure, rule in sorted(figures, key=lambda pair: (pair[0].order, pair[1])):
        value = values.get(figure.metric)
        if value is None:
            continue
        note: tuple[Shown, ...] = ()
        is_unknown = figure.is_open and not value and values.get(figure.more, 0) > 0
        if figure.more in values and ((values[figure.more] > 0) if figure.is_open else value):
            more = values[figure.more]
            noun = choose_form(more, figure.singular, figure.plural)
            note = (Shown(write_count(more), figure.more), Shown(f" {noun}"))
        light = _WEIGHTS[worst[rule]] if rule in worst else "amber" if value else "grey" if is_unknown else "green"
        says, phrase = "Not all known" if is_unknown else "", choose_form(value, figure.one, figure.label)
        yield Figure(figure.metric, figure.label, value, light, note, says=says, phrase=phrase)


def _build_concept(goal: SuccessMetric) -> Figure:
    light = "grey" if goal.is_met is None else "green" if goal.is_met else "violet"
    name = read_metric_name(goal.metric).subject
    noun = "" if goal.now is None else choose_form(int(goal.now), "class", "classes")
    says = "Policy limit exceeded" if light == "violet" else ""
    note = (Shown(f"at most {write_count(goal.target)} allowed"),)
    label = name[:1].upper() + name[1:]
    return Figure(goal.metric, label, goal.now, light, note, noun=noun, says=says, phrase=f"{noun} of {name}".strip())


def _build_ids(metric: str, name: str, value: float) -> Figure:
    """Return the number of classes with one name that the policy or a claim is about."""
    noun, is_one = choose_form(int(value), "definition", "definitions"), value == 1
    says = "" if is_one else "Not as expected"
    light, note = "green" if is_one else "red", (Shown("expected 1"),)
    phrase = f"{noun if is_one else f'competing {noun}'} of {name}"
    return Figure(metric, name, value, light, note, noun=noun, says=says, phrase=phrase)


def _build_golden(inv: Investigation, goal: SuccessMetric) -> Figure:
    """Return the measured success rate; the second line names its lower bound, which decides the verdict."""
    runs, confidence = inv.metric("golden-path-runs"), inv.policy.golden_path.confidence
    note = (
        Shown(write_at_least(goal.now or 0.0, confidence), _LOWER),
        Shown(" in "), Shown(write_count(runs), "golden-path-runs"),
        Shown(f" {choose_form(int(runs), 'run', 'runs')}; {write_stated(goal.target)} required"),
    )  # fmt: skip
    metric, is_missed = _RATE, inv.metric("golden-path-upper-bound") < goal.target
    light = "green" if goal.is_met else "red" if is_missed else "amber"
    says = "Target met" if goal.is_met else "Target not met" if is_missed else "Not enough runs"
    return Figure(metric, "Golden path success rate", inv.metric(metric), light, note, unit="share", says=says)


def _build_score(goal: SuccessMetric) -> Figure:
    note, says = (Shown(f"of 100; {goal.target:g} required"),), "" if goal.is_met else "Below the threshold"
    light = "green" if goal.is_met else "red"
    return Figure("compliance", "Compliance score", goal.now, light, note, unit="of 100", says=says)


def _find_worst(inv: Investigation) -> dict[str, str]:
    worst: dict[str, str] = {}
    for rule, severity in _find_valid(inv, with_consequences=True):
        worst[rule] = min(severity, worst.get(rule, severity))
    return worst


def _find_valid(inv: Investigation, *, with_consequences: bool = False) -> list[tuple[str, str]]:
    """Return rule and severity of each finding that is not refuted; each cause once unless consequences count too."""
    rows = inv.table("findings").select(["rule", "severity", "certainty", "cause"]).to_pylist()
    return [
        (row["rule"], row["severity"])
        for row in rows
        if row["certainty"] != "refuted" and (with_consequences or not row["cause"])
    ]


def build_tally(inv: Investigation) -> Tally:
    """Return the findings of a target, counted by kind: needs a fix, policy violation, risk, note."""
    rows = inv.table("findings").select(["certainty", "cause", "in_tests"]).to_pylist()
    tests = sum(bool(row["in_tests"]) for row in rows if row["certainty"] != "refuted" and not row["cause"])
    return count_findings(_find_valid(inv), tests=tests)


def count_severities(inv: Investigation) -> dict[str, int]:
    """Return the number of findings per severity, P0 to P3, including zeros, without refuted findings."""
    counts = Counter(severity for _, severity in _find_valid(inv))
    return {severity: counts[severity] for severity in ("P0", "P1", "P2", "P3")}


def find_light(counts: Mapping[str, int]) -> str:
    """Return the overall light for the number of findings per severity."""
    return next((_WEIGHTS[severity] for severity in ("P0", "P1", "P2", "P3") if counts.get(severity)), "green")


def format_light(light: str, tally: Tally) -> str:
    """Return the meaning of the overall light: a policy violation alone is not called a failure.

    >>> format_light("red", Tally(limits=2)), format_light("red", Tally(fixes=1, limits=2))
    ('Policy violated', 'Needs a fix now')
    """
    is_policy_only = not tally.fixes and (tally.limits or tally.requirements)
    return LIGHTS["violet"] if is_policy_only and light in {"red", "amber"} else LIGHTS[light]
