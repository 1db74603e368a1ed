"""The sockets of all users."""

from __future__ import annotations

from netra_backend.app.websocket_core.notifier import WebSocketNotifier


class WebSocketManager:
    """Keeps what was sent to each user, in order."""

    def __init__(self) -> None:
        self.sent: dict[str, list[dict[str, str]]] = {}
        self.notifier = WebSocketNotifier(self.send)

    def send(self, user_id: str, event: dict[str, str]) -> None:
        """Send an event to a user."""
        self.sent.setdefault(user_id, []).append(event)

    def events_of(self, user_id: str) -> list[str]:
        """Return the names of the events that a user received."""
        return [event["event"] for event in self.sent.get(user_id, [])]
