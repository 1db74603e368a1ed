"""Builds the engine of each user."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

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

    async def create_for_user(
        self, user_id: str, load_model: Callable[[str], Awaitable[None]]
    ) -> engines.UserExecutionEngine:
        """Return a new engine. The user is kept on the shared factory while the model loads."""
        self._current_user = user_id
        await load_model(user_id)
        engine = engines.UserExecutionEngine(self._current_user)
        self._engines[user_id] = engine
        return engine

    def get_or_build(self, user_id: str) -> engines.UserExecutionEngine:
        """Return the last engine of a user, or a new one."""
        if user_id not in self._engines:
            self._engines[user_id] = engines.UserExecutionEngine(user_id)
        return self._engines[user_id]

    def count_free(self) -> int:
        """Return how many engines may still be built for the users seen so far."""
        return (ENGINES_PER_USER - 1) * len(self._engines)
