"""Answers the requests of users: the door to the agents."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from netra_backend.app.agents import bootstrap
from netra_backend.app.agents.base_agent import BaseAgent
from netra_backend.app.agents.execution_tracking.registry import ExecutionRegistry
from netra_backend.app.agents.tool_dispatcher import ToolDispatcher
from netra_backend.app.websocket_core.manager import WebSocketManager


async def load_at_once(user_id: str) -> None:
    """Stand for a model that is in memory already."""


class AgentService:
    """Gives each user an engine, and sends every event to the user it is addressed to."""

    def __init__(self, sockets: WebSocketManager, load_model: Callable[[str], Awaitable[None]] = load_at_once) -> None:
        self.registry, self.factory = bootstrap.start()
        self.sockets = sockets
        self.load_model = load_model
        self.executions = ExecutionRegistry()
        self.tools = ToolDispatcher()

    def employ(self, agent: BaseAgent) -> None:
        """Let an agent answer requests."""
        self.registry.register(agent.name, agent)

    async def answer(self, user_id: str, request: str) -> str:
        """Run a request to its end and return the identifier of its execution."""
        execution = self.executions.open(user_id, "engine")
        engine = await self.factory.create_for_user(user_id, self.load_model)
        async for event in engine.run(request):
            self.sockets.send(event["user_id"], event)
            await asyncio.sleep(0)
        self.executions.close(execution.identifier, "completed")
        return execution.identifier
