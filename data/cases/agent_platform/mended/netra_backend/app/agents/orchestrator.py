"""Plans the steps of a request."""

from __future__ import annotations


def plan(request: str) -> list[str]:
    """Return the steps of a request."""
    return [part.strip() for part in request.split(",")]
