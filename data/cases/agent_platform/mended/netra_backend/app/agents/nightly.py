"""Runs requests at night."""

from __future__ import annotations

from netra_backend.app.agents import interactive


async def run_all(user_id: str, requests: list[str]) -> int:
    """Return the number of requests that came to their end."""
    answers = [await interactive.answer(user_id, request) for request in requests]
    return sum(events[-1] == "agent_completed" for events in answers)
