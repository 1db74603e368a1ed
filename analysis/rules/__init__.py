"""Rules: evidence in, findings out."""

from __future__ import annotations

from analysis.rules.case_file import CaseFile
from analysis.rules.catalogue import RULES, find_findings
from analysis.rules.finding import Evidence, Finding, build_findings_table
from analysis.rules.metrics import measure
from analysis.rules.rule import Rule

__all__ = ["RULES", "CaseFile", "Evidence", "Finding", "Rule", "build_findings_table", "find_findings", "measure"]
