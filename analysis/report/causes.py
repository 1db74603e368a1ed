"""The root causes behind the findings, in which packages they are found most, and what is at stake."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from analysis.quantities import write_money
from analysis.report.packages import group_modules
from analysis.report.tones import count_tones
from analysis.rules import RULES_BY_NAME
from analysis.rules.plan_phases import LASTING
from analysis.rules.root_causes import OTHER, RootCause

if TYPE_CHECKING:
    from analysis.investigation import Investigation

MOST_HOT_SPOTS = 3
_GROUPS = 60


@dataclass(frozen=True, slots=True)
class Cause:
    """One root cause: its findings by severity, the rules that show it, and the packages that appear most often.

    ``counts`` are tone and words of each kind of its findings; ``tone`` is the most pressing.
    """

    title: str
    meaning: str
    count: int
    severities: Mapping[str, int]
    rules: tuple[str, ...]
    hot_spots: tuple[tuple[str, int], ...]
    counts: tuple[tuple[str, str], ...] = ()

    @property
    def tone(self) -> str:
        """The most pressing kind of its findings."""
        return self.counts[0][0] if self.counts else "note"


def find_causes(inv: Investigation) -> list[Cause]:
    """Return the root causes that have findings, those with the most severe first."""
    table = inv.table("findings").select(["rule", "severity", "evidence", "certainty", "cause"])
    packages = find_packages(inv)
    groups: dict[RootCause, list[dict[str, Any]]] = defaultdict(list)
    for row in table.to_pylist():
        if row["certainty"] != "refuted" and not row["cause"]:
            rule = RULES_BY_NAME.get(row["rule"])
            groups[rule.cause if rule else OTHER].append(row)
    causes = [_build_cause(cause, rows, packages) for cause, rows in sorted(groups.items())]
    return sorted(causes, key=lambda cause: (min(cause.severities), -cause.severities[min(cause.severities)]))


def _build_cause(cause: RootCause, rows: list[dict[str, Any]], packages: Mapping[str, str]) -> Cause:
    spots = Counter(
        spot
        for row in rows
        for spot in {packages[place["path"]] for place in row["evidence"] if place["path"] in packages}
    )
    ranked = sorted(spots.items(), key=lambda spot: (-spot[1], spot[0]))[:MOST_HOT_SPOTS]
    counts = Counter(str(row["severity"]) for row in rows)
    shown = tuple(sorted({row["rule"] for row in rows}, key=_rank_rule))
    tones = tuple(count_tones((row["rule"], row["severity"]) for row in rows))
    return Cause(cause.title, cause.meaning, len(rows), dict(sorted(counts.items())), shown, tuple(ranked), tones)


def _rank_rule(name: str) -> tuple[int, int, str]:
    """Return where a rule comes in the plan: rules of one cause are named in that order."""
    rule = RULES_BY_NAME.get(name)
    return (rule.step.phase.order, rule.step.order, name) if rule else (LASTING.order, 0, name)


def find_packages(inv: Investigation) -> dict[str, str]:
    """Return the package of each file, in the groups of the pictures."""
    modules = inv.table("modules").select(["module", "path"]).to_pylist()
    groups = group_modules([row["module"] for row in modules], _GROUPS)
    return {row["path"]: groups[row["module"]] for row in modules}


def format_stake(inv: Investigation) -> str:
    """Return the revenue at risk as the policy states it, or nothing.

    The kit measures no revenue; it repeats what the team has decided to be at stake.
    """
    business = inv.policy.business
    if business.revenue_at_risk is None:
        return ""
    return write_money(business.revenue_at_risk, business.currency)
