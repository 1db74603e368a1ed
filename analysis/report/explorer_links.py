"""Addresses of views of the explorer: the part of a link behind ``#``, for all pages and notebooks."""

from __future__ import annotations

from urllib.parse import quote

from analysis.report.escaping import plain

#: The page of a report's folder that shows the explorer; in ``report.html`` the part behind ``#`` is enough.
EXPLORER_PAGE = "explorer.html"
#: What may stand in an address as it is: ``/`` and ``:`` for readable links.
_SAFE = "/:@"


def name_module_view(module: str) -> str:
    """Return the address of a module with its importers, its imports and the statements.

    >>> name_module_view("shop.db")
    'module=shop.db'
    """
    return f"module={_quote(module)}"


def name_package_view(package: str = "") -> str:
    """Return the address of the packages and modules of one package; of the whole target without one."""
    return f"packages={_quote(package)}"


def name_path_view(importer: str, imported: str) -> str:
    """Return the address of the shortest chains of imports from one module to another.

    >>> name_path_view("shop.api", "shop.db")
    'path=shop.api..shop.db'
    """
    return f"path={_quote(importer)}..{_quote(imported)}"


def name_dependents_view(module: str) -> str:
    """Return the address of all modules that import a module, directly or not, by distance."""
    return f"dependents={_quote(module)}"


def name_pair_view(importer: str, imported: str) -> str:
    """Return the address of the statements by which one package imports from another.

    >>> name_pair_view("shop.api", "shop.core")
    'pair=shop.api..shop.core'
    """
    return f"pair={_quote(importer)}..{_quote(imported)}"


def name_cycle_view(cycle: str) -> str:
    """Return the address of one cycle, by its identifier in the table ``cycles``."""
    return f"cycle={_quote(cycle)}"


def name_class_view(definition: str) -> str:
    """Return the address of the import paths of one class, by its definition: ``pkg.mod:Name``.

    >>> name_class_view("shop.db:Order")
    'class=shop.db:Order'
    """
    return f"class={_quote(definition)}"


def name_concept_view(concept: str) -> str:
    """Return the address of all classes of one concept with their import paths."""
    return f"concept={_quote(concept)}"


def link_to_view(view: str) -> str:
    """Return the link from another page of the report's folder to a view.

    >>> link_to_view(name_module_view("shop.db"))
    'explorer.html#module=shop.db'
    """
    return f"{EXPLORER_PAGE}#{view}"


def _quote(name: str) -> str:
    return quote(plain(name), safe=_SAFE, errors="replace")
