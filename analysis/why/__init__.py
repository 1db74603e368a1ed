"""Why the first import of a module fails, or what it silently swallows."""

from __future__ import annotations

from analysis.why.answer import Cut, Guilt, Statement, Swallowed, Why
from analysis.why.asking import explain_first_import
from analysis.why.sources import SourceLines, open_sources

__all__ = ["Cut", "Guilt", "SourceLines", "Statement", "Swallowed", "Why", "explain_first_import", "open_sources"]
