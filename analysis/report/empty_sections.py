"""Sections of a notebook that have nothing to show: on a page one line names them all."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from analysis.report.displays import PAGE

_NOTHING = re.compile(r'\s*<p class="nothing">((?:(?!</?p[ >]).)*)</p>\s*', re.DOTALL)
_HEADING = re.compile(r"##\s+(.+)")


def fold_empty_sections(cells: Sequence[Any]) -> tuple[list[Any], list[str]]:
    """Return the cells without the sections whose every output says that there is nothing, and the titles of those.

    A section begins with a heading of the second level. One without any output, such as plain prose, stays.
    """
    kept: list[Any] = []
    titles: list[str] = []
    for section in _split(cells):
        title = _find_title(section[0])
        if title and _is_empty(section):
            titles.append(title)
        else:
            kept += section
    return kept, titles


def _split(cells: Sequence[Any]) -> list[list[Any]]:
    sections: list[list[Any]] = []
    for cell in cells:
        if not sections or _find_title(cell):
            sections.append([])
        sections[-1].append(cell)
    return sections


def _find_title(cell: Any) -> str:
    found = _HEADING.match(cell["source"]) if cell["cell_type"] == "markdown" else None
    return found[1].strip() if found else ""


def _is_empty(section: Sequence[Any]) -> bool:
    outputs = [output for cell in section if cell["cell_type"] == "code" for output in cell["outputs"]]
    return bool(outputs) and all(_NOTHING.fullmatch(_read(output)) for output in outputs)


def _read(output: Any) -> str:
    page = output.get("data", {}).get(PAGE, "")
    return "".join(page) if isinstance(page, list) else str(page)
