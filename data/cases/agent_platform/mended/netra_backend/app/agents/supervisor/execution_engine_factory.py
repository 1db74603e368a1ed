"""Builds the engine of each user. SSOT: engines are built here and nowhere else."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from netra_backend.app.agents.supervisor import engine_defaults, user_execution_engine as engines

__all__ = ["ExecutionEngineFactory"]


class ExecutionEngineFactory:
    """Builds and keeps engines by user; each factory has its own."""

    def __init__(self) -> None:
        self._engines: dict[str, engines.UserExecutionEngine] = {}

    async def create(self, user_id: str, load_model: Callable[[str], Awaitable[None]]) -> engines.UserExecutionEngine:
        """Return a new engine of a user once the model is loaded; it becomes the user's current one."""
        await load_model(user_id)
        engine = engines.UserExecutionEngine(user_id)
        self._engines[user_id] = engine
        return engine

    def get(self, user_id: str) -> engines.UserExecutionEngine | None:
        """Return the current engine of a user, None when none was created."""
        return self._engines.get(user_id)

    def count_free(self) -> int:
        """Return how many engines may still be built for the users seen so far."""
        return (engine_defaults.MAX_ENGINES_PER_USER - 1) * len(self._engines)
