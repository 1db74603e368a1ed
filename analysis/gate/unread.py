"""Sentences on what a check could not read."""

from __future__ import annotations

from analysis.gate.result import CheckResult
from analysis.wording import format_count, make_harmless

_MOST = 3


def format_unread(result: CheckResult) -> list[str]:
    """Return sentences on unread files of the revision, and on a repository on which git was not run."""
    sentences = []
    if result.not_read:
        count = len(result.not_read)
        named = "; ".join(f"{make_harmless(each.path)}: {each.reason}" for each in result.not_read[:_MOST])
        more = f"; and {count - _MOST:,} more" if count > _MOST else ""
        sentences.append(
            f"{format_count(count, 'file')} of {result.compared_with} could not be read, so their findings count as "
            f"new ({named}{more}). A check fetches nothing; in a partial clone "
            f"`git diff --stat {result.since}` makes git fetch the missing files"
        )
    if result.git_problem:
        sentences.append(f"git was not run on the repository of the target: {result.git_problem}")
    return sentences
