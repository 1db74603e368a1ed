"""Defaults of the engines."""

from __future__ import annotations

MAX_ENGINES_PER_USER = 4
