"""The SSOT investigation kit: where a Python code base has lost its single source of truth."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from analysis.comparison import diff
    from analysis.investigation import Investigation, open_snapshot
    from analysis.pipeline import investigate, open_for_notebook

__version__ = "0.1.0"
__all__ = [
    "Investigation", "__version__", "diff", "investigate", "load_ipython_extension", "open_for_notebook",
    "open_snapshot",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    """Import the parts on first use: worker processes and ``ssot --help`` need none of them."""
    if name in {"Investigation", "open_snapshot"}:
        return getattr(_load_investigation(), name)
    if name in {"investigate", "open_for_notebook"}:
        _load_investigation()
        return getattr(import_module("analysis.pipeline"), name)
    if name == "diff":
        _load_investigation()
        return import_module("analysis.comparison").diff
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def _load_investigation() -> Any:
    """Return its module; the class has its verbs that draw, whose code lies in a higher layer, from here."""
    loaded = import_module("analysis.investigation")
    loaded.Investigation.explore = _explore
    loaded.Investigation.what_if = _what_if
    return loaded


def _what_if(
    investigation: Investigation, *, cut: Sequence[str] = (), move: Sequence[str] = (), merge: Sequence[str] = (),
    redirect: Sequence[str] = (),
) -> Any:  # fmt: skip
    """Return what the target would be after some steps: figures, findings, graph, names and plan, before and after.

    ``cut=["a:b"]`` takes an import away, ``move=["a:Name=b"]`` a definition elsewhere, ``merge=["a:Name=b.Name"]``
    makes one class of two, ``redirect=["a=b"]`` a module an import of another. Nothing is written, no code is run.
    """
    ask = import_module("analysis.fixes.what_if").ask_what_if
    return ask(investigation, cut=cut, move=move, merge=merge, redirect=redirect)


def _explore(investigation: Investigation, module: str | None = None) -> Any:
    """Return the explorer: packages, modules, imports, paths and cycles; in JupyterLab it shows itself.

    It begins with a module or package, by default with all packages. Raises ``UnknownNameError`` with the nearest
    names when the target has neither.
    """
    return import_module("analysis.report.explorer").build_explorer(investigation, module)


def load_ipython_extension(shell: Any) -> None:
    """Add the magic ``%ssot`` to an IPython shell; called by ``%load_ext analysis``."""
    import_module("analysis.report.magic").register(shell)
