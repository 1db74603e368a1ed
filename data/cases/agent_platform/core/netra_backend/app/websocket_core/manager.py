"""The sockets of all users."""

from __future__ import annotations

from netra_backend.app.websocket_core.notifier import WebSocketNotifier


class WebSocketManager:
    """Keeps one list of sent events per user."""

    def __init__(self) -> None:
        self.sent: dict[str, list[str]] = {}
        self.notifier = WebSocketNotifier()

    def send(self, user: str, event: str) -> None:
        """Send an event to a user."""
        self.sent.setdefault(user, []).append(event)
