"""The registry of agents. SSOT: the single source of truth for which agents there are."""

from __future__ import annotations

from netra_backend.app.agents.supervisor.agent_registry import UniversalRegistry


class AgentRegistry:
    """Knows the running agents of one namespace - and, by mistake, those of all others."""

    _shared_agents: dict[str, object] = {}

    def __init__(self, namespace: str) -> None:
        self.namespace = namespace
        self.index = UniversalRegistry(namespace)

    def register(self, name: str, agent: object) -> None:
        """Remember an agent under a name; a second one of that name takes its place."""
        self._shared_agents[name] = agent
        self.index.add(name, agent)

    def find(self, name: str) -> object | None:
        """Return the agent of a name, None when nobody has it."""
        return self._shared_agents.get(name)

    def names(self) -> list[str]:
        """Return all names in order."""
        return sorted(self._shared_agents)


class AgentRegistryFactory:
    """Builds registries and keeps the one of each namespace."""

    _built: dict[str, AgentRegistry] = {}

    @classmethod
    def build(cls, namespace: str) -> AgentRegistry:
        """Return the registry of a namespace, a new one the first time."""
        if namespace not in cls._built:
            cls._built[namespace] = AgentRegistry(namespace)
        return cls._built[namespace]
