"""Modules in groups that fit into one picture, and the imports between the groups."""

from __future__ import annotations

import heapq
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping

import pandas as pd

#: The group of top-level names that do not fit.
REST = "…"
#: The share of names that must have a package for labels to leave it out.
NEARLY_ALL = 0.75
#: A shorter package is no burden in a sentence.
SHORTEST = 9
#: Columns of ``count_imports``.
COLUMNS = ("importer", "imported", "imports")


def group_modules(modules: Collection[str], most_groups: int) -> dict[str, str]:
    """Return the group of each module: the nearest package that is large enough to be drawn separately.

    Starting from the top-level names, always the package with the most modules gets its own group, until there
    are ``most_groups``; then single modules, where all of a package fit. The rest of a package stays in the group
    of its name; top-level names that do not fit are together under ``…``. A tree with fewer modules has
    one group per module.

    >>> group_modules(["a", "a.b", "a.c", "a.c.d", "e"], 3)
    {'a': 'a', 'a.b': 'a', 'a.c': 'a.c', 'a.c.d': 'a.c', 'e': 'e'}
    """
    names = sorted(modules)
    if len(names) <= most_groups:
        return {name: name for name in names}
    sizes: dict[str, int] = defaultdict(int)
    inner: dict[str, set[str]] = defaultdict(set)
    for name in names:
        parts = name.split(".")
        prefixes = [".".join(parts[:depth]) for depth in range(1, len(parts) + 1)]
        for parent, prefix in zip(["", *prefixes], prefixes, strict=False):
            sizes[prefix] += 1
            inner[parent].add(prefix)
    chosen = _choose_packages(sizes, inner, most_groups)
    return {name: _find_group(name, chosen) for name in names}


def _choose_packages(sizes: Mapping[str, int], inner: Mapping[str, set[str]], most_groups: int) -> set[str]:
    chosen: set[str] = set()
    single: dict[str, list[str]] = defaultdict(list)
    queue = [(-sizes[name], name) for name in inner[""]]
    if len(queue) <= most_groups // 2:  # few: none of them has to give way to a large package of another
        chosen.update(inner[""])
        queue = [(-sizes[part], part) for name in sorted(chosen) for part in sorted(inner.get(name, ()))]
    heapq.heapify(queue)
    waiting = len(inner[""]) - len(chosen)  # top-level names without a group: one group is theirs together
    while queue:
        size, name = heapq.heappop(queue)
        if size == -1 and "." in name:  # all single modules of a package or none: a choice would be chance
            single[name.rpartition(".")[0]].append(name)
            continue
        left = waiting - ("." not in name)
        if len(chosen) + 1 + (left > 0) > most_groups:
            break
        waiting = left
        chosen.add(name)
        for part in inner.get(name, ()):
            heapq.heappush(queue, (-sizes[part], part))
    for _, leaves in sorted(single.items(), key=lambda item: (-len(item[1]), item[0])):
        if len(chosen) + len(leaves) + (waiting > 0) <= most_groups:
            chosen.update(leaves)
    return chosen


def _find_group(module: str, chosen: Collection[str]) -> str:
    while module not in chosen:
        module = module.rpartition(".")[0]
        if not module:
            return REST
    return module


def count_imports(edges: pd.DataFrame, groups: Mapping[str, str]) -> pd.DataFrame:
    """Return the number of import statements from one group to another (or itself).

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
    """Return each dotted name without the packages that nearly all of them share, for labels; all different.

    >>> shorten(["shop.app.db", "shop.app.api.v1", "shop.app"])
    {'shop.app.db': 'db', 'shop.app.api.v1': 'api.v1', 'shop.app': 'app'}
    """
    labels = {name: name for name in names}
    prefix = ""
    while True:
        heads = Counter(name[len(prefix) :].partition(".")[0] for name in labels if name.startswith(prefix))
        head, count = max(heads.items(), key=lambda item: (item[1], item[0]), default=("", 0))
        prefix = f"{prefix}{head}."
        inside = [name for name in labels if name.startswith(prefix)]
        if count < NEARLY_ALL * len(labels) or not inside:
            break
        labels |= {name: name[len(prefix) :] for name in inside}
    uses = Counter(labels.values())
    return {name: label if uses[label] == 1 else name for name, label in labels.items()}


def find_common_package(names: Collection[str]) -> str:
    """Return the package that, said once, shortens sentences most: one that half of the names share; else nothing.

    >>> find_common_package(["acme.shop.db", "acme.shop.api", "acme.shop", "tools"])
    'acme.shop'
    >>> find_common_package(["a.b", "a.c"]), find_common_package(["acme/shop/db.py:1", "acme/shop/db.py:2"])
    ('', '')
    """
    parts = [name.split(".") for name in names if "/" not in name]  # the dots of paths part no packages
    counts = Counter(".".join(part[:depth]) for part in parts for depth in range(1, len(part)))
    shared = {package: count * len(package) for package, count in counts.items() if 2 * count >= len(parts)}
    best = min(shared, key=lambda package: (-shared[package], package), default="")
    return best if len(best) >= SHORTEST else ""


def shorten_names(text: object, package: str) -> str:
    """Return a sentence whose dotted names begin with … instead of a package; paths and addresses stay whole.

    >>> shorten_names("acme.shop.db imports acme.shop; see acme/shop/db.py", "acme.shop")
    '…db imports acme.shop; see acme/shop/db.py'
    """
    if not package:
        return str(text)
    return re.sub(rf"(?<![\w./-]){re.escape(package)}\.(?=\w)", "…", str(text))
