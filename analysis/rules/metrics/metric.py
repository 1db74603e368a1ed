"""One number that the report shows."""

from __future__ import annotations

from typing import NamedTuple


class Metric(NamedTuple):
    """One row of ``tables.METRICS``."""

    metric: str
    value: float
    unit: str
    meaning: str
