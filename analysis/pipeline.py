"""The pipeline: scan, graph, names, optional probe, simulation, rules, snapshot."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa

from analysis import store, tables
from analysis.bundled_case import build_bundled_case
from analysis.cache import reading_only
from analysis.case_building import build_case, simulate
from analysis.clock import Clock
from analysis.errors import RevisionError, TargetError
from analysis.executor import paused_collection
from analysis.facts import (
    Facts,
)
from analysis.facts.opening import find_top
from analysis.facts.overlaid_tree import Changes
from analysis.facts.revisions import TargetSource, find_source
from analysis.gaps import Gaps, build_gaps_table
from analysis.graph import build_cycles_table
from analysis.graph.unknown_loads import build_unknown_loads_table
from analysis.investigation import Investigation, open_snapshot
from analysis.manifest import GIVEN_POLICY, BaselineTrend, ProbeRun
from analysis.policy import Policy, read_claims
from analysis.policy.limits import limit_simulation
from analysis.policy.reading import FILE_NAME as POLICY
from analysis.progress import Progress, ignore_progress
from analysis.resolve.second_names import build_second_names_table
from analysis.resolve.starts import build_search_paths_table, build_starts_table
from analysis.rules import (
    RuleContext,
    build_findings_table,
    check_weights,
    judge,
    measure,
    measure_gaps,
    score_case,
)
from analysis.run_record import compare_baseline, describe_run, read_golden_path
from analysis.runtime import ProbeOptions, build_agreement, run_probe, settle_missing
from analysis.simulation import Environment
from analysis.target_policy import name_policy_source, read_target_policy, support_only
from analysis.targets import SHORT, find_target
from analysis.unchanged import watch

#: The variable by which ``ssot lab`` tells notebooks which snapshot it made.
SNAPSHOT_VARIABLE = "SSOT_SNAPSHOT"
#: Tables that stay without rows unless somebody asks for what fills them, or where that fails.
_EMPTY = {table.name: table.empty() for table in tables.TABLES.values()}
_DECLINED = "The target's own ssot.toml asks for the probe; name it with --policy, or give --probe, to run its code"


def investigate(
    path: str | Path | TargetSource,
    *,
    policy: str | Path | Policy | None = None,
    claims: str | Path | None = None,
    data: Path | None = None,
    jobs: int = 0,
    use_cache: bool = True,
    probe: ProbeOptions | None = None,
    simulation_budget: float | None = None,
    python_version: str = "",
    platforms: Sequence[str] = (),
    progress: Progress = ignore_progress,
    is_past: bool = False,
    changes: Changes | None = None,
) -> Investigation:
    """Analyse a source tree without running any of it, keep a snapshot, and return it opened.

    With ``probe`` every module is imported too, which executes the code of the target: see docs/probe.md. A policy
    asks for it by ``probe = true``, but only one that the caller names: no target has its own code run.

    ``policy`` is a file, a ``Policy``, or None for the target's own ``ssot.toml``; ``claims`` a file of numbers
    stated before, to be confirmed or refuted. ``data`` is where snapshots and the cache are kept (default: ``data`` of
    the checkout, or ``$SSOT_DATA``); ``jobs`` the number of processes (0: all cores), and
    ``simulation_budget`` the seconds for which first imports are simulated (default: the policy's).
    ``python_version`` (``3.11``, or a specifier) and ``platforms`` say for what the code is made, and so which
    statements are dead; default: the policy, then ``requires-python``, then the running interpreter. One that
    ``is_past`` may lack the packages that the policy names: it is judged by the policy of a later time.

    With ``changes`` the answer is about a tree that is nowhere: some files, by path relative to the target, hold the
    bytes given, or are gone (None). Nothing is written into the target, only what changed is read again, and no
    snapshot is kept: it is there while it is used. A measured golden path is that of the target as it is.

    Raises ``TargetError``, ``PolicyError`` or ``StorageError``, each with one line that says what to do.

    Where the kit itself fails, the failure is a row of ``not_analysed``, and everything else goes on.
    """
    source = find_source(path)
    rules = policy if isinstance(policy, Policy) else read_target_policy(_as_path(policy), source, changes)
    policy_file = None if isinstance(policy, Policy) else _as_path(policy) or source.root / POLICY
    check_weights(rules, policy_file)
    is_declined = probe is None and rules.target.probe and policy is None
    probe = None if is_declined else complete_probe(probe, rules, source, changes)
    if claims is not None:
        rules = read_claims(Path(claims).expanduser(), rules)
    rules = support_only(limit_simulation(rules, simulation_budget), python_version, platforms)
    has_options = bool(claims or python_version or platforms or simulation_budget is not None)
    is_plain = policy is None and probe is None and not has_options and not changes
    with paused_collection(), reading_only() if changes else nullcontext():
        place = data or store.find_data_folder()
        top = find_top(source.root, source.commit) or source.root
        before = watch(source.root, place, top, source.commit) if is_plain else None
        found = _investigate(
            source, rules, place, jobs, use_cache, probe, Clock(progress), policy_file=policy_file,
            policy_source=GIVEN_POLICY if has_options else name_policy_source(policy), is_past=is_past, changes=changes,
        )  # fmt: skip
    if before is not None and _is_complete(found):
        before.keep(found.path)
    return found


def find_place(path: str | Path, policy: str | Path | None = None) -> str:
    """Return the folder name of a target's runs before it is analysed; errors as of ``investigate``."""
    source = find_source(path)
    return find_target(source.root, read_target_policy(_as_path(policy), source).target.name).place


def _is_complete(found: Investigation) -> bool:
    """Return whether nothing was left out that another run might see: for want of time, of the kit, or of a blob."""
    left_out = set(tables.read_column(found.table("left_out"), "reason"))
    is_whole = not found.manifest.commit or not (
        {"submodule"} & left_out or "unreadable" in tables.read_column(found.table("files"), "status")
    )
    return is_whole and not found.manifest.not_simulated and not found.table("not_analysed").num_rows


def _investigate(
    source: TargetSource,
    rules: Policy,
    data: Path,
    jobs: int,
    use_cache: bool,
    probe: ProbeOptions | None,
    clock: Clock,
    *,
    policy_file: Path | None,
    policy_source: str,
    is_past: bool = False,
    changes: Changes | None = None,
) -> Investigation:
    cache, gaps = data / "cache" if use_cache else None, clock.gaps
    case = build_case(
        source.root,
        rules,
        cache=cache,
        jobs=jobs,
        clock=clock,
        policy_file=policy_file,
        commit=source.commit,
        is_past=is_past,
        changes=changes,
    )
    probed: ProbeRun | None = None
    environment: Environment | None = None
    if probe is not None:
        options = probe
        seen = gaps.attempt("probe", "", lambda: _probe(case, options, data, clock), lambda: ({}, None, None))
        case, probed, environment = replace(case, runtime_tables=seen[0]), *seen[1:]
    case = simulate(case, cache=cache, environment=environment, only=probe.only if probe else (), clock=clock)
    target = find_target(source.root, rules.target.name)
    read_measured = partial(read_golden_path, data, target, source.commit)
    golden, measured = gaps.attempt("golden path", "", read_measured, lambda: ({}, None))
    case = case.with_tables(golden)
    judged, trend = clock.run("rules", lambda: _judge(case, gaps), lambda: ({}, None))
    second = gaps.attempt(
        "names", "second_names", lambda: build_second_names_table(case.second_names), tables.SECOND_NAMES.empty
    )
    starts = gaps.attempt("resolve", "starts", lambda: _find_starts(case), dict[str, pa.Table])
    found = build_gaps_table(case.facts.not_analysed, rows=gaps.rows)
    contents = {
        **_EMPTY, **case.runtime_tables, **collect_facts(case.facts), "edges": case.graph.edges,
        "externals": case.graph.externals, "phantoms": case.graph.phantoms, "cycles": build_cycles_table(case.cycles),
        **case.identity.tables, **starts, **judged, "second_names": second, "not_analysed": found,
        **({"siblings": case.siblings.table} if case.siblings else {}),
    }  # fmt: skip
    counted = tables.METRICS.from_rows([measure_gaps(found.num_rows)])
    contents["metrics"] = pa.concat_tables([contents["metrics"], counted]).unify_dictionaries().combine_chunks()
    counts = {name: table.num_rows for name, table in contents.items()}
    notice = _DECLINED if rules.target.probe and probe is None else ""
    manifest = replace(
        describe_run(source, rules, case.facts, counts, clock.seconds), probe=probed, notice=notice, baseline=trend,
        golden=measured, not_simulated=case.not_simulated, policy_source=policy_source,
    )  # fmt: skip
    if changes:
        return Investigation.hold(contents, manifest)
    snapshot = clock.run("snapshot", lambda: store.write_snapshot(data, contents, manifest))
    return Investigation(snapshot)


def _probe(
    case: RuleContext, options: ProbeOptions, data: Path, clock: Clock
) -> tuple[dict[str, pa.Table], ProbeRun, Environment | None]:
    """Return what the running interpreter says, as tables by name, how it was asked, and what surrounds the target."""
    started = time.perf_counter()
    seen = run_probe(case.facts, case.graph, options, stream=data / "probes", progress=clock.progress)
    clock.seconds["probe"] = round(time.perf_counter() - started, 3)
    found = dict(seen.tables)
    if case.resolver is not None:
        found |= {name: settle_missing(found[name], case.resolver) for name in ("probed", "swallowed")}
    agreement = clock.gaps.attempt(
        "probe", "agreement", lambda: build_agreement(case.identity.paths, found["live_bindings"], found["probed"]),
        tables.AGREEMENT.empty,
    )  # fmt: skip
    return {**found, "agreement": agreement}, seen.run, seen.environment


def complete_probe(
    asked: ProbeOptions | None, policy: Policy, source: TargetSource, changes: Changes | None = None
) -> ProbeOptions | None:
    """Return how to probe, with what the policy says where the caller says nothing; None when nobody asks for it.

    Raises ``RevisionError`` for a target at a revision, ``TargetError`` for one with ``changes``: code that is nowhere
    on the disk cannot be run.
    """
    own, root = policy.target, source.root
    if asked is None and not own.probe:
        return None
    if source.commit:
        remedy = f"Check it out with: git worktree add FOLDER {source.commit[:SHORT]}; and probe that folder"
        raise RevisionError(f"cannot probe {source}: a revision is only read from git, and no code of it is run",
                            remedy=remedy)  # fmt: skip
    if changes:
        raise TargetError(f"cannot probe {source} with changed files: they are nowhere on the disk",
                          remedy="Write them into a copy of the folder, and probe that")  # fmt: skip
    chosen = asked or ProbeOptions()
    python = str(root / own.python) if "/" in own.python else own.python
    return replace(
        chosen,
        python=chosen.python or python,
        pythonpath=(*chosen.pythonpath, *(str(root / folder) for folder in own.pythonpath)),
        environment={**own.environment, **chosen.environment},
    )


def _find_starts(case: RuleContext) -> dict[str, pa.Table]:
    """Return the tables of starts and search paths, and of what may add to them, by name."""
    resolver = case.target_resolver
    return {
        "starts": build_starts_table(resolver.starts),
        "unknown_loads": build_unknown_loads_table(case.facts.loads, case.facts.start_marks),
        "search_paths": build_search_paths_table(case.facts, resolver.index, resolver.starts),
    }


def collect_facts(facts: Facts) -> dict[str, Any]:
    """Return the tables of a scan by name."""
    names = ("files", "left_out", "modules", "start_evidence", *(table.name for table in tables.FACT_TABLES))
    return {name: getattr(facts, name) for name in names}


def _judge(case: RuleContext, gaps: Gaps) -> tuple[dict[str, pa.Table], BaselineTrend | None]:
    """Return what the rules say, as tables by name, and how that compares with the target's own baseline."""
    judgement = judge(case, gaps=gaps)
    scores, parts = score_case(case, judgement.findings, gaps)
    compare = partial(compare_baseline, case, judgement.findings, gaps.failed_rules)
    trend = gaps.attempt("rules", "baseline", compare, lambda: None)
    return {
        "findings": build_findings_table(judgement.findings),
        "accepted": tables.ACCEPTED.from_rows(judgement.accepted),
        "scores": tables.SCORES.from_rows(scores),
        "score_parts": tables.SCORE_PARTS.from_rows(parts),
        "metrics": tables.METRICS.from_rows(measure(case, judgement, scores, gaps=gaps)),
    }, trend


def _as_path(path: str | Path | None) -> Path | None:
    return None if path is None else Path(path).expanduser()


def open_for_notebook(snapshot: str = "", target: str = "") -> Investigation:
    """Open what a notebook's parameters name: a snapshot, else a target, else what ``ssot lab`` was given.

    That is the snapshot of ``$SSOT_SNAPSHOT``; without one it is the bundled case.

    A target is scanned (quickly, when nothing changed since the last time); the bundled case is built first
    where it is not there.
    """
    given = snapshot or ("" if target else os.environ.get(SNAPSHOT_VARIABLE, ""))
    return open_snapshot(given) if given else investigate(target or build_bundled_case())
