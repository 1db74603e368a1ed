"""The registry of executions."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Execution:
    """One run of one agent."""

    identifier: str
    agent: str
    state: str = "pending"


class ExecutionRegistry:
    """Keeps the executions of this process."""

    def __init__(self) -> None:
        self._executions: dict[str, Execution] = {}

    def open(self, identifier: str, agent: str) -> Execution:
        """Return a new execution in the state pending."""
        execution = Execution(identifier, agent)
        self._executions[identifier] = execution
        return execution

    def close(self, identifier: str, state: str) -> None:
        """Note how an execution ended."""
        self._executions[identifier].state = state

    def running(self) -> list[str]:
        """Return the identifiers of the executions that have not ended."""
        return sorted(key for key, value in self._executions.items() if value.state in {"pending", "running"})
