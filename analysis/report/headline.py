"""The figures that stand first, each with a traffic light that is also said in words, and one sentence on the whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from analysis.investigation import Investigation
    from analysis.remedy import SuccessMetric

#: Light: its words.
LIGHTS: Mapping[str, str] = {
    "red": "Wrong now", "amber": "Will go wrong", "green": "In order", "grey": "Not measured",
}  # fmt: skip
#: Metric, label, a metric that says more with its words, and the rules whose gravest finding sets the light.
_FIGURES: tuple[tuple[str, str, tuple[str, str], tuple[str, ...]], ...] = (
    ("import-violations", "Imports of a class past its canonical path", ("files-with-import-violations", "files"),
     ("class-taken-from-elsewhere",)),
    ("import-time-cycles", "Circular imports", ("modules-in-import-time-cycles", "modules caught in them"),
     ("import-cycle",)),
    ("swallowed-import-suspects-with-packages", "Imports that can fail unseen", ("", ""),
     ("swallowed-circular-import",)),
    ("modules-that-fail-when-imported-first", "Modules that cannot be imported first", ("modules-probed", "probed"),
     ("module-fails-when-imported-first",)),
    ("modules-executed-twice", "Modules executed twice", ("", ""), ("module-executed-twice",)),
    ("phantom-imports", "Imports of modules that do not exist", ("phantom-modules", "missing modules"),
     ("phantom-import",)),
    ("phantom-names", "Imports of names that do not exist", ("", ""), ("phantom-name",)),
    ("class-names-defined-more-than-once", "Class names defined more than once",
     ("duplicate-class-definitions", "definitions"), ("class-defined-more-than-once",)),
    ("names-with-different-objects", "Names that mean different objects", ("", ""), ("name-with-different-objects",)),
    ("shadowed-modules", "Files that Python never imports", ("", ""), ("shadowed-module",)),
    ("files-with-two-names", "Files loaded under two names", ("", ""), ("file-with-two-names",)),
    ("deferred-cycles", "Cycles hidden inside functions", ("modules-in-deferred-cycles", "modules caught in them"),
     ("deferred-cycle",)),
)  # fmt: skip
_CLASS_IDS = "class-ids:"
_WEIGHTS = {"P0": "red", "P1": "red", "P2": "amber", "P3": "amber"}


@dataclass(frozen=True, slots=True)
class Figure:
    """One headline figure: value, label, a second line, and its light (red, amber, green or grey)."""

    label: str
    value: float | None
    note: str
    light: str

    @property
    def words(self) -> str:
        """What the light means."""
        return LIGHTS[self.light]


def build_figures(inv: Investigation) -> list[Figure]:
    """Return the headline figures: the concepts that the policy limits first, then what every target has."""
    metrics = inv.table("metrics").to_pylist()
    values = {row["metric"]: row["value"] for row in metrics}
    gravest = _find_gravest(inv)
    figures = [_build_concept(goal.label, goal.now, goal.target, goal.is_met) for goal in _find_concept_goals(inv)]
    figures += [_build_ids(metric, value) for metric, value in values.items() if metric.startswith(_CLASS_IDS)]
    for metric, label, (more, words), rules in _FIGURES:
        if metric in values:
            note = f"{values[more]:,.0f} {words}" if more in values and values[metric] else ""
            severity = min((gravest[rule] for rule in rules if rule in gravest), default="")
            light = _WEIGHTS[severity] if severity else "green" if not values[metric] else "amber"
            figures.append(Figure(label, values[metric], note, light))
    return [*figures, *_build_gates(inv)]


def _find_concept_goals(inv: Investigation) -> list[SuccessMetric]:
    return [goal for goal in inv.success_metrics() if goal.metric.startswith("concept:")]


def _build_concept(label: str, now: float | None, target: float, is_met: bool | None) -> Figure:
    light = "grey" if is_met is None else "green" if is_met else "red"
    name = label.partition(": ")[2] or label
    return Figure(name[:1].upper() + name[1:], now, f"at most {target:,.0f} allowed", light)


def _build_ids(metric: str, value: float) -> Figure:
    """Return how many classes bear the name of the one that the policy calls canonical."""
    return Figure(
        f"Class ids of {metric.removeprefix(_CLASS_IDS)}", value, "1 needed", "green" if value == 1 else "red"
    )


def _build_gates(inv: Investigation) -> list[Figure]:
    """Return the golden path and the compliance score, where the policy or a measurement knows of them."""
    figures = []
    for goal in inv.success_metrics():
        if goal.metric in {"golden-path-lower-bound", "compliance"} and goal.now is not None:
            is_rate = goal.metric != "compliance"
            value = inv.metric("golden-path-rate") * 100 if is_rate else goal.now
            needed = f"{goal.target:g} needed"
            if is_rate:
                needed = (
                    f"at least {goal.now:.1%} by {inv.metric('golden-path-runs'):,.0f} runs, {goal.target:.1%} needed"
                )
            label = "Golden path, success rate in %" if is_rate else "Compliance score"
            figures.append(Figure(label, round(value, 1), needed, "green" if goal.is_met else "red"))
    return figures


def _find_gravest(inv: Investigation) -> dict[str, str]:
    findings = inv.table("findings")
    gravest: dict[str, str] = {}
    pairs = zip(findings.column("rule").to_pylist(), findings.column("severity").to_pylist(), strict=True)
    for rule, severity in pairs:
        gravest[rule] = min(severity, gravest.get(rule, severity))
    return gravest


def count_severities(inv: Investigation) -> dict[str, int]:
    """Return the number of findings per severity, P0 to P3, zeros included."""
    counts = Counter(inv.table("findings").column("severity").to_pylist())
    return {severity: counts[severity] for severity in ("P0", "P1", "P2", "P3")}


def find_light(counts: Mapping[str, int]) -> str:
    """Return the light of the whole from the number of findings per severity."""
    return next((_WEIGHTS[severity] for severity in ("P0", "P1", "P2", "P3") if counts.get(severity)), "green")


def tell_verdict(counts: Mapping[str, int]) -> str:
    """Return one sentence on the whole.

    >>> tell_verdict({"P0": 0, "P1": 2, "P2": 1, "P3": 0})
    '2 findings are wrong now; 1 more will go wrong or is worth knowing.'
    """
    now, later = counts["P0"] + counts["P1"], counts["P2"] + counts["P3"]
    if not now and not later:
        return "No rule has found anything."
    if not now:
        return f"Nothing is wrong now; {_tell(later)} will go wrong or {_are(later)} worth knowing."
    stop = ""
    if counts["P0"] == now:
        stop = f" and {'stop' if now > 1 else 'stops'} the product"
    elif counts["P0"]:
        stop = f", {counts['P0']:,} of them {'stop' if counts['P0'] > 1 else 'stops'} the product"
    if not later:
        return f"{_tell(now)} {_are(now)} wrong now{stop}."
    return f"{_tell(now)} {_are(now)} wrong now{stop}; {later:,} more will go wrong or {_are(later)} worth knowing."


def _tell(count: int) -> str:
    return f"{count:,} finding{'s' if count != 1 else ''}"


def _are(count: int) -> str:
    return "are" if count != 1 else "is"
