"""Check a target: analyse its source, apply the rules, compare the findings with those known before."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from analysis import __version__, store
from analysis.case_building import read_target, resolve_case, simulate
from analysis.clock import Clock
from analysis.earlier import find_earlier
from analysis.errors import BaselineError, RevisionError
from analysis.executor import paused_collection
from analysis.facts import Facts
from analysis.facts.git import find_refusal, read_prefix, read_revision
from analysis.facts.links import printable
from analysis.facts.opening import open_tree
from analysis.facts.revision_listing import NoFolderError
from analysis.facts.revisions import TargetSource, find_folder, find_source, is_day
from analysis.gaps import Gaps, build_gaps_table
from analysis.gate.kept_verdicts import KeptVerdict, WholeVerdict
from analysis.gate.result import (
    AcceptedFinding,
    CheckedFinding,
    CheckedPlace,
    CheckResult,
    GoneFinding,
    NotAnalysed,
    PackageScore,
    RuleCost,
    UnreadFile,
)
from analysis.history import (
    FILE_NAME,
    Baseline,
    Comparison,
    KnownFinding,
    Status,
    build_case_baseline,
    compare_case,
    judge_source,
    read_tree_baseline,
)
from analysis.history import read_baseline as read_file
from analysis.history import write_baseline as write_file
from analysis.history.changed_findings import read_known
from analysis.history.comparing import FindPlain
from analysis.history.known_state import KnownState
from analysis.investigation import Investigation
from analysis.judged.judging import find_verdict
from analysis.policy import Policy
from analysis.policy.limits import limit_simulation
from analysis.policy.reading import FILE_NAME as POLICY
from analysis.progress import Progress, ignore_progress
from analysis.quantities import write_score
from analysis.rules import RULES_BY_NAME, Finding, Judgement, check_weights, judge, score_case
from analysis.rules.score import Score
from analysis.rules.target_packages import ChosenCode, choose_code
from analysis.target_policy import read_target_policy, support_only
from analysis.targets import SHORT, describe_place, find_target
from analysis.wording import choose_form, format_count, format_some


@dataclass(frozen=True, slots=True)
class CheckOptions:
    """Options of a check. ``threshold`` None: that of the policy, and only without a baseline or ``since``.

    ``simulation_budget`` is the time limit for simulating first imports, in seconds; None: that of the policy.
    ``python_version`` and ``platforms`` are those that the code supports; empty: as policy and target state.

    ``baseline`` None: the target's own file, if it exists; ``use_baseline`` False: none. ``strict``: any finding fails
    (with a baseline or ``since`` any new or worse one), at every severity. ``strict_baseline``: entries of the baseline
    whose findings are gone fail too. ``with_sources``: the evidence contains its
    source lines.
    """

    policy: Path | None = None
    threshold: float | None = None
    strict: bool = False
    strict_baseline: bool = False
    baseline: Path | None = None
    use_baseline: bool = True
    since: str = ""
    data: Path | None = None
    jobs: int = 0
    use_cache: bool = True
    with_sources: bool = True
    simulation_budget: float | None = None
    python_version: str = ""
    platforms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Judged:
    """A target and the verdict on it; ``find_plain`` finds what the source alone says."""

    facts: Facts
    chosen: ChosenCode | None
    not_simulated: int
    is_simulated: bool
    verdict: WholeVerdict
    gaps: Gaps
    find_plain: FindPlain

    @property
    def judgement(self) -> Judgement:
        """What the rules say."""
        return self.verdict.judgement

    @property
    def scores(self) -> Sequence[Score]:
        """The score of the target, then those of its packages."""
        return self.verdict.scores

    @property
    def score(self) -> float | None:
        """The score of the target; None if the kit failed to compute it."""
        return self.scores[0].score if self.scores else None


def check(
    target: str | Path, options: CheckOptions | None = None, *, progress: Progress = ignore_progress
) -> CheckResult:
    """Return the verdict on a target; nothing in it is executed, and only the cache is written.

    Raises ``TargetError``, ``PolicyError``, ``BaselineError`` or ``RevisionError``, each with one line.
    """
    options = options or CheckOptions()
    source = find_source(target)
    root = source.root
    policy = _read_policy(source, options)
    with paused_collection():
        known, compared_with, not_read = _find_known(source, policy, options, progress)
        now = _judge(source, policy, options, progress)
    findings = [finding for finding in now.judgement.findings if finding.certainty != "refuted"]
    comparison = now.gaps.attempt(
        "rules", "comparison", lambda: _compare(now, findings, known), lambda: _compare(now, findings, None)
    )
    counts_threshold = options.threshold is not None or known is None
    threshold = policy.compliance.threshold if options.threshold is None else options.threshold
    failing = [
        _fails(finding, status, is_ratchet=known is not None, strict=options.strict)
        for finding, status in zip(findings, comparison.statuses, strict=True)
    ]
    reasons = []
    if now.score is None:
        reasons.append("the score could not be computed")
    elif counts_threshold and now.score < threshold:
        reasons.append(f"the score of {write_score(now.score)} is below {threshold:g}")
    if any(failing):
        reasons.append(_format_failing(sum(failing), compared_with))
    stale = () if options.since else comparison.gone
    if stale and options.strict_baseline:
        reasons.append(_format_stale(stale))
    revision = source.commit[:SHORT] or read_revision(root)
    return CheckResult(
        target=describe_place(policy.target.name or root.name or "target", source.commit),
        revision=revision,
        prefix="" if revision == "no-git" else printable(read_prefix(root)),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        tool_version=__version__,
        passed=not reasons,
        reasons=tuple(reasons),
        score=now.score or 0.0,
        threshold=threshold,
        threshold_counts=counts_threshold,
        compared_with=compared_with,
        since=options.since,
        not_read=tuple(UnreadFile(path=path, reason=reason) for path, reason in sorted(not_read)),
        git_problem=find_refusal(root) if revision == "no-git" else "",
        modules=now.scores[0].modules if now.scores else 0,
        about=policy.target.packages,
        files=now.facts.files.num_rows,
        findings=tuple(
            _describe(finding, status, fails)
            for finding, status, fails in zip(findings, comparison.statuses, failing, strict=True)
        ),
        gone=tuple(GoneFinding.model_validate(each.model_dump()) for each in comparison.gone),
        accepted=tuple(AcceptedFinding.model_validate(row._asdict()) for row in now.judgement.accepted),
        packages=tuple(PackageScore.model_validate(row._asdict()) for row in now.scores[1:]),
        not_simulated=now.not_simulated,
        not_analysed=tuple(NotAnalysed.model_validate(row) for row in _list_gaps(now)),
        notes=tuple(_find_notes(now, known, () if options.strict_baseline else stale)),
        rules=tuple(RuleCost.model_validate(part._asdict()) for part in now.verdict.parts if not part.package),
    )


def write_target_baseline(
    target: str | Path, options: CheckOptions | None = None, *, progress: Progress = ignore_progress
) -> tuple[Path, Baseline]:
    """Write the baseline of a target and return its place: ``ssot-baseline.json`` in it, or where the options say."""
    options = replace(options or CheckOptions(), with_sources=False)
    source = find_source(target) if options.baseline else TargetSource(find_folder(target, "write a baseline into"))
    root = source.root
    with paused_collection():
        now = _judge(source, _read_policy(source, options), options, progress)
    baseline = build_case_baseline(
        now, now.judgement.findings, now.find_plain, target=root.name,
        revision=source.commit[:SHORT] or read_revision(root), score=now.score or 0.0,
    )  # fmt: skip
    place = options.baseline or root / FILE_NAME
    write_file(place, baseline)
    return place, baseline


def _read_policy(source: TargetSource, options: CheckOptions) -> Policy:
    policy = read_target_policy(options.policy, source)
    check_weights(policy, options.policy or source.root / POLICY)
    policy = limit_simulation(policy, options.simulation_budget)
    return support_only(policy, options.python_version, options.platforms)


def _judge(at: TargetSource, policy: Policy, options: CheckOptions, progress: Progress) -> _Judged:
    """Return the verdicts by source and simulation: no probe."""
    cache = (options.data or store.find_data_folder()) / "cache" if options.use_cache else None
    clock = Clock(progress)
    gaps = clock.gaps
    source = options.policy or at.root / POLICY
    facts, siblings = read_target(
        at.root, policy, cache=cache, jobs=options.jobs, clock=clock, policy_file=source, commit=at.commit,
    )  # fmt: skip
    kept = KeptVerdict(cache, facts, siblings, policy, with_sources=options.with_sources)
    resolve = partial(resolve_case, kept.facts, kept.siblings, policy, cache=cache, clock=clock)
    chosen = choose_code(policy.target.packages, facts.modules, siblings.table if siblings else None)
    is_keepable = not gaps.rows and not policy.target.rules  # rules of one's own may look at anything
    known = gaps.attempt("rules", "kept verdict", kept.read, lambda: None) if is_keepable else None
    if known is not None:
        return _Judged(facts, chosen, 0, True, known, gaps, lambda: judge_source(resolve()))
    case = simulate(resolve(), cache=cache, clock=clock)
    judgement = clock.run(
        "rules", lambda: judge(case, with_sources=options.with_sources, gaps=gaps), lambda: Judgement([], [])
    )
    verdict = WholeVerdict(judgement, *score_case(case, judgement.findings, gaps))
    if is_keepable and case.is_simulated and not case.is_cut_short and not gaps.rows:
        gaps.attempt("rules", "keeping the verdict", lambda: kept.write(verdict), lambda: None)
    return _Judged(
        case.facts, chosen, case.not_simulated, case.is_simulated, verdict, gaps, lambda: judge_source(case)
    )  # fmt: skip


def _list_gaps(now: _Judged) -> list[dict[str, str]]:
    return list(build_gaps_table(now.facts.not_analysed, rows=now.gaps.rows).to_pylist())


def _find_notes(now: _Judged, known: Baseline | None, stale: Sequence[KnownFinding]) -> Iterator[str]:
    """Yield further facts that a reader of the verdict must know."""
    left = now.not_simulated
    if left:
        yield f"{format_count(left, 'first import')} {choose_form(left, 'was', 'were')} not simulated: time budget"
    if known is not None and not known.simulated:
        yield "The baseline contains no simulated imports: findings that only the simulation sees count as known"
    if stale:
        yield _format_stale(stale)


def _find_known(
    source: TargetSource, policy: Policy, options: CheckOptions, progress: Progress
) -> tuple[Baseline | None, str, Sequence[tuple[str, str]]]:  # fmt: skip
    """Return the known findings, their origin (a revision, a file, or nothing), and files that could not be read."""
    if options.since:
        return _find_since(source, policy, options, progress)
    if options.baseline is not None:
        if not options.baseline.is_file():
            raise BaselineError(
                f"no baseline at {options.baseline}", remedy="Write it with: ssot baseline write TARGET"
            )
        return read_file(options.baseline), f"baseline {options.baseline.name}", ()
    own = source.root / FILE_NAME
    if source.commit:
        tree = open_tree(source.root, source.commit)
        is_there = options.use_baseline and tree.has_file(FILE_NAME)
        return (read_tree_baseline(tree, name=str(source)), f"baseline {FILE_NAME}", ()) if is_there else (None, "", ())
    if options.use_baseline and (own.is_symlink() or own.exists()) and not own.is_file():
        raise BaselineError(f"the baseline {own} is not a regular file", remedy="Remove it, or pass --no-baseline")
    if options.use_baseline and own.is_file():
        return read_file(own), f"baseline {FILE_NAME}", ()
    return None, "", ()


def _find_since(
    source: TargetSource, policy: Policy, options: CheckOptions, progress: Progress
) -> tuple[Baseline, str, Sequence[tuple[str, str]]]:
    """Return what was known at the state that ``since`` names, as ``_find_known`` does.

    A commit is judged by today's policy; a snapshot or a baseline says what was found by the policy of then.
    """
    data, since = options.data or store.find_data_folder(), options.since
    kind = "" if is_day(since) else "revision "
    try:
        found = find_earlier(since, source, data=data, is_since=True)
    except NoFolderError:
        return Baseline(simulated=True), f"{kind}{since}", ()
    if not isinstance(found, TargetSource):
        _refuse_other(found, source, policy)
        kind = "baseline" if isinstance(found, KnownState) else "snapshot"
        return read_known(found), f"{kind} {found.path.name}", ()
    then = find_verdict(found, policy, data=data, jobs=options.jobs, use_cache=options.use_cache, progress=progress)
    return then.as_baseline(since), f"{kind}{since}", then.unread


def _refuse_other(found: Investigation | KnownState, source: TargetSource, policy: Policy) -> None:
    """Raise ``RevisionError`` for the snapshot of another target; a baseline may be of any checkout."""
    own = find_target(source.root, policy.target.name)
    if isinstance(found, Investigation) and not (
        found.manifest.root == own.root or found.manifest.as_target.is_same(own)
    ):
        what = f"{found.path} is a snapshot of {found.manifest.root or found.name}, not of {source.root}"
        raise RevisionError(what, remedy="Name a snapshot of this target, a revision or a baseline file")


def _compare(now: _Judged, findings: Sequence[Finding], known: Baseline | None) -> Comparison:
    if known is None:
        statuses: list[Status] = ["new"] * len(findings)
        return Comparison(tuple(statuses), ())
    return compare_case(now, findings, known, now.find_plain, failed=now.gaps.failed_rules)


def _fails(finding: Finding, status: Status, *, is_ratchet: bool, strict: bool) -> bool:
    if is_ratchet:
        return status != "known" and (strict or finding.severity != "P3")
    return strict


def _format_stale(stale: Sequence[KnownFinding]) -> str:
    named = format_some([f"{known.rule} of {printable(known.subject)}" for known in stale])
    entries = format_count(len(stale), "entry", "entries")
    return f"{entries} of the baseline {choose_form(len(stale), 'is', 'are')} stale, write it again: {named}"


def _format_failing(count: int, compared_with: str) -> str:
    if compared_with:
        return f"{format_count(count, 'finding')} {choose_form(count, 'is', 'are')} new or worse since {compared_with}"
    return f"{format_count(count, 'finding')} {choose_form(count, 'remains', 'remain')}, and --strict allows none"


def _describe(finding: Finding, status: Status, fails: bool) -> CheckedFinding:
    return CheckedFinding(
        fingerprint=finding.fingerprint,
        rule=finding.rule,
        severity=finding.severity,
        subject=finding.subject,
        message=finding.message,
        remedy=RULES_BY_NAME[finding.rule].remedy if finding.rule in RULES_BY_NAME else "",
        status=status,
        fails=fails,
        places=len(finding.cited),
        owner=finding.owner,
        cause=finding.cause,
        in_tests=finding.in_tests,
        evidence=tuple(CheckedPlace(path=each.path, line=each.line, source=each.source) for each in finding.evidence),
    )
