"""The registry of executions."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Execution:
    """One run of one agent for one user."""

    identifier: str
    user_id: str
    agent: str
    state: str = "running"


class ExecutionRegistry:
    """Keeps the executions of one service or agent."""

    def __init__(self) -> None:
        self._executions: dict[str, Execution] = {}

    def open(self, user_id: str, agent: str) -> Execution:
        """Return a new execution that is running."""
        execution = Execution(f"{agent}-{len(self._executions) + 1}", user_id, agent)
        self._executions[execution.identifier] = execution
        return execution

    def close(self, identifier: str, state: str) -> None:
        """Note how an execution ended."""
        self._executions[identifier].state = state

    def running(self) -> list[str]:
        """Return the identifiers of the executions that have not ended."""
        return [key for key, execution in self._executions.items() if execution.state == "running"]
