"""Compare two states of a target: revisions, snapshots, reports, and the files as they are now."""

from __future__ import annotations

from pathlib import Path

from analysis import store
from analysis.earlier import Earlier, find_earlier
from analysis.errors import BaselineError
from analysis.facts.revisions import TargetSource, find_source
from analysis.history.difference import Difference
from analysis.history.known_state import KnownState
from analysis.investigation import Investigation
from analysis.pipeline import investigate
from analysis.policy import Policy
from analysis.progress import Progress, ignore_progress
from analysis.target_policy import read_target_policy
from analysis.unchanged import find_unchanged


def diff(
    before: str | Path | Investigation, after: str | Path | Investigation = "", *, target: str | Path = "",
    data: Path | None = None, jobs: int = 0, progress: Progress = ignore_progress,
) -> Difference:  # fmt: skip
    """Return what differs between two states of a target: it shows itself in a notebook, and has frames and a record.

    Each is an opened snapshot, the folder of a snapshot or of a report, the name of a run (``20270131T063000-3f2c1a``),
    a revision of ``target`` (default: of the current folder) or a day (its state before that), ``FOLDER``,
    ``FOLDER@REV``, or the name of a target, whose newest snapshot is meant. The earlier one may be a baseline file, of
    which only findings and score are compared. Without ``after`` it is the target as it is now. What is not kept is
    analysed, and no code of it is run; a revision is judged by the policy of the later state, so that only the code
    differs.

    Raises ``RevisionError``, ``TargetError``, ``SnapshotError``, ``BaselineError`` or ``PolicyError``, each with one
    line.
    """
    place = data or store.find_data_folder()
    newer = find_later(after, target, data=place, jobs=jobs, progress=progress)
    older = _find(before, target, place)
    if isinstance(older, TargetSource):
        older = _analyse(older, place, jobs, progress, policy=newer.policy)
    return Difference(older, newer)


def find_later(
    wanted: str | Path | Investigation = "", target: str | Path = "", *, data: Path | None = None, jobs: int = 0,
    progress: Progress = ignore_progress,
) -> Investigation:  # fmt: skip
    """Return the later of two states as ``diff`` names it, by default the target as it is now, under its own policy."""
    place = data or store.find_data_folder()
    found = _find(wanted, target, place)
    if isinstance(found, KnownState):
        remedy = "Name it as the earlier state, as in: ssot diff BASELINE.json --in TARGET"
        raise BaselineError(f"the baseline {found.path} cannot be the later state", remedy=remedy)
    return _analyse(found, place, jobs, progress) if isinstance(found, TargetSource) else found


def find_base_state(
    since: str | Path, target: str | Path = "", *, policy: str | Path = "", data: Path | None = None
) -> Investigation | KnownState:
    """Return the state that ``since`` names; of a revision, where the target parted from it, by its policy of today.

    ``policy`` is the file of that policy, by default the target's own. Raises what ``diff`` raises.
    """
    place = data or store.find_data_folder()
    found = find_earlier(since, target, data=place, is_since=True)
    if not isinstance(found, TargetSource):
        return found
    file = Path(policy).expanduser() if policy else None
    today = read_target_policy(file, find_source(target)) if target else None
    return _analyse(found, place, 0, ignore_progress, policy=today)


def _find(wanted: str | Path | Investigation, target: str | Path, data: Path) -> Earlier:
    """Return an opened snapshot, a baseline, or what must be analysed first."""
    if isinstance(wanted, Investigation):
        return wanted
    return find_earlier(wanted, target, data=data) if str(wanted) else find_source(target or ".")


def _analyse(
    source: TargetSource, data: Path, jobs: int, progress: Progress, *, policy: Policy | None = None
) -> Investigation:  # fmt: skip
    """Return what is kept of a source, or a new snapshot; of an older one judged by the policy of the newer."""
    if policy is not None and policy != read_target_policy(None, source):
        return investigate(source, policy=policy, data=data, jobs=jobs, progress=progress, is_past=True)
    kept = find_unchanged(source.root, data, source.commit)
    if kept is not None:
        return Investigation(kept)
    return investigate(source, data=data, jobs=jobs, progress=progress, is_past=policy is not None)
