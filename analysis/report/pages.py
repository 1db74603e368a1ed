"""Executed notebooks as pages: prose, tables and pictures without code, offline, with a table of contents."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from analysis.report.displays import PAGE, TEMPLATES
from analysis.report.empty_sections import fold_empty_sections
from analysis.report.escaping import html
from analysis.report.jupyter import import_exporters, import_nbformat
from analysis.report.prose import add_heading_ids, find_headings, render_markdown

#: Tags by which papermill marks a failed notebook; pages have their own message.
_ERROR_TAGS = ("papermill-error-cell-tag",)
_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_HIDDEN_TAGS = {"injected-parameters", "parameters", "remove-output"}


@dataclass(frozen=True, slots=True)
class Page:
    """One notebook as HTML: its name, title, body without frame, and the error when it failed."""

    name: str
    title: str
    body: str
    error: str = ""

    @property
    def file(self) -> str:
        """The name of the page's file."""
        return f"{self.name}.html"

    @property
    def has_networks(self) -> bool:
        """Whether the page needs the scripts that draw networks."""
        return '<figure class="network">' in self.body


def build_page(executed: Path, error: str = "") -> Page:
    """Return an executed notebook as a page; raises nothing for odd outputs: what has no HTML form shows as text."""
    notebook = import_nbformat().read(executed, as_version=4)
    notebook.cells = [cell for cell in notebook.cells if not _is_mark(cell)]
    notebook.cells, empty = fold_empty_sections(notebook.cells)
    body, _ = _build_exporter().from_notebook_node(notebook)
    body = add_heading_ids(f"{body}{_name_empty(empty)}", f"{executed.stem}-")
    headings = find_headings(body)
    title = next((str(heading["text"]) for heading in headings if heading["level"] == 1), html(executed.stem))
    return Page(executed.stem, title, body, error)


def _name_empty(titles: Sequence[str]) -> str:
    """Return one line that names the sections without anything to show; nothing without such sections."""
    named = " · ".join(html(title) for title in titles)
    return f'<p class="nothing">Nothing to show: {named}</p>' if titles else ""


def _is_mark(cell: Mapping[str, Any]) -> bool:
    tags = set(cell["metadata"].get("tags", []))
    return bool(tags.intersection(_ERROR_TAGS) or (tags & _HIDDEN_TAGS and not _has_error(cell)))


def _has_error(cell: Mapping[str, Any]) -> bool:
    return any(output["output_type"] == "error" for output in cell.get("outputs", ()))


@cache
def _build_exporter() -> Any:
    exporter = import_exporters().HTMLExporter(
        template_name="notebook",
        extra_template_basedirs=[str(TEMPLATES)],
        exclude_input=True,
        exclude_anchor_links=True,
    )
    exporter.register_filter("prose", render_markdown)
    exporter.register_filter("shown", show_output)
    return exporter


def show_output(output: Mapping[str, Any]) -> str:
    """Return one output of a cell as HTML: the page's own form first, else a picture, a table, Markdown or text."""
    kind = output["output_type"]
    if kind == "stream":
        return _show_text(output["text"]) if output["name"] == "stdout" else ""
    if kind == "error":
        return f'<div class="failure" role="alert"><p><strong>This step failed.</strong></p>{_show_error(output)}</div>'
    data = output["data"]
    for form in (PAGE, "text/html"):
        if form in data:
            return _join(data[form])
    if "text/markdown" in data:
        return f'<div class="prose">{render_markdown(_join(data["text/markdown"]))}</div>'
    for form in ("image/png", "image/jpeg"):
        if form in data:
            alt = html(_join(data.get("text/plain", "picture")))
            return (
                f'<figure class="picture"><img src="data:{form};base64,{html(_join(data[form]))}" alt="{alt}"></figure>'
            )
    return _show_text(_join(data.get("text/plain", "")))


def _show_error(output: Mapping[str, Any]) -> str:
    return _show_text(_ANSI.sub("", "\n".join(output["traceback"])) or f"{output['ename']}: {output['evalue']}")


def _show_text(text: str) -> str:
    lines = "\n".join(html(line) for line in text.splitlines())
    return f"<pre>{lines}</pre>" if lines.strip() else ""


def _join(value: Any) -> str:
    return "".join(value) if isinstance(value, list) else str(value)
