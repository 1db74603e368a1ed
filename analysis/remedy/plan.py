"""The plan: phases in the order in which fixing one makes the next possible, and in each of them steps.

First every entry point must import, or nothing can be tested; then there must be one definition of each thing, and one
path to it; then it must stay so, and what is merely worth knowing can be tidied. Each rule says in which phase its
findings are fixed. A step fixes the findings of one rule, those of tests apart. Within a phase the steps that clear
most findings per hour come first, after those that they need. The work of a step follows from what it touches
(``analysis.remedy.effort``); the sum is the debt (``analysis.remedy.debt``).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa

from analysis import tables
from analysis.policy import Policy
from analysis.remedy.effort import list_edits, measure_amount
from analysis.remedy.needs import PlanStage, find_needs, name_needs
from analysis.remedy.order import order_steps
from analysis.remedy.risks import read_surroundings
from analysis.remedy.step import Phase, Step
from analysis.rules import RULES_BY_NAME
from analysis.rules.edits import PlannedWork, ReadTable
from analysis.rules.plan_phases import LASTING, PlanPhase

#: Findings of this severity are no reason to hold a phase up: they wait for the last one.
_MINOR = "P3"
_MOST_EXAMPLES = 3
#: The rules for whose findings ``ssot fix`` has a kind of patch.
PATCHED = frozenset(
    {
        "class-taken-from-elsewhere", "fallback-class", "import-cycle", "import-cycle-through-packages",
        "phantom-import", "phantom-name", "swallowed-circular-import",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Draft:
    """A step before it has its place in the plan, and what decides on it."""

    step: Step
    stage: PlanStage


def build_plan(findings: pa.Table, read_table: ReadTable, policy: Policy | None = None) -> list[Phase]:
    """Return the phases that have something to do, from the table ``findings``, without those refuted and
    those that are consequences of another finding: its fix removes them.

    ``read_table`` gives other tables by name; the policy may state the minutes of one place by rule. Findings of a
    rule that this version does not know are work for the last phase, of unknown duration: no minutes.
    """
    policy = policy or Policy()
    rows = [row for row in findings.to_pylist() if row["certainty"] != "refuted"]
    drafts = list(_draft(rows, read_table, policy))
    needs = find_needs([draft.stage for draft in drafts])
    plain = {key: [other for other, _ in found] for key, found in needs.items()}
    ordered: list[tuple[PlanPhase, list[int]]] = []
    for phase in sorted({draft.stage.phase for draft in drafts}):
        own = {draft.stage.key: draft.step for draft in drafts if draft.stage.phase == phase}
        ordered.append((phase, order_steps(own, plain)))
    numbers = {
        key: f"{place}.{number}" for place, (_, keys) in enumerate(ordered, 1) for number, key in enumerate(keys, 1)
    }
    surroundings = read_surroundings(read_table)
    steps = {
        draft.stage.key: replace(
            draft.step, number=numbers[draft.stage.key], risk=surroundings.judge(draft.step.files),
            needs=name_needs(needs[draft.stage.key], numbers),
        )
        for draft in drafts
    }  # fmt: skip
    return [Phase(phase.name, phase.goal, tuple(steps[key] for key in keys)) for phase, keys in ordered]


def _draft(rows: Sequence[dict[str, Any]], read_table: ReadTable, policy: Policy) -> Iterator[_Draft]:
    """Yield a step for each rule with findings, for those of tests and the minor ones another one."""
    groups: dict[tuple[PlanPhase, int, str, bool, bool], list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        if not row["cause"]:
            is_minor = row["severity"] == _MINOR
            rule = RULES_BY_NAME.get(row["rule"])
            phase = LASTING if rule is None or is_minor else rule.step.phase
            order = rule.step.phase.order * 1000 + rule.step.order if rule else 0
            groups[phase, order, row["rule"], is_minor, row["in_tests"]].append(row)
    consequences = _collect_consequences(rows)
    homes = dict(tables.read_rows(read_table("modules"), "module", "path"))
    for key, rank in enumerate(sorted(groups)):
        found = groups[rank]
        step = _build_step(rank[2], found, read_table, policy)
        more = sorted(name for cause in step.cleared for name in consequences.get(cause, ()))
        step = replace(step, cleared=(*step.cleared, *more))
        reach = frozenset(step.files).union(*(row["paths"] for row in found))
        about = frozenset(path for row in found for path in _find_homes(row, homes))
        yield _Draft(step, PlanStage(key, rank[0], rank, step.severity, reach, about))


def _collect_consequences(rows: Iterable[Mapping[str, Any]]) -> dict[str, list[str]]:
    """Return the consequences of each finding, and theirs, sorted, by fingerprints."""
    causes = {row["fingerprint"]: row["cause"] for row in rows if row["cause"]}
    found: dict[str, list[str]] = defaultdict(list)
    for name in sorted(causes):
        seen, last = {name}, causes[name]
        while last in causes and last not in seen:
            seen.add(last)
            last = causes[last]
        found[last].append(name)
    return found


def _find_homes(row: Mapping[str, Any], homes: Mapping[str, str]) -> Iterable[str]:
    """Return the file that defines what a finding is about; the files of its places where no module is named."""
    name = row["subject"].partition(":")[0]
    while name and name not in homes:
        name = name.rpartition(".")[0]
    return (homes[name],) if name else row["paths"]


def _build_step(name: str, rows: Sequence[dict[str, Any]], read_table: ReadTable, policy: Policy) -> Step:
    rule = RULES_BY_NAME.get(name)
    rows = sorted(rows, key=lambda row: (row["severity"], -row["places"], row["subject"]))
    known = list(rule.list_edits(PlannedWork(rows, read_table, policy))) if rule and rule.list_edits else []
    edits = list_edits(rows, known)
    amount = measure_amount(rows, edits)
    minutes = amount.estimate(policy.debt.minutes.get(name, rule.step.minutes if rule else 0))
    in_tests = all(row["in_tests"] for row in rows)
    title = rule.step.title if rule else f"Fix: {name}"
    return Step(
        f"{title}, in tests" if in_tests else title, name, min(row["severity"] for row in rows), len(rows),
        amount.places, amount.size, tuple(_find_examples(rows))[:_MOST_EXAMPLES], rule.meaning if rule else "",
        rule.remedy if rule else "", _find_owners(rows), minutes, _share(rows, minutes),
        subjects=tuple((row["fingerprint"], row["subject"], row["message"]) for row in rows), edits=tuple(edits),
        files=amount.files, cleared=tuple(row["fingerprint"] for row in rows), methods=amount.methods,
        in_tests=in_tests, patch=f"ssot fix . --rule {name}" if name in PATCHED else "",
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
    """Yield the first place of each finding, in the order given."""
    for row in rows:
        if row["evidence"]:
            yield f"{row['evidence'][0]['path']}:{row['evidence'][0]['line']}"
