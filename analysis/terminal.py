"""Output in a terminal: progress, figures, findings."""

from __future__ import annotations

import contextlib
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, ProgressColumn, Task, TextColumn
from rich.progress import Progress as Bar
from rich.text import Text

from analysis.progress import Progress, ignore_progress
from analysis.quantities import (
    SHARE,
    write_chance,
    write_decimal,
    write_interval,
    write_score,
    write_stated,
    write_value,
)
from analysis.remaining import Remaining, write_remaining
from analysis.wording import choose_form, format_count, make_harmless

if TYPE_CHECKING:
    from analysis.gate import CheckedFinding, CheckResult
    from analysis.golden.command import GoldenAnswer
    from analysis.investigation import Investigation
    from analysis.verify import Verification

_COLOURS = {"P0": "bold red", "P1": "red", "P2": "yellow", "P3": "dim"}
MOST_FINDINGS = 15
MOST_GAPS = 5
#: Statuses of files that are not a problem, or are reported elsewhere.
_NOT_SHOWN = frozenset({"ok", "not-analysed", "linked"})


def make_console(*, is_error: bool = False) -> Console:
    """Return a console; other streams get plain text of any width."""
    stream = sys.stderr if is_error else sys.stdout
    return Console(file=stream, soft_wrap=not stream.isatty(), highlight=False)


class _TimeColumn(ProgressColumn):
    """The time that remains of the whole run."""

    def __init__(self, remaining: Remaining) -> None:
        super().__init__()
        self._remaining = remaining

    def render(self, task: Task) -> Text:
        """Return the estimate of this moment."""
        del task
        return Text(write_remaining(self._remaining.estimate()))


@contextlib.contextmanager
def progress_bar(*, quiet: bool, last: str = "") -> Iterator[Progress]:
    """Yield a progress callback that draws one bar per step on standard error, or nothing when quiet.

    ``last`` is the step with which the run ends, so that what remains of it can be estimated; empty: it is not.
    """
    console = make_console(is_error=True)
    remaining = Remaining(last)
    if quiet or not console.is_terminal:
        yield ignore_progress if quiet else _print_steps(console, remaining)
        return
    columns = (TextColumn("{task.description:<10}"), BarColumn(), MofNCompleteColumn(), _TimeColumn(remaining))
    with Bar(*columns, console=console, transient=True) as bar:
        task = bar.add_task("", total=None)

        def update(step: str, done: int, total: int) -> None:
            remaining.hear(step, done, total)
            bar.update(task, description=_safe(step), completed=done, total=total)

        yield update


def _print_steps(console: Console, remaining: Remaining) -> Progress:
    """Return a callback for logs: one line when a step is done, and one for each notebook."""

    def update(step: str, done: int, total: int) -> None:
        remaining.hear(step, done, total)
        if done == total or (done and step == "notebooks"):
            counted = f": {done:,}" if total > 1 else ""
            counted += f" of {total:,}" if step == "notebooks" else ""
            left = write_remaining(remaining.estimate())
            console.print(f"{step}{counted}{', ' if left else ''}{left}", markup=False)

    return update


def _safe(text: str) -> str:
    """Return text of the target without effect as markup or terminal commands."""
    return escape(make_harmless(text))


def print_scan(inv: Investigation) -> None:
    """Print the figures of a snapshot and its most severe findings, each with its first place."""
    console = make_console()
    counts = inv.manifest.counts
    seconds = sum(inv.manifest.timings.values())
    console.print(
        f"[bold]{_safe(inv.name)}[/] at {_safe(inv.manifest.revision)}: "
        f"{format_count(counts['files'], 'file')}, "
        f"{format_count(inv.module_count, 'module')}, {format_count(counts['definitions'], 'class', 'classes')}, "
        f"{format_count(counts['imports'], 'imported name')} in {write_decimal(seconds)} s"
    )
    _print_not_read(console, inv)
    if inv.manifest.notice:
        console.print(_safe(inv.manifest.notice))
    findings = inv.table("findings").to_pylist()
    if not findings:
        console.print("[green]No finding.[/]")
        return
    consequences = Counter(row["cause"] for row in findings)
    findings = [row for row in findings if not row["cause"]]
    for row in findings[:MOST_FINDINGS]:
        place = f"{row['evidence'][0]['path']}:{row['evidence'][0]['line']}" if row["evidence"] else row["subject"]
        severity = _mark_severity(row["rule"], row["severity"])
        console.print(f"{severity} {_safe(place)} [dim]{_safe(row['rule'])}[/]{_name_owner(row['owner'])}")
        console.print(f"   {_safe(row['message'])}")
        if consequences[row["fingerprint"]]:
            console.print(f"   [dim]and {format_count(consequences[row['fingerprint']], 'consequence')} of it[/]")
    if len(findings) > MOST_FINDINGS:
        console.print(f"[dim]and {len(findings) - MOST_FINDINGS:,} more: ssot scan --json, or ssot report[/]")
    from analysis.rules.verdict import count_findings, format_verdict

    rows = [row for row in findings if row["certainty"] != "refuted"]
    tests = sum(bool(row["in_tests"]) for row in rows)
    tally = count_findings(((row["rule"], row["severity"]) for row in rows), tests=tests)
    console.print(f"[bold]{format_verdict(tally)}[/]")
    console.print(f"[dim]snapshot {_safe(str(inv.path))}[/]")


