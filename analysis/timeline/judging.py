"""The commits of a line judged one after the other, each against the one before it."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from analysis.errors import RevisionError
from analysis.executor import paused_collection
from analysis.history import Baseline, KnownFinding, compare
from analysis.judged.judging import Memory, judge_commit
from analysis.judged.kept import KeptHistory
from analysis.judged.verdict import JudgedCommit
from analysis.policy import Policy
from analysis.timeline.commits import CommitLog

#: To look for garbage takes a tenth of what a commit takes.
_COLLECTED_EVERY = 10


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
    _memory: Memory = field(default_factory=Memory, compare=False)

    def judge(self, commit: str, before: JudgedCommit | None = None) -> JudgedCommit:
        """Return the verdict on a commit; ``before`` is one of which findings are recognised under new names."""
        try:
            found = judge_commit(
                self.root, self.policy, commit, cache=self.cache, jobs=self.jobs, is_simulated=self.is_simulated,
                memory=self._memory,
            )  # fmt: skip
        except RevisionError as error:  # a clone may have it tomorrow
            return JudgedCommit(commit, problem=error.what, is_whole=False, lasts=False)
        if before is None:
            return found
        renamed = find_renamed(before, found.findings.values(), self.log, commit)
        return replace(found, renamed=renamed, base=before.commit)


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
