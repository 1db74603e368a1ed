"""Progress of a run, as its caller hears of it."""

from __future__ import annotations

from collections.abc import Callable

#: Called as ``progress(step, done, total)``; every step ends with ``done == total``.
Progress = Callable[[str, int, int], None]


def ignore_progress(step: str, done: int, total: int) -> None:
    """Show nothing."""
