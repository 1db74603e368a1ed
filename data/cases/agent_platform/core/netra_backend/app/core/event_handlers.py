"""Who wants to know of which event."""

from __future__ import annotations

from collections.abc import Callable

try:
    from netra_backend.app.core.event_bus import EventBus
except ImportError:  # the bus is half executed here; it runs a second time when it is asked for again
    EventBus = None

HANDLERS: dict[str, list[Callable[..., None]]] = {}


def subscribe(name: str, handler: Callable[..., None]) -> None:
    """Call a handler for every event of a name."""
    HANDLERS.setdefault(name, []).append(handler)
