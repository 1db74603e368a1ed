"""All classes of events, in the order in which they announced themselves."""

from __future__ import annotations

ANNOUNCED: list[type] = []
BASE_EVENT: type | None = None


def announce(event_class: type) -> type:
    """Remember a class of events; the first one of all is what others are compared with."""
    global BASE_EVENT
    ANNOUNCED.append(event_class)
    if BASE_EVENT is None:
        BASE_EVENT = event_class
    return event_class
