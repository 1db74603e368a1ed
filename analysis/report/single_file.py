"""The complete report in one file that opens offline, from a mail or a disk."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from analysis.report.explorer_links import EXPLORER_PAGE
from analysis.report.findings_page import FindingsView
from analysis.report.pages import Page
from analysis.report.templating import render

#: The notebook whose content the executive report shows already.
EXECUTIVE_NOTEBOOK = "00_executive_report"
_TITLE = re.compile(r"<h2[ >].*?</h2>\s*", re.DOTALL)
_HEADING = re.compile(r"(</?)h([1-5])(?=[ >])")


def build_single_file(report: Mapping[str, Any], pages: Sequence[Page], findings: FindingsView) -> str:
    """Return the executive report, all findings and every page as chapters of one file that needs no other."""
    chapters = [
        {"name": page.name, "title": page.title, "error": page.error,
         "body": link_inside(drop_title(demote_headings(page.body)))}
        for page in pages
        if page.name != EXECUTIVE_NOTEBOOK or page.error
    ]  # fmt: skip
    has_networks = any(page.has_networks for page in pages)
    return render("single.html.j2", report=report, chapters=chapters, view=findings, has_networks=has_networks)


def demote_headings(body: str) -> str:
    """Return HTML with its headings one level lower, because a document has one main heading.

    >>> demote_headings("<h1 id='a'>A</h1><hr>")
    "<h2 id='a'>A</h2><hr>"
    """
    return _HEADING.sub(lambda match: f"{match[1]}h{int(match[2]) + 1}", body)


def link_inside(body: str) -> str:
    """Return a chapter whose links to views of the explorer lead to the chapter of the same document.

    >>> link_inside('<a href="explorer.html#module=a">a</a>')
    '<a href="#module=a">a</a>'
    """
    return body.replace(f'href="{EXPLORER_PAGE}#', 'href="#')


def drop_title(body: str) -> str:
    """Return a chapter without its first heading, which the line that opens it shows already.

    >>> drop_title("<h2 id='a'>A</h2><p>b</p><h2>c</h2>")
    '<p>b</p><h2>c</h2>'
    """
    return _TITLE.sub("", body, count=1)
