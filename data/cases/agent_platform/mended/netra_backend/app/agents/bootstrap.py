"""Starts the agent system: whoever starts it owns what is returned."""

from __future__ import annotations

from netra_backend.app.agents.registry import AgentRegistry
from netra_backend.app.agents.supervisor.execution_engine_factory import ExecutionEngineFactory


def start() -> tuple[AgentRegistry, ExecutionEngineFactory]:
    """Return a registry and an engine factory that nobody else has."""
    return AgentRegistry(), ExecutionEngineFactory()
