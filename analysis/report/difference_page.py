"""A difference as a page in the style of a report: one file, light and dark, without a network."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

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
from analysis.report.change_commits import ChangeCommit, count_brought, find_change_commits
from analysis.report.key_findings import make_link
from analysis.report.templating import render
from analysis.report.tones import find_tone

#: So many rows of each part are on the page; the JSON has all.
_MOST = 400


@dataclass(frozen=True, slots=True)
class FindingRow:
    """A finding that differs, for display; ``link`` leads to its line, and is empty without ``source_url``.

    ``commit`` brought it in, made it worse, or removed it; None where that is not known.
    """

    found: ChangedFinding
    tone: str
    link: str
    commit: ChangeCommit | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """One section: its anchor and title, its rows, and how many more there are. Text is not yet escaped."""

    name: str
    title: str
    findings: Sequence[FindingRow] = ()
    lines: Sequence[str] = ()
    hidden: int = 0

    @property
    def has_commits(self) -> bool:
        """Whether the commit of any of its findings is known."""
        return any(row.commit for row in self.findings)


def build_difference_page(found: Difference, *, home: str = "") -> str:
    """Return the page of a difference; ``home`` is the page of the report that it belongs to, if any."""
    older, newer = found.sides
    commits = find_change_commits(found)
    return render(
        "difference.html.j2", summary=found.summary, older=name_side(older), newer=name_side(newer),
        target=newer.target, cautions=found.format_cautions(), parts=list(_list_parts(found, commits)), home=home,
        brought=count_brought(found, commits), has_networks=False,
    )  # fmt: skip


def _list_parts(found: Difference, commits: Mapping[str, ChangeCommit]) -> Iterator[Part]:
    for change, title in TITLES.items():
        rows = [each for each in found.changed_findings if each.change == change]
        if rows:
            shown = [_build_row(found, each, commits) for each in rows[:_MOST]]
            yield Part(change, f"Findings {title} ({len(rows):,})", shown, hidden=max(0, len(rows) - _MOST))
    for name, title, lines in (
        ("cycles", "Cycles", list(map(format_cycle, found.changed_cycles))),
        ("interface", "Interface", list(map(format_name, found.changed_names))),
        ("imports", "Imports", list(map(format_edge, found.changed_edges))),
        ("figures", "Figures", list(map(format_figure, found.changed_figures))),
    ):
        if lines:
            yield Part(name, f"{title} ({len(lines):,})", (), lines[:_MOST], max(0, len(lines) - _MOST))


def _build_row(found: Difference, each: ChangedFinding, commits: Mapping[str, ChangeCommit]) -> FindingRow:
    """Return a row whose link leads to the side that has the finding."""
    side = found.older if each.change == "gone" else found.newer
    template, revision = side.policy.target.source_url, side.manifest.revision
    link = make_link(template, revision, each.path, each.line) if each.path else ""
    return FindingRow(each, find_tone(each.rule, each.severity), link, commits.get(each.fingerprint))
