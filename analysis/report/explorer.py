"""The explorer of an investigation: one code for its page, the single file, and JupyterLab."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from analysis.errors import UnknownNameError
from analysis.report.colours import build_colour_style
from analysis.report.displays import PAGE, Fragment, build_table, read_asset
from analysis.report.escaping import html
from analysis.report.explorer_data import build_explorer_data
from analysis.report.explorer_links import EXPLORER_PAGE, link_to_view, name_module_view, name_package_view
from analysis.report.frames import build_frame
from analysis.report.networks import dump_json
from analysis.report.pages import Page
from analysis.report.templating import Trusted, build_environment, render
from analysis.wording import format_count

if TYPE_CHECKING:
    from analysis.investigation import Investigation

#: Rows of the table that readers without scripts see.
MOST_PACKAGES = 200
_SCRIPTS = ("explorer_model.js", "explorer_views.js", "explorer_draw.js", "explorer_lists.js", "explorer.js")
_HEIGHT = 900


@dataclass(frozen=True)
class Explorer:
    """What the explorer shows of one target, and the address of the view that it begins with."""

    data: dict[str, Any]
    start: str = ""
    #: The page of all findings: a file, empty for the same page, None where there is none.
    findings: str | None = None

    @cached_property
    def json(self) -> Trusted:
        """The data for a script element: nothing in it can close the element."""
        return Trusted(dump_json(self.data))

    @property
    def style(self) -> Trusted:
        """The style sheet of the explorer."""
        return Trusted(read_asset("explorer.css"))

    @property
    def scripts(self) -> Trusted:
        """The scripts of the explorer, in the order in which they need each other."""
        return Trusted(read_scripts())

    @cached_property
    def table(self) -> Trusted:
        """The packages as a table, for readers without scripts and for print."""
        return Trusted(self._build_table().page)

    def _build_table(self) -> Fragment:
        frame = build_packages_frame(self.data)
        return build_table(frame, caption="Packages", most_rows=MOST_PACKAGES, names=("package",))

    def build_section(self, *, is_alone: bool = False) -> str:
        """Return the explorer as a part of a page; alone on it, it starts at once, else when it comes into view."""
        part = build_environment().get_template("explorer.j2").module
        return str(part.show(self, alone=is_alone))  # type: ignore[attr-defined]

    def build_page(self, report: Mapping[str, Any]) -> str:
        """Return the explorer as a page of the folder of a report, from the data of the report's templates."""
        explorer = replace(self, findings="findings.html")
        return render("explorer.html.j2", report=report, explorer=explorer, has_networks=False)

    @property
    def chapter(self) -> Page:
        """The explorer as a chapter of the report in one file."""
        return Page(Path(EXPLORER_PAGE).stem, "Explorer", replace(self, findings="").build_section())

    @property
    def frame(self) -> str:
        """The explorer as a separate document in a frame, for JupyterLab; its packages as text behind it."""
        body = "body{margin:0;padding:1rem;font:15px/1.5 system-ui,sans-serif;background:var(--paper)}"
        style = f"{build_colour_style()}{body}{read_asset('parts.css')}"
        head = f'<meta charset="utf-8"><style>{style}</style>'
        document = (
            f'<!doctype html><html lang="en"><head>{head}</head>'
            f'<body class="ssot">{self.build_section(is_alone=True)}</body></html>'
        )
        behind = f'<pre style="white-space:pre-wrap">{html(str(self))}</pre>'
        return build_frame(document, behind=behind, title="Explorer", height=_HEIGHT, may_save=True)

    @property
    def page(self) -> str:
        """What a notebook's page of a report shows: a link to the explorer of that report."""
        address = link_to_view(self.start or name_package_view())
        return f'<p><a href="{html(address)}">Open the explorer</a></p>'

    def __str__(self) -> str:
        frame = build_packages_frame(self.data).head(10)
        lines = [f"Explorer of {self.data['target']}: {format_count(sum(self.data['nodes']['module']), 'module')}"]
        rows = frame[["package", "modules", "imported by"]].itertuples(index=False)
        lines += [f"  {package}: {format_count(size, 'module')}, imported by {used:,}" for package, size, used in rows]
        return "\n".join(lines)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        del include, exclude
        return {"text/plain": str(self), "text/html": self.frame, PAGE: self.page}


def build_explorer(inv: Investigation, module: str | None = None) -> Explorer:
    """Return the explorer of an investigation, which begins with a module or package, or with all packages.

    Raises ``UnknownNameError`` with the nearest names when the target has neither.
    """
    data = build_explorer_data(inv)
    return Explorer(data, _find_start(data, module) if module else "")


def _find_start(data: dict[str, Any], name: str) -> str:
    names = read_names(data)
    if name not in names:
        near = get_close_matches(name, names, n=3)
        raise UnknownNameError(
            f"no module or package {name!r}", remedy=f"Did you mean {', '.join(near)}?" if near else ""
        )
    is_module = data["nodes"]["module"][names.index(name)]
    return name_module_view(name) if is_module else name_package_view(name)


def read_names(data: dict[str, Any]) -> list[str]:
    """Return the names of the packages and modules of the explorer's data, in their order."""
    names: list[str] = []
    for label, parent in zip(data["nodes"]["label"], data["nodes"]["parent"], strict=True):
        names.append(label if parent < 0 else f"{names[parent]}.{label}")
    return names


def build_packages_frame(data: dict[str, Any]) -> pd.DataFrame:
    """Return one row per package, those with most modules first, from the explorer's data.

    Columns: package, modules (in it), imports (statements that import something outside of it), imported by
    (statements outside of it that import something inside).
    """
    names, parents = read_names(data), data["nodes"]["parent"]
    sizes = list(data["nodes"]["module"])
    for place in range(len(names) - 1, -1, -1):
        if parents[place] >= 0:
            sizes[parents[place]] += sizes[place]
    ways = [_find_way(place, parents) for place in range(len(names))]
    out, into = Counter[int](), Counter[int]()
    for importer, imported in zip(data["imports"]["importer"], data["imports"]["imported"], strict=True):
        out.update(ways[importer] - ways[imported])
        into.update(ways[imported] - ways[importer])
    packages = sorted(set(parents) - {-1}, key=lambda place: (-sizes[place], names[place]))
    rows = [(names[place], sizes[place], out[place], into[place]) for place in packages]
    return pd.DataFrame(rows, columns=["package", "modules", "imports", "imported by"])


def _find_way(place: int, parents: list[int]) -> frozenset[int]:
    way = []
    while place >= 0:
        way.append(place)
        place = parents[place]
    return frozenset(way)


@cache
def read_scripts() -> str:
    """Return the scripts of the explorer as one text."""
    return "".join(map(read_asset, _SCRIPTS))
