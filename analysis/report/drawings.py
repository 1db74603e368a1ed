"""The look of all pictures, and a drawn figure in two forms.

Pages show the SVG, in the colours of the page; JupyterLab, which knows no such colours, the PNG on white.
"""

from __future__ import annotations

import hashlib
import io
import re
from typing import Any, NamedTuple

from matplotlib.figure import Figure

from analysis.report.colours import LIGHT, name_colours
from analysis.report.displays import Picture

INK, QUIET, BLUE, RED, AMBER, PALE = (LIGHT[name] for name in ("ink", "quiet", "accent", "red", "amber", "node"))
#: The look of all pictures.
STYLE: Any = {
    "font.family": "DejaVu Sans", "font.size": 9, "text.color": INK, "axes.edgecolor": LIGHT["edge"],
    "axes.labelcolor": QUIET, "xtick.color": QUIET, "ytick.color": INK, "axes.spines.top": False,
    "axes.spines.right": False, "text.parse_math": False, "text.usetex": False, "svg.hashsalt": "ssot",
    "svg.fonttype": "none", "axes.facecolor": "none", "figure.facecolor": "none",
}  # fmt: skip
_PREAMBLE = re.compile(r"<metadata>.*?</metadata>|<style[^>]*>.*?</style>|\n\s*(?=<)|<!--.*?-->", re.DOTALL)
_FONT = re.compile(r"font-family:[^;\"]*;?\s*|(?<=font: )([\d.]+px)[^;\"]*")
_IDENTIFIER = re.compile(r' id="([^"]*)"')
#: A link of a picture: it is for the pointer; the tables beside a picture are for the keyboard.
_LINK = re.compile(r'<a xlink:href="(?P<address>[^"]*)"[^>]*>')
_REFERENCE = re.compile(r'(?:url\(#|href="#)([^)"]+)')


class Drawing(NamedTuple):
    """A drawn figure: as PNG on white, and as SVG in the colours of the page."""

    png: bytes
    svg: str

    def describe(self, alt: str, caption: str) -> Picture:
        """Return the drawing as a picture with words."""
        return Picture(self.png, alt, caption, self.svg)


def render(figure: Figure) -> Drawing:
    """Return a figure as PNG and as SVG, the same bytes for the same figure."""
    png, svg = io.BytesIO(), io.StringIO()
    options: Any = {"bbox_inches": "tight", "pad_inches": 0.08}
    figure.savefig(png, format="png", dpi=150, facecolor="white", metadata={"Software": None}, **options)
    figure.savefig(svg, format="svg", facecolor="none", metadata={"Date": None}, **options)
    return Drawing(png.getvalue(), _embed(svg.getvalue()))


def _embed(svg: str) -> str:
    """Return an SVG document as an element of a page: its colours named, the page's font, identifiers of its own."""
    element = _PREAMBLE.sub("", svg[svg.index("<svg") :])
    element = _LINK.sub(r'<a href="\g<address>" tabindex="-1" aria-hidden="true">', element)
    element = _FONT.sub("", name_colours(element))
    own = f"p{hashlib.blake2s(element.encode('utf-8', 'replace'), digest_size=4).hexdigest()}"
    used = set(_REFERENCE.findall(element))
    element = _IDENTIFIER.sub(lambda match: f' id="{own}{match[1]}"' if match[1] in used else "", element)
    return _REFERENCE.sub(lambda match: match[0].replace(match[1], f"{own}{match[1]}"), element).strip()
