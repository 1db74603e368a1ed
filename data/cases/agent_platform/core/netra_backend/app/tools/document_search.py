"""Finds documents by their words."""

from __future__ import annotations

from collections import Counter


class DocumentSearch:
    """Keeps documents in memory and ranks them by the words that they share with a question."""

    def __init__(self) -> None:
        self._words: dict[str, Counter[str]] = {}

    def put(self, title: str, text: str) -> None:
        """Add a document; a second one of the same title replaces the first."""
        self._words[title] = Counter(text.lower().split())

    def find(self, question: str, limit: int = 5) -> list[str]:
        """Return the titles of the best documents, best first; those without a shared word are left out."""
        wanted = set(question.lower().split())
        scores = {title: sum(words[word] for word in wanted) for title, words in self._words.items()}
        ranked = sorted((title for title in scores if scores[title]), key=lambda title: (-scores[title], title))
        return ranked[:limit]
