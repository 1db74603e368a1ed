"""A separate document in a notebook's output, in the colours of the notebook around it.

JupyterLab removes frames and scripts from a notebook that it does not trust; what lies behind the frame shows then. A
frame may not look at what surrounds it, so each asks, and one script of the notebook answers, again when the colours
change.
"""

from __future__ import annotations

from html import escape

from analysis.report.displays import read_asset
from analysis.report.escaping import html


def build_frame(document: str, *, behind: str, title: str, height: int, may_save: bool = False) -> str:
    """Return a frame with a document of its own, which works offline, and ``behind`` it what untrusted ones show.

    ``height`` is in pixels. The document may run its scripts, and with ``may_save`` offer files to save, and nothing
    else.
    """
    script = f"<script>{read_asset('framed.js')}</script>"
    inside = document.replace("<head>", f"<head>{script}", 1)
    allowed = "allow-scripts allow-downloads" if may_save else "allow-scripts"
    return (
        f'<div style="position:relative;height:{height}px;overflow:auto">{behind}'
        f'<iframe class="ssot-frame" srcdoc="{escape(inside)}" sandbox="{allowed}" title="{html(title)}" '
        'style="position:absolute;inset:0;width:100%;height:100%;border:0"></iframe></div>'
        f"<script>{read_asset('frames.js')}</script>"
    )
