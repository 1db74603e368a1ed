"""The pipeline: scan, graph, identity, probe if asked for, simulation, rules, snapshot."""

from __future__ import annotations

import platform
import time
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pyarrow as pa

from analysis import __version__, store, tables
from analysis.errors import BaselineError, SnapshotError
from analysis.executor import paused_collection
from analysis.facts import DiscoveryOptions, Facts, ScanOptions, check_target, scan
from analysis.facts.git import read_revision
from analysis.golden.command import find_change_at
from analysis.golden.records import find_golden, read_golden
from analysis.golden.summary import count_base, tell_change
from analysis.graph import ImportGraph, build_cycles_table, build_import_graph, find_cycles
from analysis.history import FILE_NAME as BASELINE
from analysis.history import build_baseline, compare, read_baseline
from analysis.investigation import Investigation
from analysis.names import Identity, build_identity, find_concepts, find_multiplicity
from analysis.policy import Policy, read_claims, read_policy
from analysis.policy.reading import FILE_NAME as POLICY
from analysis.progress import Clock, Progress, ignore_progress
from analysis.rules import (
    CaseFile,
    build_findings_table,
    check_weights,
    find_scores,
    judge,
    measure,
)
from analysis.runtime import ProbeOptions, build_agreement, find_entries, run_probe
from analysis.simulation import Environment, simulate_entries

#: Tables that stay without rows unless somebody asks for what fills them.
_NOT_ASKED_FOR = {table.name: table.empty() for table in (*tables.PROBE_TABLES, *tables.GOLDEN_TABLES)}
_DECLINED = "The target's own ssot.toml asks for the probe; name it with --policy, or give --probe, to run its code"
STEPS = ("scan", "graph", "cycles", "identity", "names", "probe", "simulation", "rules", "snapshot")


def investigate(
    path: str | Path,
    *,
    policy: str | Path | Policy | None = None,
    claims: str | Path | None = None,
    data: Path | None = None,
    jobs: int = 0,
    use_cache: bool = True,
    probe: ProbeOptions | None = None,
    progress: Progress = ignore_progress,
) -> Investigation:
    """Analyse a source tree without running any of it, keep a snapshot, and return it opened.

    With ``probe`` every module is imported too, which executes the code of the target: see docs/probe.md. A policy
    asks for it by ``probe = true``, but only one that the caller names: no target has its own code run.

    ``policy`` is a file, a ``Policy``, or None for the target's own ``ssot.toml``; ``claims`` a file of numbers
    stated before, to be confirmed or refuted. ``data`` is where
    snapshots and the cache are kept (default: ``data`` of the checkout, or ``$SSOT_DATA``); ``jobs`` the number
    of processes (0: all cores). Raises ``TargetError``, ``PolicyError`` or ``StorageError``, each with one line
    that says what to do.
    """
    root = check_target(Path(path).expanduser())
    rules = policy if isinstance(policy, Policy) else read_policy(_as_path(policy), target=root)
    check_weights(rules, (_as_path(policy) or root / POLICY) if not isinstance(policy, Policy) else None)
    is_declined = probe is None and rules.target.probe and policy is None
    probe = None if is_declined else complete_probe(probe, rules, root)
    if claims is not None:
        rules = read_claims(Path(claims).expanduser(), rules)
    with paused_collection():
        return _investigate(root, rules, data or store.find_data_folder(), jobs, use_cache, probe, progress)


def _investigate(
    root: Path,
    rules: Policy,
    data: Path,
    jobs: int,
    use_cache: bool,
    probe: ProbeOptions | None,
    progress: Progress,
) -> Investigation:
    clock = Clock(progress)
    cache = data / "cache" if use_cache else None
    case = build_case(root, rules, cache=cache, jobs=jobs, clock=clock)
    facts = case.facts
    witnesses: dict[str, pa.Table] = {}
    probed: dict[str, Any] = {}
    environment = Environment()
    if probe is not None:
        witnesses, probed, environment = _probe(facts, case.graph, case.identity, probe, data, clock)
    entries = [(entry.module, entry.path) for entry in find_entries(facts, probe.only if probe is not None else ())]
    simulated = clock.run(
        "simulation", lambda: simulate_entries(facts, entries, environment=environment, cache=cache, progress=progress)
    )
    witnesses |= simulated
    golden, measured = _find_golden(data, rules.target.name or root.name)
    witnesses |= golden
    judged, trend = clock.run("rules", lambda: _judge(replace(case, witnesses=witnesses)))
    contents = {
        **_NOT_ASKED_FOR, **witnesses, **collect_facts(facts), "edges": case.graph.edges,
        "externals": case.graph.externals, "phantoms": case.graph.phantoms, "cycles": build_cycles_table(case.cycles),
        **case.identity.tables, **judged,
    }  # fmt: skip
    counts = {name: table.num_rows for name, table in contents.items()}
    notice = _DECLINED if rules.target.probe and probe is None else ""
    manifest = _describe(root, rules, facts, counts, clock.seconds) | {"probe": probed, "notice": notice}
    manifest |= {"baseline": trend, "golden": measured}
    snapshot = clock.run("snapshot", lambda: store.write_snapshot(data, contents, manifest))
    return Investigation(snapshot)


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


def _probe(
    facts: Facts, graph: ImportGraph, identity: Identity, options: ProbeOptions, data: Path, clock: Clock
) -> tuple[dict[str, pa.Table], dict[str, Any], Environment]:
    """Return what the running interpreter says, as tables by name, how it was asked, and what surrounds the target."""
    started = time.perf_counter()
    seen = run_probe(facts, graph, options, stream=data / "probes", progress=clock.progress)
    clock.seconds["probe"] = round(time.perf_counter() - started, 3)
    found = seen.tables
    agreement = build_agreement(identity.paths, found["live_bindings"], found["probed"])
    return {**found, "agreement": agreement}, seen.described, seen.environment or Environment()


