"""The report of the demo as one page that opens offline."""

from __future__ import annotations

from pathlib import Path

from analysis import tables
from analysis.fixes.lines import summarise
from analysis.quantities import write_score
from analysis.report.templating import build_environment, render
from analysis.wording import format_count
from tools.demo.figures import SCORE, describe_runs, find_advice, list_goals, list_hand_steps, list_open, list_unnamed
from tools.demo.states import DemoCourse

_TEMPLATE = Path(__file__).with_name("page.html.j2")


def build_page(course: DemoCourse, patch: Path) -> str:
    """Return the page: every success metric before and after, what was done, and what is left."""
    last, columns = course.states[-1].inv, ("severity", "rule", "message")
    return render(
        build_environment().from_string(_TEMPLATE.read_text("utf-8")), has_networks=False,
        states=course.states, goals=list_goals(course), open_goals=list_open(course), actions=list_actions(course),
        steps=list_hand_steps(course), unnamed=list_unnamed(course), patch=patch.read_text("utf-8"),
        advice=find_advice(course),
        runs=[(state.name, describe_runs(state)) for state in course.states],
        findings=sorted(tables.read_rows(last.table("findings"), *columns)),
    )  # fmt: skip


def list_actions(course: DemoCourse) -> list[tuple[str, str]]:
    """Return what was done, in its order: a title, and what it did."""
    (fixed, again), (_, _, by_hand, last) = course.rounds, course.states
    more = [path for path, content in last.changes.items() if by_hand.changes.get(path) != content]
    added, removed = sum(each.added for each in course.edited), sum(each.removed for each in course.edited)
    score = next(goal.now for goal in by_hand.goals if goal.metric == SCORE) or 0.0
    edits = f"{format_count(len(course.edited), 'file')}, {format_count(added, 'line')} added, {removed:,} removed"
    return [
        ("ssot fix", f"{summarise(fixed)}; {format_count(len(fixed.changes), 'file')} changed"),
        ("Edits by hand", f"{edits}; score {write_score(score)}"),
        ("ssot fix again", f"{summarise(again)}; {format_count(len(more), 'file')} changed"),
    ]
