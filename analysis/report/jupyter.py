"""papermill, nbconvert and nbformat, imported on first use and without what makes them slow."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from typing import Any

#: An optional part of jsonschema that checks internationalised addresses, of which notebooks have none. It
#: builds a grammar when it is imported: two seconds, more than everything else together.
_SLOW = "rfc3987_syntax"


@contextlib.contextmanager
def _without_slow_part() -> Iterator[None]:
    if _SLOW in sys.modules or "jsonschema" in sys.modules:
        yield
        return
    sys.modules[_SLOW] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules[_SLOW]


def import_papermill() -> Any:
    """Return the module ``papermill``."""
    with _without_slow_part():
        import papermill  # noqa: PLC0415 - that is the point
    return papermill


def import_nbformat() -> Any:
    """Return the module ``nbformat``."""
    with _without_slow_part():
        import nbformat  # noqa: PLC0415 - that is the point
    return nbformat


def import_exporters() -> Any:
    """Return the module ``nbconvert.exporters``."""
    with _without_slow_part():
        from nbconvert import exporters  # noqa: PLC0415 - that is the point
    return exporters
