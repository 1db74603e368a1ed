"""A policy with other limits: what a caller says goes before what is written."""

from __future__ import annotations

import math
from pathlib import Path

from analysis.errors import PolicyError
from analysis.policy.models import Policy, SimulationPolicy


def name_own_rules(policy: Policy, folder: Path | None) -> Policy:
    """Return a policy with its rule files as absolute paths, which are run; with paths that nobody runs where the
    caller did not name it (``folder`` None): a target must not have its own code run.
    """
    if not policy.target.rules:
        return policy
    named = policy.target.rules
    files = tuple(f"ssot.toml: {file}" if folder is None else str((folder / file).absolute()) for file in named)
    return policy.model_copy(update={"target": policy.target.model_copy(update={"rules": files})})


def limit_simulation(policy: Policy, seconds: float | None) -> Policy:
    """Return the policy with another time budget for the simulation; itself without one."""
    if seconds is None:
        return policy
    if not 0 <= seconds < math.inf:
        raise PolicyError(
            f"the simulation budget must be a number of seconds, not {seconds}", remedy="Pass 0 or more seconds"
        )
    return policy.model_copy(update={"simulation": SimulationPolicy(budget_seconds=seconds)})
