"""How numbers are written: the unit decides the rounding, only here.

A number that a reader meets twice must look the same twice, so pages, issues, notebooks and the terminal write numbers
by these functions only. Rounding never turns a number into a better one: a score is rounded down, a lower bound down
and an upper bound up, and a rate is 100.0 % only where nothing failed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

SHARE, SCORE, POINTS, DECIMAL = "share", "of 100", "points", "decimal"
#: Units of the metrics that are not counts; also needed to write a claim whose metric was not measured.
UNITS: Mapping[str, str] = {
    "golden-path-rate": SHARE, "golden-path-lower-bound": SHARE, "golden-path-upper-bound": SHARE,
    "simulation-agreement": SHARE, "witness-agreement": SHARE, "compliance": SCORE, "points-lost": POINTS,
}  # fmt: skip
#: Other names under which a metric may be claimed.
ALIASES: Mapping[str, str] = {"golden-path-success-rate": "golden-path-rate"}
NOT_MEASURED = "not measured"
#: Kinds of metrics of which there is one for each subject: the classes of a concept, the definitions of a class name,
#: the objects behind the paths of a redirect.
CONCEPT, CLASS_IDS, IDENTITIES = "concept", "class-ids", "identities"
_LEAST_P = 0.001


class MetricName(NamedTuple):
    """The name of a metric: its kind, and what it is about; empty where there is only one of the kind."""

    kind: str
    subject: str = ""

    def __str__(self) -> str:
        return f"{self.kind}:{self.subject}" if self.subject else self.kind


def read_metric_name(name: str) -> MetricName:
    """Return the parts of a metric's name.

    >>> read_metric_name("concept:agent registries"), str(MetricName("concept", "agent registries"))
    (MetricName(kind='concept', subject='agent registries'), 'concept:agent registries')
    """
    kind, _, subject = name.partition(":")
    return MetricName(kind, subject)


@dataclass(frozen=True, slots=True)
class Shown:
    """A piece of text that a page shows; ``metric`` names the number in it, and is empty for plain text."""

    text: str
    metric: str = ""


def write_value(value: float | None, unit: str = "", metric: str = "") -> str:
    """Return a measured number as text; most are whole counts.

    >>> write_value(1290.0), write_value(0.605, "share"), write_value(5.2583, "of 100"), write_value(None)
    ('1,290', '60.5 %', '5.2', 'not measured')
    """
    if value is None or math.isnan(value):
        return NOT_MEASURED
    if unit == SHARE:
        bounds = {"golden-path-lower-bound": write_lower, "golden-path-upper-bound": write_upper}
        return bounds.get(metric, write_share)(value)
    if unit == SCORE:
        return write_score(value)
    if unit in {POINTS, DECIMAL} or not float(value).is_integer():
        return write_decimal(value)
    return write_count(value)


def write_count(count: float) -> str:
    """Return a count with its thousands separated.

    >>> write_count(1639)
    '1,639'
    """
    return f"{count:,.0f}"


def write_decimal(value: float) -> str:
    """Return points, seconds and other measures with one digit.

    >>> write_decimal(1464.0)
    '1,464.0'
    """
    return f"{value:,.1f}"


def write_share(share: float) -> str:
    """Return a rate in percent with one digit; only none is 0.0 %, and only all is 100.0 %.

    >>> write_share(0.605), write_share(2999 / 3000), write_share(1.0), write_share(0.0001)
    ('60.5 %', '99.9 %', '100.0 %', '0.1 %')
    """
    shown = round(100 * share, 1)
    if 0 < share < 1:
        shown = min(max(shown, 0.1), 99.9)
    return f"{shown:,.1f} %"


def write_lower(share: float) -> str:
    """Return what a rate is at least, rounded down so that it stays true.

    >>> write_lower(0.5447), write_lower(0.99899)
    ('54.4 %', '99.8 %')
    """
    return f"{_floor(1000 * share) / 10:,.1f} %"


def write_upper(share: float) -> str:
    """Return what a rate is at most, rounded up so that it stays true.

    >>> write_upper(0.6628)
    '66.3 %'
    """
    return f"{-_floor(-1000 * share) / 10:,.1f} %"


def write_at_least(lower: float, confidence: float) -> str:
    """Return a lower bound with its name, so that it is not mistaken for the rate.

    >>> write_at_least(0.5447, 0.95)
    'at least 54.4 % (95 % lower bound)'
    """
    return f"at least {write_lower(lower)} ({write_stated(confidence)} lower bound)"


def write_at_most(upper: float, confidence: float) -> str:
    """Return an upper bound with its name.

    >>> write_at_most(0.6628, 0.95)
    'at most 66.3 % (95 % upper bound)'
    """
    return f"at most {write_upper(upper)} ({write_stated(confidence)} upper bound)"


def write_interval(lower: float, upper: float) -> str:
    """Return a two-sided interval of a rate, its ends rounded outwards.

    >>> write_interval(0.5336, 0.6732)
    '53.3 % to 67.4 %'
    """
    return f"{write_lower(lower)} to {write_upper(upper)}"


def write_stated(share: float) -> str:
    """Return a share that a policy states, with the digits that it states.

    >>> write_stated(0.999), write_stated(0.9995), write_stated(0.95)
    ('99.9 %', '99.95 %', '95 %')
    """
    return f"{100 * share:.6g} %"


def write_score(score: float) -> str:
    """Return a score with one digit, rounded down, so that 94.96 does not look like 95.

    >>> write_score(94.96), write_score(100.0), write_score(5.3)
    ('94.9', '100.0', '5.3')
    """
    return f"{_floor(10 * score) / 10:.1f}"


def write_money(amount: float, currency: str = "") -> str:
    """Return an amount in whole units of its currency.

    >>> write_money(197500.4, "USD"), write_money(12)
    ('USD 197,500', '12')
    """
    return f"{currency} {amount:,.0f}".strip()


def write_chance(p_value: float) -> str:
    """Return a p-value with three digits after the point.

    >>> write_chance(0.80251), write_chance(1e-9)
    ('p = 0.803', 'p < 0.001')
    """
    return f"p = {p_value:.3f}" if p_value >= _LEAST_P else "p < 0.001"


def _floor(value: float) -> int:
    """Round down, but take a number that is whole but for the error of its representation as whole."""
    return math.floor(round(value, 6))
