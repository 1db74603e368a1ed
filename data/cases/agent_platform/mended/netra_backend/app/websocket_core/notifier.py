"""Tells users what their agents do."""

from __future__ import annotations

from collections.abc import Callable


class WebSocketNotifier:
    """Sends events by what it is given to send with; keeps them until then."""

    def __init__(self, send: Callable[[str, dict[str, str]], None] | None = None) -> None:
        self.send = send
        self.waiting: list[tuple[str, str]] = []

    def notify(self, user_id: str, event: str) -> bool:
        """Say whether an event was sent; it waits when there is nothing to send it with."""
        if self.send is None:
            self.waiting.append((user_id, event))
            return False
        self.send(user_id, {"event": event, "user_id": user_id})
        return True
