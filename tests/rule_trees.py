"""Case files of small trees, as the tests of the rules need them."""

from __future__ import annotations

from pathlib import Path

from analysis.facts import scan
from analysis.graph import build_import_graph, find_cycles
from analysis.names import build_identity, find_concepts, find_duplicate_names
from analysis.policy import Policy, parse_policy
from analysis.resolve import TargetResolver
from analysis.rules import Finding, RuleContext, find_findings, measure
from analysis.rules import judge as judge_case
from analysis.runtime import ProbeOptions, find_entries, run_probe
from analysis.simulation import simulate_entries
from analysis.target_policy import build_scan_options


def open_case(root: Path, policy: Policy | str = "", *, probed: bool = False) -> RuleContext:
    """Return the case file of a tree; a policy may be given as TOML."""
    rules = parse_policy(policy) if isinstance(policy, str) else policy
    facts = scan(root, options=build_scan_options(rules))
    resolver = TargetResolver(facts)
    graph = build_import_graph(facts, resolver=resolver)
    duplicate_names, concepts = tuple(find_duplicate_names(facts)), tuple(find_concepts(facts, rules))
    seen = run_probe(facts, graph, ProbeOptions()) if probed else None
    entries = [(entry.module, entry.path) for entry in find_entries(facts)]
    runtime_tables = simulate_entries(facts, entries, environment=seen.environment if seen else None)
    runtime_tables |= seen.tables if seen else {}
    return RuleContext(
        facts,
        graph,
        tuple(find_cycles(graph)),
        duplicate_names,
        concepts,
        build_identity(facts, rules, resolver=resolver),
        rules,
        runtime_tables,
        resolver,
    )


def judge(root: Path, rule: str = "", policy: Policy | str = "", *, probed: bool = False) -> list[Finding]:
    """Return the findings of a tree: of one rule, or of all."""
    found = find_findings(open_case(root, policy, probed=probed))
    return [finding for finding in found if rule in {"", finding.rule}]


def read_numbers(case: RuleContext) -> dict[str, float]:
    """Return the metrics by name."""
    return {name: value for name, value, _, _ in measure(case, judge_case(case))}
