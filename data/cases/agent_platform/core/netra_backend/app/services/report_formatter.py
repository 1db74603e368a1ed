"""Reports as text."""

from __future__ import annotations


class ReportFormatter:
    """Formats the figures of a report."""

    def __init__(self, width: int = 80) -> None:
        self.width = width

    def title(self, text: str) -> str:
        """Return a title with a line below."""
        shown = text.strip()[: self.width]
        return shown + "\n" + "=" * len(shown)

    def row(self, name: str, value: float) -> str:
        """Return one figure, aligned to the right."""
        number = f"{value:,.2f}"
        room = self.width - len(number) - 1
        return name[:room].ljust(room) + " " + number

    def table(self, rows: dict[str, float]) -> str:
        """Return all figures and their sum."""
        lines = [self.row(name, value) for name, value in sorted(rows.items())]
        lines.append("-" * self.width)
        lines.append(self.row("total", sum(rows.values())))
        return "\n".join(lines)
