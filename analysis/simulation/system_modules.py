"""``sys.modules`` as statements of the tree see it."""

from __future__ import annotations

from collections.abc import Callable

from analysis.simulation.values import Value


class SystemModules:
    """A view of the modules that are loaded: what statements change and ask there goes to ``touch`` and ``look``."""

    def __init__(self, loaded: dict[str, Value], touch: Callable[[str], None], look: Callable[[str], None]) -> None:
        self._loaded, self._touch, self._look = loaded, touch, look

    def __contains__(self, name: object) -> bool:
        self._look(str(name))
        return name in self._loaded

    def __getitem__(self, name: str) -> Value:
        self._look(name)
        return self._loaded[name]

    def get(self, name: str, default: Value = None) -> Value:
        """Return the entry of a name, else the default."""
        self._look(name)
        return self._loaded.get(name, default)

    def __setitem__(self, name: str, value: Value) -> None:
        self._loaded[name] = value
        self._touch(name)

    def pop(self, name: str, default: Value = None) -> Value:
        """Remove the entry of a name and return it, else the default."""
        self._touch(name)
        return self._loaded.pop(name, default)

    def setdefault(self, name: str, value: Value) -> Value:
        """Return the entry of a name, which is set where it is not there."""
        if name not in self._loaded:
            self[name] = value
        return self._loaded[name]

    def end(self) -> None:
        """Tell nobody any more."""
        self._touch = self._look = _ignore


def _ignore(_: str) -> None:
    """Nobody listens any more."""
