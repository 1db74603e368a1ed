"""What changed since the last run that was kept: the score, and which findings are new or gone."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from analysis.errors import AnalysisError
from analysis.history.difference import Difference
from analysis.investigation import open_snapshot
from analysis.kept_history import list_kept, read_kept
from analysis.quantities import write_score
from analysis.report.provenance import format_day
from analysis.wording import choose_form, format_count

if TYPE_CHECKING:
    from analysis.investigation import Investigation

#: The variable by which ``ssot report --since`` names the snapshot to compare with, also to the notebooks.
SINCE_VARIABLE = "SSOT_SINCE"
#: The page of a report that names all that changed.
PAGE = "changes.html"


@dataclass(frozen=True, slots=True)
class ScoreChange:
    """How a run differs from the one before: both times (ISO), both scores, findings new and gone.

    ``reasons`` says what else differs, so that not all of the change need come from the code.
    """

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
        """When the run before was: its day, or its time where that was the same day."""
        before, now = format_day(self.created), format_day(self.now)
        return before.partition(", ")[2 if before.partition(", ")[0] == now.partition(", ")[0] else 0]

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
    def caution(self) -> str:
        """What else differs, as a sentence; empty when only the code can."""
        differs = choose_form(len(self.reasons), "differs", "differ")
        return f"Between the two runs {' and '.join(self.reasons)} {differs} too." if self.reasons else ""

    @property
    def is_named(self) -> bool:
        """Whether the caller named what is compared with, in place of the run before."""
        return bool(os.environ.get(SINCE_VARIABLE))


def find_change(inv: Investigation) -> ScoreChange | None:
    """Return what changed since the newest older snapshot of the same target; None without one that can be read."""
    return next((change for found in _find_differences(inv) if (change := _describe(found)) is not None), None)


def find_difference(inv: Investigation) -> Difference | None:
    """Return all that differs from the newest older snapshot of the same target; None without one that can be read."""
    return next(_find_differences(inv), None)


def find_older(inv: Investigation) -> Iterator[Investigation]:
    """Yield the older snapshots of the same target that can be read, the newest first; one that the caller named alone.

    It is named by ``$SSOT_SINCE``, as ``ssot report --since`` sets it.
    """
    named = os.environ.get(SINCE_VARIABLE, "")
    if named:
        yield type(inv)(Path(named))
        return
    for folder in reversed(list_kept(inv)):
        before = read_kept(folder, inv, type(inv), ("findings", "scores")) if folder != inv.path else None
        if before is not None:  # where one is damaged, the one before it may do
            yield before


def _find_differences(inv: Investigation) -> Iterator[Difference]:
    for before in find_older(inv):
        try:
            yield _compare(before.path, inv.path)
        except AnalysisError:  # a table that only a comparison reads is damaged
            continue


@lru_cache(maxsize=4)
def _compare(before: Path, after: Path) -> Difference:
    """Return what differs between two snapshots, which never change; compared once for all parts of a report."""
    found = Difference(open_snapshot(before), open_snapshot(after))
    assert isinstance(found.changed_findings, list)  # read here, where a damaged table leads to the run before
    return found


def _describe(found: Difference) -> ScoreChange | None:
    older, newer = found.sides
    before, after = found.scores
    if before is None or after is None:
        return None
    return ScoreChange(
        older.created, newer.created, older.revision, before, after, found.count("new"), found.count("gone"),
        found.cautions, found.count("worse"), found.count("better"),
    )  # fmt: skip
