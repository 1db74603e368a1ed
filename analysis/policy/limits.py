"""A policy with other limits: what a caller says goes before what is written."""

from __future__ import annotations

import math

from analysis.errors import PolicyError
from analysis.policy.models import Policy, SimulationPolicy


def limit_simulation(policy: Policy, seconds: float | None) -> Policy:
    """Return the policy with another time budget for the simulation; itself without one."""
    if seconds is None:
        return policy
    if not 0 <= seconds < math.inf:
        raise PolicyError(
            f"the simulation budget must be a number of seconds, not {seconds}", remedy="Pass 0 or more seconds"
        )
    return policy.model_copy(update={"simulation": SimulationPolicy(budget_seconds=seconds)})
