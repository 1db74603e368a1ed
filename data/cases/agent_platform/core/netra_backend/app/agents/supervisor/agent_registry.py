"""The supervisor's own registry, and the index that all registries share."""

from __future__ import annotations

from netra_backend.app.agents.bootstrap import AGENT_NAMESPACE


class UniversalRegistry:
    """An index of anything by name."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._entries: dict[str, object] = {}

    def add(self, name: str, entry: object) -> None:
        """Put an entry under a name."""
        self._entries[name] = entry

    def get(self, name: str) -> object | None:
        """Return the entry of a name, None when there is none."""
        return self._entries.get(name)

    def __len__(self) -> int:
        return len(self._entries)


class AgentRegistry(UniversalRegistry):
    """The agents that the supervisor has started: a second class of this name, with other methods."""

    def __init__(self, namespace: str = AGENT_NAMESPACE) -> None:
        super().__init__(f"{namespace}.agents")
        self.started: list[str] = []

    def start(self, name: str, agent: object) -> None:
        """Add an agent and note that it runs."""
        self.add(name, agent)
        self.started.append(name)


# Objects, not classes: who compares ids takes them for further registry classes.
agent_registry = AgentRegistry()
SupervisedRegistry = UniversalRegistry("supervised")
