"""Which commits brought in what is new, made worse what is worse, and removed what is gone, as far as it is kept."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from analysis.history.difference import Difference
from analysis.report.kept_history import find_introductions
from analysis.report.key_findings import find_commit_url
from analysis.report.provenance import format_date
from analysis.targets import SHORT
from analysis.timeline.commits import Commit
from analysis.timeline.introduced import FindingChange
from analysis.wording import format_count, make_harmless

#: So many commits are named on the first screen.
MOST_NAMED = 3


@dataclass(frozen=True, slots=True)
class ChangeCommit:
    """A commit for display: ``words`` name it, ``url`` is its address, empty where the host is not known.

    ``limit`` says what is open: between which commits it was, or that it was this one or an earlier one.
    """

    commit: Commit
    url: str
    limit: str = ""

    @property
    def name(self) -> str:
        """Its short name."""
        return self.commit.name[:SHORT]

    @property
    def words(self) -> str:
        """When it was, by whom where that is shown, and what it says."""
        author = f", {make_harmless(self.commit.author)}" if self.commit.author else ""
        return f"{format_date(self.commit.seconds)}{author}: {make_harmless(self.commit.summary)}"


@dataclass(frozen=True, slots=True)
class Brought:
    """How many findings came with one commit."""

    commit: ChangeCommit
    count: int

    @property
    def words(self) -> str:
        """The count."""
        return format_count(self.count, "finding")


def find_change_commits(found: Difference) -> dict[str, ChangeCommit]:
    """Return the commit of each finding that is new, worse or gone, by fingerprint; what is not kept is left out."""
    names: dict[str, list[str]] = defaultdict(list)
    for each in found.changed_findings:
        names[each.change].append(each.fingerprint)
    there, went = (
        find_introductions(found.newer, wanted, are_gone=are_gone) if wanted else {}
        for wanted, are_gone in ((names["new"] + names["worse"], False), (names["gone"], True))
    )
    commits: dict[str, FindingChange | None] = {name: there[name].introduced for name in names["new"] if name in there}
    commits |= {name: each.removed for name, each in went.items()}
    for each in found.changed_findings:
        if each.change == "worse" and each.fingerprint in there:
            is_more_severe = each.severity < each.severity_before
            worse = there[each.fingerprint].find_worse(is_more_severe=is_more_severe)
            commits[each.fingerprint] = worse.change if worse else None
    url = found.newer.policy.target.source_url
    return {name: _describe(change, url) for name, change in commits.items() if change is not None}


def _describe(change: FindingChange, source_url: str) -> ChangeCommit:
    limit = ""
    if not change.is_exact:
        limit = f"or a commit after {change.after.name[:SHORT]}" if change.after else "or earlier"
    return ChangeCommit(change.commit, find_commit_url(source_url, change.commit.name), limit)


def count_brought(found: Difference, commits: Mapping[str, ChangeCommit]) -> Sequence[Brought]:
    """Return the commits that brought in what is new, the newest first, each with the number of its findings."""
    counts: dict[ChangeCommit, int] = defaultdict(int)
    for each in found.changed_findings:
        if each.change == "new" and each.fingerprint in commits:
            counts[commits[each.fingerprint]] += 1
    ordered = sorted(counts, key=lambda each: (-each.commit.seconds, each.commit.name, each.limit))
    return tuple(Brought(each, counts[each]) for each in ordered)
