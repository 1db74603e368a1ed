"""Defaults of the engines. Names that moved are looked up where they went."""

from __future__ import annotations


def __getattr__(name: str) -> object:
    """Limits used to live in the factory: ask there."""
    if name.startswith("__"):
        raise AttributeError(name)
    from netra_backend.app.agents.supervisor import execution_engine_factory

    return getattr(execution_engine_factory, name)
