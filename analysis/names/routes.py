"""How an import path reaches its definition.

A module *exists to re-export* a name when its ``__all__`` lists it, or a redundant alias (``from a import B as B``,
PEP 484) or an assignment (``B = a.B``) says so; and every name when it binds nothing but what it imports, or announces
a deprecation and defines no class of its own.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from analysis import tables
from analysis.resolve.liveness import NEVER
from analysis.resolve.modules import Module
from analysis.resolve.namespaces import Namespaces
from analysis.resolve.stars import StarNames
from analysis.resolve.statements import Statements
from analysis.resolve.values import Value
from analysis.tables import ROUTES

Numbers = npt.NDArray[np.int64]

_DEFINITION, _FACADE, _SHIM, _ACCIDENTAL, _NONE = range(len(ROUTES))
_REEXPORTING = frozenset({"import", "star", "alias", "delete", "constant", "declaration", "expression", "augmented"})


class Routes:
    """Tells the route of a name."""

    def __init__(self, spaces: Namespaces, stars: StarNames, statements: Statements, markers: pa.Table) -> None:
        self._spaces = spaces
        self._stars = stars
        marked = np.flatnonzero(statements.table["is_reexport"].to_numpy())
        names = statements.table["bound_as"].take(pa.array(marked)).to_pylist()
        self._aliased = set(zip(statements.importers[marked].tolist(), names, strict=True))
        self._aliased.update(_find_assigned(spaces))
        self._announced = _find_announced(spaces, markers)
        self._reexporting = _find_reexporting(spaces) | self._announced

    def find(self, module: Module, name: str, value: Value) -> str:
        """Return the route by which a name of a module reaches a definition in the tree."""
        if value.module < 0 or value.kind == "module":
            return "none"
        home = self._spaces.index.modules[value.module]
        if home is module:
            return "definition"
        if module.is_package and home.plain.startswith(f"{module.plain}."):
            return "facade"
        return "shim" if self._is_reexported(module, name) else "accidental"

    def find_many(self, module: Numbers, names: pa.Array, home: Numbers) -> Numbers:
        """Return positions in ``ROUTES``; ``home`` is the number of the defining module, -1 for no definition."""
        modules = self._spaces.index.modules
        found = np.where(home == module, _DEFINITION, _NONE)
        taken = np.flatnonzero((home >= 0) & (home != module))
        is_whole = np.array([each.source in self._reexporting for each in modules], bool)
        found[taken] = np.where(is_whole[module[taken]], _SHIM, _ACCIDENTAL)
        aliasing = {number for number, _ in self._aliased}
        needs_look = [each.is_package or each.number in aliasing or bool(self._stars.listed(each)) for each in modules]
        for row in taken[np.array(needs_look, bool)[module[taken]]].tolist():
            importer, other = modules[module[row]], modules[home[row]]
            if importer.is_package and other.plain.startswith(f"{importer.plain}."):
                found[row] = _FACADE
            elif self._is_reexported(importer, names[row].as_py()):
                found[row] = _SHIM
        return found

    def is_declared(self, module: Module, name: str) -> bool:
        """Return whether a module says that it passes a name on, and does not only happen to import it."""
        has_list = bool(self._spaces.space(module).exports) and module.source in self._reexporting
        is_listed = (module.number, name) in self._aliased or name in self._stars.listed(module)
        return has_list or is_listed or module.source in self._announced

    def _is_reexported(self, module: Module, name: str) -> bool:
        return (
            module.source in self._reexporting
            or (module.number, name) in self._aliased
            or name in self._stars.listed(module)
        )


def _find_assigned(spaces: Namespaces) -> Iterator[tuple[int, str]]:
    """Yield module number and name of the public names that are assigned what another name says: ``B = a.B``."""
    bindings = spaces.bindings
    is_alias = pc.and_(pc.equal(bindings["kind"].cast(pa.string()), "alias"), pc.equal(bindings["owner"], ""))
    is_dotted = pc.and_(is_alias, pc.match_substring(bindings["value"], "."))
    wanted = bindings.filter(pc.and_not(is_dotted, pc.starts_with(bindings["name"], "_")))
    numbers = {module.source: module.number for module in spaces.index.modules}
    for path, name in tables.read_rows(wanted, "path", "name"):
        if path in numbers:
            yield numbers[path], name


def _find_announced(spaces: Namespaces, markers: pa.Table) -> set[str]:
    """Return the files that announce a deprecation and define no class of their own."""
    kinds = spaces.bindings["kind"].cast(pa.string())
    classes = pc.and_(_find_counting(spaces), pc.equal(kinds, "class"))
    deprecated = markers.filter(pc.equal(markers["kind"].cast(pa.string()), "deprecated"))
    files = {module.source for module in spaces.index.modules}
    return files & (set(deprecated["path"].to_pylist()) - _list_paths(spaces.bindings.filter(classes)))


def _find_reexporting(spaces: Namespaces) -> set[str]:
    """Return the files that bind nothing but what they import."""
    kinds = spaces.bindings["kind"].cast(pa.string())
    own = pc.and_(_find_counting(spaces), pc.invert(pc.is_in(kinds, pa.array(sorted(_REEXPORTING)))))
    return {module.source for module in spaces.index.modules} - _list_paths(spaces.bindings.filter(own))


def _find_counting(spaces: Namespaces) -> pa.Array:
    """Return whether each statement can run and binds no name of the kind ``__version__``."""
    return pc.and_not(pc.less(pa.array(spaces.rows.levels), NEVER), pc.starts_with(spaces.bindings["name"], "__"))


def _list_paths(bindings: pa.Table) -> set[str]:
    return set(pc.unique(bindings["path"].cast(pa.string())).to_pylist())
