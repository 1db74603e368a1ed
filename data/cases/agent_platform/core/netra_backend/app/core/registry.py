"""Registries in one place, for those who do not want to know where they live."""

from __future__ import annotations

from netra_backend.app.agents import bootstrap as _bootstrap  # noqa: F401 - the registries need it first
from netra_backend.app.agents.execution_tracking.registry import ExecutionRegistry
from netra_backend.app.agents.supervisor.agent_registry import AgentRegistry, UniversalRegistry

__all__ = ["AgentRegistry", "ExecutionRegistry", "UniversalRegistry"]
