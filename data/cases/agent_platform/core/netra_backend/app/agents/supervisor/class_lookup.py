"""Short path to the class registry."""

from netra_backend.app.agents.supervisor.agent_class_registry import AgentClassRegistry as AgentClassRegistry
