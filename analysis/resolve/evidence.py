"""What this package needs to know of a target, and nothing more.

Any object with these attributes will do: the facts of a scan, or a few small tables in a test.
"""

from __future__ import annotations

from typing import Protocol

import pyarrow as pa


class ClassFacts(Protocol):
    """The tables that say which classes there are, with the schemas of ``analysis.tables``."""

    @property
    def modules(self) -> pa.Table: ...
    @property
    def definitions(self) -> pa.Table: ...


class FactTables(ClassFacts, Protocol):
    """The facts tables, with the schemas of ``analysis.tables``."""

    @property
    def files(self) -> pa.Table: ...
    @property
    def imports(self) -> pa.Table: ...
    @property
    def methods(self) -> pa.Table: ...
    @property
    def bindings(self) -> pa.Table: ...
    @property
    def exports(self) -> pa.Table: ...
    @property
    def hooks(self) -> pa.Table: ...
    @property
    def markers(self) -> pa.Table: ...
    @property
    def returned(self) -> pa.Table: ...
