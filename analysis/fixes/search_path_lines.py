"""Lines that put a folder on the search path, and whether anything still needs them."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection
from functools import cached_property

from analysis import tables
from analysis.facts.expressions import find_dotted
from analysis.facts.source_tree import SourceTree
from analysis.fixes.findings import ReadTable
from analysis.fixes.offers import Edit
from analysis.fixes.source_text import UnplacedError, read_source
from analysis.fixes.statements import place_statement, remove_statement

_ADDING = frozenset({"sys.path.insert", "sys.path.append"})
#: What may look modules up by names that nobody sees, or reads the search path itself.
_UNSEEN = re.compile(
    rb"(?:import_module|__import__|find_spec|run_module)\((?!\s*[rub]?[\"'])|sys\.path\s*\[|\bin\s+sys\.path|iter_modules"
    rb"|walk_packages"
)

Place = tuple[str, int]


class SearchPathLines:
    """Answers for one target."""

    def __init__(self, read_table: ReadTable, tree: SourceTree) -> None:
        self._read_table, self._tree = read_table, tree

    def remove(self, place: Place, folder: str, renamed: Collection[Place]) -> Edit | None:
        """Return the edit that takes away what puts a folder on the search path; None where something may need it.

        ``renamed`` are the import statements, and the calls with texts, that no longer do.
        """
        path, line = place
        try:
            source = read_source(self._tree, path)
            for node in source.tree.body:
                is_call = isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and node.lineno == line
                if is_call and find_dotted(node.value.func) in _ADDING and self._is_free(folder, renamed):  # type: ignore[attr-defined]
                    statement = place_statement(source, node)
                    return remove_statement(statement) if statement.is_alone else None
        except UnplacedError:
            return None
        return None

    def _is_free(self, folder: str, renamed: Collection[Place]) -> bool:
        try:
            names = {entry.name.partition(".")[0] for entry in self._tree.list_folder(folder)}
        except OSError:
            return False
        rows = tables.read_rows(self._read_table("imports"), "path", "line", "level", "module")
        needing = any(
            not level and module.partition(".")[0] in names and (path, line) not in renamed
            for path, line, level, module in rows
        )
        texts = tables.read_rows(self._read_table("object_texts"), "path", "line", "value")
        named = any(text.partition(".")[0] in names and (path, line) not in renamed for path, line, text in texts)
        return not needing and not named and not self._is_unseen

    @cached_property
    def _is_unseen(self) -> bool:
        for path in tables.read_column(self._read_table("files"), "path"):
            try:
                if path.endswith(".py") and _UNSEEN.search(self._tree.read_bytes(path)):
                    return True
            except OSError:
                return True
        return False
