"""Reports: notebooks run by papermill, HTML pages, pictures, networks, issues and exports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from analysis.report.run_report import write_report

__all__ = ["write_report"]


def __getattr__(name: str) -> Any:
    """Import the report writer on first use: notebooks need only pictures and sentences."""
    if name == "write_report":
        from analysis.report.run_report import write_report  # noqa: PLC0415 - that is the point

        return write_report
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
