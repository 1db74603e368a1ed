"""Whether a namespace package of the target may have parts that are installed from somewhere else."""

from __future__ import annotations

import re

from analysis.facts.source_tree import SourceTree
from analysis.resolve.modules import Module, ModuleIndex

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

    def __init__(self, index: ModuleIndex, tree: SourceTree) -> None:
        self._index = index
        self._tree = tree
        self._texts: dict[str, bytes] = {}
        self._known: dict[tuple[str, str], bool] = {}

    def may_be_elsewhere(self, namespace: Module, root: str) -> bool:
        """Return whether a part of a namespace may lie outside of the target.

        It may where a distribution is called like a part of it, be it the project itself or one that it depends on, or
        like the namespace, where the project depends on that.
        """
        name = namespace.plain.partition(".")[0]
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
                found += [self._read_file(path) for path in self._list_stating(place)]
            self._texts[folder] = b"\n".join(found)
        return self._texts[folder]

    def _list_stating(self, folder: str) -> list[str]:
        try:
            names = sorted(entry.name for entry in self._tree.list_folder(folder))
        except OSError:
            return []
        return [f"{folder}/{name}".lstrip("/") for name in names if _STATING.match(name)]

    def _read_file(self, path: str) -> bytes:
        try:
            return self._tree.read_bytes(path, most_bytes=_MOST_BYTES)
        except OSError:
            return b""
