"""Hands tool calls to the tools."""

from __future__ import annotations

from collections.abc import Callable

from netra_backend.app.agents.supervisor.agent_class_registry import AgentClassRegistry


class ToolBox:
    """Tools by name."""

    def __init__(self) -> None:
        self._tools: dict[str, Callable[..., object]] = {}

    def put(self, name: str, tool: Callable[..., object]) -> None:
        """Add a tool; the newer one of a name wins."""
        self._tools[name] = tool

    def take(self, name: str) -> Callable[..., object]:
        """Return a tool; KeyError when there is none of that name."""
        return self._tools[name]


class ToolDispatcher:
    """Finds the tool of a call and runs it; each dispatcher has its own box and its own list of calls."""

    def __init__(self, classes: AgentClassRegistry | None = None) -> None:
        self.classes = classes or AgentClassRegistry()
        self.tools = ToolBox()
        self.calls: list[str] = []

    def offer(self, name: str, tool: Callable[..., object]) -> None:
        """Let agents call a tool by a name."""
        self.tools.put(name, tool)

    def dispatch(self, name: str, *arguments: object) -> object:
        """Run a tool and remember that it ran."""
        self.calls.append(name)
        return self.tools.take(name)(*arguments)
