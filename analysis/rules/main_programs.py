"""The main programs of a target that their own imports import again, started in the simulation."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from analysis.gaps import Gaps
from analysis.rules.context import RuleContext
from analysis.simulation import Begin, Environment
from analysis.simulation.starts import simulate_starts


def simulate_main_programs(
    case: RuleContext, *, environment: Environment | None, cache: Path | None, gaps: Gaps, begin: Begin
) -> pa.Table:
    """Return the table ``simulated_starts``: what becomes of each start that loads its own file a second time.

    ``begin`` returns the simulation of the target to go on with.
    """
    mains = sorted({each.first_name for each in case.second_names if each.kind == "main" and not each.is_test})
    return simulate_starts(
        case.known_facts, mains, resolver=case.target_resolver, environment=environment, cache=cache, gaps=gaps,
        begin=begin,
    )  # fmt: skip
