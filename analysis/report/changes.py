"""What changed since the base of a run: the score, and which findings are new or gone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis.history.difference import Difference
from analysis.quantities import write_score
from analysis.report.base import Base, find_base, find_difference
from analysis.report.change_commits import MOST_NAMED, Brought, count_brought, find_change_commits
from analysis.wording import choose_form, format_count

if TYPE_CHECKING:
    from analysis.investigation import Investigation

#: The page of a report that names all that changed.
PAGE = "changes.html"


@dataclass(frozen=True, slots=True)
class ScoreChange:
    """How a run differs from its base: both times (ISO), both scores, findings new and gone.

    ``reasons`` says what else differs, so that not all of the change need come from the code. ``brought`` are the
    commits that brought in what is new, as far as that is known.
    """

    base: Base
    created: str
    now: str
    revision: str
    score_before: float
    score: float
    new: int
    gone: int
    reasons: tuple[str, ...] = ()
    worse: int = 0
    better: int = 0
    brought: Sequence[Brought] = ()

    @property
    def direction(self) -> str:
        """Whether the score, as it is shown, is better, worse or the same."""
        before, now = float(write_score(self.score_before)), float(write_score(self.score))
        return "better" if now > before else "worse" if now < before else "same"

    @property
    def points(self) -> str:
        """The change of the score as it is shown: the difference of the two numbers that a reader sees."""
        difference = float(write_score(self.score)) - float(write_score(self.score_before))
        return f"{difference:+.1f}".replace("-", "\N{MINUS SIGN}") if self.direction != "same" else "unchanged"

    @property
    def day(self) -> str:
        """When the base was: its day, its time where that was the same day, or the name that the caller gave."""
        return self.base.format_day(self.created, self.now)

    @property
    def findings(self) -> str:
        """How many findings are new and gone, as a clause."""
        if not (self.new or self.gone or self.worse or self.better):
            return "the same findings"
        more = "".join(
            f", {count:,} {word}" for count, word in ((self.worse, "worse"), (self.better, "better")) if count
        )
        return f"{format_count(self.new, 'finding')} new, {self.gone:,} fixed{more}"

    @property
    def parts(self) -> list[tuple[str, str]]:
        """How many findings are fixed, new, worse and better, each with its section of the page of changes."""
        found = [("gone", self.gone, "fixed"), ("new", self.new, "new"), ("worse", self.worse, "worse"),
                 ("better", self.better, "better")]  # fmt: skip
        return [(name if count else "", f"{count:,} {word}") for name, count, word in found
                if count or name in {"gone", "new"}]  # fmt: skip

    @property
    def score_words(self) -> str:
        """The score before and after, as a clause."""
        before, after = write_score(self.score_before), write_score(self.score)
        return f"score {before}" if before == after else f"score {before} → {after}"

    @property
    def sentence(self) -> str:
        """The change in one sentence, for mail and terminals."""
        return f"Since {self.day}: {', '.join(words for _, words in self.parts)}; {self.score_words}"

    @property
    def named(self) -> tuple[Sequence[Brought], int]:
        """The commits that are named first, and how many findings came with others, or with one that is not known."""
        shown = self.brought[:MOST_NAMED]
        return shown, self.new - sum(each.count for each in shown) if self.brought else 0

    @property
    def brought_words(self) -> str:
        """The commits that are named first, as a sentence for mail; empty where none is known."""
        shown, others = self.named
        words = [f"{each.words} by {each.commit.name} ({each.commit.words})" for each in shown]
        words += [f"{others:,} by others, or not known"] if others else []
        return f"New since then: {'; '.join(words)}" if shown else ""

    @property
    def caution(self) -> str:
        """What else differs, as a sentence; empty when only the code can."""
        differs = choose_form(len(self.reasons), "differs", "differ")
        return f"Between the two runs {' and '.join(self.reasons)} {differs} too." if self.reasons else ""


def find_change(inv: Investigation) -> ScoreChange | None:
    """Return what changed since the base of a run; None without one, and where one of the two has no module."""
    base = find_base(inv)
    found = find_difference(inv, base)
    return _describe(found, base) if found is not None else None


def _describe(found: Difference, base: Base) -> ScoreChange | None:
    older, newer = found.sides
    before, after = found.scores
    if before is None or after is None:
        return None
    return ScoreChange(
        base, older.created, newer.created, older.revision, before, after, found.count("new"), found.count("gone"),
        found.cautions, found.count("worse"), found.count("better"), count_brought(found, find_change_commits(found)),
    )  # fmt: skip
