"""The numbers that the report shows: each computed in this run, with its unit and one sentence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial

from analysis import tables
from analysis.gaps import Gaps, NoGaps
from analysis.rules.catalogue import RULES, Judgement
from analysis.rules.chosen_case import choose_case
from analysis.rules.context import RuleContext
from analysis.rules.finding import Finding
from analysis.rules.metrics.metric import Metric
from analysis.rules.metrics.names import measure_classes, measure_names, measure_policy
from analysis.rules.metrics.runtime import measure_golden, measure_runtime
from analysis.rules.metrics.source import measure_cycles, measure_files, measure_imports, measure_missing
from analysis.rules.metrics.state import measure_shared
from analysis.rules.score import Score

__all__ = ["Metric", "measure", "measure_gaps"]

#: In the order of the report.
_GROUPS: Mapping[str, Callable[..., Iterable[Metric]]] = {
    "files": measure_files, "imports": measure_imports, "missing": measure_missing, "cycles": measure_cycles,
    "classes": measure_classes, "names": measure_names, "policy": measure_policy, "runtime": measure_runtime,
    "golden path": measure_golden, "shared state": measure_shared,
}  # fmt: skip


def measure(
    case: RuleContext, judgement: Judgement, scores: Sequence[Score] = (), *, gaps: Gaps | None = None
) -> list[Metric]:
    """Return the metrics of a target, each name once; the order is that of the report.

    The first of ``scores`` is that of the whole target. With ``[target] packages`` the numbers are about these.
    ``gaps`` takes what fails inside the kit, group by group; without it such a failure is raised.
    """
    gaps = gaps or NoGaps()
    own = gaps.attempt("rules", "metrics: packages", partial(choose_case, case), lambda: case)
    groups: dict[str, Callable[[], Iterable[Metric]]] = {name: partial(each, own) for name, each in _GROUPS.items()}
    groups |= {name: partial(_GROUPS[name], own, whole=case) for name in ("files", "policy")}
    groups |= {name: partial(_GROUPS[name], case) for name in ("golden path", "shared state")}
    groups["findings"] = partial(_measure_findings, judgement.findings)
    groups["compliance"] = partial(_measure_compliance, judgement, scores)
    found: dict[str, Metric] = {}
    for name, group in groups.items():
        for metric in gaps.attempt("rules", f"metrics: {name}", partial(_list, group), list[Metric]):
            found.setdefault(metric.metric, metric._replace(value=float(metric.value)))
    return list(found.values())


def _list(group: Callable[[], Iterable[Metric]]) -> list[Metric]:
    return list(group())


def measure_gaps(count: int) -> Metric:
    """Return how many parts the kit failed on."""
    return Metric("parts-not-analysed", float(count), "parts", "Files, rules or steps that the kit itself failed on.")


def _measure_findings(findings: Sequence[Finding]) -> Iterator[Metric]:
    found = Counter(finding.rule for finding in findings)
    for rule in RULES:
        if rule.metric is not None:
            yield Metric(rule.metric.metric, found[rule.name], rule.metric.unit, rule.metric.meaning)
    counts = Counter(each.severity for each in findings if each.certainty != "refuted" and not each.cause)
    for severity in tables.SEVERITIES:
        meaning = f"Findings of severity {severity} that are not refuted, each cause counted once."
        yield Metric(f"findings-{severity.lower()}", counts[severity], "findings", meaning)


def _measure_compliance(judgement: Judgement, scores: Sequence[Score]) -> Iterator[Metric]:
    meaning = "Findings, or parts of them, that exceptions accept."
    yield Metric("findings-accepted", len(judgement.accepted), "findings", meaning)
    for whole in scores[:1]:
        yield Metric("compliance", whole.score, "of 100", "Compliance score: see docs/score.md.")
        yield Metric("clean-modules", whole.clean_modules, "modules", "Modules that no finding of P0 to P2 cites.")
        yield Metric("points-lost", whole.points, "points", "What the findings cost, over all their places.")
