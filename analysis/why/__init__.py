"""Why the first import of a module fails, or what it silently swallows."""

from __future__ import annotations

from analysis.why.answer import CitedStatement, Guilt, Swallowed, TriedCut, Why
from analysis.why.asking import explain_first_import
from analysis.why.sources import SourceLines, open_sources

__all__ = [
    "CitedStatement",
    "Guilt",
    "SourceLines",
    "Swallowed",
    "TriedCut",
    "Why",
    "explain_first_import",
    "open_sources",
]
