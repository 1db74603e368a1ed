"""Rules: evidence in, findings out."""

from __future__ import annotations

from analysis.rules.catalogue import (
    RULES,
    RULES_BY_NAME,
    Judgement,
    check_weights,
    find_findings,
    find_scores,
    judge,
    score_case,
)
from analysis.rules.chosen_case import keep_own
from analysis.rules.context import RuleContext
from analysis.rules.finding import Evidence, Finding, build_findings_table
from analysis.rules.metrics import measure, measure_gaps
from analysis.rules.rule import Rule
from analysis.rules.target_packages import check_packages

__all__ = [
    "RULES",
    "RULES_BY_NAME",
    "Evidence",
    "Finding",
    "Judgement",
    "Rule",
    "RuleContext",
    "build_findings_table",
    "check_packages",
    "check_weights",
    "find_findings",
    "find_scores",
    "judge",
    "keep_own",
    "measure",
    "measure_gaps",
    "score_case",
]
