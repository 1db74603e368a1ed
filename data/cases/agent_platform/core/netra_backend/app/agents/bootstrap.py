"""Starts the agent system.

Import this before anything else of the agents: it settles the defaults, and the registries only import
in the order in which this module asks for them.
"""

from __future__ import annotations

from netra_backend.app.agents.supervisor import engine_defaults

AGENT_NAMESPACE = "netra"
engine_defaults.MAX_ENGINES_PER_USER = 4

from netra_backend.app.agents.registry import AgentRegistry, AgentRegistryFactory  # noqa: E402
from netra_backend.app.agents.supervisor.execution_engine_factory import ExecutionEngineFactory  # noqa: E402


def start() -> tuple[AgentRegistry, ExecutionEngineFactory]:
    """Return the registry and the engine factory that the whole process shares."""
    return AgentRegistryFactory.build(AGENT_NAMESPACE), ExecutionEngineFactory()
