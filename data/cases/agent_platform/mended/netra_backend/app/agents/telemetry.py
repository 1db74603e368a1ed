"""Traces of agents."""

from __future__ import annotations


class Tracer:
    """Keeps the names of spans in memory."""

    def __init__(self) -> None:
        self.spans: list[str] = []

    def span(self, name: str) -> None:
        """Note a span."""
        self.spans.append(name)
