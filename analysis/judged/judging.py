"""The verdict on a target at one commit: the one place that turns a commit into figures and findings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from analysis import store, tables
from analysis.case_building import read_target, resolve_case, simulate
from analysis.clock import Clock
from analysis.errors import TargetError
from analysis.executor import paused_collection
from analysis.facts import Facts
from analysis.facts.asked_files import AskedFiles
from analysis.facts.git_objects import UNKNOWN
from analysis.facts.revision_listing import NOT_CHECKED_OUT, NoFolderError
from analysis.facts.revisions import TargetSource
from analysis.history import describe_findings, sketch_files
from analysis.judged.kept import KeptHistory
from analysis.judged.verdict import JudgedCommit
from analysis.judged.watched import WatchedFacts
from analysis.policy import Policy
from analysis.progress import Progress, ignore_progress
from analysis.rules import Finding, RuleContext, judge, measure, score_case
from analysis.targets import find_target

NOT_SIMULATED = "not all first imports were simulated"


@dataclass(slots=True)
class Memory:
    """What one process knows of the commits of a target that it judged, all under one policy.

    ``sketches`` are those of files, by path and content. The last verdict holds for each commit with the same facts
    (``key``) whose files answer what was asked of them as those did: many commits change nothing that is analysed.
    """

    sketches: dict[tuple[str, str], str] = field(default_factory=dict)
    key: str = ""
    asked: AskedFiles | None = None
    verdict: JudgedCommit | None = None

    def find(self, key: str, watched: WatchedFacts) -> JudgedCommit | None:
        """Return the last verdict where it holds; None where it does not."""
        is_same = self.asked is not None and key == self.key and watched.holds(self.asked)
        return self.verdict if is_same else None


def find_verdict(
    source: TargetSource, policy: Policy, *, data: Path | None = None, jobs: int = 0, use_cache: bool = True,
    progress: Progress = ignore_progress,
) -> JudgedCommit:  # fmt: skip
    """Return the verdict on a target at a commit, from what is kept if it is; a new one is kept.

    It knows what the import simulation sees, and only the source where the policy's time is not enough for that.
    Raises ``RevisionError`` or ``StorageError``. Rules of one's own may look at anything, so with them nothing is kept.
    """
    place = data or store.find_data_folder()
    target = find_target(source.root, policy.target.name)
    cache = place / "cache" if use_cache else None
    for is_simulated in (True, False):
        kept = KeptHistory(place, target, policy, is_simulated=is_simulated) if _is_keepable(policy, cache) else None
        if kept is not None and source.commit in kept:
            return kept.read(source.commit)
        found = judge_commit(
            source.root, policy, source.commit, cache=cache, jobs=jobs, is_simulated=is_simulated, progress=progress
        )
        if kept is not None:
            kept.add(found)
        if found.is_simulated:
            break
    return found


def _is_keepable(policy: Policy, cache: Path | None) -> bool:
    return cache is not None and not policy.target.rules


def judge_commit(
    root: Path, policy: Policy, commit: str, *, cache: Path | None, jobs: int = 0, is_simulated: bool = False,
    memory: Memory | None = None, progress: Progress = ignore_progress,
) -> JudgedCommit:  # fmt: skip
    """Return the verdict on a target at a commit; nothing of the target is executed.

    ``is_simulated``: first imports are simulated too, within the policy's time. ``memory`` is what this process knows
    of commits judged before, under the same policy. Raises ``RevisionError`` when git lacks the commit's trees.
    """
    with paused_collection():
        try:
            return _judge(root, policy, commit, cache, jobs, memory or Memory(), progress, is_simulated=is_simulated)
        except (TargetError, NoFolderError) as error:  # no Python file, or not even the folder
            return JudgedCommit(commit, problem=error.what, is_simulated=is_simulated)


def _judge(
    root: Path, policy: Policy, commit: str, cache: Path | None, jobs: int, memory: Memory, progress: Progress, *,
    is_simulated: bool,
) -> JudgedCommit:  # fmt: skip
    clock = Clock(progress)
    watched = WatchedFacts(*read_target(root, policy, cache=cache, jobs=jobs, clock=clock, is_past=True, commit=commit))
    key = watched.build_key((), is_simulated)
    known = memory.find(key, watched) if not clock.gaps.rows else None
    if known is not None:
        return replace(known, commit=commit)
    case = resolve_case(watched.facts, watched.siblings, policy, cache=cache, clock=clock)
    found = _apply_rules(case, commit, cache, clock, memory, is_simulated=is_simulated)
    if found.is_whole and found.lasts and watched.asked.is_steady and not policy.target.rules:
        memory.key, memory.asked, memory.verdict = key, watched.asked, found
    return found


def _apply_rules(
    case: RuleContext, commit: str, cache: Path | None, clock: Clock, memory: Memory, *,
    is_simulated: bool,
) -> JudgedCommit:  # fmt: skip
    if is_simulated:
        case = simulate(case, cache=cache, clock=clock)
    judgement = judge(case, with_sources=False, gaps=clock.gaps)
    scores, _ = score_case(case, judgement.findings, clock.gaps)
    metrics = measure(case, judgement, scores, gaps=clock.gaps)
    unread = tuple(_list_unread(case.facts))
    missing = {path for path, reason in unread if reason in UNKNOWN}
    # That a file cannot be read today is no finding of then.
    counted = [each for each in judgement.findings if missing.isdisjoint(path for path, _ in each.cited)]
    found = {each.fingerprint: each for each in reversed(describe_findings(counted))}
    figures = {each.metric: round(each.value, 6) for each in metrics} | count_owners(judgement.findings)
    problem = _find_problem(case, clock, missing, is_simulated=is_simulated)
    sketches = sketch_files(case.facts, {path for each in found.values() for path in each.paths}, memory.sketches)
    return JudgedCommit(
        commit, figures, dict(sorted(found.items())), problem, is_whole=not problem, sketches=sketches, unread=unread,
        is_simulated=is_simulated and not case.not_simulated,
        lasts=not (missing or case.is_cut_short or (is_simulated and case.not_simulated)),
    )  # fmt: skip


def _find_problem(case: RuleContext, clock: Clock, missing: set[str], *, is_simulated: bool) -> str:
    """Return why a verdict is not whole; empty when it is."""
    failed = "; ".join(sorted({row[-1] for row in clock.gaps.rows}))
    if failed:
        return failed
    if missing:
        return f"the repository lacks the content of {min(missing)}"
    return NOT_SIMULATED if is_simulated and case.not_simulated else ""


def _list_unread(facts: Facts) -> Iterator[tuple[str, str]]:
    """Yield the files of a revision whose content is not known, each with the reason."""
    for path, status, reason in tables.read_rows(facts.files, "path", "status", "reason"):
        if status in {"unreadable", "too-large"}:
            yield path, reason
    for path, reason in tables.read_rows(facts.left_out, "path", "reason"):
        if reason == "not-checked-out":
            yield path, NOT_CHECKED_OUT


def count_owners(findings: Iterable[Finding]) -> dict[str, float]:
    """Return the number of findings of each owner that the policy names, as figures ``owner: NAME``."""
    found: dict[str, float] = {}
    for finding in findings:
        if finding.owner and finding.certainty != "refuted":
            name = f"owner: {finding.owner}"
            found[name] = found.get(name, 0.0) + 1
    return found
