"""What an edit changed: the findings that came, and those that went."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

import pyarrow as pa

from analysis.finding_filters import format_finding
from analysis.quantities import write_decimal
from analysis.wording import format_count


@dataclass(frozen=True, slots=True)
class LastEdit:
    """The rows of ``tables.FINDINGS`` that are new and that are gone, how many are left, and the seconds it took."""

    new: tuple[Mapping[str, Any], ...]
    gone: tuple[Mapping[str, Any], ...]
    left: int
    seconds: float

    def __bool__(self) -> bool:
        """Return whether any finding came or went."""
        return bool(self.new or self.gone)

    def __str__(self) -> str:
        return "\n".join([*self.write_lines(), self.summary])

    def write_lines(self) -> Iterator[str]:
        """Yield a line for each finding that came (``+``) or went (``-``)."""
        yield from (f"+ {format_finding(row)}" for row in self.new)
        yield from (f"- {format_finding(row)}" for row in self.gone)

    @property
    def summary(self) -> str:
        """The change in one line."""
        counted = f"{format_count(self.left, 'finding')} now ({write_decimal(self.seconds)} s)"
        return f"{len(self.new):,} new, {len(self.gone):,} gone: {counted}" if self else f"nothing changed: {counted}"

    def _repr_html_(self) -> str:
        rows = "".join(f"<li><code>{escape(line)}</code></li>" for line in self.write_lines())
        return f"<p>{escape(self.summary)}</p>" + (f"<ul>{rows}</ul>" if rows else "")

    def as_record(self) -> dict[str, Any]:
        """Return the change as the values of a JSON document."""
        return {"new": list(self.new), "gone": list(self.gone), "left": self.left, "seconds": round(self.seconds, 3)}


def compare_findings(before: pa.Table, after: pa.Table, *, seconds: float) -> LastEdit:
    """Return which findings of one snapshot the other does not have, by their fingerprints, in their order."""
    old, new = ({row["fingerprint"]: row for row in table.to_pylist()} for table in (before, after))
    return LastEdit(
        tuple(row for name, row in new.items() if name not in old),
        tuple(row for name, row in old.items() if name not in new), len(new), seconds,
    )  # fmt: skip
