"""From a source tree to the case that rules judge, by the source alone: scan, graph, cycles, classes, names."""

from __future__ import annotations

from pathlib import Path

from analysis.engine import Clock
from analysis.facts import DiscoveryOptions, ScanOptions, scan
from analysis.graph import build_import_graph, find_cycles
from analysis.identity import build_identity, find_concepts, find_multiplicity
from analysis.policy import Policy
from analysis.rules import CaseFile


def build_case(
    root: Path, policy: Policy, *, cache: Path | None = None, jobs: int = 0, clock: Clock | None = None
) -> CaseFile:
    """Return what the source of a target says of it, judged by nobody yet: no probe, no simulation, no snapshot."""
    clock = clock or Clock()
    options = build_scan_options(policy)
    facts = clock.run("scan", lambda: scan(root, options=options, cache=cache, jobs=jobs, progress=clock.progress))
    graph = clock.run("graph", lambda: build_import_graph(facts))
    cycles = clock.run("cycles", lambda: find_cycles(graph, cache=cache))
    multiplicity, concepts = clock.run("identity", lambda: (find_multiplicity(facts), find_concepts(facts, policy)))
    identity = clock.run("names", lambda: build_identity(facts, policy, cache=cache))
    return CaseFile(facts, graph, tuple(cycles), tuple(multiplicity), tuple(concepts), identity, policy)


def build_scan_options(policy: Policy) -> ScanOptions:
    """Return what the policy says about where to look."""
    return ScanOptions(tuple(policy.target.roots), DiscoveryOptions(exclude=tuple(policy.target.exclude)))
