"""All findings, by cause and by rule, as the page shows them: what is known of each, its places, its commands."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from analysis.report.causes import find_packages
from analysis.report.explorer_findings import ViewFinder
from analysis.report.findings_commands import CommandFinder
from analysis.report.findings_excerpts import build_excerpts
from analysis.report.findings_since import Since, find_since
from analysis.report.kept_history import find_introductions
from analysis.report.key_findings import find_commit_url, make_title
from analysis.rules import RULES_BY_NAME
from analysis.rules.root_causes import OTHER, RootCause
from analysis.rules.verdict import name_severity
from analysis.timeline.introduced import Introduction
from analysis.timeline.sentences import say_introduction
from analysis.timeline.walk import TRACED
from analysis.wording import format_count

if TYPE_CHECKING:
    from analysis.investigation import Investigation


#: How a team accepts a finding; the fingerprint takes the place of ``{fingerprint}``.
ACCEPT = 'ssot accept {fingerprint} --in . --because "…" --until YYYY-MM-DD'


@dataclass(frozen=True, slots=True)
class Row:
    """One finding; ``cause`` is the fingerprint of the one whose fix removes it, ``hidden`` counts further places.

    ``view`` is the address of the explorer's view of it. ``introduced`` says since when it is there, as far as a
    history is kept, and ``introduced_url`` is the address of that commit.
    """

    fingerprint: str
    severity: str
    words: str
    subject: str
    message: str
    certainty: str
    owner: str
    package: str
    cause: str
    in_tests: bool
    is_new: bool
    places: tuple[tuple[str, int], ...]
    hidden: int
    commands: tuple[str, ...]
    view: str
    introduced: str = ""
    introduced_url: str = ""


@dataclass(frozen=True, slots=True)
class RuleRows:
    """The findings of one rule, the most severe first."""

    rule: str
    title: str
    meaning: str
    remedy: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class CauseRows:
    """The rules of one root cause that have findings, the most severe first."""

    title: str
    meaning: str
    rules: tuple[RuleRows, ...]


@dataclass(frozen=True, slots=True)
class FindingsView:
    """Everything that the page shows. Text from the target is not yet escaped.

    ``excerpts`` is a JSON document, safe inside a script element: source lines by path and line.
    """

    causes: tuple[CauseRows, ...]
    counted: str
    since: Since
    excerpts: str
    source_url: str
    revision: str
    root: str
    accept: str = ACCEPT

    @property
    def rows(self) -> Iterator[Row]:
        """All findings, in the order of the page."""
        return (row for cause in self.causes for rule in cause.rules for row in rule.rows)


def build_findings_view(inv: Investigation) -> FindingsView:
    """Return all findings of an investigation, those that are consequences of others too."""
    rows = inv.table("findings").to_pylist()
    since = find_since(inv)
    causes = tuple(_group(inv, rows, since))
    own = sum(not row["cause"] for row in rows)
    counted = format_count(own, "finding")
    if len(rows) > own:
        counted += f" and {format_count(len(rows) - own, 'consequence')} of them"
    return FindingsView(
        causes, counted, since, build_excerpts(inv, rows), inv.policy.target.source_url, inv.manifest.revision,
        inv.manifest.root,
    )  # fmt: skip


def _group(inv: Investigation, rows: Sequence[Mapping[str, Any]], since: Since) -> Iterator[CauseRows]:
    packages, commands, views = find_packages(inv), CommandFinder(inv), ViewFinder(inv)
    traced = find_introductions(inv, [row["fingerprint"] for row in rows if row["severity"] in TRACED])
    by_cause: dict[RootCause, dict[str, list[Row]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        rule = RULES_BY_NAME.get(row["rule"])
        found = _build_row(row, packages, commands, views, since)
        if row["fingerprint"] in traced:
            found = _add_introduction(found, traced[row["fingerprint"]], inv.policy.target.source_url)
        by_cause[rule.cause if rule else OTHER][row["rule"]].append(found)
    built = [
        CauseRows(cause.title, cause.meaning, tuple(sorted(map(_build_rule, rules, rules.values()), key=_rank_rule)))
        for cause, rules in sorted(by_cause.items())
    ]
    return iter(sorted(built, key=lambda cause: (_rank_rule(cause.rules[0])[:2], cause.title)))


def _add_introduction(row: Row, found: Introduction, source_url: str) -> Row:
    address = find_commit_url(source_url, found.introduced.commit.name)
    return replace(row, introduced=say_introduction(found), introduced_url=address)


def _build_rule(name: str, rows: Sequence[Row]) -> RuleRows:
    rule = RULES_BY_NAME.get(name)
    ordered = sorted(rows, key=lambda row: (bool(row.cause), row.severity, -len(row.places) - row.hidden, row.subject))
    meaning, remedy = (rule.meaning, rule.remedy) if rule else ("", "")
    return RuleRows(name, make_title(name), meaning, remedy, tuple(ordered))


def _rank_rule(rule: RuleRows) -> tuple[str, int, str]:
    """Return where a rule comes: first by its most severe finding, then by how many there are of it."""
    worst = min(row.severity for row in rule.rows)
    return worst, -sum(row.severity == worst for row in rule.rows), rule.rule


def _build_row(
    row: Mapping[str, Any], packages: Mapping[str, str], commands: CommandFinder, views: ViewFinder, since: Since
) -> Row:
    places = tuple((place["path"], place["line"]) for place in row["evidence"])
    package = next((packages[path] for path, _ in places if path in packages), "")
    return Row(
        row["fingerprint"], row["severity"], name_severity(row["rule"], row["severity"]), row["subject"],
        row["message"], row["certainty"], row["owner"], package, row["cause"], row["in_tests"],
        since.is_new(row["fingerprint"]), places, row["places"] - len(places),
        tuple(commands.find(row)), views.find(row),
    )  # fmt: skip
