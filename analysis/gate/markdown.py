"""Markdown for a comment on a pull request: the verdict, failing findings, findings that are gone, points."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from analysis.gate.result import CheckedFinding, CheckResult
from analysis.gate.unread import format_unread
from analysis.quantities import write_decimal, write_score
from analysis.rules.verdict import count_findings, find_breach, format_verdict, name_severity
from analysis.wording import format_count, make_harmless

_MOST = 20
_MARKS = re.compile(r"([\\`*_{}\[\]<>#|~@])")


def render_markdown(result: CheckResult) -> str:
    """Return the check as Markdown; text of the target is escaped and notifies nobody."""
    verdict = "passes" if result.passed else "does not pass"
    failing = [finding for finding in result.findings if finding.fails]
    lines = [f"## Single source of truth: {_escape(result.target)} {verdict}", ""]
    lines += [f"- {_escape(reason)}" for reason in result.reasons] + ([""] if result.reasons else [])
    lines += [_format_score(result), ""]
    lines += [f"> {_escape(note)}" for note in result.notes] + ([""] if result.notes else [])
    lines += [*_list_gaps(result), ""] if result.not_analysed else []
    lines += [f"- {_escape(sentence)}" for sentence in format_unread(result)]
    if result.findings:
        own = [each for each in result.findings if not each.cause]
        tests = sum(each.in_tests for each in own)
        tally = count_findings(((each.rule, each.severity) for each in own), tests=tests)
        lines += [format_verdict(tally), ""]
    if failing:
        lines += [
            "### Findings that fail the check",
            "",
            *_tabulate(failing, with_status=bool(result.compared_with)),
            "",
        ]
    elif result.findings and not result.passed:
        lines += ["### Most severe findings", "", *_tabulate(result.findings, with_status=False), ""]
    if result.gone:
        named = [f"- ~~{_escape(each.subject)}~~ ({each.rule})" for each in result.gone[:_MOST]]
        lines += [f"### Gone since {_escape(result.compared_with)}", "", *named, *_format_more(len(result.gone)), ""]
    if result.rules:
        lines += ["<details><summary>Points lost by rule</summary>", "", *_tabulate_rules(result), "", "</details>", ""]
    return "\n".join(lines)


def _list_gaps(result: CheckResult) -> Iterator[str]:
    for gap in result.not_analysed[:_MOST]:
        where = " ".join(filter(None, (gap.step, gap.part, gap.path)))
        yield f"> could not be analysed: {_escape(where)}: {_escape(gap.reason)}"
    yield from _format_more(len(result.not_analysed))


def _format_score(result: CheckResult) -> str:
    required = (
        f"{result.threshold:g} required" if result.threshold_counts else "not judged: only new or worse findings are"
    )
    about = f" · limited to {_escape(', '.join(result.about))}" if result.about else ""
    return (
        f"Score **{write_score(result.score)}** of 100 ({required}) · {format_count(result.modules, 'module')} · "
        f"{format_count(len(result.findings), 'finding')} · {len(result.accepted):,} accepted{about}"
    )


def _tabulate(findings: Iterable[CheckedFinding], *, with_status: bool) -> Iterator[str]:
    found = list(findings)
    has_owners = any(each.owner for each in found)
    yield "| severity | rule | finding | place |" + (" owner |" if has_owners else "")
    yield "|---|---|---|---|" + ("---|" if has_owners else "")
    for each in found[:_MOST]:
        breach = name_severity(each.rule, each.severity) if find_breach(each.rule) else ""
        severity = ", ".join(filter(None, (each.severity, breach, each.status if with_status else "")))
        place = f"{make_harmless(each.evidence[0].path)}:{each.evidence[0].line}" if each.evidence else ""
        where = f"`{place.replace('`', '')}`" if place else ""
        more = f" and {each.places - 1:,} more" if each.places > 1 else ""
        owner = f" {_escape(each.owner)} |" if has_owners else ""
        yield f"| {severity} | {each.rule} | {_escape(each.message)} | {where.replace('|', ' ')}{more} |{owner}"
    yield from _format_more(len(found))


def _format_more(count: int) -> list[str]:
    return ["", f"… and {count - _MOST:,} more."] if count > _MOST else []


def _tabulate_rules(result: CheckResult) -> Iterator[str]:
    yield "| rule | severity | findings | places | points |"
    yield "|---|---|---:|---:|---:|"
    for row in result.rules:
        yield f"| {row.rule} | {row.severity} | {row.findings:,} | {row.places:,} | {write_decimal(row.points)} |"


def _escape(text: str) -> str:
    r"""Return text without effect in Markdown; a name after an at sign would notify somebody.

    >>> _escape("a_b <b>")
    'a\\_b \\<b\\>'
    """
    return _MARKS.sub(r"\\\1", " ".join(text.split())).replace("@", "@\u2060")
