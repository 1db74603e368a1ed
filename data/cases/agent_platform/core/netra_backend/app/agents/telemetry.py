"""Traces of agents. Without the telemetry package a class of our own takes over."""

from __future__ import annotations

try:
    from netra_telemetry import Tracer
except ImportError:

    class Tracer:
        """Keeps the names of spans in memory."""

        def __init__(self) -> None:
            self.spans: list[str] = []

        def span(self, name: str) -> None:
            """Note a span."""
            self.spans.append(name)


tracer = Tracer()
