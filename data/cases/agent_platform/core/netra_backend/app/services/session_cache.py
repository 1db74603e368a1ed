"""Sessions, kept in every way that one user's can reach another."""

from __future__ import annotations

from functools import lru_cache

_LAST_SESSION: dict[str, str] | None = None


class SessionCache:
    """The answers of one session."""

    def __init__(self) -> None:
        self.answers: dict[str, str] = {}


@lru_cache(maxsize=1)
def get_cache() -> SessionCache:
    """Return the cache: one for all users."""
    return SessionCache()


def open_session(user_id: str, session: dict[str, str] = {}) -> dict[str, str]:
    """Return a session: the same one for everybody who brings none."""
    global _LAST_SESSION
    session["user_id"] = user_id
    _LAST_SESSION = session
    return session
