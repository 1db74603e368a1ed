"""What a check could not look at, in sentences."""

from __future__ import annotations

from analysis.gate.result import CheckResult
from analysis.wording import format_count, make_harmless

_MOST = 3


def format_unread(result: CheckResult) -> list[str]:
    """Return a sentence on the files of the revision that could not be had, and one on a repository not asked."""
    sentences = []
    if result.not_read:
        count = len(result.not_read)
        named = "; ".join(f"{make_harmless(each.path)}: {each.reason}" for each in result.not_read[:_MOST])
        more = f"; and {count - _MOST:,} more" if count > _MOST else ""
        sentences.append(
            f"{format_count(count, 'file')} of {result.compared_with} could not be read, so what they contained then "
            f"counts as new ({named}{more}). Nothing is fetched by a check; in a partial clone "
            f"`git diff --stat {result.since}` makes git fetch what is missing"
        )
    if result.git_problem:
        sentences.append(f"The repository around the target was not asked: {result.git_problem}")
    return sentences
