"""A difference as Markdown for a comment on a pull request: counts first, then each change with its place."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from analysis.history.changed_findings import ChangedFinding
from analysis.history.difference import Difference
from analysis.history.difference_lines import (
    TITLES,
    format_cycle,
    format_edge,
    format_figure,
    format_name,
    name_side,
)
from analysis.report.escaping import code_cell, markdown

Row = TypeVar("Row")
#: By this line a workflow finds its earlier comment again, to replace it.
MARK = "<!-- ssot diff -->"
_MOST = 20
#: Changes that stand open; the others are folded.
_OPEN = ("new", "worse", "gone")


def build_difference_markdown(found: Difference) -> str:
    """Return a difference as Markdown; text of the target is escaped and notifies nobody."""
    older, newer = found.sides
    lines = [MARK, f"## Single source of truth: {markdown(found.summary)}", ""]
    lines += [f"From {markdown(name_side(older))} to {markdown(name_side(newer))}.", ""]
    lines += [f"> {markdown(each)}" for each in found.format_cautions()]
    for change in TITLES:
        rows = [each for each in found.changed_findings if each.change == change]
        if rows:
            table = list(_tabulate(rows))
            title = f"Findings {TITLES[change]} ({len(rows):,})"
            lines += ["", f"### {title}", "", *table] if change in _OPEN else list(_fold(title, table))
    lines += _list("Cycles", found.changed_cycles, format_cycle)
    lines += _list("Interface", found.changed_names, format_name)
    lines += _list("Imports", found.changed_edges, format_edge)
    lines += _list("Figures", found.changed_figures, format_figure)
    return "\n".join([*lines, ""])


def _tabulate(rows: list[ChangedFinding]) -> Iterator[str]:
    yield "| severity | rule | finding | place |"
    yield "|---|---|---|---|"
    for each in rows[:_MOST]:
        was = f"{each.severity_before} → " if each.severity_before not in {"", each.severity} else ""
        more = f" and {each.places - 1:,} more" if each.places > 1 else ""
        where = code_cell(each.place) if each.place else ""
        yield f"| {was}{each.severity} | {markdown(each.rule)} | {markdown(each.message)} | {where}{more} |"
    if len(rows) > _MOST:
        yield ""
        yield f"… and {len(rows) - _MOST:,} more."


def _list(title: str, rows: Iterable[Row], write: Callable[[Row], str]) -> Iterator[str]:
    lines = [f"- {markdown(write(row))}" for row in rows]
    if lines:
        more = [f"- … and {len(lines) - _MOST:,} more"] if len(lines) > _MOST else []
        yield from _fold(f"{title} ({len(lines):,})", [*lines[:_MOST], *more])


def _fold(title: str, lines: Iterable[str]) -> Iterator[str]:
    yield from ("", f"<details><summary>{title}</summary>", "", *lines, "", "</details>")