def _find_golden(data: Path, target: str) -> tuple[dict[str, pa.Table], dict[str, Any]]:
    """Return the newest measurement of the golden path, as tables by name, and how it was made."""
    folder = find_golden(data, target or "target")
    if folder is None:
        return {}, {}
    found, about = read_golden(folder)
    passed, runs = count_base(found["golden_runs"])
    change = find_change_at(data, target or "target", str(about["revision"]), found["golden_runs"])
    told = tell_change(change, passed, runs) if change else ""
    kept = ("revision", "created", "command", "files", "parallel", "seed", "stopped")
    return found, {**{name: about[name] for name in kept}, "change": told}


def complete_probe(asked: ProbeOptions | None, policy: Policy, root: Path) -> ProbeOptions | None:
    """Return how to probe, with what the policy says where the caller says nothing; None when nobody asks for it."""
    own = policy.target
    if asked is None and not own.probe:
        return None
    chosen = asked or ProbeOptions()
    python = str(root / own.python) if "/" in own.python else own.python
    return replace(
        chosen,
        python=chosen.python or python,
        pythonpath=(*chosen.pythonpath, *(str(root / folder) for folder in own.pythonpath)),
        environment={**own.environment, **chosen.environment},
    )


def collect_facts(facts: Facts) -> dict[str, Any]:
    """Return the tables of a scan by name."""
    names = ("files", "left_out", "modules", *(table.name for table in tables.FACT_TABLES))
    return {name: getattr(facts, name) for name in names}


def _judge(case: CaseFile) -> tuple[dict[str, pa.Table], dict[str, Any]]:
    """Return what the rules say, as tables by name, and how that compares with the target's own baseline."""
    judgement = judge(case)
    scores, parts = find_scores(case, judgement.findings)
    trend = _compare_baseline(case)
    return {
        "findings": build_findings_table(judgement.findings),
        "accepted": tables.ACCEPTED.from_rows(judgement.accepted),
        "scores": tables.SCORES.from_rows(scores),
        "score_parts": tables.SCORE_PARTS.from_rows(parts),
        "metrics": tables.METRICS.from_rows(measure(case, judgement, scores)),
    }, trend


def _compare_baseline(case: CaseFile) -> dict[str, Any]:
    """Return what a report says of the baseline that lies in the target; nothing where none does.

    A baseline holds what the source alone tells: findings and severities without simulation and probe.
    """
    place = case.facts.root / BASELINE
    if not place.is_file():
        return {}
    try:
        old = read_baseline(place)
    except BaselineError as error:
        return {"problem": str(error)}
    new = build_baseline(judge(replace(case, witnesses={})).findings, case.facts)
    found = compare(old, new, tables.read_column(case.facts.files, "path"))
    counts = Counter(found.statuses)
    return {
        "revision": old.revision, "score": old.score, "known": counts["known"], "new": counts["new"],
        "worse": counts["worse"], "gone": len(found.gone),
    }  # fmt: skip


def _as_path(path: str | Path | None) -> Path | None:
    return None if path is None else Path(path).expanduser()


def _describe(
    root: Path, policy: Policy, facts: Facts, counts: dict[str, int], seconds: dict[str, float]
) -> dict[str, Any]:
    left_out: dict[str, int] = {}
    for row in facts.left_out.to_pylist():
        left_out[row["reason"]] = left_out.get(row["reason"], 0) + row["files"]
    statuses: dict[str, int] = {}
    for status in facts.files.column("status").to_pylist():
        statuses[status] = statuses.get(status, 0) + 1
    return {
        "target": policy.target.name or root.name or "target",
        "root": str(root),
        "revision": read_revision(root),
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "tool_version": __version__,
        "python": platform.python_version(),
        "policy": policy.model_dump(mode="json"),
        "options": {"roots": list(policy.target.roots), "exclude": list(policy.target.exclude)},
        "counts": counts,
        "statuses": statuses,
        "left_out": left_out,
        "files_read": facts.read_count,
        "timings": seconds,
    }


def open_snapshot(wanted: str | Path = "", *, data: Path | None = None) -> Investigation:
    """Open a snapshot: its folder, the newest of a target (by name or folder), or the newest of all.

    Raises ``SnapshotError`` when there is none.
    """
    return Investigation(store.find_snapshot(data or store.find_data_folder(), str(wanted)))


def open_for_notebook(snapshot: str = "", target: str = "") -> Investigation:
    """Open what a notebook's parameters name: a snapshot, else a target, else the bundled case.

    A target is scanned (quickly, when nothing changed since the last time); the bundled case is built first
    where it is not there.
    """
    if snapshot:
        return open_snapshot(snapshot)
    return investigate(target or build_bundled_case())


def build_bundled_case(name: str = "agent_platform") -> Path:
    """Build the bundled case below ``data/cases`` and return its source tree."""
    script = store.find_home() / "data" / "cases" / name / "build.py"
    if not script.is_file():
        raise SnapshotError(f"no bundled case at {script.parent}", remedy="Use a checkout of the kit, or name a target")
    spec = spec_from_file_location(f"ssot_case_{name}", script)
    if spec is None or spec.loader is None:
        raise SnapshotError(f"cannot load {script}")
    builder = module_from_spec(spec)
    spec.loader.exec_module(builder)
    tree: Path = builder.build(script.parent / "tree")
    return tree
