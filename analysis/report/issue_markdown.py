"""The report as a GitHub issue: measurements, evidence, impact, plan and check boxes."""

from __future__ import annotations

from collections.abc import Iterator

from analysis.report.escaping import code, code_cell, fence, markdown, plain
from analysis.report.executive import Executive
from analysis.report.headline import Figure
from analysis.report.key_findings import Group
from analysis.report.plan_markdown import write_first, write_goals, write_step
from analysis.report.provenance import NO_REVISION, format_revision
from analysis.wording import format_count

#: GitHub refuses longer bodies.
LONGEST_BODY = 65_000
_MARKS = {"red": "❌", "violet": "❌", "amber": "⚠️", "green": "✅", "grey": "–"}
_MOST_SUBJECTS = 6
_MOST_PLACES = 3


def build_issue(report: Executive) -> str:
    """Return the issue's body in GitHub's Markdown, at most ``LONGEST_BODY`` characters.

    All text from the target is in code spans or fences or is escaped; the body states how much evidence did not fit.
    """
    for most in (_MOST_SUBJECTS, 3, 1, 0):
        body = "\n".join(_write_issue(report, most)) + "\n"
        if len(body) <= LONGEST_BODY:
            return body
    return body[: LONGEST_BODY - 40] + "\n\n(truncated: the limit of GitHub)\n"


def _write_issue(report: Executive, most_subjects: int) -> Iterator[str]:
    counts = {row["severity"]: row["count"] for row in report.impact["severities"]}
    worst = next((severity for severity, count in counts.items() if count), "")
    yield f"# Single source of truth: {markdown(report.target)}"
    yield ""
    yield f"**Date:** {report.time}"
    yield f"**Status:** {worst + ' – ' if worst else ''}{report.light_words}"
    revision = format_revision(report.revision)
    yield f"**Revision:** {revision if report.revision == NO_REVISION else code(revision)}"
    yield f"**Impact:** {_format_stake(report)}"
    yield "\n## Executive summary\n"
    yield f"{report.verdict} Measured in {report.sizes}.\n"
    yield from (_write_figure(figure) for figure in report.figures)
    yield "\n## Key findings"
    for number, group in enumerate(report.key_groups, 1):
        yield from _write_group(group, number, most_subjects)
    yield from _write_owners(report)
    yield from _write_causes(report)
    yield from _write_claims(report)
    yield from _write_score(report)
    yield from _write_golden(report)
    yield from _write_plan(report)
    yield "\n## Success metrics\n"
    yield from write_goals(report)
    yield "\n## Provenance\n"
    yield from (f"- {label}: {code(text)}" for label, text in report.provenance["facts"])
    yield from (f"- {markdown(gap)}" for gap in report.provenance["gaps"])


def _format_stake(report: Executive) -> str:
    stake = report.impact["stake"]
    return f"{markdown(stake)} of yearly revenue at risk, as the policy states" if stake else "not stated"


def _write_figure(figure: Figure) -> str:
    value = f"{figure.text} {figure.noun}".rstrip()
    note = figure.note_text
    note = f"; {markdown(note)}" if "(" in note else f" ({markdown(note)})" if note else ""
    return f"- {_MARKS[figure.light]} {markdown(figure.label)}: **{value}**{note}. {figure.words}"


def _write_group(group: Group, number: int, most_subjects: int) -> Iterator[str]:
    mark = "❌" if group.severity in {"P0", "P1"} else "⚠️"
    yield f"\n### {mark} {number}. {group.title} ({group.severity}, {group.words})\n"
    yield f"- **Found:** {group.found}"
    if group.meaning:
        yield f"- **Impact:** {group.meaning}"
    if group.remedy:
        yield f"- **Remedy:** {group.remedy}"
    shown = group.subjects[:most_subjects]
    if shown:
        yield "- **Evidence:**\n"
        yield fence("\n".join(_list_evidence(group, most_subjects)))
    hidden = group.count - len(shown)
    if hidden:
        yield f"\n{hidden:,} more in findings.json."


