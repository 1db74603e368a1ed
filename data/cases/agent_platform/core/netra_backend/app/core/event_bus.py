"""Carries events from those who know to those who ask."""

from __future__ import annotations

from netra_backend.app.core import event_types


@event_types.announce
class Event:
    """Something that happened."""

    def __init__(self, name: str) -> None:
        self.name = name


class EventBus:
    """Calls the handlers of an event."""

    def publish(self, event: Event) -> int:
        """Return the number of handlers that were called; what is no event is ignored."""
        if not isinstance(event, event_types.BASE_EVENT):
            return 0
        handlers = HANDLERS.get(event.name, [])
        for handler in handlers:
            handler(event)
        return len(handlers)


from netra_backend.app.core.event_handlers import HANDLERS  # noqa: E402
