"""Starts the application."""

from __future__ import annotations

from netra_backend.app.core import event_bus, event_handlers


def boot() -> event_bus.EventBus:
    """Return a bus with the handlers of the start."""
    handlers = event_handlers.EventHandlers()
    handlers.subscribe("started", lambda event: None)
    return event_bus.EventBus(handlers)
