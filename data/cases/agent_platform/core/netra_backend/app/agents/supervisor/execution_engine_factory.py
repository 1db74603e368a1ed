"""Builds the engine of each user."""

from __future__ import annotations

import asyncio

from netra_backend.app.agents.supervisor import engine_defaults, user_execution_engine as engines


def __getattr__(name: str) -> object:
    """Limits moved to the defaults: ask there."""
    if name.startswith("__"):
        raise AttributeError(name)
    return getattr(engine_defaults, name)


ENGINES_PER_USER = engine_defaults.MAX_ENGINES_PER_USER


class ExecutionEngineFactory:
    """One factory for the whole process: whoever asks for it gets the same object, with the same state."""

    _instance: ExecutionEngineFactory | None = None
    _engines: dict[str, engines.UserExecutionEngine] = {}
    _current_user: str = ""

    def __new__(cls) -> ExecutionEngineFactory:
        if cls._instance is None:
            cls._instance = super().__new__(cls)
        return cls._instance

    async def create_for_user(self, user: str, warm_up: int = 1) -> engines.UserExecutionEngine:
        """Return a new engine; the user is kept on the shared factory while the engine warms up."""
        self._current_user = user
        for _ in range(warm_up):
            await asyncio.sleep(0)
        engine = engines.UserExecutionEngine(self._current_user)
        self._engines[user] = engine
        return engine

    def get_or_build(self, user: str) -> engines.UserExecutionEngine:
        """Return the last engine of a user, or a new one."""
        if user not in self._engines:
            self._engines[user] = engines.UserExecutionEngine(user)
        return self._engines[user]

    def count(self) -> int:
        """Return how many engines are alive."""
        return min(len(self._engines), ENGINES_PER_USER * len(self._engines))
