"""Starts the application. The handlers come before the bus: the bus runs twice, and there are two Event classes."""

from __future__ import annotations

from netra_backend.app.core import event_handlers
from netra_backend.app.core import event_bus


def boot() -> event_bus.EventBus:
    """Return the bus with the handlers of the start."""
    event_handlers.subscribe("started", lambda event: None)
    return event_bus.EventBus()
