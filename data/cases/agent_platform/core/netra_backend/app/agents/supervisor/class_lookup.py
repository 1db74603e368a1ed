"""Short path to the registry of classes."""

from netra_backend.app.agents.supervisor.agent_class_registry import AgentClassRegistry as AgentClassRegistry
