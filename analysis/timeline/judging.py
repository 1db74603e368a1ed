"""The verdict on a target at one commit: the one place that turns a commit into figures and findings."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from analysis.case_building import build_case, simulate
from analysis.clock import Clock
from analysis.errors import RevisionError, TargetError
from analysis.executor import paused_collection
from analysis.facts.revision_listing import NoFolderError
from analysis.history import Baseline, KnownFinding, compare, describe_findings
from analysis.policy import Policy
from analysis.rules import Finding, judge, measure, score_case
from analysis.timeline.commits import CommitLog
from analysis.timeline.kept import JudgedCommit, KeptHistory

#: To look for garbage takes a tenth of what a commit takes.
_COLLECTED_EVERY = 10
NOT_SIMULATED = "not all first imports were simulated"


@dataclass(frozen=True, slots=True)
class Judge:
    """Judges a target at its commits, under one policy; what one process learns of a file serves all commits.

    ``is_simulated``: first imports are simulated too, within the policy's time. Nothing of the target is executed.
    """

    root: Path
    policy: Policy
    cache: Path | None
    log: CommitLog
    is_simulated: bool = False
    jobs: int = 0

    def judge(self, commit: str, before: JudgedCommit | None = None) -> JudgedCommit:
        """Return the verdict on a commit; ``before`` is one of which findings are recognised under new names."""
        with paused_collection():
            try:
                figures, found, problem = self._judge(commit)
            except (TargetError, NoFolderError) as error:  # no Python file, or not even the folder
                return JudgedCommit(commit, problem=error.what)
            except RevisionError as error:
                return JudgedCommit(commit, problem=error.what, is_whole=False)
        findings = {each.fingerprint: each for each in reversed(found)}
        findings = {name: findings[name] for name in sorted(findings)}
        renamed = find_renamed(before, findings.values(), self.log, commit) if before else {}
        base = before.commit if before else ""
        return JudgedCommit(commit, figures, findings, problem, renamed, base, is_whole=not problem)

    def _judge(self, commit: str) -> tuple[dict[str, float], tuple[KnownFinding, ...], str]:
        clock = Clock()
        case = build_case(
            self.root, self.policy, cache=self.cache, jobs=self.jobs, clock=clock, is_past=True, commit=commit
        )
        if self.is_simulated:
            case = simulate(case, cache=self.cache, clock=clock)
        judgement = judge(case, with_sources=False, gaps=clock.gaps)
        scores, _ = score_case(case, judgement.findings, clock.gaps)
        metrics = measure(case, judgement, scores, gaps=clock.gaps)
        problem = "; ".join(sorted({row[-1] for row in clock.gaps.rows}))
        if self.is_simulated and case.not_simulated:
            problem = problem or NOT_SIMULATED
        figures = {each.metric: round(each.value, 6) for each in metrics}
        return figures | count_owners(judgement.findings), describe_findings(judgement.findings), problem


def count_owners(findings: Iterable[Finding]) -> dict[str, float]:
    """Return the number of findings of each owner that the policy names, as figures ``owner: NAME``."""
    found: dict[str, float] = {}
    for finding in findings:
        if finding.owner and finding.certainty != "refuted":
            name = f"owner: {finding.owner}"
            found[name] = found.get(name, 0.0) + 1
    return found


def find_renamed(before: JudgedCommit, findings: Iterable[KnownFinding], log: CommitLog, commit: str) -> dict[str, str]:
    """Return the former fingerprint of each finding that is one of an earlier commit under a new name.

    It is so where its files were renamed, and where a cycle is the rest of a wider one.
    """
    new = [each for each in findings if each.fingerprint not in before.findings]
    gone = before.findings.keys() - {each.fingerprint for each in findings}
    if not new or not gone:
        return {}
    # Only what is gone can have become something else; but the rest of a cycle may be of one that is still there.
    old = Baseline(findings=tuple(before.findings[name] for name in sorted(gone)))
    found = compare(old, Baseline(findings=tuple(new)), renamed=log.find_renames(before.commit, commit))
    return {each.fingerprint: origin for each, origin in zip(new, found.origins, strict=True) if origin}


def judge_commits(judge_one: Judge, kept: KeptHistory, commits: Iterable[str]) -> Iterator[str]:
    """Judge the commits that are not kept, each against the one before it, and yield each commit once it is kept."""
    base, count = "", 0
    with paused_collection():
        for commit in commits:
            if commit not in kept:
                kept.add(judge_one.judge(commit, kept.read(base) if base else None), base)
                count += 1
                if count % _COLLECTED_EVERY == 0:
                    gc.collect()
            yield commit
            base = commit
