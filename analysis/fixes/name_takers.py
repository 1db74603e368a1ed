"""Who takes a name from a module: what a fix may not take away."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from analysis import tables
from analysis.fixes.target_sources import TargetSources
from analysis.investigation import Investigation

#: Scopes of imports that run while a module is imported.
ON_IMPORT = frozenset({"module", "class"})


@dataclass(frozen=True, slots=True)
class Takers:
    """Who takes one name from one module.

    ``by_import`` are the modules with a statement that does, ``on_import`` those of them where it runs on import,
    ``stars`` those that take all names, ``by_attribute`` the files that read the name as an attribute of the module,
    ``by_text`` those that name it in a text. ``is_exported``: the module itself says that the name
    is for others, by ``__all__`` or, without one, by being a package.
    """

    by_import: tuple[str, ...] = ()
    on_import: tuple[str, ...] = ()
    stars: tuple[str, ...] = ()
    by_attribute: tuple[str, ...] = ()
    by_text: tuple[str, ...] = ()
    is_exported: bool = False

    def __bool__(self) -> bool:
        return bool(self.by_import or self.stars or self.by_attribute or self.by_text or self.is_exported)


class NameTakers:
    """Answers for one target."""

    def __init__(self, investigation: Investigation, sources: TargetSources) -> None:
        self._investigation, self._sources = investigation, sources

    def find(self, module: str, path: str, name: str) -> Takers:
        """Return who takes a name from a module, whose file has a path."""
        edges = [edge for edge in self._edges.get(module, ()) if edge["importer"] != module]
        by_import = [edge for edge in edges if edge["name"] == name and edge["kind"] != "import"]
        exported = self._exports.get(path, frozenset())
        is_plain = not name.startswith("_")
        by_star = name in exported or (is_plain and (not exported or "" in exported))
        text = re.compile(rb"[\"']%s[.:]%s\b" % (re.escape(module.encode()), re.escape(name.encode())))
        return Takers(
            _list({edge["importer"] for edge in by_import}),
            _list({edge["importer"] for edge in by_import if edge["scope"] in ON_IMPORT}),
            _list({edge["importer"] for edge in edges if edge["kind"] == "star" and by_star}),
            _list({edge["path"] for edge in edges if edge["path"] != path and self._reads(edge, module, name)}),
            _list({each for each, source in self._sources.read_all() if each != path and text.search(source)}),
            is_exported=name in exported or (not exported and path.endswith("__init__.py") and is_plain),
        )

    def find_setters(self, name: str) -> tuple[str, ...]:
        """Return the files that bind an attribute of some object by that name, as far as their text shows."""
        written = re.escape(name.encode())
        setter = re.compile(
            rb"\.[ \t]*%s[ \t]*(?::[^=\n]+)?=(?!=)|(?:setattr|delattr|patch\.object)\([^)]*[\"']%s[\"']"
            % (written, written)
        )
        return _list({path for path, source in self._sources.read_all() if setter.search(source)})

    def _reads(self, edge: Mapping[str, Any], module: str, name: str) -> bool:
        """Return whether a file that imports a module itself reads an attribute of it, as far as its text shows."""
        last = module.rpartition(".")[2]
        if edge["kind"] not in {"import", "dynamic"} and edge["name"] != last:
            return False
        bound = edge["bound_as"] if "." not in edge["module"] or edge["kind"] != "import" else edge["module"]
        owners = {module, last, bound or last}
        either = "|".join(re.escape(each) for each in sorted(owners))
        return bool(
            re.search(rf"(?<![\w.])(?:{either})\s*\.\s*{re.escape(name)}\b".encode(), self._sources.read(edge["path"]))
        )

    @cached_property
    def _edges(self) -> Mapping[str, Sequence[dict[str, Any]]]:
        """The imports of each module by others."""
        found: dict[str, list[dict[str, Any]]] = defaultdict(list)
        columns = ("importer", "imported", "path", "kind", "module", "name", "bound_as", "scope")
        for row in tables.read_rows(self._investigation.table("edges"), *columns):
            found[row[1]].append(dict(zip(columns, row, strict=True)))
        return dict(found)

    @cached_property
    def _exports(self) -> Mapping[str, frozenset[str]]:
        found: dict[str, set[str]] = defaultdict(set)
        for path, name in tables.read_rows(self._investigation.table("exports"), "path", "name"):
            found[path].add(name)
        return {path: frozenset(names) for path, names in found.items()}


def _list(names: set[str]) -> tuple[str, ...]:
    return tuple(sorted(names))
