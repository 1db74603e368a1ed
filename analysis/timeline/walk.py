"""The history of a target: which commits are meant, judged where they are not kept, and put into a timeline."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from analysis import store
from analysis.earlier import name_revision
from analysis.errors import RevisionError, UnknownNameError
from analysis.facts.git_folders import GitRefusedError, find_history
from analysis.facts.opening import open_tree
from analysis.facts.revisions import TargetSource, find_source
from analysis.judged.kept import KeptHistory
from analysis.policy import Policy
from analysis.progress import Progress, ignore_progress
from analysis.rules.owners import OwnersOfFiles
from analysis.target_policy import read_target_policy
from analysis.targets import Target, find_target
from analysis.timeline.commits import Commit, CommitLog, choose_commits, open_log
from analysis.timeline.hot_spots import HotSpot, find_hot_spots
from analysis.timeline.introduced import FindingChange, Introduction, Line, Search
from analysis.timeline.judging import Judge, judge_commits
from analysis.timeline.lives import find_life
from analysis.timeline.ownership import find_codeowner, read_codeowners
from analysis.timeline.points import Timeline, build_commit_points, build_run_points

#: Findings of these severities are traced.
TRACED = frozenset({"P0", "P1"})


@dataclass(frozen=True, slots=True)
class HistoryOptions:
    """What of a history is asked for.

    ``since`` is a day or a revision, or a snapshot or baseline for its commit (empty: all first parents); ``every`` a
    distance (``1d``, ``10 commits``), unless ``tags``: then the commits with tags are meant. ``with_authors``: authors
    are named. ``simulated``: what only the import simulation sees is judged, too, which takes many times as long.
    """

    policy: Path | Policy | None = None
    since: str = ""
    every: str = "1d"
    tags: bool = False
    with_authors: bool = False
    simulated: bool = False
    data: Path | None = None
    jobs: int = 0
    use_cache: bool = True


@dataclass(frozen=True, slots=True)
class History:
    """A timeline, what it says of the findings of P0 and P1, and the hot spots of its last commit."""

    timeline: Timeline
    introductions: tuple[Introduction, ...] = ()
    hot_spots: tuple[HotSpot, ...] = ()
    policy: Policy = field(default_factory=Policy)


@dataclass(frozen=True, slots=True)
class HistoryPlace:
    """A target whose history is asked for: where it is, under which policy, and what is kept of it."""

    source: TargetSource
    target: Target
    policy: Policy
    data: Path
    log: CommitLog

    @property
    def tip(self) -> str:
        """The newest commit that is meant."""
        return self.source.commit or "HEAD"

    def open_kept(self, *, is_simulated: bool = False) -> KeptHistory:
        """Return what is kept of its commits."""
        return KeptHistory(self.data, self.target, self.policy, is_simulated=is_simulated)


@contextmanager
def open_place(target: str | Path, options: HistoryOptions) -> Iterator[HistoryPlace]:
    """Yield a target with its history; raises ``TargetError``, ``PolicyError`` or ``RevisionError``."""
    source, given = find_source(target), options.policy
    policy = given if isinstance(given, Policy) else read_target_policy(given, source)
    data = options.data or store.find_data_folder()
    with open_log(source.root) as log:
        yield HistoryPlace(source, find_target(source.root, policy.target.name), policy, data, log)


def build_history(
    target: str | Path, options: HistoryOptions | None = None, *, progress: Progress = ignore_progress
) -> History:
    """Judge the commits that are asked for and not kept, keep them, and return the history of a target.

    Nothing of the target is executed, and no file of the work tree is looked at. Raises ``TargetError``,
    ``PolicyError``, ``RevisionError`` or ``StorageError``, each with one line; what was judged before is kept.
    """
    options = options or HistoryOptions()
    with open_place(target, options) as place:
        line, chosen = _choose(place, options)
        kept = place.open_kept(is_simulated=options.simulated)
        cache = place.data / "cache" if options.use_cache else None
        judge_one = Judge(
            place.source.root, place.policy, cache, place.log, is_simulated=options.simulated, jobs=options.jobs
        )
        missing = [commit.name for commit in chosen if commit.name not in kept]
        progress("history", 0, len(chosen))
        for done, _ in enumerate(judge_commits(judge_one, kept, [commit.name for commit in chosen]), 1):
            progress("history", done, len(chosen))
        return _describe(place, options, Line(line, kept, place.log), chosen, len(missing))


def read_history(target: str | Path, options: HistoryOptions | None = None) -> History:
    """Return what is kept of a target's history; nothing is judged. Errors as of ``build_history``."""
    options = options or HistoryOptions()
    with open_place(target, options) as place:
        kept = place.open_kept(is_simulated=options.simulated)
        line = place.log.list_commits(place.tip) if len(kept) else []
        return _describe(place, options, Line(line, kept, place.log), line, 0)


def _choose(place: HistoryPlace, options: HistoryOptions) -> tuple[list[Commit], list[Commit]]:
    """Return the line of commits on which findings are followed, and the commits of it that are asked for."""
    if options.tags:
        tagged = place.log.list_tagged(place.tip)
        if not tagged:
            what = f"{place.source} has no tag among its ancestors"
            raise RevisionError(what, remedy="Leave out --tags, or fetch the tags with: git fetch --tags")
        newest = place.log.list_commits(place.tip)[-1]
        chosen = [*tagged, *([] if tagged[-1].name == newest.name else [newest])]
        return chosen, chosen
    line = place.log.list_commits(place.tip)
    return line, choose_commits(line, name_revision(options.since, data=place.data), options.every, place.log)


