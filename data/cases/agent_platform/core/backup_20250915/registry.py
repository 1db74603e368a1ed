"""A copy from before the consolidation: discovery leaves this folder out."""

from __future__ import annotations


class AgentRegistry:
    """As it was."""

    agents: dict[str, object] = {}


class AgentRegistryFactory:
    """As it was, too."""

    def build(self) -> AgentRegistry:
        """Return another registry."""
        return AgentRegistry()
