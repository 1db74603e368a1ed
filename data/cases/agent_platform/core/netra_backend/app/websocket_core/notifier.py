"""Tells users what their agents do."""

from __future__ import annotations

try:
    from netra_backend.app.websocket_core.manager import WebSocketManager
except ImportError:  # whichever of the two comes first, the manager is not ready here: this is always None
    WebSocketManager = None


class WebSocketNotifier:
    """Sends events, were there a manager to send them with."""

    def __init__(self) -> None:
        self.lost: list[str] = []

    def notify(self, user_id: str, event: str) -> bool:
        """Send an event, or lose it without a word."""
        if WebSocketManager is None:
            self.lost.append(event)
            return False
        WebSocketManager().send(user_id, {"event": event, "user_id": user_id})
        return True
