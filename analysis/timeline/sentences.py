"""What is said of a history: since when a finding is there, and the lines for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from analysis.quantities import write_count, write_score
from analysis.timeline.courses import find_courses, say_course
from analysis.timeline.introduced import FindingChange, Introduction
from analysis.timeline.lives import Worsening
from analysis.timeline.points import Point
from analysis.timeline.walk import History
from analysis.wording import format_count, make_harmless

#: Rows of lists for people; JSON and CSV have all.
MOST_SHOWN = 12


def say_introduction(found: Introduction) -> str:
    """Return since when a finding is there, in one line: a commit, or between which two."""
    text = _say_change("introduced by", found.introduced)
    for each in found.worse if found.removed is None else ():
        text += f"; {_say_change('made worse by', each.change)}: {_say_worse(each.worsening)}"
    if found.removed is not None:
        text += f"; {_say_change('removed by', found.removed)}"
    if found.earlier:
        came, went = found.earlier[0]
        more = f" and {len(found.earlier) - 1} more" if len(found.earlier) > 1 else ""
        text += f"; there before from {came.commit.name[:9]} to {went.commit.name[:9]}{more}"
    return text


def _say_worse(each: Worsening) -> str:
    """Return what a finding was, and what it became."""
    was, now = each.was, each.now
    if each.is_more_severe:
        return f"{was.severity} → {now.severity}"
    if now.places > was.places:
        return f"{was.places:,} → {format_count(now.places, 'place')}"
    return "in a further file"


def _say_change(verb: str, change: FindingChange) -> str:
    commit = change.commit
    by = f", {make_harmless(commit.author)}" if commit.author else ""
    what = f"{commit.name[:9]} ({commit.day}{by}: {make_harmless(commit.summary)})"
    if change.is_exact:
        return f"{verb} {what}"
    if change.after is None:
        return f"{verb} {what} or earlier"
    return f"{verb} {what} or a commit after {change.after.name[:9]} ({change.after.day})"


def render_text(history: History) -> Iterator[str]:
    """Yield the lines of a history for a terminal."""
    timeline = history.timeline
    total = format_count(len(timeline.commits), "commit")
    runs = format_count(len(timeline.runs), "run")
    yield f"{make_harmless(timeline.target)}: {total}, {timeline.judged} judged now, {runs}"
    yield ""
    yield f"{'day':<11}{'revision':<11}{'score':>7}{'P0':>5}{'P1':>5}{'P2':>6}{'new':>6}{'gone':>6}  "
    for point in choose_points(timeline.commits or timeline.runs):
        yield _format_point(point)
    yield ""
    yield from (say_course(course) for course in find_courses(history, "commit" if timeline.commits else "run"))
    if history.introductions:
        yield ""
        for found in history.introductions[:MOST_SHOWN]:
            finding = found.finding
            yield f"{finding.severity} {finding.rule} {finding.subject} {found.fingerprints[-1]}"
            yield f"   {say_introduction(found)}"
        yield from _say_more(len(history.introductions))
    hot = [spot for spot in history.hot_spots if spot.heat][:5]
    if hot:
        yield ""
        yield "Changed often, and much to fix (commits × points of its findings):"
        for spot in hot:
            owner = f", {make_harmless(spot.owner)}" if spot.owner else ""
            yield f"   {make_harmless(spot.path)}: {format_count(spot.commits, 'commit')} × {spot.points:g}{owner}"


def choose_points(points: Sequence[Point]) -> list[Point]:
    """Return the points that people are shown: the first, the last, and the latest with tags or changes."""
    if len(points) <= 2 * MOST_SHOWN:
        return list(points)
    shown = {0, len(points) - 1}
    changed = [place for place, point in enumerate(points) if point.new or point.gone or point.tags]
    shown |= set(changed[-(2 * MOST_SHOWN - 2) :])
    return [points[place] for place in sorted(shown)]


def _format_point(point: Point) -> str:
    score = point.find("score")
    counts = [point.find(column) for column in ("p0", "p1", "p2")]
    shown = [write_score(score) if score is not None else "-"]
    shown += [write_count(count) if count is not None else "-" for count in counts]
    tags = f" [{', '.join(point.tags)}]" if point.tags else ""
    text = make_harmless(point.problem or point.summary)[:60]
    return (
        f"{point.time[:10]:<11}{point.revision[:9]:<11}{shown[0]:>7}{shown[1]:>5}{shown[2]:>5}{shown[3]:>6}"
        f"{len(point.new):>6}{len(point.gone):>6}  {text}{make_harmless(tags)}"
    )


def _say_more(count: int) -> Iterator[str]:
    if count > MOST_SHOWN:
        yield f"   and {count - MOST_SHOWN} more: --json has all"