def _mark_severity(rule: str, severity: str) -> str:
    """Return a severity in its colour, with a mark for policy violations."""
    from analysis.rules.verdict import find_breach, name_severity

    breach = f" {name_severity(rule, severity)}" if find_breach(rule) else ""
    return f"[{_COLOURS[severity]}]{severity}{breach}[/]"


def _print_not_read(console: Console, inv: Investigation) -> None:
    statuses = {name: count for name, count in inv.manifest.statuses.items() if name not in _NOT_SHOWN}
    if inv.manifest.git_problem:
        console.print(f"[yellow]git not run:[/] {_safe(inv.manifest.git_problem)}")
    if statuses:
        listed = ", ".join(f"{count:,} {name}" for name, count in sorted(statuses.items()))
        console.print(f"[yellow]not parsed:[/] {listed} (imports recovered line by line)")
    left_out = {name: count for name, count in inv.manifest.left_out.items() if count}
    if left_out:
        listed = ", ".join(f"{format_count(count, 'file')} {name}" for name, count in sorted(left_out.items()))
        console.print(f"[dim]left out: {listed}[/]")
    if left := inv.manifest.not_simulated:
        console.print(
            f"[yellow]not simulated:[/] {format_count(left, 'first import')}: time budget (--simulation-budget)"
        )
    _print_gaps(console, inv.table("not_analysed").to_pylist())


def _print_gaps(console: Console, gaps: Sequence[Mapping[str, str]]) -> None:
    """Print the parts that the kit failed to analyse."""
    for gap in gaps[:MOST_GAPS]:
        where = " ".join(filter(None, (gap["step"], gap["part"], gap["path"])))
        console.print(f"[yellow]could not be analysed:[/] {_safe(where)}: {_safe(gap['reason'])}")
    if len(gaps) > MOST_GAPS:
        console.print(f"[yellow]and {len(gaps) - MOST_GAPS:,} more could not be analysed[/] (--json lists all)")


def print_paths(found: Sequence[Mapping[str, Any]]) -> None:
    """Print the import paths of classes, definition by definition: the one to use first, then by use."""
    console = make_console()
    definitions = sorted({row["definition"] for row in found})
    if len(definitions) > 1:
        counted = format_count(len(definitions), "different object")
        console.print(f"[yellow]{counted}:[/] which one is meant decides which path is right")
    for definition in definitions:
        rows = [row for row in found if row["definition"] == definition]
        console.print(f"[bold]{_safe(definition)}[/] [dim]{_safe(rows[0]['kind'])}[/]")
        best = next((row["import_path"] for row in rows if row["is_canonical"]), "another path")
        for row in rows:
            used = f"{format_count(row['statements'], 'import')} in {format_count(row['files'], 'file')}"
            chosen = f"use this for {_safe(definition)}" if len(definitions) > 1 else "use this"
            advice = f"[green]{chosen}[/]" if row["is_canonical"] else ""
            if row["violations"]:
                subject = (
                    "it" if row["violations"] == row["statements"] == 1 else format_count(row["violations"], "import")
                )
                advice = f"[yellow]{subject} should use {_safe(best)}[/]"
            place = f"{row['path']}:{row['line']}"
            console.print(f"  {_safe(row['import_path'])}  {row['route']}, {used}  [dim]{_safe(place)}[/] {advice}")


