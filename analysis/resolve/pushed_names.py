"""Top-level names that a file takes from a folder which it has put first on the search path."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from analysis import tables
from analysis.facts.starting import StartFolder, StartFolders
from analysis.resolve.modules import NAMESPACE, ModuleIndex
from analysis.resolve.standard_library import STANDARD


def find_pushed_names(starts: StartFolders, index: ModuleIndex, imports: pa.Table) -> Mapping[str, Mapping[str, str]]:
    """Return the folders by file and top-level name, as roots of the index.

    Only where each import of the name in the body of the file follows on the edit: else one file would have two
    answers for one name. Functions run later. A folder of the name that is no package gives way to a module elsewhere.
    """
    pushing: dict[str, list[StartFolder]] = defaultdict(list)
    for each in starts.folders:
        if each.is_pushed:
            pushing[each.path].append(each)
    if not any(each.folder in index.searched for folders in pushing.values() for each in folders):
        return {}
    found: dict[str, dict[str, set[str]]] = {path: defaultdict(set) for path in pushing}
    own = imports.filter(pc.is_in(imports["path"].cast(tables.TEXT), pa.array(sorted(pushing))))
    absolute = own.filter(pc.equal(own["level"], 0))
    for path, line, module, scope in tables.read_rows(absolute, "path", "line", "module", "scope"):
        if scope != "function":
            first = module.partition(".")[0]
            found[path][first].add(_find_folder(pushing[path], index, first, line))
    return {
        path: {first: root for first, each in names.items() if len(each) == 1 for root in each if root}
        for path, names in found.items()
    }


def _find_folder(pushing: list[StartFolder], index: ModuleIndex, first: str, line: int) -> str:
    """Return the folder from which an import takes a top-level name; empty for a root, or none of those put first."""
    ordered = sorted((each for each in pushing if each.line < line), key=lambda each: (-each.line, each.folder))
    for each in ordered if first not in STANDARD else ():
        module = index.find_in(each.folder, first)
        if module is not None and module.kind != NAMESPACE:
            return each.folder if each.folder in index.searched else ""
    return ""
