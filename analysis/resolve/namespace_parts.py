"""Whether a namespace package of the target may have parts that are installed from somewhere else."""

from __future__ import annotations

import re

import pyarrow as pa

from analysis.facts.source_tree import SourceTree, read_if_any
from analysis.tables import read_rows

#: Files that name what a project is called, and what it depends on.
_STATING = re.compile(
    r"^(?:pyproject\.toml|setup\.(?:cfg|py)|Pipfile|environment\.ya?ml|[\w.-]*requirements[\w.-]*\.(?:txt|in))$"
)
#: Namespaces that many distributions share, whose names need not begin with it.
_SHARED = frozenset({
    "azure", "backports", "collective", "google", "jaraco", "opentelemetry", "plone", "ruamel", "sphinxcontrib", "zope",
})  # fmt: skip
_MOST_BYTES = 1 << 18


class NamespaceParts:
    """Answers that for each namespace at the top of a root, by what the project says of itself and its dependencies."""

    def __init__(self, tree: SourceTree) -> None:
        self._tree = tree
        self._texts: dict[str, bytes] = {}
        self._known: dict[tuple[str, str], bool] = {}

    def may_be_elsewhere(self, name: str, root: str) -> bool:
        """Return whether a part of a namespace of this top-level name may lie outside of the target.

        It may where a distribution is called like a part of it, be it the project itself or one that it depends on, or
        like the namespace, where the project depends on that.
        """
        key = name, root
        if key not in self._known:
            pattern = rb"(?i)(?<![\w./-])%s(?:[-_.][a-z]|[ \t]*(?:[<>~!\[]|==))" % re.escape(name.encode())
            places = dict.fromkeys(("", "" if root == "." else root))
            texts = (self._read(folder) for folder in places)
            self._known[key] = name in _SHARED or any(re.search(pattern, text) for text in texts)
        return self._known[key]

    def _read(self, folder: str) -> bytes:
        """Return what the files of a folder and of the one above it say of a project."""
        if folder not in self._texts:
            found = []
            for place in dict.fromkeys((folder, folder.rpartition("/")[0])):
                found += [read_if_any(self._tree, path, most_bytes=_MOST_BYTES) for path in self._list_stating(place)]
            self._texts[folder] = b"\n".join(found)
        return self._texts[folder]

    def _list_stating(self, folder: str) -> list[str]:
        try:
            names = sorted(entry.name for entry in self._tree.list_folder(folder))
        except OSError:
            return []
        return [f"{folder}/{name}".lstrip("/") for name in names if _STATING.match(name)]


def describe_parts(modules: pa.Table, tree: SourceTree) -> list[tuple[str, str]]:
    """Return the name and root of each namespace that may have parts elsewhere: what is kept depends on that."""
    parts = NamespaceParts(tree)
    rows = set(read_rows(modules, "module", "kind", "root"))
    names = {name for name, kind, _ in rows if kind == "namespace" and "." not in name}
    roots = {root for _, _, root in rows} if names else set()
    return sorted((name, root) for name in names for root in roots if parts.may_be_elsewhere(name, root))