def _describe(
    place: HistoryPlace, options: HistoryOptions, line: Line, chosen: Sequence[Commit], judged: int
) -> History:  # fmt: skip
    names = {commit.name for commit in chosen}
    points = [each for each in build_commit_points(line, with_authors=options.with_authors) if each.revision in names]
    runs = build_run_points(place.data, place.target)
    timeline = Timeline(place.target.name, str(place.source), tuple(points), tuple(runs), judged)
    if not points:
        return History(timeline, policy=place.policy)
    found = [line.describe(life) for life in line.follow() if life.finding.severity in TRACED]
    found = [hide_authors(each, options) for each in found]
    found.sort(key=lambda each: (
        each.removed is not None, each.finding.severity, -each.introduced.commit.seconds, each.finding.fingerprint
    ))  # fmt: skip
    last = line.kept.read(points[-1].revision)
    churn = place.log.count_churn(points[-1].revision, points[0].revision if len(points) > 1 else "")
    owners = find_owners(place, points[-1].revision, sorted(churn))
    spots = find_hot_spots(last.findings.values(), churn, owners)
    return History(timeline, tuple(found), tuple(spots), place.policy)


def hide_authors(found: Introduction, options: HistoryOptions) -> Introduction:
    """Return an introduction without the names of authors, unless these are asked for."""
    if options.with_authors:
        return found
    return replace(
        found, introduced=_hide(found.introduced), removed=_hide(found.removed) if found.removed else None,
        earlier=tuple((_hide(came), _hide(went)) for came, went in found.earlier),
        worse=tuple(replace(each, change=_hide(each.change)) for each in found.worse),
    )  # fmt: skip


def _hide(change: FindingChange) -> FindingChange:
    after = change.after
    return replace(change, commit=replace(change.commit, author=""), after=replace(after, author="") if after else None)


def find_owners(place: HistoryPlace, commit: str, paths: Sequence[str]) -> dict[str, str]:
    """Return the owner of each file that has one: by the policy, else by the CODEOWNERS file at a commit."""
    entries = OwnersOfFiles(place.policy.owner, {path: (_name(path),) for path in paths})
    found: dict[str, str] = {}
    top, prefix = _find_top(place.source.root)
    owned = read_codeowners(open_tree(top, commit))
    for path in paths:
        entry = entries.find_entry(path)
        owner = place.policy.owner[entry].owner if entry is not None else find_codeowner(owned, prefix + path)
        if owner:
            found[path] = owner
    return found


def _name(path: str) -> str:
    """Return the name that a file has where the target's folder is on the path."""
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _find_top(root: Path) -> tuple[Path, str]:
    try:
        found = find_history(root)
    except GitRefusedError:
        found = None
    top = Path(found.top) if found else root
    way = root.resolve().relative_to(top).as_posix() if root.resolve().is_relative_to(top) else "."
    return top, "" if way == "." else f"{way}/"


def find_introduction(
    fingerprint: str, target: str | Path, options: HistoryOptions | None = None, *,
    progress: Progress = ignore_progress,
) -> tuple[Introduction, int]:  # fmt: skip
    """Return since when a finding is there, and how many commits were judged to say so.

    ``fingerprint`` may be its first digits. Errors as of ``build_history``, and ``UnknownNameError`` when no judged
    commit has such a one.
    """
    found, judged = find_introductions([fingerprint], target, options, progress=progress)
    if not found:
        remedy = f"List those of today with: ssot findings --in {target}"
        raise UnknownNameError(f"no judged commit of {target} has a finding {fingerprint}", remedy=remedy)
    return found[fingerprint], judged


def find_introductions(
    fingerprints: Sequence[str], target: str | Path, options: HistoryOptions | None = None, *, known: str = "",
    progress: Progress = ignore_progress,
) -> tuple[dict[str, Introduction], int]:  # fmt: skip
    """Return since when findings are there or gone, and how many commits were judged; one that none has is left out.

    A finding that the source alone does not show is judged with the import simulation, at the commits in question
    only. ``known`` is a commit at which it is known which findings were there: the search begins between it and the
    newest one, where it is one of the first parents.
    """
    options, found, judged = options or HistoryOptions(), {}, 0
    with open_place(target, options) as place:
        commits = place.log.list_commits(place.tip)
        cache = place.data / "cache" if options.use_cache else None
        for is_simulated in (False, True):
            missing = [name for name in fingerprints if name not in found]
            line = Line(commits, place.open_kept(is_simulated=is_simulated), place.log)
            judge_one = Judge(
                place.source.root, place.policy, cache, place.log, is_simulated=is_simulated, jobs=options.jobs
            )
            search = Search(line, judge_one, place.log, progress)
            if not is_simulated or missing:
                search.begin(place.log.find_commit(known) if known else "")
                for name, introduction in search.find(missing).items():
                    found[name] = hide_authors(introduction, options)
            judged += search.judged
    return found, judged


def find_kept_introductions(
    fingerprints: Sequence[str], target: str | Path, options: HistoryOptions | None = None
) -> dict[str, Introduction]:
    """Return since when findings are there or gone, as far as the kept commits say it; nothing is judged."""
    options = options or HistoryOptions()
    found: dict[str, Introduction] = {}
    with open_place(target, options) as place:
        opened = [place.open_kept(is_simulated=is_simulated) for is_simulated in (False, True)]
        commits = place.log.list_commits(place.tip) if any(map(len, opened)) else []
        for kept in filter(len, opened):
            line = Line(commits, kept, place.log)
            lives = line.follow()
            for name in fingerprints:
                life = find_life(lives, name)
                if life is not None and name not in found:
                    found[name] = hide_authors(line.describe(life), options)
    return found
