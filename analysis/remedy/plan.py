"""A first plan: phases in the order in which fixing one makes the next possible.

First every entry point must import, or nothing can be tested; then there must be one definition of each thing, and one
path to it; then it must stay so, and what is merely worth knowing can be tidied. Each rule says in which phase its
findings are fixed. Within a phase the most severe come first. The effort is counted in places to touch: those that the
rule counts (of a cycle the imports of its cheapest cut), else the places of the findings. Each place takes the minutes
that its rule estimates, or the policy: their sum is the debt (``analysis.remedy.debt``).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import pyarrow as pa

from analysis.rules import RULES_BY_NAME
from analysis.rules.plan_phases import LASTING, PlanPhase
from analysis.rules.rule import ReadTable

#: Findings of this severity are no reason to hold a phase up: they wait for the last one.
_MINOR = "P3"
_SMALL, _MEDIUM = 5, 50
_MOST_EXAMPLES = 3


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do: which rule's findings it fixes, how many, in how many places, and the first of them.

    ``effort`` is small (up to 5 places), medium (up to 50) or large. ``why`` is what the finding means, ``how`` the
    way to fix it, ``owners`` who owns the findings, the one with most of them first. ``minutes`` is the estimated work,
    ``shares`` what of it each finding is: fingerprint, owner (empty without one), minutes; they add up to it.
    """

    title: str
    rule: str
    severity: str
    findings: int
    places: int
    effort: str
    examples: tuple[str, ...]
    why: str = ""
    how: str = ""
    owners: tuple[str, ...] = ()
    minutes: int = 0
    shares: tuple[tuple[str, str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Phase:
    """Steps that belong together, and the goal they reach."""

    name: str
    goal: str
    steps: tuple[Step, ...]

    @property
    def minutes(self) -> int:
        """The estimated work of its steps."""
        return sum(step.minutes for step in self.steps)


def build_plan(
    findings: pa.Table, read_table: ReadTable, minutes: Mapping[str, float] = MappingProxyType({})
) -> list[Phase]:  # fmt: skip
    """Return the phases that have something to do, from the table ``findings``, without those refuted and
    those that are consequences of another finding: its fix removes them.

    ``read_table`` gives other tables by name, for rules that count the places to touch themselves; ``minutes`` are
    those of one place by rule where they differ from the rule's own. Findings of a rule that this version does not
    know are work for the last phase, of unknown duration: no minutes.
    """
    groups: dict[tuple[PlanPhase, str, bool], list[dict[str, Any]]] = defaultdict(list)
    for row in findings.to_pylist():
        if row["certainty"] != "refuted" and not row["cause"]:
            is_minor = row["severity"] == _MINOR
            rule = RULES_BY_NAME.get(row["rule"])
            phase = LASTING if rule is None or is_minor else rule.step.phase
            groups[phase, row["rule"], is_minor].append(row)
    steps: dict[PlanPhase, list[Step]] = defaultdict(list)
    for (phase, name, _), rows in groups.items():
        steps[phase].append(_build_step(name, rows, read_table, minutes))
    return [Phase(phase.name, phase.goal, tuple(sorted(steps[phase], key=_rank))) for phase in sorted(steps)]


def _rank(step: Step) -> tuple[str, int, int, str]:
    rule = RULES_BY_NAME.get(step.rule)
    phase, order = (rule.step.phase.order, rule.step.order) if rule else (LASTING.order + 1, 0)
    return step.severity, phase, order, step.rule


def _build_step(
    name: str, rows: Sequence[dict[str, Any]], read_table: ReadTable, minutes: Mapping[str, float]
) -> Step:  # fmt: skip
    rule = RULES_BY_NAME.get(name)
    counted = rule.count_work(read_table) if rule and rule.count_work else 0
    places = counted or sum(max(1, row["places"]) for row in rows)
    effort = "small" if places <= _SMALL else "medium" if places <= _MEDIUM else "large"
    each = minutes.get(name, rule.step.minutes if rule else 0)
    shares = _share(rows, round(places * each))
    return Step(
        rule.step.title if rule else f"Fix: {name}", name, min(row["severity"] for row in rows), len(rows), places,
        effort, tuple(_find_examples(rows))[:_MOST_EXAMPLES], rule.meaning if rule else "",
        rule.remedy if rule else "", _find_owners(rows), round(places * each), shares,
    )  # fmt: skip


def _share(rows: Sequence[dict[str, Any]], minutes: int) -> tuple[tuple[str, str, int], ...]:
    """Return the minutes of each finding in proportion to its places, so that they add up exactly."""
    total, before, found = sum(max(1, row["places"]) for row in rows), 0, []
    for row in sorted(rows, key=lambda row: str(row["fingerprint"])):
        after = before + max(1, row["places"])
        part = minutes * after // total - minutes * before // total
        found.append((row["fingerprint"], row.get("owner") or "", part))
        before = after
    return tuple(found)


def _find_owners(rows: Iterable[dict[str, Any]]) -> tuple[str, ...]:
    counts = Counter(row["owner"] for row in rows if row.get("owner"))
    return tuple(sorted(counts, key=lambda owner: (-counts[owner], owner)))


def _find_examples(rows: Iterable[dict[str, Any]]) -> Iterator[str]:
    """Yield the first place of each finding, the most severe and widest first."""
    for row in sorted(rows, key=lambda row: (row["severity"], -row["places"], row["subject"])):
        if row["evidence"]:
            yield f"{row['evidence'][0]['path']}:{row['evidence'][0]['line']}"
