"""Old path of the agent registry. Deprecated: import from netra_backend.app.agents.registry."""

from __future__ import annotations

from netra_backend.app.agents import bootstrap as _bootstrap  # noqa: F401
from netra_backend.app.agents.registry import AgentRegistry, AgentRegistryFactory

__all__ = ["AgentRegistry", "AgentRegistryFactory"]
