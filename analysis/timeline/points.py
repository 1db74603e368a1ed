"""The timeline of a target: one point for each judged commit, and for each kept snapshot of a scheduled run."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from analysis import store, tables
from analysis.errors import SnapshotError
from analysis.targets import Target
from analysis.timeline.commits import Commit
from analysis.timeline.introduced import Line

SCORE = "compliance"
#: The columns of a timeline that are figures, with the metric that each is.
FIGURES: Mapping[str, str] = {
    "score": SCORE, "p0": "findings-p0", "p1": "findings-p1", "p2": "findings-p2", "p3": "findings-p3",
    "modules": "modules", "lines": "lines",
}  # fmt: skip
#: The success rate of the golden path, and the ends of its interval.
GOLDEN = ("golden-path-rate", "golden-path-lower-bound", "golden-path-upper-bound")
OWNER = "owner: "


@dataclass(frozen=True, slots=True)
class Point:
    """A target at one time: its figures by metric, and which findings came and went since the point before.

    ``source`` is ``commit`` or ``run``: the snapshot of a run, which knows what the simulation sees; ``revision`` the
    commit's full name, or what the run says. ``problem`` says why there are no figures, or that some are missing.
    """

    source: str
    seconds: int
    revision: str
    figures: Mapping[str, float]
    summary: str = ""
    author: str = ""
    tags: tuple[str, ...] = ()
    new: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    problem: str = ""

    @property
    def time(self) -> str:
        """Its time as ISO text in UTC."""
        return dt.datetime.fromtimestamp(self.seconds, dt.UTC).isoformat(timespec="seconds")

    def find(self, column: str) -> float | None:
        """Return a figure by its column; None where it is not known."""
        return self.figures.get(FIGURES.get(column, column))


@dataclass(frozen=True, slots=True)
class Timeline:
    """All that is known of a target over time: the points of commits in the order of the line, of runs by time."""

    target: str
    root: str
    commits: tuple[Point, ...] = ()
    runs: tuple[Point, ...] = ()
    judged: int = field(default=0, compare=False)


def build_commit_points(line: Line, *, with_authors: bool = False) -> list[Point]:
    """Return the points of the kept commits of a line, the oldest first."""
    points: list[Point] = []
    changes = _find_changes(line)
    for place, state in line.read_states():
        commit = line.commits[place]
        new, gone = changes.get(place, ((), ()))
        points.append(
            Point(
                "commit", commit.seconds, commit.name, dict(state.figures), commit.summary,
                commit.author if with_authors else "", commit.tags, new, gone, state.problem,
            )
        )  # fmt: skip
    return points


def _find_changes(line: Line) -> dict[int, tuple[tuple[str, ...], tuple[str, ...]]]:
    """Return the fingerprints that came and went at each place; what has a new name did neither."""
    come: dict[int, list[str]] = {}
    gone: dict[int, list[str]] = {}
    for life in line.follow():
        for each in life.appearances:
            if each.before >= 0:
                come.setdefault(each.first, []).append(life.fingerprints[-1])
            if each.gone >= 0:
                gone.setdefault(each.gone, []).append(life.fingerprints[-1])
    return {
        place: (tuple(sorted(come.get(place, ()))), tuple(sorted(gone.get(place, ()))))
        for place in sorted({*come, *gone})
    }


def build_run_points(data: Path, target: Target) -> list[Point]:
    """Return the points of the kept snapshots of a target, the oldest first; what cannot be read is left out."""
    return sorted(_read_runs(data, target), key=lambda point: (point.seconds, point.revision))


def _read_runs(data: Path, target: Target) -> Iterator[Point]:
    places = {place for name in target.places for place in store.find_snapshots(data, name)}
    for place in sorted(places):
        try:
            manifest = store.read_manifest(place)
            if manifest.commit or not manifest.as_target.is_same(target):
                continue  # the run of today about a commit of the past says nothing about today
            figures = dict(tables.read_rows(store.read_table(place, "metrics"), "metric", "value"))
            created = int(dt.datetime.fromisoformat(manifest.created).timestamp())
        except (SnapshotError, ValueError, OSError):
            continue
        problem = "not all first imports were simulated" if manifest.not_simulated else ""
        yield Point("run", created, manifest.revision, figures, place.name, problem=problem)


def as_commit(point: Point) -> Commit:
    """Return the commit of a point."""
    return Commit(point.revision, point.seconds, point.author, point.summary, tags=point.tags)
