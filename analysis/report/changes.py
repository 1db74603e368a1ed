"""What changed since the last run that was kept: the score, and which findings are new or gone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis import store, tables
from analysis.errors import AnalysisError
from analysis.quantities import write_score
from analysis.report.provenance import format_day
from analysis.wording import choose_form, format_count

if TYPE_CHECKING:
    from analysis.investigation import Investigation


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
        if not self.new and not self.gone:
            return "the same findings"
        return f"{format_count(self.new, 'finding')} new, {self.gone:,} gone"

    @property
    def caution(self) -> str:
        """What else differs, as a sentence; empty when only the code can."""
        differs = choose_form(len(self.reasons), "differs", "differ")
        return f"Between the two runs {' and '.join(self.reasons)} {differs} too." if self.reasons else ""


def find_change(inv: Investigation) -> ScoreChange | None:
    """Return what changed since the newest older snapshot of the same target; None without one that can be read."""
    return next((change for before in find_older(inv) if (change := _compare(inv, before))), None)


def find_older(inv: Investigation) -> Iterator[Investigation]:
    """Yield the older snapshots of the same target that can be read, the newest first."""
    found = inv.path.parent.glob(f"[!.]*/{store.MANIFEST}")
    for folder in sorted((place.parent for place in found if place.parent.name < inv.path.name), reverse=True):
        try:
            before = type(inv)(folder)
            for name in ("findings", "scores"):
                before.table(name)
        except AnalysisError:  # damaged, or of another version: the one before it may do
            continue
        if before.manifest.as_target.is_same(inv.manifest.as_target):
            yield before


def _compare(inv: Investigation, before: Investigation) -> ScoreChange | None:
    scores = [_read_score(each) for each in (before, inv)]
    if scores[0] is None or scores[1] is None:
        return None
    old, new = _read_fingerprints(before), _read_fingerprints(inv)
    manifest = before.manifest
    return ScoreChange(
        manifest.created, inv.manifest.created, manifest.revision, scores[0], scores[1], len(new - old), len(old - new),
        tuple(_find_differences(inv, before)),
    )  # fmt: skip


def _find_differences(inv: Investigation, before: Investigation) -> list[str]:
    pairs = {
        "the version of the kit": (before.manifest.tool_version, inv.manifest.tool_version),
        "the policy": (before.policy, inv.policy),
        "the options": (before.manifest.options, inv.manifest.options),
    }
    return [name for name, (old, new) in pairs.items() if old != new]


def _read_score(inv: Investigation) -> float | None:
    rows = tables.read_rows(inv.table("scores"), "package", "modules", "score")
    return next((score for package, modules, score in rows if not package and modules), None)


def _read_fingerprints(inv: Investigation) -> set[str]:
    rows = tables.read_rows(inv.table("findings"), "fingerprint", "certainty", "cause")
    return {fingerprint for fingerprint, certainty, cause in rows if certainty != "refuted" and not cause}
