"""What agents can do besides talking."""

from netra_backend.app.tools.calculator import Calculator
from netra_backend.app.tools.document_search import DocumentSearch

__all__ = ["Calculator", "DocumentSearch"]