def _list_evidence(group: Group, most_subjects: int) -> Iterator[str]:
    for subject in group.subjects[:most_subjects]:
        owner = f" (owner: {plain(subject.owner)})" if subject.owner else ""
        yield f"- {plain(subject.message)}{owner}"
        for place in subject.places[:_MOST_PLACES]:
            yield f"    {plain(place.path)}:{place.line}: {plain(place.source)}"
        hidden = len(subject.places) + subject.hidden - _MOST_PLACES
        if hidden > 0:
            yield f"    and {hidden:,} more {'place' if hidden == 1 else 'places'}"
        count = len(subject.consequences) + subject.more_consequences
        if count:
            first = plain(subject.consequences[0])
            yield f"    The same fix removes {format_count(count, 'consequence')}, first: {first}"


def _write_owners(report: Executive) -> Iterator[str]:
    if report.owners:
        yield "\n## Findings by owner\n"
        head = " | ".join(["Owner", "Findings", *report.owners[0].severities])
        yield f"| {head} |\n|---|{'--:|' * (1 + len(report.owners[0].severities))}"
        for row in report.owners:
            counts = " | ".join(f"{count:,}" for count in (row.count, *row.severities.values()))
            yield f"| {markdown(row.owner) if row.owner else 'nobody'} | {counts} |"


def _write_causes(report: Executive) -> Iterator[str]:
    yield "\n## Root cause analysis\n"
    for number, cause in enumerate(report.causes, 1):
        spots = ", ".join(f"{code(name)} ({count:,})" for name, count in cause.hot_spots)
        where = f" Most often in {spots}." if spots else ""
        yield f"{number}. **{cause.title}:** {cause.meaning} {format_count(cause.count, 'finding')}.{where}"


def _write_claims(report: Executive) -> Iterator[str]:
    if report.claims:
        yield "\n## Claims and measurements\n"
        yield "| Metric | Claimed | Measured | Verdict | Reason |\n|---|--:|--:|---|---|"
        for claim in report.claims:
            why = markdown(claim.why).replace("|", "\\|")
            values = f"{markdown(claim.stated)} | {claim.measured} | {claim.verdict}"
            yield f"| {code_cell(claim.metric)} | {values} | {why} |"


def _write_score(report: Executive) -> Iterator[str]:
    if report.score:
        score = report.score
        verdict = "passes" if score.is_met else "does not pass"
        yield "\n## Score and gate\n"
        text = f"**{score.score}** of 100, {score.threshold} required: {verdict}. {score.explanation}."
        yield f"{text} {markdown(score.trend)}".rstrip()


def _write_golden(report: Executive) -> Iterator[str]:
    if report.golden:
        golden = report.golden
        yield "\n## Golden path\n"
        text = f"**{golden.rate}** of the runs succeed ({golden.interval_text}). {golden.reason}"
        yield f"{text} {markdown(golden.cause)}".rstrip()
        yield "\n| Stage | Success rate | Yearly loss | Assumption |\n|---|--:|--:|---|"
        for stage, rate, loss, assumption in golden.scenarios:
            yield f"| {markdown(stage)} | {rate} | {markdown(loss)} | {markdown(assumption)} |"


def _write_plan(report: Executive) -> Iterator[str]:
    yield "\n## Remediation plan\n"
    if report.cards:
        yield f"Estimated work: {report.debt_words} These steps clear most, with those that they need:\n"
        yield from write_first(report)
    for place, card in enumerate(report.cards, 1):
        yield f"\n### Phase {place}: {card.name}\n\n{card.goal} {card.size}.\n"
        for each in card.steps:
            yield write_step(each)
            starts = ", ".join(code(example) for example in each.step.examples)
            yield from ([f"    - Start at {starts}"] if starts else [])
