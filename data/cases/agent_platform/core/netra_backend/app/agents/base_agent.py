"""What every agent has in common."""

from __future__ import annotations

from netra_backend.app.agents import bootstrap
from netra_backend.app.agents.execution_tracking.registry import ExecutionRegistry
from netra_backend.app.agents.registry import AgentRegistry
from netra_backend.app.websocket_core.notifier import WebSocketNotifier


class BaseAgent:
    """Registers itself, tracks its executions and tells its user what it does."""

    name = "base"

    def __init__(self, registry: AgentRegistry | None = None) -> None:
        self.registry = registry or AgentRegistry(bootstrap.AGENT_NAMESPACE)
        self.executions = ExecutionRegistry()
        self.notifier = WebSocketNotifier()
        self.registry.register(self.name, self)

    async def execute(self, user_id: str, request: str) -> str:
        """Answer one request of one user; an error ends the execution as failed and is raised again."""
        execution = self.executions.open(user_id, self.name)
        self.notifier.notify(user_id, "agent_started")
        try:
            answer = await self.think(request)
        except Exception:
            self.executions.close(execution.identifier, "failed")
            raise
        self.executions.close(execution.identifier, "completed")
        self.notifier.notify(user_id, "agent_completed")
        return answer

    async def think(self, request: str) -> str:
        """Return the answer to a request; each kind of agent has its own way."""
        raise NotImplementedError(f"{type(self).__name__} cannot answer {request!r}")