def print_check(result: CheckResult, *, quiet: bool) -> None:
    """Print the findings that fail the check, or the most severe ones, then the verdict as the last line."""
    from analysis.gate.unread import format_unread

    console = make_console()
    verdict = "[bold green]passes[/]" if result.passed else "[bold red]does not pass[/]"
    reasons = f": {_safe('; '.join(result.reasons))}" if result.reasons else ""
    if not quiet:
        failing = [finding for finding in result.findings if finding.fails]
        shown = failing or ([] if result.passed else list(result.findings))
        for finding in shown[:MOST_FINDINGS]:
            _print_checked(console, finding, with_status=bool(result.compared_with))
        if len(shown) > MOST_FINDINGS:
            console.print(f"[dim]and {len(shown) - MOST_FINDINGS:,} more: ssot check --json[/]")
        for row in [] if result.passed else result.rules[:5]:
            if row.points:
                places = format_count(row.places, "place")
                lost = f"{write_decimal(row.points):>9} points: {row.rule}, {row.severity}, {places}"
                console.print(f"[dim]{lost}[/]")
        if result.compared_with:
            statuses = Counter(finding.status for finding in result.findings)
            console.print(
                f"since {_safe(result.compared_with)}: {statuses['new']:,} new, {statuses['worse']:,} worse, "
                f"{statuses['known']:,} known, {len(result.gone):,} gone"
            )
        if result.findings:
            from analysis.rules.verdict import count_findings, format_verdict

            own = [each for each in result.findings if not each.cause]
            tests = sum(each.in_tests for each in own)
            tally = count_findings(((each.rule, each.severity) for each in own), tests=tests)
            console.print(f"[dim]{format_verdict(tally)}[/]")
    _print_gaps(console, [gap.model_dump() for gap in result.not_analysed])
    for note in result.notes:
        console.print(f"[yellow]note:[/] {_safe(note)}")
    for sentence in format_unread(result):
        console.print(f"[yellow]{_safe(sentence)}[/]")
    accepted = f", {len(result.accepted):,} accepted" if result.accepted else ""
    accepted += f", limited to {_safe(', '.join(result.about))}" if result.about else ""
    console.print(
        f"[bold]{_safe(result.target)}[/] {verdict}{reasons} [dim](score {write_score(result.score)}, "
        f"{format_count(len(result.findings), 'finding')}{accepted})[/]"
    )


def _name_owner(owner: str) -> str:
    return f" [bold]{_safe(owner)}[/]" if owner else ""


def _print_checked(console: Console, finding: CheckedFinding, *, with_status: bool) -> None:
    place = f"{finding.evidence[0].path}:{finding.evidence[0].line}" if finding.evidence else finding.subject
    severity = _mark_severity(finding.rule, finding.severity)
    status = f" {finding.status}" if with_status else ""
    console.print(f"{severity}{status} {_safe(place)} [dim]{_safe(finding.rule)}[/]{_name_owner(finding.owner)}")
    console.print(f"   {_safe(finding.message)}")


def print_golden(found: GoldenAnswer, *, quiet: bool) -> None:
    """Print failing tests, levers and causes of failures, then the verdict as the last line."""
    from analysis.golden.summary import format_grounds

    console = make_console()
    colour = {"met": "green", "not met": "red"}.get(found.verdict.word, "yellow")
    if not quiet:
        for each in found.tests:
            if each.kind in {"flaky", "always fails"}:
                console.print(f"{_safe(each.kind)}: {_safe(each.test)}, {each.passed:,} of {each.runs:,} passed")
                console.print(f"   [dim]{_safe(each.message)}[/]")
        for lever in found.levers:
            effect = "[bold]changes the rate[/]" if lever.moves else "does not change it"
            rate = f"{write_value(lever.rate, SHARE)} against {write_value(lever.base_rate, SHARE)}"
            chance = write_chance(lever.p_value)
            console.print(f"{_safe(lever.lever)} {_safe(lever.setting)}: {rate}, {effect} ({chance})")
        for sentence in filter(None, (found.cause, found.change)):
            console.print(_safe(sentence))
        if found.stopped:
            console.print("[dim]stopped early: the verdict is clear (without --stop-early all runs are made)[/]")
        console.print(f"[dim]{_safe(str(found.folder))}[/]")
    interval, verdict = found.interval, found.verdict
    rate = write_value(interval.rate, SHARE)
    spread = f"{write_stated(interval.confidence)} interval: {write_interval(interval.lower, interval.upper)}"
    console.print(
        f"[bold]{_safe(found.target)}[/] golden path [bold {colour}]{verdict.word}[/]: success rate {rate} ({spread}); "
        f"{format_grounds(verdict, found.passed, found.runs)}"
    )


def print_verification(found: Verification) -> None:
    """Print the results of a test, unchanged and with each control, and whether it detects the defect."""
    console = make_console()
    was = choose_form(found.places, "was", "were")
    console.print(f"{_safe(found.test)}: {format_count(found.places, 'reference')} to its subject {was} replaced")
    if found.target is not None:
        console.print(f"unchanged: {found.target.outcome} [dim]{_safe(found.target.message)}[/]")
        console.print(f"[dim]network: {_safe(found.target.network)}[/]")
    for verdict in found.verdicts:
        console.print(f"\n[bold]{verdict.defect}: {verdict.verdict}[/]")
        console.print(f"  {_safe(verdict.reason)}")
        for run in verdict.runs:
            line = f"{run.control:<28} expected {run.expected:<7} result {run.outcome:<8}"
            console.print(f"  {line} [dim]{run.seconds:>6.2f} s {_safe(run.message)}[/]")
