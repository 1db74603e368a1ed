"""What every agent has in common."""

from __future__ import annotations

from netra_backend.app.agents import bootstrap
from netra_backend.app.agents.execution_tracking.registry import ExecutionRegistry
from netra_backend.app.agents.registry import AgentRegistry
from netra_backend.app.websocket_core.notifier import WebSocketNotifier


class BaseAgent:
    """An agent that registers itself, tracks its executions and tells its user."""

    name = "base"

    def __init__(self, registry: AgentRegistry | None = None) -> None:
        self.registry = registry or AgentRegistry(bootstrap.AGENT_NAMESPACE)
        self.executions = ExecutionRegistry()
        self.notifier = WebSocketNotifier()
        self.registry.register(self.name, self)

    async def execute(self, request: str) -> str:
        """Run once; subclasses say what that means."""
        execution = self.executions.open(request, self.name)
        self.notifier.notify("agent_started", request)
        execution.state = "completed"
        return execution.state
