"""Outputs of notebooks, each in two forms: one for JupyterLab and one for the pages of a report.

A page prefers ``PAGE``, which uses the style sheet and scripts that the page contains once. JupyterLab uses
``text/html`` or ``image/png``, which need nothing else; from a notebook that it does not trust it removes scripts,
styles and inline pictures, and what lies behind them shows.
"""

from __future__ import annotations

import math
import re
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from analysis.quantities import write_count, write_value
from analysis.report.colours import build_part_style
from analysis.report.escaping import breakable, html, plain
from analysis.report.packages import find_common_package, shorten_names

#: The type of an output that only pages of a report read: HTML without style and scripts.
PAGE = "application/vnd.ssot.page"
TEMPLATES = Path(__file__).parent / "templates"
#: What marks a cell with names, set in a fixed-width face.
NAME = ' class="name"'
MOST_ROWS = 25
MOST_PARTS = 8
#: Links of pictures lead to other pages of a report, which a notebook has not.
_LINK = re.compile(r"</?a\b[^>]*>")


@cache
def read_asset(name: str) -> str:
    """Return one file of the templates folder as text."""
    return (TEMPLATES / name).read_text("utf-8")


@dataclass(frozen=True, slots=True)
class Fragment:
    """HTML that is safe to show: all text from the target is escaped.

    ``whole`` is the form for JupyterLab where it differs: there, names are whole, because one copies them.
    """

    page: str
    summary: str = ""
    whole: str = ""

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        del include, exclude
        style = f"<style>{build_part_style()}{read_asset('parts.css')}</style>"
        lab = f'<div class="ssot">{style}{self.whole or self.page}</div>'
        return {"text/plain": self.summary or "<a part of a report>", "text/html": lab, PAGE: self.page}


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as PNG, with its alternative text and a caption; ``svg`` is the same in the colours of a page."""

    png: bytes
    alt: str
    caption: str = ""
    svg: str = ""

    @property
    def page(self) -> str:
        """The picture as HTML; where it is wider than the window, it can be scrolled."""
        words, data = html(self.alt), b64encode(self.png).decode("ascii")
        image = f'<img src="data:image/png;base64,{data}" alt="{words}">'
        role = "group" if "<a " in self.svg else "img"  # what is in an image cannot be followed
        drawn = self.svg.replace("<svg", f'<svg role="{role}" aria-label="{words}"', 1) if self.svg else image
        caption = f"<figcaption>{html(self.caption)}</figcaption>" if self.caption else ""
        scroll = f'<div class="scroll" role="region" tabindex="0" aria-label="Picture">{drawn}</div>'
        return f'<figure class="picture">{scroll}{caption}</figure>'

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        del include, exclude
        data = b64encode(self.png).decode("ascii")
        png = {"text/plain": plain(self.alt), "image/png": data, PAGE: self.page}
        return {**png, "text/html": self._cover(data)} if self.svg else png

    def _cover(self, data: str) -> str:
        """Return the PNG, and over it the picture in the colours of the notebook where that may show it."""
        style = f"{build_part_style()}.ssot-picture svg{{width:100%;height:auto;display:block}}"
        words = html(self.alt)
        return (
            f'<div style="position:relative"><img src="data:image/png;base64,{data}" alt="{words}" style="width:100%">'
            f'<div class="ssot ssot-picture" aria-hidden="true" style="position:absolute;inset:0">'
            f"<style>{style}</style>{_LINK.sub('', self.svg)}</div></div>"
        )


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
    package = find_common_package(list(_list_names(shown, names)))
    build = partial(_build_rows, shown, [units.get(str(name), "") for name in frame.columns], caption, names)
    hidden = len(frame) - len(shown)
    note = (
        f'<p class="hidden-rows">{hidden:,} more {"row is" if hidden == 1 else "rows are"} not shown.</p>'
        if hidden
        else ""
    )
    return Fragment(build(package) + note, f"{plain(caption)}: {len(frame):,} rows", build("") + note)


def _list_names(frame: pd.DataFrame, columns: Sequence[str]) -> Iterator[str]:
    """Yield the dotted names in some columns, those of lists too."""
    for column in columns:
        for value in frame.get(column, ()):
            parts = value if isinstance(value, list | tuple | np.ndarray) else (value,)
            yield from (str(part) for part in parts if "." in str(part))


def _build_rows(
    frame: pd.DataFrame, units: Sequence[str], caption: str, names: Sequence[str], package: str
) -> str:  # fmt: skip
    """Return a table whose names begin with … instead of a package, which the caption then names."""
    kinds = [_find_kind(frame, str(name), names) for name in frame.columns]
    head = "".join(
        f'<th scope="col"{kind}>{html(_show_head(str(name)))}</th>'
        for name, kind in zip(frame.columns, kinds, strict=True)
    )
    rows = "".join(
        f"<tr>{_build_cells(row, kinds, units, package)}</tr>" for row in frame.itertuples(index=False, name=None)
    )
    stands = f". In names, … stands for {html(package)}" if package else ""
    return (
        f'<div class="scroll" role="region" tabindex="0" aria-label="{html(caption)}"><table>'
        f"<caption>{html(caption)}{stands}</caption><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _show_head(name: str) -> str:
    """Show underscores of column names as spaces; names of classes do not change."""
    return name if ":" in name or not name.islower() else name.replace("_", " ")


def _find_kind(frame: pd.DataFrame, name: str, names: Sequence[str]) -> str:
    if pd.api.types.is_numeric_dtype(frame[name].dtype) and frame[name].dtype != bool:
        return ' class="number"'
    return NAME if name in names else ""


def _build_cells(row: Iterable[Any], kinds: Sequence[str], units: Sequence[str], package: str) -> str:
    cells = zip(row, kinds, units, strict=True)
    return "".join(
        f"<td{kind}>{_build_cell(value, unit, package if kind == NAME else '')}</td>" for value, kind, unit in cells
    )


def _build_cell(value: Any, unit: str = "", package: str = "") -> str:
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return write_count(value) if not unit else write_value(value, unit)
    if isinstance(value, float):
        return "–" if math.isnan(value) else write_value(value, unit)
    if isinstance(value, list | tuple):
        parts = [breakable(shorten_names(part, package)) for part in value[:MOST_PARTS]]
        hidden = len(value) - len(parts)
        return "<br>".join([*parts, f"<em>and {hidden:,} more</em>"] if hidden else parts)
    return breakable(shorten_names(value, package))
