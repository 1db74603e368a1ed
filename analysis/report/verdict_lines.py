"""How a report ends in a terminal: the verdict in five lines."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from analysis.quantities import write_decimal
from analysis.report.headline import build_tally
from analysis.report.plan_cards import find_next_actions
from analysis.report.provenance import NO_REVISION, format_revision
from analysis.report.scores import build_score
from analysis.rules.verdict import format_verdict
from analysis.wording import format_count, make_harmless

if TYPE_CHECKING:
    from analysis.investigation import Investigation

#: Statuses of files that were read as they should be, or are counted as what they lead to.
_FINE = frozenset({"ok", "linked"})


def write_verdict_lines(inv: Investigation, folder: Path) -> list[str]:
    """Return five lines: the verdict, the score, the next steps, what was read, and the file to send."""
    revision = inv.manifest.revision
    where = f"at {revision}" if revision != NO_REVISION else f"({format_revision(revision)})"
    lines = [
        f"{inv.name} {where}: {format_verdict(build_tally(inv))}",
        _write_score(inv),
        _write_steps(inv),
        _write_read(inv),
        f"The whole report in one file, to send: {folder / 'report.html'}",
    ]
    return [make_harmless(line) for line in lines]


def _write_score(inv: Investigation) -> str:
    score = build_score(inv)
    if score is None:
        return "Score: none, as no module can be imported"
    verdict = "passes" if score.is_met else "does not pass"
    return f"Score {score.score} of 100, {score.threshold} required: {verdict}"


def _write_steps(inv: Investigation) -> str:
    shown = [
        f"{action.step.number} {action.step.title} ({action.brief})"
        for action in find_next_actions(inv.plan(), inv.schedule())
    ]
    return f"Next: {'; '.join(shown)}" if shown else "Next: nothing to do"


def _write_read(inv: Investigation) -> str:
    manifest = inv.manifest
    seconds = write_decimal(sum(manifest.timings.values()))
    files = format_count(manifest.counts.get("files", 0), "file")
    parts = [f"Read: {files}, {format_count(inv.module_count, 'module')} in {seconds} s"]
    unread = sum(count for status, count in manifest.statuses.items() if status not in _FINE)
    if unread:
        parts.append(f"{format_count(unread, 'file')} could not be parsed")
    if manifest.not_simulated:
        parts.append(f"{format_count(manifest.not_simulated, 'first import')} not simulated: time budget")
    if failed := inv.table("not_analysed").num_rows:
        parts.append(f"{format_count(failed, 'part')} could not be analysed")
    parts += [f"git not run: {manifest.git_problem}"] if manifest.git_problem else []
    return "; ".join(filter(None, [*parts, manifest.notice]))
