"""An index by name: what the registries once had in common, without the name of one."""

from __future__ import annotations


class NameIndex:
    """Entries by name; each index has its own."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._entries: dict[str, object] = {}

    def add(self, name: str, entry: object) -> None:
        """Put an entry under a name."""
        self._entries[name] = entry

    def get(self, name: str) -> object | None:
        """Return the entry of a name, None when there is none."""
        return self._entries.get(name)

    def names(self) -> list[str]:
        """Return all names in order."""
        return sorted(self._entries)

    def __len__(self) -> int:
        return len(self._entries)
