"""A difference as a file: the format is chosen by the file name."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from analysis import store
from analysis.errors import UnknownNameError
from analysis.history.difference import Difference
from analysis.report.difference_markdown import build_difference_markdown
from analysis.report.difference_page import build_difference_page


def _render_json(found: Difference) -> str:
    return json.dumps(found.as_record(), indent=2) + "\n"


#: The ending of a file name, and the renderer that it chooses.
FORMATS: Mapping[str, Callable[[Difference], str]] = {
    ".md": build_difference_markdown,
    ".html": build_difference_page,
    ".json": _render_json,
}


def find_format(name: str) -> str:
    """Return the ending of ``FORMATS`` that a file name has; raises ``UnknownNameError`` if there is none.

    >>> find_format("out/Changes.HTML")
    '.html'
    """
    for ending in FORMATS:
        if name.lower().endswith(ending):
            return ending
    raise UnknownNameError(f"no format for the file {name}", remedy=f"Use a name that ends in {', '.join(FORMATS)}")


def write_files(found: Difference, places: Iterable[Path]) -> None:
    """Write a difference to files, each in the format of its name, completely or not at all."""
    for place in places:
        store.write_file(place, FORMATS[find_format(place.name)](found))
