"""Questions of an engineer at work: in JupyterLab fields to type in, elsewhere the answer to the first choice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from analysis.errors import AnalysisError
from analysis.report import class_sentences, views
from analysis.report.displays import PAGE, Prose
from analysis.report.escaping import html, markdown
from analysis.report.prose import render_markdown
from analysis.steps import read_cut

if TYPE_CHECKING:
    from analysis.investigation import Investigation

#: More names than a browser lists quickly; the field takes every name all the same.
MOST_CHOICES = 4_000
WIDGET = "application/vnd.jupyter.widget-view+json"


@dataclass(frozen=True, slots=True)
class Stack:
    """Several outputs as one, one below the other."""

    parts: tuple[Any, ...]

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        del include, exclude
        bundles = [_show(part) for part in self.parts]
        return {
            "text/plain": "\n\n".join(bundle.get("text/plain", "") for bundle in bundles),
            "text/html": "".join(_find_html(bundle, "text/html") for bundle in bundles),
            PAGE: "".join(_find_html(bundle, PAGE) for bundle in bundles),
        }


def _show(part: Any) -> dict[str, str]:
    """Return an object in the forms that it has."""
    if hasattr(part, "_repr_mimebundle_"):
        bundle: dict[str, str] = part._repr_mimebundle_()
        return bundle
    return {"text/plain": str(part), "text/html": part._repr_html_() if hasattr(part, "_repr_html_") else ""}


def _find_html(bundle: dict[str, str], wanted: str) -> str:
    if "text/markdown" in bundle:
        return f'<div class="prose">{render_markdown(bundle["text/markdown"])}</div>'
    return bundle.get(wanted) or bundle.get("text/html") or f"<pre>{html(bundle['text/plain'])}</pre>"


@dataclass(frozen=True, slots=True)
class Field:
    """One thing that a question asks for: what it is called, its first value, and the values that are offered."""

    label: str
    value: str
    choices: Sequence[str]


@dataclass(frozen=True, slots=True)
class Question:
    """A question: its fields, and the answer for their values.

    With a kernel it shows fields, and answers anew when one of them changes; a page shows the first answer.
    """

    fields: tuple[Field, ...]
    answer: Callable[..., Any]

    def ask(self, *values: str) -> Any:
        """Return the answer for some values; for those that are not known, what is wrong with them."""
        try:
            return self.answer(*values)
        except AnalysisError as error:
            return Prose(f"**{markdown(str(error))}**")

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        del include, exclude
        shown: dict[str, Any] = Stack((self.ask(*(field.value for field in self.fields)),))._repr_mimebundle_()
        if _has_kernel():
            shown |= _show(self._build_widget())
        return shown

    def _build_widget(self) -> Any:
        """Return the fields with the answer below them."""
        import ipywidgets  # noqa: PLC0415 - a page needs none

        boxes = [
            ipywidgets.Combobox(
                value=field.value, options=tuple(field.choices[:MOST_CHOICES]), description=field.label,
                ensure_option=False, continuous_update=False, layout={"width": "100%"},
                style={"description_width": "8em"},
            )
            for field in self.fields
        ]  # fmt: skip
        output = ipywidgets.Output()

        def show(_: Any = None) -> None:
            from IPython.display import display  # noqa: PLC0415 - only a kernel shows

            with output:
                output.clear_output(wait=True)
                display(self.ask(*(box.value.strip() for box in boxes)))  # type: ignore[no-untyped-call]

        for box in boxes:
            box.observe(show, names="value")
        show()
        return ipywidgets.VBox([*boxes, output])


def _has_kernel() -> bool:
    """Return whether something on the other side can show widgets."""
    from IPython import get_ipython  # noqa: PLC0415 - a page needs none

    return hasattr(get_ipython(), "kernel")


def ask_class(inv: Investigation, name: str = "") -> Question:
    """Ask for a class: which definitions have that name, by which paths are they imported, and by whom?

    ``name`` is the first one to show; by default the class with the most non-canonical imports.
    """
    name = name or class_sentences.find_busiest_class(inv)
    known = sorted({str(definition).rpartition(":")[2] for definition in inv.classes()["definition"]})
    return Question((Field("Class", name, known),), lambda wanted: describe_class(inv, wanted))


def describe_class(inv: Investigation, name: str) -> Stack:
    """Return what is known of a class: its paths in words, as a network, and as a table with who uses which."""
    return Stack((
        class_sentences.format_paths(inv, name),
        class_sentences.draw_paths(inv, name),
        class_sentences.list_paths(inv, name),
        class_sentences.list_violations_of(inv, name),
    ))  # fmt: skip


def ask_chain(inv: Investigation, importer: str = "", imported: str = "") -> Question:
    """Ask for two modules: why does the first depend on the second? By default two of the largest cycle."""
    modules = list(inv.graph.modules)
    first, second = _find_pair(inv, modules)
    fields = (Field("Module", importer or first, modules), Field("depends on", imported or second, modules))
    return Question(fields, lambda one, other: describe_chain(inv, one, other))


def describe_chain(inv: Investigation, importer: str, imported: str) -> Stack:
    """Return why one module depends on another, in both directions, and the neighbours of the first."""
    there, back = inv.explain(importer, imported), inv.explain(imported, importer, 1)
    other = (back,) if len(back) else ()
    words = (Prose("They depend on each other."),) if len(there) and len(back) else ()
    return Stack((there, *other, *words, views.draw_neighbours(inv, importer)))


def _find_pair(inv: Investigation, modules: Sequence[str]) -> tuple[str, str]:
    cycles = inv.cycles()
    members = [str(name) for name in cycles.iloc[0]["modules"]] if len(cycles) else list(modules)
    return (members[0], members[-1]) if members else ("", "")


def ask_failure(inv: Investigation, module: str = "") -> Question:
    """Ask for a module: why does its import fail, or what does it silently swallow?

    By default the first that fails, else the first that swallows something, else the most imported one.
    """
    modules = list(inv.graph.modules)
    return Question((Field("Module", module or _find_failing(inv), modules),), inv.why)


def _find_failing(inv: Investigation) -> str:
    from analysis.tables.simulation import UNKNOWN_OUTCOMES  # noqa: PLC0415

    simulated = inv.table("simulated").select(["module", "outcome"]).to_pylist()
    failing = [row["module"] for row in simulated if row["outcome"] not in {"ok", *UNKNOWN_OUTCOMES}]
    swallowing = inv.table("simulated_swallowed").column("entry").to_pylist()
    return str(next(iter(sorted(failing)), next(iter(sorted(swallowing)), "")) or views.find_busiest(inv))


def ask_what_if(inv: Investigation, cut: str = "", move: str = "", merge: str = "", redirect: str = "") -> Question:
    """Ask for steps: what would the target be after them? Without any nothing is computed."""
    fields = (
        Field("Cut", cut, _list_cuts(inv)), Field("Move", move, ()), Field("Merge", merge, ()),
        Field("Redirect", redirect, ()),
    )  # fmt: skip
    return Question(fields, lambda *texts: _describe_steps(inv, *texts))


def _describe_steps(inv: Investigation, *texts: str) -> Any:
    if not any(texts):
        return Prose("No step is named. A cut is written `pkg.a:pkg.b`, a move `pkg.a:Name=pkg.b`, a merge "
                     "`pkg.a:Name=pkg.b.Name`, a redirect `pkg.a=pkg.b`.")  # fmt: skip
    cut, move, merge, redirect = ([text] if text else [] for text in texts)
    from analysis.fixes import what_if  # noqa: PLC0415 - only where a step is named

    return what_if.ask_what_if(inv, cut=cut, move=move, merge=merge, redirect=redirect)


def _list_cuts(inv: Investigation) -> list[str]:
    """Return the imports that the cheapest cuts of the cycles remove."""
    steps = (read_cut(text) for cut in inv.table("cycles").column("cut").to_pylist() for text in cut)
    return sorted({f"{step.importer}:{step.imported}" for step in steps})
