"""The templates: all values are escaped, except HTML that the kit built from escaped parts."""

from __future__ import annotations

from functools import cache
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from analysis.quantities import write_count
from analysis.report.colours import build_colour_style
from analysis.report.displays import TEMPLATES, read_asset
from analysis.report.escaping import breakable, plain
from analysis.report.glossary import GLOSSARY
from analysis.report.networks import build_scripts
from analysis.report.packages import shorten_names
from analysis.report.prose import render_markdown
from analysis.report.provenance import format_day
from analysis.report.terms import explain

#: The style sheets of every page.
STYLE_SHEETS = ("page.css", "networks.css", "parts.css")


class Trusted(str):
    """HTML that the kit built from escaped parts: templates do not escape it again."""

    __slots__ = ()

    def __html__(self) -> str:
        return str(self)


@cache
def build_environment() -> Environment:
    """Return Jinja's environment with escaping, filters and the glossary."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    environment.globals["glossary"] = GLOSSARY
    environment.globals["asset"] = lambda name: Trusted(read_asset(name))
    environment.filters.update(
        breakable=lambda text: Trusted(breakable(text)),
        explained=lambda text: Trusted(explain(text)),
        short=lambda text, prefix: Trusted(breakable(shorten_names(text, prefix))),
        plain=plain,
        time=format_day,
        prose=lambda text: Trusted(render_markdown(text)),
        number=write_count,
    )
    return environment


def render(template: str | Template, **values: Any) -> str:
    """Return a rendered template, by its name or itself; the style sheet and scripts are always available to it."""
    assets = {
        "style": build_colour_style() + "".join(map(read_asset, STYLE_SHEETS)),
        "theme": read_asset("theme.js"), "behaviour": read_asset("page.js"), "scripts": build_scripts(),
    }  # fmt: skip
    trusted = {name: Trusted(text) for name, text in assets.items()}
    return build_environment().get_template(template).render(**trusted, **values)
