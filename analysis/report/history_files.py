"""A history as CSV, Markdown, JSON and HTML, chosen by the name of the file."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from analysis import store
from analysis.errors import UnknownNameError
from analysis.report.escaping import markdown
from analysis.report.findings_csv import disarm
from analysis.report.key_findings import find_commit_url
from analysis.report.templating import render
from analysis.timeline.courses import Course, find_courses, say_course, write_day
from analysis.timeline.introduced import FindingChange, Introduction, WorseChange
from analysis.timeline.points import FIGURES, Point
from analysis.timeline.sentences import MOST_SHOWN, choose_points, say_introduction
from analysis.timeline.walk import History

_SHOWN = ("score", "p0", "p1", "p2")
_COLUMNS = ("time", "source", "revision", *FIGURES, "new", "gone", "tags", "author", "summary", "problem")


def render_csv(history: History) -> str:
    """Return one row for each point: those of commits, then those of runs."""
    sheet = io.StringIO()
    writer = csv.writer(sheet, lineterminator="\r\n")
    writer.writerow(_COLUMNS)
    writer.writerows(_list_values(point) for point in _list_points(history))
    return sheet.getvalue()


def _list_points(history: History) -> list[Point]:
    return [*history.timeline.commits, *history.timeline.runs]


def _list_values(point: Point) -> list[Any]:
    figures = [_plain(point.find(column)) for column in FIGURES]
    texts = map(disarm, (" ".join(point.tags), point.author, point.summary, point.problem))
    return [point.time, point.source, point.revision, *figures, len(point.new), len(point.gone), *texts]


def _plain(value: float | None) -> Any:
    if value is None:
        return ""
    return int(value) if value == int(value) else round(value, 2)


def describe(history: History) -> dict[str, Any]:
    """Return a history as the values of a JSON document."""
    return {
        "target": history.timeline.target, "root": history.timeline.root, "judged": history.timeline.judged,
        "points": [_describe_point(point) for point in _list_points(history)],
        "courses": [_describe_course(course) for course in find_courses(history)],
        "introductions": [describe_introduction(found) for found in history.introductions],
        "hot_spots": [
            {
                "path": spot.path, "commits": spot.commits, "lines": spot.lines, "findings": spot.findings,
                "points": spot.points, "heat": spot.heat, "owner": spot.owner,
            }
            for spot in history.hot_spots
        ],
    }  # fmt: skip


def _describe_point(point: Point) -> dict[str, Any]:
    return {
        "time": point.time, "source": point.source, "revision": point.revision, "figures": dict(point.figures),
        "new": list(point.new), "gone": list(point.gone), "tags": list(point.tags), "author": point.author,
        "summary": point.summary, "problem": point.problem,
    }  # fmt: skip


def _describe_course(course: Course) -> dict[str, Any]:
    trend, reached = course.trend, course.projection
    return {
        "figure": course.column, "target": course.target, "points": trend.points, "slope_per_day": trend.slope,
        "low": trend.low, "high": trend.high, "is_trend": trend.is_known, "reason": trend.reason or reached.reason,
        "expected": write_day(reached.expected), "earliest": write_day(reached.earliest),
        "latest": write_day(reached.latest),
    }  # fmt: skip


def describe_introduction(found: Introduction) -> dict[str, Any]:
    """Return since when a finding is there, as the values of a JSON document."""
    finding = found.finding
    return {
        "fingerprint": found.fingerprints[-1], "former": list(found.fingerprints[:-1]), "rule": finding.rule,
        "severity": finding.severity, "subject": finding.subject, "introduced": _describe_change(found.introduced),
        "removed": _describe_change(found.removed) if found.removed else None,
        "earlier": [
            {"introduced": _describe_change(came), "removed": _describe_change(went)} for came, went in found.earlier
        ],
        "worse": [_describe_worse(each) for each in found.worse],
    }  # fmt: skip


def _describe_worse(each: WorseChange) -> dict[str, Any]:
    was, now = each.worsening.was, each.worsening.now
    return {
        **_describe_change(each.change), "severity_before": was.severity, "severity": now.severity,
        "places_before": was.places, "places": now.places,
    }  # fmt: skip


def _describe_change(change: FindingChange) -> dict[str, Any]:
    commit = change.commit
    return {
        "commit": commit.name, "day": commit.day, "summary": commit.summary, "author": commit.author,
        "exact": change.is_exact, "after": change.after.name if change.after else "",
    }  # fmt: skip


def render_markdown(history: History) -> str:
    """Return a history as Markdown; text of the target is escaped and notifies nobody."""
    lines = [f"## History of {markdown(history.timeline.target)}", ""]
    lines += [f"- {say_course(course)}" for course in find_courses(history)]
    lines += ["", "| day | revision | score | P0 | P1 | P2 | new | gone | |", "|---|---|--:|--:|--:|--:|--:|--:|---|"]
    for point in choose_points(history.timeline.commits or history.timeline.runs):
        cells = [_plain(point.find(column)) for column in _SHOWN]
        words = markdown(" ".join([*point.tags, point.problem or point.summary]))
        row = [point.time[:10], f"`{point.revision[:9]}`", *cells, len(point.new), len(point.gone), words]
        lines.append(f"| {' | '.join(map(str, row))} |")
    if history.introductions:
        lines += ["", "### Since when", ""]
        for found in history.introductions[:MOST_SHOWN]:
            what = markdown(f"{found.finding.severity} {found.finding.rule} {found.finding.subject}")
            lines.append(f"- {what}: {markdown(say_introduction(found))}")
        more = len(history.introductions) - MOST_SHOWN
        lines += [f"- and {more} more"] if more > 0 else []
    return "\n".join([*lines, ""])


def render_json(history: History) -> str:
    """Return a history as a JSON document."""
    return json.dumps(describe(history), indent=2) + "\n"


def render_html(history: History) -> str:
    """Return a history as one page: curves, courses, points, and since when the findings of P0 and P1 are there."""
    points = history.timeline.commits or history.timeline.runs
    curves = [
        {"label": label, "line": draw_curve(points, column), **_find_ends(points, column)}
        for column, label in (("score", "Score"), ("p0", "P0"), ("p1", "P1"), ("p2", "P2"))
    ]
    source = "commit" if history.timeline.commits else "run"
    return render(
        "history.html.j2", history=history, curves=[curve for curve in curves if curve["line"]],
        courses=[say_course(course) for course in find_courses(history, source)],
        points=[(point, [_plain(point.find(name)) for name in _SHOWN]) for point in reversed(points)],
        found=[(each, say_introduction(each), _link(history, each)) for each in history.introductions],
        has_networks=False,
    )  # fmt: skip


def _link(history: History, found: Introduction) -> str:
    """Return the address of the commit that brought a finding in; empty where the policy has no ``source_url``."""
    return find_commit_url(history.policy.target.source_url, found.introduced.commit.name)


def draw_curve(points: Sequence[Point], column: str) -> str:
    """Return a figure over time as the points of an SVG line in a field of 100 by 30; empty without two of them."""
    known = [(point.seconds, value) for point in points if (value := point.find(column)) is not None]
    if len(known) < 2:
        return ""
    times, values = zip(*known, strict=True)
    first, low = min(times), min(values)
    span, height = max(times) - first or 1, max(values) - low or 1
    return " ".join(
        f"{100 * (time - first) / span:.2f},{29 - 28 * (value - low) / height:.2f}" for time, value in known
    )


def _find_ends(points: Sequence[Point], column: str) -> dict[str, Any]:
    known = [value for point in points if (value := point.find(column)) is not None]
    return {"first": _plain(known[0]), "last": _plain(known[-1])} if known else {"first": "", "last": ""}


#: The formats, by the ending of the file's name.
FORMATS: Mapping[str, Callable[[History], str]] = {
    ".csv": render_csv, ".md": render_markdown, ".json": render_json, ".html": render_html,
}  # fmt: skip


def find_format(name: str) -> Callable[[History], str]:
    """Return how a file of that name is written; raises ``UnknownNameError`` if no format has its ending."""
    for ending, form in FORMATS.items():
        if name.lower().endswith(ending):
            return form
    raise UnknownNameError(f"no format for the file {name}", remedy=f"Use a name that ends in {', '.join(FORMATS)}")


def write_history(history: History, places: Iterable[Path]) -> None:
    """Write a history to files, each in the format of its name, completely or not at all."""
    for place in places:
        store.write_file(place, find_format(place.name)(history))
