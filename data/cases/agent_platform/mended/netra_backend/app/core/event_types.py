"""What can happen."""

from __future__ import annotations


class Event:
    """Something that happened."""

    def __init__(self, name: str) -> None:
        self.name = name
