"""Plans the steps of a request. The planner is optional - it was meant to be."""

from __future__ import annotations

try:
    from netra_backend.app.agents.supervisor.workflow_planner import WorkflowPlanner
except ImportError:
    WorkflowPlanner = None

try:
    from netra_backend.app.agents.tool_dispatcher import ToolPolicy
except ImportError:
    ToolPolicy = None


def plan(request: str) -> list[str]:
    """Return the steps of a request; with the planner they would be better."""
    if WorkflowPlanner is not None:
        return WorkflowPlanner().plan(request)
    return [part.strip() for part in request.split(",") if is_allowed(part)]


def is_allowed(step: str) -> bool:
    """Say whether a step may run; without a policy every step may."""
    return ToolPolicy is None or ToolPolicy().allows(step)


def charge(user_id: str, amount: float) -> object:
    """Charge a user: fails when called, for there is no such gateway."""
    from netra_backend.app.services.billing_gateway import BillingGateway

    return BillingGateway().charge(user_id, amount)


def restrict(user_id: str) -> object:
    """Restrict a user: fails when called, for the dispatcher has no such name."""
    from netra_backend.app.agents.tool_dispatcher import ToolQuota

    return ToolQuota(user_id)
