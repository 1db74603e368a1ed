"""What a snapshot records of a run beside its tables: how it was made, its baseline, its golden path."""

from __future__ import annotations

import platform
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pyarrow as pa

from analysis import __version__, tables
from analysis.errors import BaselineError
from analysis.facts import Facts
from analysis.facts.git import find_refusal, read_revision
from analysis.facts.revisions import TargetSource
from analysis.golden.command import find_change_at
from analysis.golden.records import find_golden, read_golden
from analysis.golden.summary import count_base, format_change
from analysis.history import FILE_NAME as BASELINE
from analysis.history import compare_case, judge_source, read_tree_baseline
from analysis.manifest import BaselineTrend, GoldenSource, Manifest, build_part
from analysis.policy import Policy
from analysis.rules import Finding, RuleContext
from analysis.targets import SHORT, Target, describe_place


def describe_run(
    source: TargetSource, policy: Policy, facts: Facts, counts: Mapping[str, int], seconds: Mapping[str, float]
) -> Manifest:
    """Return the manifest of a run by source alone: of which target, when, by which policy, how many rows and files."""
    left_out = Counter[str]()
    for reason, files in tables.read_rows(facts.left_out, "reason", "files"):
        left_out[reason] += files
    return Manifest(
        target=describe_place(policy.target.name or source.root.name or "target", source.commit),
        named=bool(policy.target.name),
        root=str(source.root),
        commit=source.commit,
        changed=tuple(sorted(facts.changes)),
        revision=source.commit[:SHORT] or read_revision(source.root),
        git_problem="" if source.commit else find_refusal(source.root),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        tool_version=__version__,
        python=platform.python_version(),
        policy=policy.model_dump(mode="json"),
        options={name: tuple(getattr(policy.target, name)) for name in ("roots", "exclude", "packages")},
        counts=dict(counts),
        statuses=dict(Counter(tables.read_column(facts.files, "status"))),
        left_out=dict(left_out),
        files_read=facts.read_count,
        timings=dict(seconds),
    )


def read_golden_path(
    data: Path, target: Target, commit: str = ""
) -> tuple[dict[str, pa.Table], GoldenSource | None]:  # fmt: skip
    """Return the newest measurement of the golden path, as tables by name, and how it was made.

    To a target at a commit belongs one that was made at that commit.
    """
    folder = find_golden(data, target)
    if folder is None:
        return {}, None
    found, about = read_golden(folder)
    if commit and about["revision"] != commit[:SHORT]:
        return {}, None
    passed, runs = count_base(found["golden_runs"])
    change = find_change_at(data, target, str(about["revision"]), found["golden_runs"])
    sentence = format_change(change, passed, runs) if change else ""
    return found, build_part(GoldenSource, {**about, "change": sentence})


def compare_baseline(case: RuleContext, findings: Sequence[Finding], failed: Collection[str]) -> BaselineTrend | None:
    """Return what a report says of the baseline that lies in the target; nothing where none does."""
    tree = case.facts.tree
    if not tree.has_file(BASELINE):
        return None
    try:
        old = read_tree_baseline(tree, name=describe_place(case.facts.root, case.facts.commit))
    except BaselineError as error:
        return BaselineTrend(problem=str(error))
    found = compare_case(case, findings, old, partial(judge_source, case), failed=failed)
    counts = Counter(found.statuses)
    return BaselineTrend(
        revision=old.revision, score=old.score, known=counts["known"], new=counts["new"], worse=counts["worse"],
        gone=len(found.gone),
    )  # fmt: skip
