"""Rules of one's own: functions in files that the policy names, run because the caller named that policy."""

from __future__ import annotations

import re
import runpy
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pyarrow as pa

from analysis import tables
from analysis.gaps import Gaps
from analysis.rules.context import RuleContext
from analysis.rules.finding import Finding, build_finding

FUNCTION = "find"
_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_KEYS = frozenset({"rule", "severity", "subject", "message", "places"})
_NOT_NAMED = "only the target's own ssot.toml names it; name that policy with --policy to run it"


def find_own(case: RuleContext, known: Iterable[str], gaps: Gaps) -> list[Finding]:
    """Return what the rule files of the policy find; one that fails, or that nobody named, is a row of ``gaps``.

    A policy that the caller names has them as absolute paths; from any other they are relative, and never run.
    ``known`` are the names of the kit's own rules, which none may take.
    """
    found: list[Finding] = []
    names = frozenset(known)
    for file in case.policy.target.rules:
        run = partial(_run, Path(file), case, names)
        found += gaps.attempt("rules", file, run, list[Finding])
    return found


def _run(file: Path, case: RuleContext, known: frozenset[str]) -> list[Finding]:
    if not file.is_absolute():
        raise ValueError(_NOT_NAMED)
    if not file.is_file():
        raise ValueError("there is no such file")
    find = runpy.run_path(str(file), run_name="ssot_rules").get(FUNCTION)
    if not callable(find):
        raise ValueError(f"it defines no function {FUNCTION}(tables)")
    return [_read(row, known) for row in find(collect_tables(case))]


def collect_tables(case: RuleContext) -> Mapping[str, pa.Table]:
    """Return what a rule of one's own sees: facts, graph, names and the simulation, as Arrow tables by name."""
    names = ("files", "modules", *(table.name for table in tables.FACT_TABLES))
    facts = {name: getattr(case.facts, name) for name in names}
    graph = {"edges": case.graph.edges, "externals": case.graph.externals, "phantoms": case.graph.phantoms}
    return MappingProxyType({**facts, **graph, **case.identity.tables, **case.runtime_tables})


def _read(row: Mapping[str, Any], known: frozenset[str]) -> Finding:
    unknown, missing = sorted(row.keys() - _KEYS), sorted(_KEYS - row.keys())
    if unknown or missing:
        raise ValueError(f"a finding has the keys {', '.join(sorted(_KEYS))}; {(unknown or missing)[0]} is wrong")
    rule, severity = str(row["rule"]), str(row["severity"])
    if not _NAME.fullmatch(rule) or rule in known:
        raise ValueError(f"{rule!r} cannot be the name of a rule: words with hyphens, and none of the kit's rules")
    if severity not in tables.SEVERITY_WORDS:
        raise ValueError(f"the severity {severity!r} is none of {', '.join(tables.SEVERITY_WORDS)}")
    places = [(str(path), int(line)) for path, line in row["places"]]
    return build_finding(rule, severity, str(row["subject"]), str(row["message"]), places)
