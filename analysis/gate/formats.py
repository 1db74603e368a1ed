"""Output formats of a check, chosen by the file name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from analysis import store
from analysis.errors import UnknownNameError
from analysis.gate.junit import render_junit
from analysis.gate.markdown import render_markdown
from analysis.gate.result import CheckResult
from analysis.gate.sarif import render_sarif
from analysis.gate.workflow_commands import render_commands


def _render_json(result: CheckResult) -> str:
    return result.model_dump_json(indent=2) + "\n"


#: Name of the format: its renderer, and the file name endings that select it.
FORMATS: Mapping[str, tuple[Callable[[CheckResult], str], tuple[str, ...]]] = {
    "sarif": (render_sarif, (".sarif", ".sarif.json")),
    "junit": (render_junit, (".xml",)),
    "json": (_render_json, (".json",)),
    "markdown": (render_markdown, (".md",)),
    "github": (render_commands, (".github",)),
}


def find_format(name: str) -> str:
    """Return the format that a file name selects; raises ``UnknownNameError`` if there is none.

    >>> find_format("out/check.sarif.json"), find_format("junit.xml")
    ('sarif', 'junit')
    """
    for form, (_, endings) in FORMATS.items():
        if name.lower().endswith(endings):
            return form
    known = ", ".join(ending for _, endings in FORMATS.values() for ending in endings)
    raise UnknownNameError(f"no format for the file {name}", remedy=f"Use a name that ends in {known}")


def render(result: CheckResult, form: str) -> str:
    """Return a check in one of ``FORMATS``."""
    return FORMATS[form][0](result)


def write_outputs(result: CheckResult, places: Iterable[Path]) -> None:
    """Write a check to files, each in the format of its name, completely or not at all."""
    for place in places:
        store.write_file(place, render(result, find_format(place.name)))
