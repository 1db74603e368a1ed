"""Compare the findings of a target with a baseline on the same basis."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import replace

from analysis import tables
from analysis.gaps import Gaps
from analysis.history.baseline import Baseline, build_baseline
from analysis.history.ratchet import Comparison, Status, choose_known, compare
from analysis.rules import RULES_BY_NAME, Finding, RuleContext, judge


def build_case_baseline(
    case: RuleContext, findings: Sequence[Finding], *, target: str = "", revision: str = "", score: float = 0.0
) -> Baseline:
    """Return the baseline of a target: findings from source and simulation, or from the source alone without time left.

    Findings that only the probe sees are not in it, because no later check can see them.
    """
    kept = [finding for finding in findings if finding.certainty != "observed"]
    if not case.is_simulated:
        kept = judge(replace(case, runtime_tables={}), with_sources=False, gaps=Gaps()).findings
    built = build_baseline(kept, case.facts, target=target, revision=revision, score=score)
    return built.model_copy(update={"simulated": case.is_simulated})


def compare_case(
    case: RuleContext, findings: Sequence[Finding], known: Baseline, *, failed: Collection[str] = ()
) -> Comparison:
    """Return the status of each finding against a baseline, and what is gone.

    A baseline without simulated findings (from version 0.1.0, or after the time budget) is compared with the findings
    from the source alone; findings that only the simulation sees count as known. A known finding is gone only if its
    rule could judge everything: not for ``failed`` rules, nor for rules of the simulation if it ran out of time.
    """
    found = _compare(case, findings, known)
    unknown = set(failed)
    if case.not_simulated:
        unknown |= {name for name, rule in RULES_BY_NAME.items() if rule.needs_simulation}
    gone = tuple(each for each in choose_known(case.chosen, found.gone) if each.rule not in unknown)
    return replace(found, gone=gone)


def _compare(case: RuleContext, findings: Sequence[Finding], known: Baseline) -> Comparison:
    present = tables.read_column(case.facts.files, "path")
    if known.simulated:
        counted = [finding for finding in findings if finding.certainty != "refuted"]
        found = compare(known, build_baseline(counted, case.facts), present)
        statuses = iter(found.statuses)
        return Comparison(
            tuple("known" if finding.certainty == "refuted" else next(statuses) for finding in findings), found.gone
        )
    plain = judge(replace(case, runtime_tables={}), with_sources=False, gaps=Gaps()).findings
    found = compare(known, build_baseline(plain, case.facts), present)
    by_print: dict[str, list[Status]] = defaultdict(list)
    for finding, status in zip(plain, found.statuses, strict=True):
        by_print[finding.fingerprint].append(status)
    return Comparison(
        tuple(by_print[each.fingerprint].pop(0) if by_print[each.fingerprint] else "known" for each in findings),
        found.gone,
    )
