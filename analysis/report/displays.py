"""Outputs of notebooks, each in two forms: one for JupyterLab and one for the pages of a report.

A page prefers ``PAGE``, which uses the style sheet and scripts that the page contains once. JupyterLab uses
``text/html`` or ``image/png``, which need nothing else.
"""

from __future__ import annotations

import math
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pandas as pd

from analysis.quantities import write_count, write_value
from analysis.report.escaping import breakable, html, plain

#: The type of an output that only pages of a report read: HTML without style and scripts.
PAGE = "application/vnd.ssot.page"
TEMPLATES = Path(__file__).parent / "templates"
MOST_ROWS = 25
MOST_PARTS = 8


@cache
def read_asset(name: str) -> str:
    """Return one file of the templates folder as text."""
    return (TEMPLATES / name).read_text("utf-8")


@dataclass(frozen=True, slots=True)
class Fragment:
    """HTML that is safe to show: all text from the target is escaped."""

    page: str
    summary: str = ""

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        del include, exclude
        lab = f'<div class="ssot"><style>{read_asset("parts.css")}</style>{self.page}</div>'
        return {"text/plain": self.summary or "<a part of a report>", "text/html": lab, PAGE: self.page}


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as PNG, with its alternative text and a caption."""

    png: bytes
    alt: str
    caption: str = ""

    @property
    def page(self) -> str:
        """The picture as HTML."""
        data = b64encode(self.png).decode("ascii")
        image = f'<img src="data:image/png;base64,{data}" alt="{html(self.alt)}">'
        caption = f"<figcaption>{html(self.caption)}</figcaption>" if self.caption else ""
        return f'<figure class="picture">{image}{caption}</figure>'

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        del include, exclude
        data = b64encode(self.png).decode("ascii")
        return {"text/plain": plain(self.alt), "image/png": data, PAGE: self.page}


@dataclass(frozen=True, slots=True)
class Prose:
    """Computed sentences, as Markdown with every name of the target escaped."""

    text: str

    def __str__(self) -> str:
        return self.text

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        del include, exclude
        return {"text/plain": self.text, "text/markdown": self.text}


def build_table(
    frame: pd.DataFrame, *, caption: str, most_rows: int = MOST_ROWS, names: Sequence[str] = (),
    units: Mapping[str, str] = MappingProxyType({}),
) -> Fragment:  # fmt: skip
    """Return a frame as an escaped table that says how many rows it hides.

    ``names`` are the columns with dotted names, paths or source, set in a fixed-width face. ``units`` are those of
    columns whose numbers are not counts. Lists show their first parts.
    """
    if frame.empty:
        return Fragment(f'<p class="nothing">{html(caption)}: none.</p>', f"{plain(caption)}: none")
    shown = frame.head(most_rows)
    kinds = [_find_kind(frame, str(name), names) for name in frame.columns]
    head = "".join(
        f'<th scope="col"{kind}>{html(_show_head(str(name)))}</th>'
        for name, kind in zip(frame.columns, kinds, strict=True)
    )
    of = [units.get(str(name), "") for name in frame.columns]
    rows = "".join(f"<tr>{_build_cells(row, kinds, of)}</tr>" for row in shown.itertuples(index=False, name=None))
    hidden = len(frame) - len(shown)
    note = (
        f'<p class="hidden-rows">{hidden:,} more {"row is" if hidden == 1 else "rows are"} not shown.</p>'
        if hidden
        else ""
    )
    table = f"<table><caption>{html(caption)}</caption><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
    page = f'<div class="scroll" role="region" tabindex="0" aria-label="{html(caption)}">{table}</div>{note}'
    return Fragment(page, f"{plain(caption)}: {len(frame):,} rows")


def _show_head(name: str) -> str:
    """Show underscores of column names as spaces; names of classes do not change."""
    return name if ":" in name or not name.islower() else name.replace("_", " ")


def _find_kind(frame: pd.DataFrame, name: str, names: Sequence[str]) -> str:
    if pd.api.types.is_numeric_dtype(frame[name].dtype) and frame[name].dtype != bool:
        return ' class="number"'
    return ' class="name"' if name in names else ""


def _build_cells(row: Iterable[Any], kinds: Sequence[str], units: Sequence[str]) -> str:
    cells = zip(row, kinds, units, strict=True)
    return "".join(f"<td{kind}>{_build_cell(value, unit)}</td>" for value, kind, unit in cells)


def _build_cell(value: Any, unit: str = "") -> str:
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return write_count(value) if not unit else write_value(value, unit)
    if isinstance(value, float):
        return "–" if math.isnan(value) else write_value(value, unit)
    if isinstance(value, list | tuple):
        parts = [breakable(part) for part in value[:MOST_PARTS]]
        hidden = len(value) - len(parts)
        return "<br>".join([*parts, f"<em>and {hidden:,} more</em>"] if hidden else parts)
    return breakable(value)
