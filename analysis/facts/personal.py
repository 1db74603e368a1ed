"""Names that refer to one user, request or conversation."""

from __future__ import annotations

_PERSONAL = frozenset({
    "request", "req", "user", "username", "userid", "session", "tenant", "token", "credentials", "credential", "cookie",
    "cookies", "password", "principal", "customer", "account", "websocket", "conversation", "identity", "visitor",
    "jwt", "member", "patient", "organization",
})  # fmt: skip
#: What of a user belongs to this user too, where a manager or a timeout does not.
_OWN = frozenset({"id", "name", "email", "data", "info", "context", "ctx", "object", "obj", "model", "profile", "key"})


def is_personal(name: str) -> bool:
    """Return whether a name refers to one user, request or conversation.

    >>> [is_personal(name) for name in ("request", "_current_user", "user_id", "session_timeout", "max_tokens", "size")]
    [True, True, True, False, False, False]
    """
    words = name.strip("_").lower().split("_")
    last = words.pop()
    return last in _PERSONAL or (last in _OWN and not _PERSONAL.isdisjoint(words))
