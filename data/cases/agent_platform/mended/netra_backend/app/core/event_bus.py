"""Carries events from those who know to those who ask."""

from __future__ import annotations

from netra_backend.app.core import event_types
from netra_backend.app.core.event_handlers import EventHandlers


class EventBus:
    """Calls the handlers of an event."""

    def __init__(self, handlers: EventHandlers) -> None:
        self.handlers = handlers

    def publish(self, event: event_types.Event) -> int:
        """Return the number of handlers that were called."""
        called = self.handlers.of(event.name)
        for handler in called:
            handler(event)
        return len(called)
