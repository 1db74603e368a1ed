"""SSOT redirect: the consolidated engine is the user execution engine. Deprecated since the consolidation."""

import warnings

from netra_backend.app.agents.supervisor.user_execution_engine import UserExecutionEngine as UserExecutionEngine

warnings.warn("import UserExecutionEngine from agents.supervisor", DeprecationWarning, stacklevel=2)
