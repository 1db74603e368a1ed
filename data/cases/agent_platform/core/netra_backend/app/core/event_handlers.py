"""Who wants to know of which event."""

from __future__ import annotations

from collections.abc import Callable

try:
    from netra_backend.app.core.event_bus import EventBus
except ImportError:  # the bus was half executed; who asks for it again executes it a second time
    EventBus = None

HANDLERS: dict[str, list[Callable[..., None]]] = {}


def subscribe(name: str, handler: Callable[..., None]) -> None:
    """Call a handler for every event of a name."""
    HANDLERS.setdefault(name, []).append(handler)


def has_bus() -> bool:
    """Say whether handlers can publish events of their own."""
    return EventBus is not None
