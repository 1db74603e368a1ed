"""The engine before the consolidation."""

from __future__ import annotations


class LegacyExecutionEngine:
    """Runs an agent without knowing for whom."""

    def run(self, agent: object, request: str) -> list[str]:
        """Return what was done, as text."""
        return [f"{type(agent).__name__}: {request}"]
