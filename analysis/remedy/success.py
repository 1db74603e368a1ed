"""What must hold when the plan is done, as check boxes that only a measurement ticks."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa

from analysis.graph.unknown_loads import LOADS_NOT_KNOWN
from analysis.policy import Policy
from analysis.quantities import CLASS_IDS, CONCEPT, IDENTITIES, MetricName, write_stated
from analysis.rules.families.names import name_redirects
from analysis.rules.metrics.names import find_canonical_name
from analysis.wording import format_count

_ZERO = (
    ("import-time-cycles", "No import-time cycle"),
    ("phantom-imports", "No import of a module that does not exist"),
    ("phantom-names", "No import of a name that its module does not have"),
    ("imports-that-can-fail-silently", "No import that fails silently"),
    ("modules-that-fail-when-imported-first", "No first import fails on a cycle"),
    ("failing-imports", "No statement fails whenever it is imported"),
    ("modules-executed-twice", "No module is executed twice"),
    ("shadowed-modules", "No file that Python never imports"),
    ("import-violations", "Every class is imported from where it is defined"),
    ("factory-methods-missing", "Every factory has the methods that the policy requires"),
    ("files-with-two-names", "Every file has one name"),
    ("files-not-parsed", "Every file parses"),
    ("findings-p0", "No finding of severity P0"),
)
#: The same where something may add to the number of which it is not known what it loads.
_KNOWN = {"files-with-two-names": "Every file has one name, as far as it is known what is loaded"}


@dataclass(frozen=True, slots=True)
class SuccessMetric:
    """One goal: its metric, a sentence, what is measured now and what is needed.

    ``now`` and ``is_met`` are None when nothing measured it. ``is_floor``: the target is the least value that is
    needed, else the most that is allowed. ``command`` measures it, run in the folder of the target.
    """

    metric: str
    label: str
    now: float | None
    target: float
    is_met: bool | None
    is_floor: bool = False
    command: str = ""


def build_success_metrics(metrics: pa.Table, policy: Policy) -> list[SuccessMetric]:
    """Return the goals in the order of the plan, from the table ``metrics`` and the policy's limits.

    Goals that a policy sets are there also when nothing measured them; those of every target only when measured.
    """
    values = dict(zip(metrics.column("metric").to_pylist(), metrics.column("value").to_pylist(), strict=True))
    labels = {**dict(_ZERO), **(_KNOWN if values.get(LOADS_NOT_KNOWN) else {})}
    found = [_build_ceiling(name, label, values, 0) for name, label in labels.items() if name in values]
    for concept in policy.concept:
        if concept.max_classes:
            label = f"At most {format_count(concept.max_classes, 'class', 'classes')}: {concept.name}"
            found.append(_build_ceiling(str(MetricName(CONCEPT, concept.name)), label, values, concept.max_classes))
    for name in dict.fromkeys(
        find_canonical_name(concept.canonical) for concept in policy.concept if concept.canonical
    ):
        label = f"At most one class of the name {name}"
        found.append(_build_ceiling(str(MetricName(CLASS_IDS, name)), label, values, 1))
    for name, redirect in name_redirects(policy).items():
        label = f"All {len(redirect.paths):,} paths yield one object: {name}"
        found.append(_build_ceiling(str(MetricName(IDENTITIES, name)), label, values, 1))
    rate, score = policy.golden_path.target, policy.compliance.threshold
    confidence = write_stated(policy.golden_path.confidence)
    label = f"Golden path: at least {write_stated(rate)} of runs succeed ({confidence} lower bound)"
    found.append(_build_floor("golden-path-lower-bound", label, values, rate, "ssot golden-path ."))
    found.append(_build_floor("compliance", f"Compliance score of {score:g} or more", values, score, "ssot check ."))
    return found


def _build_ceiling(metric: str, label: str, values: Mapping[str, float], most: float) -> SuccessMetric:
    now = values.get(metric)
    return SuccessMetric(metric, label, now, most, None if now is None else now <= most, command=_scan(metric))


def _scan(metric: str) -> str:
    """Return the command that measures a metric of the source."""
    return f"ssot scan . --json | jq {shlex.quote(f'.metrics[{json.dumps(metric, ensure_ascii=False)}]')}"


def _build_floor(
    metric: str, label: str, values: Mapping[str, float], least: float, command: str
) -> SuccessMetric:  # fmt: skip
    now = values.get(metric)
    is_met = None if now is None else now >= least
    return SuccessMetric(metric, label, now, least, is_met, is_floor=True, command=command)
