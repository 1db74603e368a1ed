"""The import graph as tables."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa


@dataclass(frozen=True, slots=True)
class ImportGraph:
    """Tables ``edges``, ``externals`` and ``phantoms`` of ``tables.py``, and the sorted names of all modules."""

    edges: pa.Table
    externals: pa.Table
    phantoms: pa.Table
    modules: tuple[str, ...]
