"""Who wants to know of which event."""

from __future__ import annotations

from collections.abc import Callable


class EventHandlers:
    """Handlers by the name of their event."""

    def __init__(self) -> None:
        self._handlers: dict[str, list[Callable[..., None]]] = {}

    def subscribe(self, name: str, handler: Callable[..., None]) -> None:
        """Call a handler for every event of a name."""
        self._handlers.setdefault(name, []).append(handler)

    def of(self, name: str) -> list[Callable[..., None]]:
        """Return the handlers of a name."""
        return list(self._handlers.get(name, []))
