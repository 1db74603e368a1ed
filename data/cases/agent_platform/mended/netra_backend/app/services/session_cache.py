"""Sessions, each of one user."""

from __future__ import annotations


class SessionCache:
    """The sessions of one service by user."""

    def __init__(self) -> None:
        self._sessions: dict[str, dict[str, str]] = {}

    def open(self, user_id: str) -> dict[str, str]:
        """Return the session of a user, a new one the first time."""
        return self._sessions.setdefault(user_id, {"user_id": user_id})
