"""SSOT redirect: the consolidated engine is the user execution engine. Deprecated since the consolidation."""

from netra_backend.app.agents.supervisor.user_execution_engine import UserExecutionEngine as UserExecutionEngine
