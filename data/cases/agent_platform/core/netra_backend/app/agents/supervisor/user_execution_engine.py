"""The engine. SSOT: the single source of truth for running an agent on behalf of one user."""

from __future__ import annotations

from collections.abc import AsyncIterator

STEPS = ("agent_started", "agent_thinking", "tool_executing", "tool_completed", "agent_completed")
__all__ = ["UserExecutionEngine"]

class UserExecutionEngine:
    """Runs agents for one user and tells what happens as events."""

    def __init__(self, user_id: str) -> None:
        self.user_id = user_id
        self.runs = 0

    async def run(self, request: str) -> AsyncIterator[dict[str, str]]:
        """Yield the five events of a run, each addressed to the user of this engine."""
        self.runs += 1
        for step in STEPS:
            yield {"event": step, "user_id": self.user_id, "request": request}
