"""What must hold when the plan is done, as check boxes that only a measurement ticks."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

from analysis.policy import Policy

_ZERO = (
    ("import-time-cycles", "No import-time cycle"),
    ("phantom-imports", "No import of a module that does not exist"),
    ("phantom-names", "No import of a name that its module does not have"),
    ("swallowed-import-suspects", "No swallowed import on a cycle"),
    ("shadowed-modules", "No file that Python never imports"),
    ("import-violations", "Every class is imported from where it is defined"),
    ("files-with-two-names", "Every file has one name"),
    ("files-not-parsed", "Every file parses"),
    ("findings-p0", "No finding of severity P0"),
)


@dataclass(frozen=True, slots=True)
class SuccessMetric:
    """One goal: its metric, a sentence, what is measured now and what is needed.

    ``now`` and ``is_met`` are None when nothing measured it.
    """

    metric: str
    label: str
    now: float | None
    target: float
    is_met: bool | None


def build_success_metrics(metrics: pa.Table, policy: Policy) -> list[SuccessMetric]:
    """Return the goals in the order of the plan, from the table ``metrics`` and the policy's limits."""
    values = dict(zip(metrics.column("metric").to_pylist(), metrics.column("value").to_pylist(), strict=True))
    found = [SuccessMetric(name, label, values[name], 0, values[name] == 0) for name, label in _ZERO if name in values]
    for concept in policy.concept:
        now = values.get(f"concept:{concept.name}")
        if concept.max_classes and now is not None:
            label = f"At most {concept.max_classes:,} classes: {concept.name}"
            found.append(
                SuccessMetric(f"concept:{concept.name}", label, now, concept.max_classes, now <= concept.max_classes)
            )
    rate = values.get("golden-path-lower-bound")
    target = policy.golden_path.target
    met = None if rate is None else rate >= target
    found.append(
        SuccessMetric("golden-path-lower-bound", f"Golden path succeeds in {target:.1%} of runs", rate, target, met)
    )
    score = values.get("compliance")
    threshold = policy.compliance.threshold
    met = None if score is None else score >= threshold
    found.append(SuccessMetric("compliance", f"Compliance score of {threshold:g} or more", score, threshold, met))
    return found
