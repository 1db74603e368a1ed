"""A copy from before the consolidation: discovery leaves this folder out."""


class AgentRegistry:
    """As it was."""

    agents: dict = {}
