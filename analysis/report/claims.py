"""Claims compared with measurements: the verdict and the reason."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis.policy import Claim
from analysis.quantities import (
    ALIASES,
    CLASS_IDS,
    IDENTITIES,
    NOT_MEASURED,
    SHARE,
    UNITS,
    read_metric_name,
    write_value,
)
from analysis.rules import RULES
from analysis.wording import format_count

if TYPE_CHECKING:
    from analysis.investigation import Investigation

_FAILING = "modules-that-fail-when-imported-first"
#: Metrics that need another command to be measured.
_NEEDED = {
    **dict.fromkeys(
        (
            "classes-alive-twice",
            "modules-executed-twice",
            "modules-importable",
            "modules-probed",
            "order-dependent-names",
            "simulation-agreement",
            "swallowed-circular-imports",
            "witness-agreement",
        ),
        "Measured only at run time: run again with --probe.",
    ),
    **dict.fromkeys(
        (
            "golden-path-flaky-tests",
            "golden-path-lower-bound",
            "golden-path-rate",
            "golden-path-runs",
            "golden-path-upper-bound",
        ),
        "Not measured: run ssot golden-path.",
    ),
}
_MOST_NAMED = 3


@dataclass(frozen=True, slots=True)
class ClaimVerdict:
    """One claim and its measured value.

    ``verdict`` is confirmed, refuted, not measured or not a number; ``why`` explains what the measured number counts.
    ``metric`` is the name in the claim, ``measures`` the name of the metric that it is compared with.
    """

    metric: str
    measures: str
    stated: str
    measured: str
    verdict: str
    source: str
    why: str


def judge_claims(inv: Investigation) -> list[ClaimVerdict]:
    """Return the policy's claims in its order, each confirmed, refuted or not measured."""
    metrics = {row["metric"]: row for row in inv.table("metrics").to_pylist()}
    found = []
    for claim in inv.policy.claim:
        name = ALIASES.get(claim.metric, claim.metric)
        if claim.metric == _FAILING and claim.paths:
            name = f"{_FAILING}:claimed"
        row = metrics.get(name)
        why = _explain(inv, claim, "" if row is None else str(row["meaning"]))
        found.append(_judge(claim, name, None if row is None else float(row["value"]), why))
    return found


def _judge(claim: Claim, name: str, measured: float | None, why: str) -> ClaimVerdict:
    unit = UNITS.get(name, "")
    stated = write_value(claim.value, unit) if isinstance(claim.value, float | int) else claim.value
    shown = "" if measured is None else write_value(measured, unit, name)
    if measured is None:
        return ClaimVerdict(claim.metric, name, stated, shown, NOT_MEASURED, claim.source, why)
    try:
        distance = abs(float(claim.value) - measured)
    except ValueError:
        return ClaimVerdict(claim.metric, name, stated, shown, "not a number", claim.source, why)
    exact = 1e-9 * max(1.0, abs(measured))
    is_same = distance <= max(claim.tolerance, exact)
    if is_same and distance > exact:
        why += f" It is within the stated tolerance of {_write_tolerance(claim.tolerance, unit)}."
    elif not is_same and stated == shown:
        why += " The two differ by less than the shown precision."
    return ClaimVerdict(claim.metric, name, stated, shown, "confirmed" if is_same else "refuted", claim.source, why)


def _write_tolerance(tolerance: float, unit: str) -> str:
    return f"{100 * tolerance:.6g} percentage points" if unit == SHARE else f"{tolerance:,.6g}"


def _explain(inv: Investigation, claim: Claim, meaning: str) -> str:
    kind, name = read_metric_name(claim.metric)
    if not meaning:
        return _format_blind(inv, claim) or _NEEDED.get(
            ALIASES.get(claim.metric, claim.metric), "No metric of this name: see ssot scan --json."
        )
    if kind in {CLASS_IDS, IDENTITIES}:
        return " ".join(filter(None, (meaning, _format_objects(inv, name, claim.paths))))
    quoted = {rule.name for rule in RULES if rule.quoted_for == claim.metric}
    if quoted:
        findings = inv.findings()
        chosen = findings[findings["rule"].isin(quoted)]["message"]
        return " ".join([meaning, *(f"{message}." for message in chosen.head(_MOST_NAMED))])
    if claim.metric == _FAILING:
        return " ".join([meaning, *_format_first_imports(inv, claim.paths)])
    return meaning


def _format_objects(inv: Investigation, name: str, wanted: tuple[str, ...]) -> str:
    """Describe the object of each path that a claim is about: an object that is not a class has no class id."""
    paths = inv.frame("paths")
    dotted = [path.replace(":", ".") for path in wanted]
    rows = paths[paths["import_path"].isin(dotted)] if dotted else paths[paths["name"] == name]
    columns = (rows[name].astype(str) for name in ("import_path", "kind", "definition", "made_by"))
    parts = [
        f"{path} is an object{f' of {made_by}' if made_by else ''}."
        if kind in {"instance", "result", "constant"}
        else f"{path} is the {kind} {definition}."
        for path, kind, definition, made_by in zip(*columns, strict=True)
        if dotted
    ]
    missing = sorted(set(dotted) - set(rows["import_path"]))
    parts += [f"{path} does not exist." for path in missing]
    return " ".join(parts)


def _format_first_imports(inv: Investigation, wanted: tuple[str, ...]) -> list[str]:
    probed = inv.frame("probed")
    rows = probed if len(probed) else inv.frame("simulated")
    outcomes = dict(zip(rows["module"], rows["outcome"].astype(str), strict=True))
    if wanted:
        return [f"{module}: {outcomes.get(module, 'no such module')}." for module in wanted]
    counts = Counter(outcomes.values())
    rest = ", ".join(f"{count:,} {outcome}" for outcome, count in sorted(counts.items()) if outcome != "ok")
    could = "could" if len(probed) else "can (simulated)"
    return [
        f"Of {format_count(len(outcomes), 'module')} {counts['ok']:,} {could} be imported{f', {rest}' if rest else ''}."
    ]


def _format_blind(inv: Investigation, claim: Claim) -> str:
    """List the modules of a claim that could not be imported for another reason."""
    if claim.metric != _FAILING or not claim.paths or inv.manifest.probe is None:
        return ""
    outcomes = " ".join(_format_first_imports(inv, claim.paths))
    return f"Some of them could not be imported for other reasons: {outcomes}"
