"""History in the report: curves over commits and runs, targets and dates, since when findings are there, hot spots."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.report.displays import Fragment, Picture, Prose, build_table
from analysis.report.drawings import AMBER, BLUE, INK, QUIET, RED, STYLE, render
from analysis.report.escaping import markdown, plain
from analysis.report.kept_history import FEWEST_COMMITS, HOW, find_history
from analysis.timeline.courses import find_courses, say_course
from analysis.timeline.points import GOLDEN, OWNER, Point
from analysis.timeline.sentences import say_introduction
from analysis.timeline.trend import SECONDS_PER_DAY, find_trend
from analysis.timeline.walk import History
from analysis.wording import format_count

if TYPE_CHECKING:
    from analysis.investigation import Investigation

_MOST_TAGS, _MOST_ROWS = 12, 20
_COLOURS: Mapping[str, str] = {"p0": RED, "p1": AMBER, "p2": BLUE}


def format_history(inv: Investigation) -> Prose | Fragment:
    """State how much is known, and for each figure with a target its trend and when it is reached."""
    history = find_history(inv)
    if history is None:
        return Fragment(f'<p class="nothing">{HOW.replace("`", "")}</p>', HOW)
    commits, runs = history.timeline.commits, history.timeline.runs
    parts = [format_count(len(each), name) for each, name in ((commits, "commit"), (runs, "run")) if each]
    points = commits or runs
    lines = [f"**{' and '.join(parts)}**, {points[0].time[:10]} to {points[-1].time[:10]}.", ""]
    lines += [f"- {markdown(say_course(course))}." for course in find_courses(history, "commit" if commits else "run")]
    return Prose("\n".join(lines))


def draw_score(inv: Investigation) -> Picture | Fragment:
    """Draw the score over time, the target of the policy, tags, and the line of the trend where there is one."""
    history = find_history(inv)
    if history is None:
        return _say_nothing("The score over time")
    with rc_context(STYLE):
        figure, axes = _open_figure()
        for points, colour, label in _list_series(history):
            _draw_line(axes, points, "score", colour, label)
        target = history.policy.compliance.threshold
        axes.axhline(target, color=QUIET, linestyle=":", linewidth=1)
        axes.annotate("target", (0, target), xycoords=("axes fraction", "data"), fontsize=7, color=QUIET, va="bottom")
        _mark_tags(axes, history.timeline.commits)
        limits = axes.get_ylim()
        _draw_trend(axes, history.timeline.commits or history.timeline.runs)
        axes.set_ylim(limits)
        axes.set_ylabel("score")
        _close(axes)
        points = history.timeline.commits or history.timeline.runs
        return render(figure).describe(
            f"The score from {points[0].time[:10]} to {points[-1].time[:10]}",
            "Points of commits are what the source alone shows; points of runs know what the simulation sees.",
        )


def draw_findings(inv: Investigation) -> Picture | Fragment:
    """Draw the findings of P0, P1 and P2 over time."""
    history = find_history(inv)
    if history is None:
        return _say_nothing("The findings over time")
    points = history.timeline.commits or history.timeline.runs
    with rc_context(STYLE):
        figure, axes = _open_figure()
        for column, colour in _COLOURS.items():
            _draw_line(axes, points, column, colour, column.upper())
        _mark_tags(axes, history.timeline.commits)
        axes.set_ylim(bottom=0)
        axes.set_ylabel("findings")
        _close(axes)
        source = "commits" if history.timeline.commits else "runs"
        return render(figure).describe(f"Findings of P0 to P2 over {source}", f"Findings of {source}, each cause once.")


def draw_golden(inv: Investigation) -> Picture | Fragment:
    """Draw the success rate of the golden path over runs, each with its interval."""
    history = find_history(inv)
    rate, lower, upper = GOLDEN
    points = [point for point in (history.timeline.runs if history else ()) if rate in point.figures]
    if len(points) < FEWEST_COMMITS:
        return _say_nothing("The golden path over time")
    with rc_context(STYLE):
        figure, axes = _open_figure()
        times = [_as_day(point.seconds) for point in points]
        rates = [point.figures[rate] for point in points]
        below = [value - point.figures.get(lower, value) for value, point in zip(rates, points, strict=True)]
        above = [point.figures.get(upper, value) - value for value, point in zip(rates, points, strict=True)]
        axes.errorbar(times, rates, yerr=[below, above], color=BLUE, marker="o", markersize=3, capsize=2, linewidth=1)
        axes.set_ylabel("success rate")
        _close(axes, legend=False)
        return render(figure).describe(
            f"The success rate of the golden path over {format_count(len(points), 'run')}",
            "The success rate, with the bounds that the runs allow.",
        )


def list_introductions(inv: Investigation) -> Fragment:
    """List since when the findings of P0 and P1 are there, and which went, the latest first."""
    history = find_history(inv)
    rows = [
        (each.finding.severity, each.finding.rule, each.finding.subject, say_introduction(each))
        for each in (history.introductions if history else ())
    ]
    frame = pd.DataFrame(rows, columns=["severity", "rule", "subject", "since"])
    return build_table(frame, caption="Findings of P0 and P1, and since when", most_rows=_MOST_ROWS, names=("subject",))


def list_changes(inv: Investigation) -> Fragment:
    """List the commits at which findings came or went, the latest first."""
    history = find_history(inv)
    rows = [
        (point.time[:10], point.revision[:9], len(point.new), len(point.gone), " ".join([*point.tags, point.summary]))
        for point in reversed(history.timeline.commits if history else ())
        if point.new or point.gone
    ]
    frame = pd.DataFrame(rows, columns=["day", "commit", "new", "gone", "change"])
    return build_table(frame, caption="Commits that changed findings", most_rows=_MOST_ROWS, names=("commit",))


def list_hot_spots(inv: Investigation) -> Fragment:
    """List the files that change often and have much to fix, the hottest first."""
    history = find_history(inv)
    rows = [
        (spot.path, spot.commits, spot.lines, spot.findings, round(spot.points, 1), spot.owner)
        for spot in (history.hot_spots if history else ())
    ]
    frame = pd.DataFrame(rows, columns=["file", "commits", "lines changed", "findings", "points", "owner"])
    return build_table(
        frame, caption="Files that change often and have findings", most_rows=_MOST_ROWS, names=("file",),
        units={"points": "points"},
    )  # fmt: skip


def list_owners(inv: Investigation) -> Fragment:
    """List the findings of each owner that the policy names, at the first and at the last point."""
    history = find_history(inv)
    points = (history.timeline.commits or history.timeline.runs) if history else ()
    names = sorted({name for point in points for name in point.figures if name.startswith(OWNER)})
    rows = [
        (name.removeprefix(OWNER), int(points[0].figures.get(name, 0)), int(points[-1].figures.get(name, 0)))
        for name in names
    ]
    frame = pd.DataFrame(rows, columns=["owner", "findings at first", "findings now"])
    return build_table(frame, caption="Findings by owner", most_rows=_MOST_ROWS)


def _say_nothing(what: str) -> Fragment:
    return Fragment(f'<p class="nothing">{what}: none.</p>', f"{what}: none")


def _list_series(history: History) -> list[tuple[Sequence[Point], str, str]]:
    """Return the points that make a curve: one alone would only stretch the axis of time."""
    series = [(history.timeline.commits, BLUE, "commits"), (history.timeline.runs, INK, "runs")]
    return [each for each in series if len(each[0]) >= FEWEST_COMMITS]


def _as_day(seconds: float) -> float:
    """Return a time in seconds of UTC as matplotlib counts dates: in days."""
    return seconds / SECONDS_PER_DAY


def _open_figure() -> tuple[Figure, Any]:
    figure = Figure(figsize=(7.2, 3.0))
    return figure, figure.add_subplot()


def _draw_line(axes: Axes, points: Sequence[Point], column: str, colour: str, label: str) -> None:
    known = sorted((_as_day(point.seconds), value) for point in points if (value := point.find(column)) is not None)
    if known:
        marker = "o" if len(known) < 40 else ""
        axes.plot(
            [time for time, _ in known], [value for _, value in known], color=colour, linewidth=1.2,
            marker=marker, markersize=2.5, label=label,
        )  # fmt: skip


def _draw_trend(axes: Axes, points: Sequence[Point]) -> None:
    """Draw the line of the trend through the middle of the points, and the band of its interval."""
    known = sorted((point.seconds, value) for point in points if (value := point.find("score")) is not None)
    trend = find_trend([time for time, _ in known], [value for _, value in known])
    if not trend.is_known:
        return
    middle = known[len(known) // 2][0]
    centre = sorted(value for _, value in known)[len(known) // 2]
    ends = [known[0][0], known[-1][0]]
    times = [_as_day(end) for end in ends]

    def at(slope: float) -> list[float]:
        return [centre + slope * (end - middle) / SECONDS_PER_DAY for end in ends]

    axes.plot(times, at(trend.slope), color=QUIET, linewidth=1, linestyle="--", label="trend")
    axes.plot(times, at(trend.low), color=QUIET, linewidth=0.6, linestyle=":")
    axes.plot(times, at(trend.high), color=QUIET, linewidth=0.6, linestyle=":")


def _mark_tags(axes: Axes, points: Sequence[Point]) -> None:
    for point in [each for each in points if each.tags][-_MOST_TAGS:]:
        axes.axvline(_as_day(point.seconds), color=QUIET, linewidth=0.5)
        axes.annotate(
            plain(point.tags[0])[:16], (_as_day(point.seconds), 1), xycoords=("data", "axes fraction"), rotation=90,
            fontsize=6.5, color=QUIET, va="top", ha="right",
        )  # fmt: skip


def _close(axes: Axes, *, legend: bool = True) -> None:
    axes.xaxis_date()
    axes.tick_params(axis="x", labelrotation=0, labelsize=7)
    axes.figure.autofmt_xdate(rotation=0, ha="center")
    if legend and axes.get_legend_handles_labels()[0]:
        axes.legend(frameon=False, fontsize=7, loc="best")
