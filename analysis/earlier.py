"""What an earlier state of a target is called: decided here, for every command and option that says "since".

It is a revision, a day, a baseline file, a snapshot, a report, the name of a run, ``FOLDER@REV``, or the name of a
target, whose newest snapshot is meant.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TypeAlias

from analysis import store
from analysis.errors import RevisionError, SnapshotError
from analysis.facts.revisions import (
    TargetSource,
    find_base,
    find_eve,
    find_revision,
    find_source,
    is_day,
    is_source,
    is_under_git,
    read_day,
)
from analysis.history.known_state import KnownState, read_known_state
from analysis.investigation import Investigation, open_snapshot
from analysis.targets import find_target, split_revision

#: What is kept of an earlier state, or what must be analysed first.
Earlier: TypeAlias = Investigation | KnownState | TargetSource
_BASELINE = ".json"


def find_earlier(
    wanted: str | Path, target: str | Path | TargetSource = "", *, data: Path, is_since: bool = False
) -> Earlier:  # fmt: skip
    """Return the state that a text names; revisions are those of ``target`` (default: the current folder).

    ``is_since``: of a revision the commit is meant at which the target's history parted from it, so that what others
    made of it since is no change of the target. Of a day the last commit before it is meant, by first parents and in
    UTC; where the target is in no repository, the newest kept snapshot from before it.

    Raises ``RevisionError``, ``TargetError``, ``SnapshotError`` or ``BaselineError``; ``NoFolderError`` where the
    commit has no such folder.
    """
    text = str(wanted)
    kept = find_kept(text, data=data)
    if kept is not None:
        return kept
    if not target and is_source(text):
        return find_source(text)
    source = _find_target(target)
    try:
        if is_day(text):
            return find_eve(source, text) if is_under_git(source.root) else _find_snapshot_before(source, text, data)
        return find_base(source, text) if is_since else find_revision(source.root, text)
    except RevisionError as error:
        return _find_otherwise(text, data, error)


def find_kept(text: str, *, data: Path) -> Investigation | KnownState | None:
    """Return the state of a file or folder, or of a run by its name; None where a text names none of these."""
    folder = Path(text).expanduser()
    if folder.suffix == _BASELINE and folder.is_file():
        return read_known_state(folder)
    if (folder / store.MANIFEST).is_file() or (folder / store.RUN).is_file():
        return open_snapshot(folder, data=data)
    run = store.find_run(data, text)
    return open_snapshot(run, data=data) if run is not None else None


def name_revision(text: str, *, data: Path) -> str:
    """Return the revision or day that a text names, or at which what it names was made."""
    kept = find_kept(text, data=data) if text else None
    if kept is None:
        return text
    revision = kept.manifest.commit or kept.manifest.revision
    if revision in {"", "no-git"}:
        raise RevisionError(f"{text} does not say at which commit it was made", remedy="Name a revision or a date")
    return revision


def _find_target(target: str | Path | TargetSource) -> TargetSource:
    if isinstance(target, TargetSource):
        return target
    folder, revision = split_revision(str(target or "."))
    return find_source(target) if revision else TargetSource(Path(folder).expanduser())


def _find_snapshot_before(source: TargetSource, day: str, data: Path) -> Investigation:
    begin, target = read_day(day), find_target(source.root.resolve())
    for place in sorted(store.find_snapshots(data), key=lambda each: each.name, reverse=True):
        try:
            manifest = store.read_manifest(place)
            if dt.datetime.fromisoformat(manifest.created).timestamp() < begin and manifest.as_target.is_same(target):
                return Investigation(place)
        except (SnapshotError, ValueError):
            continue
    what = f"no snapshot of {source.root} from before {day} is kept, and it is in no git repository"
    raise RevisionError(what, remedy="Name a snapshot, or a baseline file")


def _find_otherwise(text: str, data: Path, error: RevisionError) -> Earlier:
    """Return what a text names that is no revision of the target."""
    try:
        return open_snapshot(text, data=data)
    except SnapshotError:
        if is_source(text):
            return find_source(text)
        if Path(text).expanduser().is_file():
            return read_known_state(Path(text).expanduser())
        raise error from None
