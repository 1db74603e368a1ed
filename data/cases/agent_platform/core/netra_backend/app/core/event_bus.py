"""Carries events from those who know to those who ask."""

from __future__ import annotations

from netra_backend.app.core.event_types import ANNOUNCED


class Event:
    """Something that happened."""

    def __init__(self, name: str) -> None:
        self.name = name


ANNOUNCED.append(Event)

from netra_backend.app.core.event_handlers import HANDLERS  # noqa: E402


class EventBus:
    """Calls the handlers of an event."""

    def publish(self, event: Event) -> int:
        """Return the number of handlers that were called."""
        handlers = HANDLERS.get(event.name, [])
        for handler in handlers:
            handler(event)
        return len(handlers)
