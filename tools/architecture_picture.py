"""The layers of ``.importlinter`` as a picture: docs/images/architecture.svg, readable in light and dark mode."""

from __future__ import annotations

import ast
import configparser
import re
from pathlib import Path
from typing import NamedTuple
from xml.sax.saxutils import escape

_WIDTH, _ROW, _PADDING, _GAP, _LEFT = 960, 24, 6, 8, 40
_LONGEST = 104
_STYLE = """\
    text { font: 13px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; fill: #1f2933; }
    .name { font-weight: 600; font-family: ui-monospace, "SFMono-Regular", Menlo, Consolas, monospace; }
    .about, .note { fill: #52606d; } .layer { fill: #f4f7fa; stroke: #b7c3cf; } .arrow { stroke: #52606d; fill: none; }
    @media (prefers-color-scheme: dark) {
      text { fill: #e4e9ee; } .about, .note { fill: #a9b4c0; } .layer { fill: #1d252d; stroke: #4a5866; }
      .arrow { stroke: #a9b4c0; }
    }"""


class DrawnLayer(NamedTuple):
    """Modules on one level; they do not import each other."""

    modules: tuple[str, ...]


def read_layers(text: str) -> list[DrawnLayer]:
    r"""Return the layers of an import-linter configuration, from the top; without optional modules.

    >>> read_layers("[importlinter:contract:layers]\nlayers =\n    (__main__)\n    cli\n    gate : suite\n")
    [Layer(modules=('cli',)), Layer(modules=('gate', 'suite'))]
    """
    parser = configparser.ConfigParser()
    parser.read_string(text)
    lines = parser["importlinter:contract:layers"]["layers"].split("\n")
    found = [tuple(name.strip() for name in re.split(r"[:|]", line)) for line in lines if line.strip()]
    return [DrawnLayer(names) for names in found if not names[0].startswith("(")]


def read_summary(package: Path, module: str) -> str:
    """Return the first sentence of a module's docstring, without a full stop and with a limited length."""
    folder = package / module
    path = folder / "__init__.py" if folder.is_dir() else folder.with_suffix(".py")
    first = (ast.get_docstring(ast.parse(path.read_text("utf-8"))) or "").split("\n")[0]
    sentence = first.replace("``", "").split(". ")[0].rstrip(".")
    return sentence if len(sentence) <= _LONGEST else f"{sentence[: _LONGEST - 1]}…"


def build_picture(root: Path) -> str:
    """Return the picture of the package ``analysis`` below ``root`` as SVG."""
    layers = read_layers((root / ".importlinter").read_text("utf-8"))
    parts: list[str] = []
    top = 34
    for layer in layers:
        height = _ROW * len(layer.modules) + 2 * _PADDING
        width = _WIDTH - _LEFT - 1
        parts.append(f'  <rect class="layer" x="{_LEFT}" y="{top}" width="{width}" height="{height}" rx="5"/>')
        for number, module in enumerate(layer.modules):
            line = top + _PADDING + _ROW * number + 16
            about = escape(read_summary(root / "analysis", module))
            parts.append(f'  <text class="name" x="{_LEFT + 14}" y="{line}">{module}</text>')
            parts.append(f'  <text class="about" x="{_LEFT + 150}" y="{line}">{about}</text>')
        top += height + _GAP
    arrow = f'  <path class="arrow" stroke-width="2" d="M18 40V{top - 16}M11 {top - 24}l7 9 7-9"/>'
    title = "The modules of analysis/ in layers: a module imports only from lower layers"
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {top}" width="{_WIDTH}" height="{top}" '
        f'role="img" aria-label="{title}">\n  <title>{title}</title>\n  <style>\n{_STYLE}\n  </style>'
    )
    caption = "Modules import only from lower layers. Modules in one box do not import each other."
    note = f'  <text class="note" x="6" y="20">{caption}</text>'
    return "\n".join([head, note, arrow, *parts, "</svg>", ""])
