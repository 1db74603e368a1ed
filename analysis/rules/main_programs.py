"""The main programs of a target that their own imports import again, started in the simulation."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from analysis.gaps import Gaps
from analysis.rules.context import RuleContext
from analysis.simulation import Environment
from analysis.simulation.starts import simulate_starts


def simulate_main_programs(
    case: RuleContext, *, environment: Environment | None, cache: Path | None, gaps: Gaps
) -> pa.Table:
    """Return the table ``simulated_starts``: what becomes of each start that loads its own file a second time."""
    mains = sorted({each.first_name for each in case.second_names if each.kind == "main" and not each.is_test})
    resolver = case.target_resolver
    return simulate_starts(case.facts, mains, resolver=resolver, environment=environment, cache=cache, gaps=gaps)
