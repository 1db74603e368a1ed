"""Sends a request to those who can answer it."""

from __future__ import annotations

from netra_backend.app.agents.base_agent import BaseAgent

TOPICS = {
    "billing": ("invoice", "charge", "refund", "payment"),
    "access": ("login", "password", "invite", "role"),
    "data": ("export", "import", "report", "dashboard"),
}


class TriageAgent(BaseAgent):
    """Chooses the topic whose words occur most often in a request."""

    name = "triage"

    async def think(self, request: str) -> str:
        """Return the topic of a request, ``general`` when no topic's words occur."""
        words = request.lower().split()
        hits = {topic: sum(words.count(word) for word in known) for topic, known in TOPICS.items()}
        best = max(sorted(hits), key=lambda topic: hits[topic])
        return best if hits[best] else "general"
