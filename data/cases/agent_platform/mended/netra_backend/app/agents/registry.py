"""The registry of agents. SSOT: the single source of truth for which agents there are."""

from __future__ import annotations

from netra_backend.app.agents.name_index import NameIndex

__all__ = ["AgentRegistry"]

DEFAULT_NAMESPACE = "netra"


class AgentRegistry:
    """Knows the running agents of one namespace, and of no other."""

    def __init__(self, namespace: str = DEFAULT_NAMESPACE) -> None:
        self.namespace = namespace
        self._agents = NameIndex(namespace)

    def register(self, name: str, agent: object) -> None:
        """Remember an agent under a name; a second one of that name takes its place."""
        self._agents.add(name, agent)

    def find(self, name: str) -> object | None:
        """Return the agent of a name, None when nobody has it."""
        return self._agents.get(name)

    def names(self) -> list[str]:
        """Return all names in order."""
        return self._agents.names()
