"""Findings by rule: what was found, what it means, the evidence with its source lines, and the fix."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from analysis import tables
from analysis.quantities import write_count
from analysis.report.tones import find_tone
from analysis.rules import RULES
from analysis.rules.verdict import name_severity
from analysis.tables import SEVERITIES
from analysis.wording import format_count

if TYPE_CHECKING:
    from analysis.investigation import Investigation

MOST_SUBJECTS = 6
MOST_PLACES = 6
MOST_CONSEQUENCES = 8
#: Rules of these severities are shown in full; for the others one line is enough.
SHOWN_IN_FULL = ("P0", "P1", "P2")


@dataclass(frozen=True, slots=True)
class ShownPlace:
    """One place of evidence; ``link`` is empty unless the policy has a source URL."""

    path: str
    line: int
    source: str
    link: str = ""


@dataclass(frozen=True, slots=True)
class Subject:
    """One finding: its subject, message and places; ``hidden`` counts the places that are not shown.

    ``tone`` is what kind of colour and shape it has: policy, urgent, risk or note.
    ``consequences`` are the messages of findings that its fix removes too, ``more_consequences`` counts the others.
    """

    severity: str
    name: str
    message: str
    certainty: str
    fingerprint: str
    places: tuple[ShownPlace, ...]
    hidden: int = 0
    owner: str = ""
    consequences: tuple[str, ...] = ()
    more_consequences: int = 0
    tone: str = ""


@dataclass(frozen=True, slots=True)
class OwnerRow:
    """The number of findings of one owner, total and by severity; ``owner`` is empty for findings without an owner."""

    owner: str
    count: int
    severities: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Group:
    """The findings of one rule, the most severe first; ``hidden`` counts the findings that are not shown.

    ``severities`` counts them by severity, where there are any.
    """

    rule: str
    title: str
    severity: str
    count: int
    meaning: str
    remedy: str
    subjects: tuple[Subject, ...]
    hidden: int
    severities: Mapping[str, int]

    @property
    def words(self) -> str:
        """The kind of the findings: policy violations, or the text of the severity."""
        return name_severity(self.rule, self.severity)

    @property
    def found(self) -> str:
        """How many findings there are, of each severity where they differ."""
        counts = ", ".join(f"{write_count(count)} × {severity}" for severity, count in self.severities.items())
        total = format_count(self.count, "finding")
        return f"{total}: {counts}" if len(self.severities) > 1 else total


def group_findings(
    inv: Investigation, *, most_subjects: int = MOST_SUBJECTS, most_places: int = MOST_PLACES
) -> list[Group]:
    """Return the findings by rule: the most severe rule first, then the one with the most findings.

    Findings that the probe refuted are none: ``count_refuted`` says how many there are.
    """
    by_rule: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    effects: dict[str, list[str]] = defaultdict(list)
    for row in inv.table("findings").to_pylist():
        if row["certainty"] == "refuted":
            continue
        if row["cause"]:
            effects[row["cause"]].append(row["message"])
        else:
            by_rule[row["rule"]].append(row)
    known = {rule.name: rule for rule in RULES}
    template, revision = inv.policy.target.source_url, inv.manifest.revision
    groups = []
    for name, rows in by_rule.items():
        rows.sort(key=lambda row: (row["severity"], -row["places"], row["subject"]))
        rule = known.get(name)
        subjects = tuple(
            _build_subject(row, template, revision, most_places, effects.get(row["fingerprint"], ()))
            for row in rows[:most_subjects]
        )
        groups.append(
            Group(
                name, make_title(name), rows[0]["severity"], len(rows), rule.meaning if rule else "",
                rule.remedy if rule else "", subjects, len(rows) - len(subjects), _count_severities(rows),
            )
        )  # fmt: skip
    return sorted(groups, key=lambda group: (group.severity, -group.count, group.rule))


def _count_severities(rows: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    return dict(sorted(Counter(row["severity"] for row in rows).items()))


def _build_subject(
    row: Mapping[str, Any], template: str, revision: str, most_places: int, effects: Sequence[str]
) -> Subject:
    evidence: Sequence[Mapping[str, Any]] = row["evidence"]
    places = tuple(
        ShownPlace(
            place["path"], place["line"], place["source"], make_link(template, revision, place["path"], place["line"])
        )
        for place in evidence[:most_places]
    )
    return Subject(
        row["severity"], row["subject"], row["message"], row["certainty"], row["fingerprint"], places,
        row["places"] - len(places), row["owner"], tuple(effects[:MOST_CONSEQUENCES]),
        max(0, len(effects) - MOST_CONSEQUENCES), find_tone(row["rule"], row["severity"]),
    )  # fmt: skip


def count_refuted(inv: Investigation) -> int:
    """Return the number of findings that the probe refuted."""
    return sum(certainty == "refuted" for (certainty,) in tables.read_rows(inv.table("findings"), "certainty"))


def count_owners(inv: Investigation) -> list[OwnerRow]:
    """Return the findings of each owner, the most severe first; no rows if the policy names no owners.

    The last row, without a name, counts the findings without an owner.
    """
    rows = inv.table("findings").to_pylist() if inv.policy.owner else []
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        if not row["cause"]:
            counts[row["owner"]][row["severity"]] += 1
    found = [OwnerRow(owner, own.total(), {name: own[name] for name in SEVERITIES}) for owner, own in counts.items()]
    return sorted(found, key=lambda row: (not row.owner, [-count for count in row.severities.values()], row.owner))


def make_title(rule: str) -> str:
    """Return a rule's name as a heading.

    >>> make_title("import-cycle")
    'Import cycle'
    """
    return rule.replace("-", " ").capitalize()


def make_link(template: str, revision: str, path: str, line: int) -> str:
    """Return the address of a line, or an empty text without a template; a path cannot change the rest of the address.

    >>> make_link("https://example.org/{revision}/{path}#L{line}", "c0ffee", "a b/c.py", 3)
    'https://example.org/c0ffee/a%20b/c.py#L3'
    """
    template = fill_revision(template, revision)
    for placeholder, value in {"{path}": quote(path, errors="replace"), "{line}": str(line)}.items():
        template = template.replace(placeholder, value)
    return template


def fill_revision(template: str, revision: str) -> str:
    """Return a template of addresses for one revision, or an empty text where it is no address of a web page.

    >>> fill_revision("https://example.org/{revision}/{path}#L{line}", "c0ffee"), fill_revision("file:///{path}", "")
    ('https://example.org/c0ffee/{path}#L{line}', '')
    """
    if not template.startswith(("https://", "http://")):
        return ""
    return template.replace("{revision}", quote(revision, safe=""))


#: How hosts write the address of a file at a revision, and what stands in its place in that of a commit.
_COMMIT_PLACES = (
    ("/src/commit/{revision}/", "/commit/"),
    ("/blob/{revision}/", "/commit/"),
    ("/src/{revision}/", "/commits/"),
)


def find_commit_url(source_url: str, commit: str) -> str:
    """Return the address of a commit at the host of the links to lines; empty for a host that is not known.

    >>> find_commit_url("https://example.org/a/b/-/blob/{revision}/{path}#L{line}", "c0ffee")
    'https://example.org/a/b/-/commit/c0ffee'
    """
    for place, put in _COMMIT_PLACES:
        base, found, _ = source_url.partition(place)
        if found and "{" not in base:
            return fill_revision(f"{base}{put}{{revision}}", commit)
    return ""
