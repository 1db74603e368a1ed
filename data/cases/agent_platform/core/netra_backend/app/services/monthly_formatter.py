"""Monthly reports as text."""

from __future__ import annotations


class MonthlyFormatter:
    """Formats the figures of a month."""

    def __init__(self, width: int = 80) -> None:
        self.width = width

    def title(self, text: str) -> str:
        """Return the title, underlined."""
        shown = text.strip()[: self.width]
        return shown + "\n" + "=" * len(shown)

    def row(self, name: str, value: float) -> str:
        """Return a figure."""
        number = f"{value:,.2f}"
        room = self.width - len(number) - 1
        return name[:room].ljust(room) + " " + number

    def table(self, rows: dict[str, float]) -> str:
        """Return the figures and what they add up to."""
        lines = [self.row(name, value) for name, value in sorted(rows.items())]
        lines.append("-" * self.width)
        lines.append(self.row("sum", sum(rows.values())))
        return "\n".join(lines)
