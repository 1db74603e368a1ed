"""Markdown to HTML in which nothing of the source becomes markup of its own."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from html import unescape
from itertools import count
from typing import Any

import mistune
from mistune.renderers.html import HTMLRenderer

_TAG = re.compile(r"<[^>]*>")
_HEADING = re.compile(r'<h([1-6]) id="([^"]*)">(.*?)</h\1>', re.DOTALL)
_NOT_WORD = re.compile(r"[^a-z0-9]+")


class _PageRenderer(HTMLRenderer):
    """Escapes inline HTML, loads no picture from elsewhere, and gives tables a scrolling frame and scopes."""

    def __init__(self) -> None:
        super().__init__(escape=True)

    def image(self, text: str, url: str, title: str | None = None) -> str:
        del title
        return f'<a href="{mistune.escape(self.safe_url(url))}">{text}</a>'

    def table(self, text: str) -> str:
        return f'<div class="scroll" role="region" tabindex="0" aria-label="Table"><table>{text}</table></div>'

    def table_cell(self, text: str, align: str | None = None, head: bool = False) -> str:
        kind = ' class="number"' if align == "right" else ""
        return f'<th scope="col"{kind}>{text}</th>' if head else f"<td{kind}>{text}</td>"


@cache
def _build_renderer() -> Any:
    renderer = _PageRenderer()
    markdown = mistune.create_markdown(renderer=renderer, plugins=["table", "task_lists", "strikethrough"])
    for name in ("table", "table_cell"):  # the plugin registers its own, which win over methods
        renderer.register(name, _ignore_renderer(getattr(_PageRenderer, name)))
    return markdown


def _ignore_renderer(method: Any) -> Any:
    def render(renderer: Any, text: str, **attributes: Any) -> str:
        return str(method(renderer, text, **attributes))

    return render


def render_markdown(text: str) -> str:
    r"""Return Markdown as HTML: raw HTML in it is shown as text, and only harmless links are links.

    >>> render_markdown("a *b* <script>")
    '<p>a <em>b</em> &lt;script&gt;</p>\n'
    """
    return str(_build_renderer()(text))


def add_heading_ids(page: str, prefix: str = "") -> str:
    """Return HTML whose headings have ids, made from their text and unique within the page."""
    seen: set[str] = set()

    def add(match: re.Match[str]) -> str:
        base = _NOT_WORD.sub("-", unescape(_TAG.sub("", match[2])).lower()).strip("-")[:60] or "section"
        name = next(name for name in _number(base) if name not in seen)
        seen.add(name)
        return f'<h{match[1]} id="{prefix}{name}">{match[2]}</h{match[1]}>'

    return re.sub(r"<h([1-6])>(.*?)</h\1>", add, page, flags=re.DOTALL)


def _number(base: str) -> Iterator[str]:
    yield base
    yield from (f"{base}-{number}" for number in count(2))


def find_headings(page: str) -> list[Mapping[str, Any]]:
    """Return the headings of a page in order: level, id and text (HTML without tags, entities kept)."""
    return [
        {"level": int(level), "id": name, "text": _TAG.sub("", text).strip()}
        for level, name, text in _HEADING.findall(page)
    ]
