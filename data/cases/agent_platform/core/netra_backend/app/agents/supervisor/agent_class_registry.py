"""Which class stands behind the name of an agent."""

from __future__ import annotations


class AgentClassRegistry:
    """Maps the names of agents to their classes; filled while the application starts, then frozen."""

    def __init__(self) -> None:
        self._classes: dict[str, type] = {}
        self._is_frozen = False

    def register(self, name: str, agent_class: type) -> None:
        """Remember a class; refused once the registry is frozen."""
        if self._is_frozen:
            raise RuntimeError(f"cannot register {name}: the application has started")
        self._classes[name] = agent_class

    def freeze(self) -> None:
        """Accept no more classes."""
        self._is_frozen = True

    def create(self, name: str, *arguments: object) -> object:
        """Return a new agent of the class with this name."""
        return self._classes[name](*arguments)
