"""The colours of pages, notebooks, pictures and networks: one list, each colour in a light and in a dark form.

Style sheets, inline pictures and the script that draws networks name a colour (``var(--accent)``); only this list says
what it looks like. Browsers choose the form by the reader's system, or by the choice that the page remembers; print is
always light. Every text has a contrast of 4.5 or more on every ground that it stands on (WCAG 2.2, level AA).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

#: Name: the colour on light ground, and on dark ground.
COLOURS: Mapping[str, tuple[str, str]] = {
    "paper": ("#ffffff", "#11171d"),
    "card": ("#fefefe", "#182028"),
    "wash": ("#f4f6f9", "#1c252e"),
    "ink": ("#1b2733", "#e6ebf0"),
    "quiet": ("#526070", "#a9b6c3"),
    "line": ("#d8dfe6", "#313c47"),
    "border": ("#7f8d9b", "#71808e"),
    "accent": ("#1d5a96", "#85bdf5"),
    "on-accent": ("#fffffe", "#0d1720"),
    "accent-wash": ("#e7f0f8", "#1a2c3f"),
    "red": ("#a3200f", "#ff9d8c"),
    "red-wash": ("#fcefec", "#371d19"),
    "violet": ("#6a3a9c", "#cdaef7"),
    "violet-wash": ("#f5effb", "#2b2039"),
    "amber": ("#7c4d00", "#efb65f"),
    "amber-wash": ("#fdf4e3", "#30260f"),
    "green": ("#0e6452", "#67cfb0"),
    "green-wash": ("#eaf6f2", "#112a24"),
    "grey-wash": ("#eef1f4", "#242d36"),
    "edge": ("#aab7c4", "#55636f"),
    "node": ("#dbe5ef", "#24405a"),
    "node-other": ("#f1f3f6", "#2a333c"),
    "node-focus": ("#fde8e5", "#4a241f"),
}
#: The light form of each colour, for pictures that know no style sheet.
LIGHT: Mapping[str, str] = {name: light for name, (light, _) in COLOURS.items()}
#: How JupyterLab and an editor say which form their reader chose.
_HOSTS = {
    "light": ("body[data-jp-theme-light=true] .ssot", "body[data-vscode-theme-kind$=light] .ssot"),
    "dark": ("body[data-jp-theme-light=false] .ssot", "body[data-vscode-theme-kind$=dark] .ssot"),
}


@cache
def build_colour_style() -> str:
    """Return the style sheet that defines the colours of a page as custom properties.

    They follow the system, until the reader chooses. Browsers without ``light-dark`` show the light form.
    """
    chosen = "".join(f":root[data-theme={form}]{{color-scheme:{form}}}" for form in ("light", "dark"))
    printed = "@media print{:root,:root[data-theme]{color-scheme:light!important}}\n"
    return f":root{{color-scheme:light dark}}{_define(':root')}{chosen}{printed}"


@cache
def build_part_style() -> str:
    """Return the style sheet that defines the colours of a part in a notebook.

    The part follows the notebook's own form where that is known, and is light elsewhere. It has a ground of its own, so
    that it can be read in any surroundings, and changes nothing outside of itself.
    """
    chosen = "".join(f"{','.join(places)}{{color-scheme:{form}}}" for form, places in _HOSTS.items())
    return f".ssot{{color-scheme:light;background:var(--paper)}}{_define('.ssot')}{chosen}\n"


def _define(place: str) -> str:
    light = "".join(f"--{name}:{value};" for name, value in LIGHT.items())
    both = "".join(f"--{name}:light-dark({value},{dark});" for name, (value, dark) in COLOURS.items())
    return f"{place}{{{light}}}@supports (color:light-dark(red,red)){{{place}{{{both}}}}}"


def name_colours(svg: str) -> str:
    """Return an SVG picture that was drawn in the light form with the names of its colours instead.

    >>> name_colours('<path style="fill: #1D5A96"/>')
    '<path style="fill: var(--accent)"/>'
    """
    for name, value in LIGHT.items():
        svg = svg.replace(value, f"var(--{name})").replace(value.upper(), f"var(--{name})")
    return svg
