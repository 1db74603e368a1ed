"""SSOT redirect: the engine lives in user_execution_engine; this path is kept for old imports. Deprecated."""

import warnings

from netra_backend.app.agents.supervisor.user_execution_engine import UserExecutionEngine

__all__ = ["UserExecutionEngine"]

warnings.warn("import UserExecutionEngine from agents.supervisor", DeprecationWarning, stacklevel=2)
