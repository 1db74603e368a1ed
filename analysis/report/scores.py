"""The compliance score for display: the number, the gate, the trend, and the points lost by rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from analysis.facts.test_files import is_test_file
from analysis.manifest import BaselineTrend
from analysis.quantities import POINTS, SCORE, write_decimal, write_score, write_share
from analysis.report.displays import Fragment, Prose, build_table
from analysis.report.escaping import markdown
from analysis.wording import choose_form, format_count

if TYPE_CHECKING:
    from analysis.investigation import Investigation

_MOST_RULES, _MOST_PACKAGES = 8, 12


@dataclass(frozen=True, slots=True)
class ScoreView:
    """The content of the report on the score; ``trend`` is empty if the target has no baseline."""

    score: str
    threshold: str
    is_met: bool
    explanation: str
    trend: str
    accepted: int
    rules: Sequence[Mapping[str, Any]]
    packages: Sequence[Mapping[str, Any]]
    more_packages: int


def build_score(inv: Investigation) -> ScoreView | None:
    """Return the content of the report on the score; None for a target without modules."""
    scores = inv.table("scores").to_pylist()
    whole = next((row for row in scores if not row["package"]), None)
    if whole is None or not whole["modules"]:
        return None
    threshold = inv.policy.compliance.threshold
    parts = [row for row in inv.table("score_parts").to_pylist() if not row["package"] and row["points"]]
    packages = sorted((row for row in scores if row["package"]), key=lambda row: (-row["points"], row["package"]))
    lossy = [row for row in packages if row["points"]]
    clean, lost = whole["clean_modules"], write_decimal(whole["points"])
    explanation = (
        f"{clean:,} of {format_count(whole['modules'], 'module')} {choose_form(clean, 'is', 'are')} clean, and "
        f"{format_count(whole['findings'], 'finding')} {choose_form(whole['findings'], 'costs', 'cost')} {lost} "
        f"points: 100 × {clean:,} ÷ ({clean:,} + {lost})"
    )
    return ScoreView(
        score=write_score(whole["score"]),
        threshold=f"{threshold:g}",
        is_met=whole["score"] >= threshold,
        explanation=explanation,
        trend=format_trend(inv.manifest.baseline, whole["score"]),
        accepted=inv.table("accepted").num_rows,
        rules=[_write_row(row, whole["points"]) for row in parts[:_MOST_RULES]],
        packages=[_write_row(row, whole["points"]) for row in lossy[:_MOST_PACKAGES]],
        more_packages=max(0, len(lossy) - _MOST_PACKAGES),
    )


def _write_row(row: Mapping[str, Any], all_points: float) -> dict[str, Any]:
    """Return a row of a table with its numbers written: points, and the score or else the share of all points."""
    numbers = {"points": write_decimal(row["points"]), "share": write_share(row["points"] / all_points)}
    return {**row, **numbers, **({"score": write_score(row["score"])} if "score" in row else {})}


def format_score(inv: Investigation) -> Prose:
    """State the score, how it is computed, and what changed since the baseline."""
    view = build_score(inv)
    if view is None:
        return Prose("No module can be imported, so there is no score.")
    verdict = "passes" if view.is_met else "does not pass"
    text = f"The score is **{view.score}** of 100 and {verdict} (required: {view.threshold}): {view.explanation}."
    return Prose(f"{text} {markdown(view.trend)}".rstrip())


def format_trend(baseline: BaselineTrend | None, score: float) -> str:
    """Return the changes since the baseline; empty without one.

    >>> format_trend(BaselineTrend(score=40.0, new=1, known=3, gone=2), 41.5)
    'Since the baseline: the score went from 40.0 to 41.5; 1 finding is new, 0 are worse, 2 are gone, 3 are known.'
    """
    if baseline is None:
        return ""
    if baseline.problem:
        return f"The baseline could not be read: {baseline.problem}"
    new, worse, gone, known = baseline.new, baseline.worse, baseline.gone, baseline.known
    revision = f" ({baseline.revision})" if baseline.revision else ""
    was = write_score(baseline.score)
    went = f"stayed at {was}" if was == write_score(score) else f"went from {was} to {write_score(score)}"
    return (
        f"Since the baseline{revision}: the score {went}; {format_count(new, 'finding')} "
        f"{choose_form(new, 'is', 'are')} new, "
        f"{worse:,} {choose_form(worse, 'is', 'are')} worse, {gone:,} {choose_form(gone, 'is', 'are')} gone, "
        f"{known:,} {choose_form(known, 'is', 'are')} known."
    )


def list_parts(inv: Investigation) -> Fragment:
    """Return what each rule costs the whole target, the most expensive first."""
    frame = inv.frame("score_parts")
    chosen = frame[(frame["package"] == "") & (frame["points"] > 0)][
        ["rule", "severity", "findings", "places", "points"]
    ]
    return build_table(chosen, caption="Points lost by rule", names=("rule",), units={"points": POINTS})


def list_packages(inv: Investigation) -> Fragment:
    """Return the score of each package, those that lose most points first."""
    frame = inv.frame("scores")
    chosen = frame[frame["package"] != ""].sort_values(["points", "package"], ascending=[False, True])
    units = {"score": SCORE, "points": POINTS}
    return build_table(chosen, caption="Score by package", names=("package",), units=units)


def list_accepted(inv: Investigation) -> Fragment:
    """Return the findings that exceptions accept, with their reasons."""
    columns = ["severity", "rule", "subject", "by", "reason", "until", "path", "line", "places"]
    frame = inv.frame("accepted")[columns]
    return build_table(frame, caption="Findings accepted by exceptions", names=("rule", "subject", "path"))


def list_states(inv: Investigation) -> Fragment:
    """Return the places with state that outlives a call, and the lines that change it."""
    frame = inv.frame("states")[["kind", "owner", "name", "value", "path", "line", "changed"]]
    in_product = frame[~frame["path"].astype(str).map(is_test_file).astype(bool)]
    names = ("owner", "name", "value", "path")
    return build_table(in_product, caption="State that outlives a call", names=names)
