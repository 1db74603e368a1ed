"""What a run is compared with: decided here, for every page, line, mail, notification and command that says "since"."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from analysis import store
from analysis.errors import AnalysisError, SnapshotError
from analysis.history.difference import Difference
from analysis.history.known_state import read_known_state
from analysis.investigation import open_snapshot
from analysis.kept_history import list_kept, read_kept
from analysis.report import edition
from analysis.report.provenance import format_day, format_time
from analysis.report.runs import list_runs

if TYPE_CHECKING:
    from analysis.investigation import Investigation


@dataclass(frozen=True, slots=True)
class Base:
    """The earlier state that a run is compared with.

    ``kind`` is ``named`` (by the caller, who called it ``name``), ``run`` (the last complete run), ``scan`` (no run is
    kept, but a snapshot), ``first`` (nothing is kept) or ``lost`` (no run that is kept can be read: ``problem`` says
    why). ``snapshot`` is its folder or, of a baseline that is named, the file; empty for the last two.
    """

    kind: Literal["named", "run", "scan", "first", "lost"] = "first"
    snapshot: str = ""
    name: str = ""
    problem: str = ""

    @property
    def words(self) -> str:
        """What it is, for a sentence."""
        kinds = {"named": self.name, "run": "the last complete run", "scan": "the last scan"}
        return kinds.get(self.kind, "")

    def format_day(self, created: str, now: str) -> str:
        """Return since when: the name that the caller gave, else the day, or the time where that is today."""
        if self.kind == "named":
            return self.name
        before, today = format_day(created), format_day(now)
        return before.partition(", ")[2 if before.partition(", ")[0] == today.partition(", ")[0] else 0]

    def format_since(self, created: str) -> str:
        """Return since when, in full."""
        if self.kind == "named":
            return self.name
        return f"the {self.kind} of {format_time(created)}"


def find_base(inv: Investigation, reports: Path | None = None) -> Base:
    """Return what an investigation is compared with.

    That is a state that the caller named; else the last complete run of the target below ``reports``, the folder of
    all reports; else, where no run is kept, the newest older snapshot of a scan. A run whose snapshot cannot be
    compared is skipped. Where ``reports`` is given, a new report will be written, and the last run may be of the
    same snapshot. Without it the usual folder is looked at, for runs before the investigation.
    """
    decided = os.environ.get(edition.SINCE)
    if decided:
        return Base(**json.loads(decided))
    found, problem = list(_list_runs(inv, reports)), ""
    for folder in found:
        try:
            compare(folder, inv.path)
        except AnalysisError as error:
            problem = problem or error.what
        else:
            return Base("run", str(folder))
    return Base("lost", problem=problem) if found else _find_scan(inv)


def _list_runs(inv: Investigation, reports: Path | None) -> Iterator[Path]:
    """Yield the snapshots of the complete runs of the same target, the newest run first, none of a newer state."""
    parent = (reports or store.find_reports_folder()) / inv.manifest.as_target.place
    for run in reversed(list_runs(parent)):
        name = Path(run.snapshot).name
        if name < inv.path.name or (name == inv.path.name and reports is not None):
            place = Path(run.snapshot)
            moved = inv.path.with_name(name)  # the data folder of a build may have another path each time
            yield place if place.exists() or not moved.exists() else moved


def _find_scan(inv: Investigation) -> Base:
    for folder in reversed(list_kept(inv)):
        if folder != inv.path and read_kept(folder, inv, type(inv), ("findings", "scores")) is not None:
            with contextlib.suppress(AnalysisError):  # a table that only a comparison reads is damaged
                compare(folder, inv.path)
                return Base("scan", str(folder))
    return Base()


def open_base(inv: Investigation) -> Investigation:
    """Return what an investigation of the target as it is now is compared with; ``SnapshotError`` without one."""
    base = find_base(inv, store.find_reports_folder())
    if not base.snapshot:
        what = base.problem or f"no run of {inv.name} is kept"
        raise SnapshotError(what, remedy="Name what to compare with, as in: ssot diff main --in FOLDER")
    return type(inv)(Path(base.snapshot))


def deciding(base: Base, reports: Path) -> contextlib.AbstractContextManager[None]:
    """Have all that is written in the block compare with one base, and look for runs in one folder of reports."""
    return edition.deciding({edition.SINCE: json.dumps(asdict(base)), store.REPORTS: str(reports)})


def find_difference(inv: Investigation, base: Base | None = None) -> Difference | None:
    """Return all that differs from the base (default: as ``find_base`` finds it); None without one to compare with."""
    base = base or find_base(inv)
    with contextlib.suppress(AnalysisError):  # one that the caller named, and that is damaged
        return compare(Path(base.snapshot), inv.path) if base.snapshot else None
    return None


@lru_cache(maxsize=4)
def compare(before: Path, after: Path) -> Difference:
    """Return what differs between two snapshots, which never change; compared once for all parts of a report.

    The earlier one may be a baseline file.
    """
    older = read_known_state(before) if before.is_file() else open_snapshot(before)
    found = Difference(older, open_snapshot(after))
    assert isinstance(found.changed_findings, list)  # read here, where a damaged table leads to the run before
    return found
