"""Runs an agent for a user."""

from __future__ import annotations

from netra_backend.app.agents.base_agent import BaseAgent
from netra_backend.app.agents.execution_tracking.registry import ExecutionRegistry
from netra_backend.app.agents.tool_dispatcher import ToolDispatcher
from netra_backend.app.websocket_core.notifier import WebSocketNotifier


class AgentService:
    """The door to the agents."""

    def __init__(self) -> None:
        self.executions = ExecutionRegistry()
        self.tools = ToolDispatcher()
        self.notifier = WebSocketNotifier()

    async def run(self, agent: BaseAgent, request: str) -> str:
        """Return how the run ended."""
        self.executions.open(request, agent.name)
        state = await agent.execute(request)
        self.executions.close(request, state)
        return state
