"""Deprecated: executions moved to netra_backend.app.agents.execution_tracking.registry."""

from netra_backend.app.agents.execution_tracking.registry import Execution, ExecutionRegistry  # noqa: F401
