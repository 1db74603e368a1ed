"""The supervisor: it starts engines and watches over them."""

from netra_backend.app.agents.supervisor.user_execution_engine import UserExecutionEngine

__all__ = ["UserExecutionEngine"]
