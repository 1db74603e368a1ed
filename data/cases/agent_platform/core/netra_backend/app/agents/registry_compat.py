"""Old path of the agent registry. Deprecated: import from netra_backend.app.agents.registry."""

from __future__ import annotations

import warnings

from netra_backend.app.agents import bootstrap as _bootstrap  # noqa: F401 - the registry needs it first
from netra_backend.app.agents.registry import AgentRegistry, AgentRegistryFactory

__all__ = ["AgentRegistry", "AgentRegistryFactory"]

warnings.warn("import from netra_backend.app.agents.registry", DeprecationWarning, stacklevel=2)
