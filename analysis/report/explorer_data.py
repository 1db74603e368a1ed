"""What the explorer shows, computed from a snapshot: packages, modules, imports, cycles, second names, classes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from analysis import tables
from analysis.facts.test_files import is_test_file
from analysis.report.escaping import plain
from analysis.report.explorer_classes import build_classes
from analysis.report.explorer_cycles import build_cycles
from analysis.report.explorer_findings import build_findings
from analysis.report.explorer_imports import NumberedTexts, build_imports
from analysis.report.explorer_tree import PackageTree, build_tree, open_packages, order_tree
from analysis.report.key_findings import fill_revision

if TYPE_CHECKING:
    from analysis.investigation import Investigation


def build_explorer_data(inv: Investigation) -> dict[str, Any]:
    """Return everything that the explorer shows, as values for JSON; the same for the same snapshot.

    ``nodes`` are the packages and modules, sorted by name: label (last part of the name), parent (place of the
    package, -1), rank (importers before imported), file (number of a text, -1 for a package without an ``__init__``),
    kind (as in the table ``modules``; ``folder`` for what is only a package), and test (1 for tests). All other parts
    name modules by their place in it: see ``build_imports``, ``build_cycles``, ``build_findings`` and
    ``build_classes``. ``second`` are the modules with second names: place, second name, kind, file and line of the
    evidence. ``open`` are the packages that are open in the first view, with whether their single modules are shown.
    ``link`` is the address of a line in the source, empty without one; ``root`` is the folder that was scanned. Control
    characters and changes of direction in names are replaced.
    """
    files = _read_files(inv)
    edges = inv.table("edges")
    ends = {*tables.read_column(edges, "importer"), *tables.read_column(edges, "imported")}
    tree = build_tree({*inv.graph.modules, *ends})
    texts = NumberedTexts()
    imports = build_imports(edges, inv.table("imports"), inv.table("violations"), tree.places, texts)
    pairs = sorted(set(zip(imports["importer"], imports["imported"], strict=True)))
    paths = {module: path for module, (path, _) in files.items()}
    data = {
        "target": inv.name,
        "root": inv.manifest.root,
        "link": fill_revision(inv.policy.target.source_url, inv.manifest.revision),
        "nodes": _build_nodes(tree, files, order_tree(tree, pairs), texts),
        "imports": imports,
        "cycles": build_cycles(inv, tree.places, paths),
        "findings": build_findings(inv, tree.places, paths),
        "second": _build_second(inv, tree),
        **build_classes(inv),
        "open": [list(each) for each in open_packages(tree)],
        "texts": texts.all,
    }
    return {name: _make_plain(value) for name, value in data.items()}


def _make_plain(value: Any) -> Any:
    if isinstance(value, str):
        return value if value.isprintable() else plain(value)
    if isinstance(value, list | tuple):
        return [_make_plain(each) for each in value]
    return {name: _make_plain(each) for name, each in value.items()} if isinstance(value, dict) else value


def _read_files(inv: Investigation) -> dict[str, tuple[str, str]]:
    """Return path and kind of each module: of two with one name that which Python imports."""
    rows = tables.read_rows(inv.table("siblings"), "module", "path", "kind")
    found = {module: (path, kind) for module, path, kind in rows}
    for module, path, kind, shadowed_by in tables.read_rows(
        inv.table("modules"), "module", "path", "kind", "shadowed_by"
    ):
        if not shadowed_by:
            found[module] = (path, kind)
    return found


def _build_nodes(
    tree: PackageTree, files: dict[str, tuple[str, str]], ranks: list[int], texts: NumberedTexts
) -> dict[str, list[Any]]:
    known = [files.get(name) if place in tree.modules else None for place, name in enumerate(tree.names)]
    return {
        "label": [name.rpartition(".")[2] for name in tree.names],
        "parent": list(tree.parents),
        "rank": ranks,
        "file": [texts.add(each[0]) if each else -1 for each in known],
        "kind": [each[1] if each else "folder" for each in known],
        "test": [int(each is not None and is_test_file(each[0])) for each in known],
        "module": [int(place in tree.modules) for place in range(len(tree.names))],
    }


def _build_second(inv: Investigation, tree: PackageTree) -> list[list[Any]]:
    rows = tables.read_rows(
        inv.table("second_names"), "first_name", "second_name", "kind", "evidence_path", "evidence_line"
    )
    return sorted([tree.places[first], *rest] for first, *rest in set(rows) if first in tree.places)
