"""Modules in groups that fit into one picture, and the imports between the groups."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping

import pandas as pd

#: Columns of ``count_imports``.
COLUMNS = ("importer", "imported", "imports")


def group_modules(modules: Collection[str], most_groups: int) -> dict[str, str]:
    """Return the group of each module: a package, opened as far as the number of groups allows.

    The package with the most modules is opened first; one that would give too many groups stays closed. A tree
    with more than ``most_groups`` top-level names has as many groups as names.

    >>> group_modules(["a", "a.b", "a.c", "a.c.d", "e"], 4)
    {'a': 'a', 'a.b': 'a.b', 'a.c': 'a.c', 'a.c.d': 'a.c', 'e': 'e'}
    """
    groups = _split(sorted(modules), 0)
    closed: dict[str, list[str]] = {}
    queue = [(-len(members), name) for name, members in groups.items()]
    heapq.heapify(queue)
    while queue:
        _, name = heapq.heappop(queue)
        members = groups.pop(name)
        parts = _split(members, name.count(".") + 1)
        total = len(closed) + len(groups) + len(parts)
        if len(members) == 1 or total > most_groups or set(parts) == {name}:
            closed[name] = members
            continue
        if name in parts:  # the package's own module
            closed[name] = parts.pop(name)
        for part, inner in parts.items():
            groups[part] = inner
            heapq.heappush(queue, (-len(inner), part))
    return {module: name for name, members in sorted(closed.items()) for module in members}


def _split(modules: Iterable[str], depth: int) -> dict[str, list[str]]:
    """Return the modules by the first ``depth + 1`` parts of their names."""
    found: dict[str, list[str]] = defaultdict(list)
    for module in modules:
        found[".".join(module.split(".")[: depth + 1])].append(module)
    return dict(found)


def count_imports(edges: pd.DataFrame, groups: Mapping[str, str]) -> pd.DataFrame:
    """Return how many import statements lead from one group to another (or itself).

    Edges to ancestor packages do not count. Columns: importer, imported, imports; the most first.
    """
    written = edges[~edges["is_ancestor"]]
    statements = written.drop_duplicates(["path", "line", "importer", "imported"])
    pairs = pd.DataFrame(
        {
            "importer": statements["importer"].astype(str).map(groups),
            "imported": statements["imported"].astype(str).map(groups),
        }
    ).dropna()
    if pairs.empty:
        return pd.DataFrame({name: pd.Series(dtype="int64" if name == "imports" else "str") for name in COLUMNS})
    counted = pairs.groupby(["importer", "imported"], sort=True).size().reset_index(name="imports")
    return pd.DataFrame(
        counted.sort_values(["imports", "importer", "imported"], ascending=[False, True, True], ignore_index=True)
    )


def shorten(names: Collection[str]) -> dict[str, str]:
    """Return each dotted name without the packages that all of them share, for labels.

    >>> shorten(["shop.app.db", "shop.app.api.v1", "shop.app"])
    {'shop.app.db': 'db', 'shop.app.api.v1': 'api.v1', 'shop.app': 'shop.app'}
    """
    ordered = list(names)
    longest = max(ordered, key=lambda name: name.count("."), default="").split(".")
    shared = 0
    while shared < len(longest) - 1:
        prefix = ".".join(longest[: shared + 1])
        if not all(name == prefix or name.startswith(f"{prefix}.") for name in ordered):
            break
        shared += 1
    return {name: ".".join(name.split(".")[shared:]) or name for name in ordered}
