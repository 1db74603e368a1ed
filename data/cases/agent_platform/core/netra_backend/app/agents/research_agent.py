"""Answers from documents."""

from __future__ import annotations

from netra_backend.app.agents.base_agent import BaseAgent
from netra_backend.app.agents.registry import AgentRegistry
from netra_backend.app.tools import DocumentSearch


class ResearchAgent(BaseAgent):
    """Looks a request up and quotes what it finds."""

    name = "research"

    def __init__(self, search: DocumentSearch, registry: AgentRegistry | None = None) -> None:
        super().__init__(registry)
        self.search = search

    async def think(self, request: str) -> str:
        """Return the titles of the three best documents, or say that there is none."""
        titles = self.search.find(request, limit=3)
        return "; ".join(titles) if titles else f"nothing known about {request}"
